//! Faults of the store: what callers see, and that log and state stay in step.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;
use vexil_server::log::event::{Append, Appended, Record, Revision};
use vexil_server::log::memory::MemoryStore;
use vexil_server::log::sqlite::SqliteStore;
use vexil_server::log::store::{AppendError, Checkpoint, Head, Store, StoreError};
use vexil_server::publish::sabotage::Sabotage;
use vexil_server::serve::StoreOption;

use crate::server::{PRODUCTION, Server, rule};

/// What happens to the next append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Fault {
    None,
    /// Nothing is appended: the disk is full.
    Full,
    /// It is appended, but the answer is lost.
    AnswerLost,
    /// The store has a bug.
    Panic,
}

const FAULTS: [Fault; 4] = [Fault::None, Fault::Full, Fault::AnswerLost, Fault::Panic];

/// A store in memory that fails when it is told to.
#[derive(Clone, Default)]
struct Faulty {
    inner: MemoryStore,
    next: Arc<AtomicU8>,
}

impl Faulty {
    fn fail_next(&self, fault: Fault) {
        self.next.store(fault as u8, Ordering::SeqCst);
    }
}

impl Store for Faulty {
    fn append(&self, project: &str, append: Append) -> Result<Appended, AppendError> {
        let fault = FAULTS[usize::from(self.next.swap(0, Ordering::SeqCst))];
        match fault {
            Fault::Full => return Err(AppendError::Full),
            Fault::Panic => panic!("a fault of the test's store"),
            Fault::None | Fault::AnswerLost => {}
        }
        let appended = self.inner.append(project, append)?;
        if fault == Fault::AnswerLost {
            return Err(AppendError::Stopped("the answer was lost".into()));
        }
        Ok(appended)
    }

    fn appended(&self, project: &str, id: Uuid) -> Result<Option<Appended>, StoreError> {
        self.inner.appended(project, id)
    }

    fn records(&self, p: &str, after: Revision, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.inner.records(p, after, limit)
    }

    fn head(&self, project: &str) -> Result<Option<Head>, StoreError> {
        self.inner.head(project)
    }

    fn projects(&self) -> Result<Vec<(String, Head)>, StoreError> {
        self.inner.projects()
    }

    fn subscribe(&self, project: &str) -> watch::Receiver<Revision> {
        self.inner.subscribe(project)
    }

    fn save_checkpoint(&self, project: &str, checkpoint: Checkpoint) -> Result<(), StoreError> {
        self.inner.save_checkpoint(project, checkpoint)
    }

    fn checkpoint(&self, project: &str, at: Revision) -> Result<Option<Checkpoint>, StoreError> {
        self.inner.checkpoint(project, at)
    }
}

/// The revision of the state, of the log, and of what is announced are one.
async fn in_step(server: &Server, revision: u64) {
    assert_eq!(server.get("/v1/projects/shop").await.good()["revision"], revision);
    let log = server.get("/v1/projects/shop/log?limit=1000").await.good();
    assert_eq!(log["events"].as_array().unwrap().len() as u64, revision);
    assert_eq!(server.get("/v1/projects/shop/log/verify").await.good()["ok"], true);
    server.head_at(PRODUCTION, revision).await;
}

const DISABLE: &str = "/v1/projects/shop/environments/production/flags/checkout/disable";

#[tokio::test]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let store = Faulty::default();
    let server = Server::start_on(Arc::new(store.clone())).await;
    let revision = server.with_shop().await;
    store.fail_next(Fault::Full);
    server.post(DISABLE, &json!({})).await.refused(507, "store-full");
    in_step(&server, revision).await;
    server.post(DISABLE, &json!({})).await.good();
    in_step(&server, revision + 1).await;
}

/// Lines of the server's log.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_the_store_refuses_is_logged_once_with_project_and_cause() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    // The commands of this test run on its thread.
    let _guard = tracing::subscriber::set_default(subscriber);
    let store = Faulty::default();
    let server = Server::start_on(Arc::new(store.clone())).await;
    server.with_shop().await;
    for _ in 0..3 {
        store.fail_next(Fault::Full);
        server.post(DISABLE, &json!({})).await.refused(507, "store-full");
    }
    server.post(DISABLE, &json!({})).await.good();
    store.fail_next(Fault::AnswerLost);
    server
        .post(&DISABLE.replace("disable", "enable"), &json!({}))
        .await
        .refused(503, "unavailable");
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let failures: Vec<&str> =
        text.lines().filter(|line| line.contains("the store could not append")).collect();
    assert_eq!(failures.len(), 2, "{text}");
    for (line, cause) in failures.iter().zip(["the store is full", "the answer was lost"]) {
        assert!(line.contains(" ERROR ") && line.contains("project=\"shop\""), "{line}");
        assert!(line.contains(cause), "{line}");
    }
    assert_eq!(text.matches("the store appends again").count(), 1, "{text}");
}

