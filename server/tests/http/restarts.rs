//! Restarts: the same file gives the same state, digests and history.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use vexil_server::access::Mode;
use vexil_server::log::canonical::link;
use vexil_server::log::event::{Hash, Record, Revision};
use vexil_server::log::memory::MemoryStore;
use vexil_server::log::store::Store as _;
use vexil_server::serve::{Options, ServeError, StoreOption, serve};

use crate::server::{DEVELOPMENT, PATIENCE, PRODUCTION, Server, rule};

fn store(directory: &TempDir) -> StoreOption {
    StoreOption::Sqlite(directory.path().join("flags.db"))
}

async fn document(server: &Server) -> Value {
    server.get("/v1/projects/shop/document").await.good()
}

#[tokio::test]
async fn the_same_file_gives_the_same_digests() {
    let directory = TempDir::new().unwrap();
    let server = Server::start_with(store(&directory), |_| {}).await;
    let first = server.with_shop().await;
    let path = format!("{PRODUCTION}/flags/checkout/rules");
    let last = server.post(&path, &rule("new", "FR")).await.good()["revision"].as_u64().unwrap();
    let production = server.head_at(PRODUCTION, last).await;
    let development = server.head_at(DEVELOPMENT, first).await;
    let before = document(&server).await;
    server.running.shutdown().await;

    let server = Server::start_with(store(&directory), |_| {}).await;
    let again = server.head_at(PRODUCTION, last).await;
    assert_eq!(again["digest"], production["digest"]);
    assert_eq!(again["revision"], production["revision"]);
    assert_eq!(again["changed"], Value::Null, "what stood before is not known");
    assert_eq!(server.head_at(DEVELOPMENT, first).await["digest"], development["digest"]);
    assert_eq!(document(&server).await, before);
    assert_eq!(server.get("/v1/projects/shop/log/verify").await.good()["ok"], true);
    let url = production["url"].as_str().unwrap();
    assert_eq!(server.get(url).await.status, 200);
    let next = server.post(&format!("{PRODUCTION}/flags/checkout/disable"), &json!({})).await;
    assert_eq!(next.good()["revision"], last + 1);
    server.running.shutdown().await;
}

#[tokio::test]
async fn a_server_that_was_dropped_has_kept_what_it_acknowledged() {
    let directory = TempDir::new().unwrap();
    let server = Server::start_with(store(&directory), |_| {}).await;
    server.with_shop().await;
    let path = format!("{PRODUCTION}/flags/checkout/disable");
    let last = server.post(&path, &json!({})).await.good()["revision"].as_u64().unwrap();
    drop(server);
    let copy = directory.path().join("copy.db");
    for end in ["", "-wal"] {
        let from = directory.path().join(format!("flags.db{end}"));
        if from.exists() {
            std::fs::copy(from, directory.path().join(format!("copy.db{end}"))).unwrap();
        }
    }
    let server = Server::start_with(StoreOption::Sqlite(copy), |_| {}).await;
    assert_eq!(server.get("/v1/projects/shop").await.good()["revision"], last);
    server.running.shutdown().await;
}

