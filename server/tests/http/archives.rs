//! Old events in archives: read as before, compiled to the same modules, found by their time.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use vexil_server::log::sqlite::SqliteStore;
use vexil_server::serve::StoreOption;

use crate::server::{PRODUCTION, Server, rule};

const SHOP: &str = "/v1/projects/shop";

async fn start(folder: &TempDir) -> Server {
    let store = SqliteStore::open(&folder.path().join("vexil.db")).unwrap();
    Server::start_on(Arc::new(store)).await
}

/// Makes changes of many kinds, one of them a revert; the digest at each revision of the day.
async fn changes(server: &Server) -> BTreeMap<u64, Value> {
    let mut revision = server.with_shop().await;
    let mut digests = BTreeMap::new();
    for number in 0..30 {
        let at = |end: &str| format!("{PRODUCTION}/flags/checkout{end}");
        let written = match number % 5 {
            0 => server.post(&at("/rules"), &rule(&format!("r{number}"), "CH")).await,
            1 => server.post(&at("/disable"), &json!({})).await,
            2 => server.put(&at("/overrides"), &json!({ "on": [format!("u{number}")] })).await,
            3 => server.post(&at("/enable"), &json!({})).await,
            _ => {
                let back = json!({ "to": revision - 3, "environment": "production" });
                server.post(&format!("{SHOP}/revert"), &back).await
            }
        };
        revision = written.good()["revision"].as_u64().unwrap();
        let announced = server.head_at(PRODUCTION, revision).await;
        digests.insert(revision, announced["digest"].clone());
    }
    digests
}

#[tokio::test]
async fn any_revision_rebuilt_from_an_archive_has_the_digest_of_its_day() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder).await;
    let digests = changes(&server).await;
    let log = server.get(&format!("{SHOP}/log?limit=1000")).await.good();
    let archive = format!("{SHOP}/log/archive");
    let head = *digests.keys().next_back().unwrap();
    for (keep, last) in [(15, head - 15), (15, 0), (1, head - 1)] {
        let made = server.post(&archive, &json!({ "keep": keep })).await.good();
        let made = made["archives"].as_array().unwrap();
        match last {
            0 => assert!(made.is_empty(), "nothing more is old: {made:?}"),
            last => assert_eq!(made[0]["last"], last),
        }
    }
    let listed = server.get(&format!("{SHOP}/log/archives")).await.good();
    assert_eq!(listed["archives"].as_array().unwrap().len(), 2);
    assert_eq!(server.get(&format!("{SHOP}/log?limit=1000")).await.good(), log);
    assert_eq!(server.get(&format!("{SHOP}/log/verify")).await.good()["ok"], true);
    for (revision, digest) in &digests {
        let module = server.get(&format!("{PRODUCTION}/module?at={revision}")).await.good();
        assert_eq!(module["digest"], *digest, "at {revision}");
    }
    // A revert that goes back into an archive, and a restart on what is left in the database.
    let first = *digests.keys().next().unwrap();
    let back = json!({ "to": first, "environment": "production" });
    let revision = server.post(&format!("{SHOP}/revert"), &back).await.good()["revision"].clone();
    let revision = revision.as_u64().unwrap();
    let announced = server.head_at(PRODUCTION, revision).await;
    server.running.shutdown().await;
    let server = start(&folder).await;
    assert_eq!(server.head_at(PRODUCTION, revision).await["digest"], announced["digest"]);
}

#[tokio::test]
async fn a_server_archives_by_itself_what_it_does_not_keep() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("vexil.db");
    let server = Server::start_with(StoreOption::Sqlite(path), |options| {
        options.keep_events = Some(1_000);
    })
    .await;
    server.with_shop().await;
    // Events by the thousand in one append each: flags that come, and go again.
    let flags = |count: usize| -> Value {
        let flag = |number| (format!("f{number}"), json!({ "kind": "boolean" }));
        (0..count).map(flag).collect::<serde_json::Map<_, _>>().into()
    };
    let apply = format!("{SHOP}/apply?prune=true");
    let mut document = server.get(&format!("{SHOP}/document")).await.good();
    document["environments"] = json!(["production"]);
    for round in 0..6 {
        document["flags"] = flags(if round % 2 == 0 { 10_000 } else { 1 });
        server.post(&apply, &document).await.good();
    }
    let listed = format!("{SHOP}/log/archives");
    let some =
        |answer: &crate::server::Answer| !answer.good()["archives"].as_array().unwrap().is_empty();
    let archives = server.until(&listed, some).await.good();
    assert_eq!(
        (&archives["archives"][0]["first"], &archives["archives"][0]["last"]),
        (&json!(1), &json!(50_000))
    );
    assert_eq!(server.get(&format!("{SHOP}/log/verify")).await.good()["ok"], true);
    let metrics = server.get("/metrics").await;
    assert!(metrics.text().contains("vexil_archived_events_total 50000"), "{}", metrics.text());
}

