//! Restarts: the same file gives the same state, digests and history.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use vexil_server::log::event::Revision;
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
    let options = Options::new("0.0.0.0:0".parse().unwrap(), StoreOption::Memory);
    let error = serve(options).await.unwrap_err();
    assert!(matches!(error, ServeError::NotLoopback(_)));
    assert!(error.to_string().contains("does not authenticate callers yet"), "{error}");
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