#[tokio::test]
async fn a_start_from_a_checkpoint_gives_the_same_digests() {
    let store = MemoryStore::new();
    let server = Server::start_on(Arc::new(store.clone())).await;
    let before = server.with_shop().await;
    let enabled = json!({ "production": { "enabled": true } });
    let flag = json!({ "kind": "boolean", "environments": enabled });
    let flags: serde_json::Map<String, Value> =
        (0..600).map(|number| (format!("flag-{number}"), flag.clone())).collect();
    let document = json!({ "format": "vexil/1", "project": "shop", "flags": flags });
    let answer = server.post("/v1/projects/shop/apply", &document).await.good();
    let revision = answer["revision"].as_u64().unwrap();
    let head = server.head_at(PRODUCTION, revision).await;
    let started = Instant::now();
    while store.checkpoint("shop", Revision(u64::MAX)).unwrap().is_none() {
        assert!(started.elapsed() < PATIENCE, "no checkpoint was saved");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let again = Server::start_on(Arc::new(store)).await;
    assert_eq!(again.head_at(PRODUCTION, revision).await["digest"], head["digest"]);
    let body = json!({ "to": before });
    let reverted = again.post("/v1/projects/shop/revert", &body).await.good();
    let old = server.get(&format!("{PRODUCTION}/module?at={before}")).await.good();
    let now = again.head_at(PRODUCTION, reverted["revision"].as_u64().unwrap()).await;
    assert_eq!(now["digest"], old["digest"], "back to before the checkpoint");
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused() {
    let mut options = Options::new("0.0.0.0:0".parse().unwrap(), StoreOption::Memory);
    options.access = Mode::Open;
    let error = serve(options).await.unwrap_err();
    assert!(matches!(error, ServeError::NotLoopback(_)));
    assert!(error.to_string().contains("without keys"), "{error}");
}

#[tokio::test]
async fn an_address_that_is_taken_is_refused() {
    let server = Server::start().await;
    let options = Options::new(server.running.address, StoreOption::Memory);
    assert!(matches!(serve(options).await.unwrap_err(), ServeError::Listen { .. }));
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("flags.db");
    std::fs::write(&path, "this is not a database, but long enough to look like one ".repeat(99))
        .unwrap();
    let options = Options::new("127.0.0.1:0".parse().unwrap(), StoreOption::Sqlite(path));
    assert!(matches!(serve(options).await.unwrap_err(), ServeError::Store { .. }));
}

#[tokio::test]
async fn an_event_of_a_newer_vexil_makes_its_project_read_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vexil.db");
    let server = Server::start_with(StoreOption::Sqlite(path.clone()), |_| {}).await;
    let revision = server.with_shop().await;
    let head = server.head_at(PRODUCTION, revision).await;
    server.running.shutdown().await;
    from_the_future(&path, revision + 1);

    let server = Server::start_with(StoreOption::Sqlite(path), |_| {}).await;
    let again = server.head_at(PRODUCTION, revision).await;
    assert_eq!((&again["digest"], &again["revision"]), (&head["digest"], &head["revision"]));
    let write = server.post(&format!("{PRODUCTION}/flags/checkout/disable"), &json!(null)).await;
    let problem = write.refused(409, "read-only");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("`FlagPainted`") && detail.contains("newer"), "{detail}");
    let ready = server.until("/readyz", |answer| answer.status == 200).await.good();
    assert_eq!(ready["read_only"][0]["project"], "shop");
    // Others are written to as ever.
    server.post("/v1/projects", &json!({ "key": "bank" })).await.good();
}

#[tokio::test]
async fn a_store_that_has_lost_its_end_is_served_and_says_so_wherever_it_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vexil.db");
    let server = Server::start_with(StoreOption::Sqlite(path.clone()), |_| {}).await;
    let revision = server.with_shop().await;
    server.running.shutdown().await;
    let older = std::fs::read(&path).unwrap();
    let server = Server::start_with(StoreOption::Sqlite(path.clone()), |_| {}).await;
    server.post(&format!("{PRODUCTION}/flags/checkout/disable"), &json!({})).await.good();
    server.running.shutdown().await;
    std::fs::write(&path, older).unwrap();

    let server = Server::start_with(StoreOption::Sqlite(path), |_| {}).await;
    server.head_at(PRODUCTION, revision).await;
    let write = server.post(&format!("{PRODUCTION}/flags/checkout/disable"), &json!({})).await;
    let detail = write.refused(409, "read-only")["detail"].to_string();
    for part in [&format!("ends at {revision}"), "were acknowledged", "vexil.db.heads"] {
        assert!(detail.contains(part), "{detail}");
    }
    let ready = server.until("/readyz", |answer| answer.status == 200).await.good();
    assert_eq!(ready["read_only"][0]["project"], "shop");
    let archive = server.post("/v1/projects/shop/log/archive", &json!({ "keep": 1 })).await;
    archive.refused(409, "read-only");
}

/// Appends an event of a kind that nobody knows, with a hash that is right.
fn from_the_future(path: &Path, revision: u64) {
    let store = rusqlite::Connection::open(path).unwrap();
    let (project, head): (i64, Vec<u8>) = store
        .query_row("SELECT id, head_hash FROM projects WHERE key = 'shop'", (), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let record = Record {
        revision: Revision(revision),
        id: uuid::Uuid::now_v7(),
        time_ms: 1,
        actor: "future".to_owned(),
        comment: None,
        schema: 99,
        kind: "FlagPainted".to_owned(),
        payload: "{}".to_owned(),
        via: Some("null".to_owned()),
        hash: Hash::default(),
    };
    let hash = link(Hash(head.try_into().unwrap()), &record);
    store
        .execute(
            "INSERT INTO events VALUES (?, ?, ?, 1, 'future', NULL, 99, 'FlagPainted', '{}', ?, 'null')",
            rusqlite::params![project, revision as i64, record.id.as_bytes(), hash.0],
        )
        .unwrap();
    store
        .execute(
            "UPDATE projects SET head = ?, head_hash = ? WHERE id = ?",
            rusqlite::params![revision as i64, hash.0, project],
        )
        .unwrap();
}
