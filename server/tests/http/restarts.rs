//! Restarts: the same file gives the same state, digests and history.

use serde_json::{Value, json};
use tempfile::TempDir;
use vexil_server::serve::{Options, ServeError, StoreOption, serve};

use crate::server::{DEVELOPMENT, PRODUCTION, Server, rule};

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