#[tokio::test]
async fn a_lost_answer_is_found_in_the_log() {
    let store = Faulty::default();
    let server = Server::start_on(Arc::new(store.clone())).await;
    let revision = server.with_shop().await;
    store.fail_next(Fault::AnswerLost);
    let id = Uuid::now_v7().to_string();
    let disable =
        || server.send(server.request(Method::POST, DISABLE).header("idempotency-key", &id));
    let refused = disable().await;
    refused.refused(503, "unavailable");
    refused.header("retry-after");
    let repeated = disable().await.good();
    assert_eq!(
        (&repeated["repeated"], &repeated["revision"]),
        (&json!(true), &json!(revision + 1))
    );
    in_step(&server, revision + 1).await;
    server.post(&DISABLE.replace("disable", "enable"), &json!({})).await.good();
    in_step(&server, revision + 2).await;
}

#[tokio::test]
async fn a_project_whose_creation_lost_its_answer_is_there_when_asked_again() {
    let store = Faulty::default();
    let server = Server::start_on(Arc::new(store.clone())).await;
    store.fail_next(Fault::AnswerLost);
    let body = json!({ "key": "shop", "environments": ["production"] });
    server.post("/v1/projects", &body).await.refused(503, "unavailable");
    server.post("/v1/projects", &body).await.refused(409, "already-exists");
    assert_eq!(server.get("/v1/projects/shop").await.good()["revision"], 2);
    server.head_at(PRODUCTION, 2).await;
}

#[tokio::test]
async fn a_bug_costs_one_answer() {
    let store = Faulty::default();
    let server = Server::start_on(Arc::new(store.clone())).await;
    let revision = server.with_shop().await;
    store.fail_next(Fault::Panic);
    let problem = server.post(DISABLE, &json!({})).await.refused(500, "internal");
    assert!(!problem.to_string().contains("fault of the test"), "{problem}");
    server.post(DISABLE, &json!({})).await.good();
    in_step(&server, revision + 1).await;
}

#[tokio::test]
async fn a_server_beside_this_one_is_noticed() {
    let store = Faulty::default();
    let server = Server::start_on(Arc::new(store.clone())).await;
    let other = Server::start_on(Arc::new(store)).await;
    let body = json!({ "key": "shop", "environments": ["production"] });
    server.post("/v1/projects", &body).await.good();
    other.post("/v1/projects", &body).await.refused(409, "already-exists");
    let flag = "/v1/projects/shop/flags/checkout";
    other.put(flag, &json!({ "kind": "boolean" })).await.good();
    server.put(flag, &json!({ "kind": "boolean", "owner": "eva" })).await.good();
    in_step(&server, 4).await;
}

#[tokio::test]
async fn a_file_without_room_refuses_writes_until_there_is_some() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(SqliteStore::open(&directory.path().join("flags.db")).unwrap());
    let server = Server::start_on(Arc::clone(&store) as Arc<dyn Store>).await;
    let mut revision = server.with_shop().await;
    store.limit_pages(40).unwrap();
    let rules = format!("{PRODUCTION}/flags/checkout/rules");
    let refused = loop {
        let mut wide = rule(&format!("r{revision}"), "X");
        wide["description"] = "x".repeat(4_000).into();
        let answer = server.post(&rules, &wide).await;
        if answer.status != 200 {
            break answer;
        }
        revision += 1;
    };
    refused.refused(507, "store-full");
    in_step(&server, revision).await;
    store.limit_pages(100_000).unwrap();
    server.post(&rules, &rule("last", "X")).await.good();
    in_step(&server, revision + 1).await;
    server.running.shutdown().await;
}

#[tokio::test]
async fn a_module_that_does_not_mean_its_flags_is_not_announced() {
    let server = Server::start_with(StoreOption::Memory, |options| {
        options.sabotage = Some(Sabotage::Boundary);
    })
    .await;
    let revision = server.with_shop().await;
    let before = server.head_at(PRODUCTION, revision).await;
    // The broken compiler is wrong about `gt`, and about nothing else.
    let rule = json!({
        "id": "old", "when": { "attribute": "age", "gt": 60 }, "serve": "on",
    });
    let rules = format!("{PRODUCTION}/flags/checkout/rules");
    let written = server.post(&rules, &rule).await.good();
    let ready = server
        .until("/readyz", |answer| !answer.json()["stale"].as_array().unwrap().is_empty())
        .await;
    let stale = &ready.good()["stale"][0];
    assert_eq!(stale["revision"], written["revision"]);
    let message = stale["message"].as_str().unwrap();
    assert!(message.contains("`checkout`") && message.contains("\"age\":60.0"), "{message}");
    assert_eq!(server.get(&format!("{PRODUCTION}/head")).await.json(), before);
    let metrics = server.get("/metrics").await;
    assert!(metrics.text().contains("vexil_miscompilations_total 1"), "{}", metrics.text());
    // What comes after it and is good is announced.
    server.delete(&format!("{rules}/old")).await.good();
    let after = server.head_at(PRODUCTION, revision + 2).await;
    assert_eq!(after["digest"], before["digest"]);
}