#[tokio::test]
async fn what_was_is_found_by_its_time_too() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder).await;
    let digests = changes(&server).await;
    server.post(&format!("{SHOP}/log/archive"), &json!({ "keep": 5 })).await.good();
    let log = server.get(&format!("{SHOP}/log?limit=1000")).await.good();
    for event in log["events"].as_array().unwrap().iter().rev().take(29) {
        let (revision, time) =
            (event["revision"].as_u64().unwrap(), event["time"].as_str().unwrap());
        // Of several within the same millisecond, the last.
        let last = log["events"].as_array().unwrap().iter().rev();
        let last = last.filter(|other| other["time"] == event["time"]).map(|it| &it["revision"]);
        let last = last.clone().next().unwrap().as_u64().unwrap();
        let module = server.get(&format!("{PRODUCTION}/module?at={time}")).await.good();
        assert_eq!(module["revision"], last, "at {time}, of revision {revision}");
        assert_eq!(module["digest"], digests[&last]);
        let by_time = server.get(&format!("{SHOP}/flags/checkout?at={time}")).await.good();
        let by_revision = server.get(&format!("{SHOP}/flags/checkout?at={last}")).await.good();
        assert_eq!(by_time, by_revision);
    }
    let document = server.get(&format!("{SHOP}/document?at=2001-01-01T00:00:00Z")).await;
    let problem = document.refused(404, "unknown-revision");
    assert!(problem["detail"].as_str().unwrap().contains("2001-01-01"), "{problem}");
    let now = server.get(&format!("{SHOP}/document?at=2999-01-01T00:00:00Z")).await.good();
    assert_eq!(now, server.get(&format!("{SHOP}/document")).await.good());
    let problem = server.get(&format!("{SHOP}/document?at=yesterday")).await;
    let detail = problem.refused(400, "malformed-request")["detail"].clone();
    assert!(detail.as_str().unwrap().contains("or a time"), "{detail}");
}

#[tokio::test]
async fn a_store_in_memory_has_no_archives_and_says_so() {
    let server = Server::start().await;
    server.with_shop().await;
    let archive = format!("{SHOP}/log/archive");
    let problem = server.post(&archive, &json!({ "keep": 1 })).await.refused(404, "not-found");
    assert!(problem["detail"].as_str().unwrap().contains("no archives"), "{problem}");
    server.post(&archive, &json!({ "keep": 0 })).await.refused(400, "malformed-request");
    let archives = server.get(&format!("{SHOP}/log/archives")).await.good();
    assert_eq!(archives, json!({ "archives": [] }));
    server.get("/v1/projects/absent/log/archives").await.refused(404, "unknown-project");
    let absent = server.post("/v1/projects/absent/log/archive", &json!({})).await;
    absent.refused(404, "unknown-project");
}

#[tokio::test]
async fn an_archive_that_is_missing_costs_the_past_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder).await;
    let digests = changes(&server).await;
    let made = server.post(&format!("{SHOP}/log/archive"), &json!({ "keep": 5 })).await.good();
    let file = made["archives"][0]["file"].as_str().unwrap().to_owned();
    std::fs::remove_file(folder.path().join("vexil.db.archive").join(&file)).unwrap();
    let first = digests.keys().next().unwrap();
    let problem = server.get(&format!("{PRODUCTION}/module?at={first}")).await;
    let detail = problem.refused(503, "unavailable")["detail"].to_string();
    assert!(detail.contains(&file), "{detail}");
    let problem = server.get("/v1/backup").await.refused(503, "unavailable");
    assert!(problem["detail"].as_str().unwrap().contains(&file), "{problem}");
    let path = format!("{PRODUCTION}/flags/checkout/disable");
    let revision = server.post(&path, &json!({})).await.good()["revision"].as_u64().unwrap();
    server.head_at(PRODUCTION, revision).await;
}

#[tokio::test]
async fn a_missing_archive_costs_its_own_stretch_and_holds_up_no_other() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder).await;
    let digests = changes(&server).await;
    let archive = format!("{SHOP}/log/archive");
    let made = server.post(&archive, &json!({ "keep": 20 })).await.good();
    let file = made["archives"][0]["file"].as_str().unwrap().to_owned();
    let last = made["archives"][0]["last"].as_u64().unwrap();
    server.post(&archive, &json!({ "keep": 10 })).await.good();
    std::fs::remove_file(folder.path().join("vexil.db.archive").join(&file)).unwrap();
    for (revision, digest) in digests.range(last + 1..) {
        let path = format!("{PRODUCTION}/module?at={revision}");
        // A revert asks for what it goes back to.
        let answer = server.get(&path).await;
        if answer.status == 200 {
            assert_eq!(answer.good()["digest"], *digest);
        } else {
            assert!(answer.refused(503, "unavailable").to_string().contains(&file));
        }
    }
    let next = digests.range(last + 1..).next().unwrap();
    let module = server.get(&format!("{PRODUCTION}/module?at={}", next.0)).await.good();
    assert_eq!(module["digest"], *next.1, "the archive after it begins with a state");
    let made = server.post(&archive, &json!({ "keep": 5 })).await.good();
    assert_eq!(made["archives"].as_array().unwrap().len(), 1, "others are archived all the same");
}
