//! What runs out: memory for bodies, and time that runs backwards.

use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vexil_server::log::change::{Change, FlagChange};
use vexil_server::log::event::{Append, Hash, Revision, Via};
use vexil_server::log::memory::MemoryStore;
use vexil_server::log::store::Store as _;

use crate::server::{PRODUCTION, Server, shop};

/// Sixteen bodies of 8 MiB are all that is taken into memory.
const BODIES: usize = 16;

/// Begins to send a document of 8 MiB, and stops.
async fn half_a_document(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.running.address).await.unwrap();
    let length = 8 << 20;
    let head = format!(
        "POST /v1/projects/p/apply HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn bodies_beyond_the_memory_for_them_are_refused_until_there_is_room() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let mut held = Vec::new();
    for _ in 0..BODIES {
        held.push(half_a_document(&server).await);
    }
    let apply = "/v1/projects/other/apply";
    assert_eq!(server.get("/v1/projects").await.status, 200, "reads go on");
    let mut document = shop();
    document["project"] = json!("other");
    // The heads of the sixteen may still be on their way.
    let problem = loop {
        let answer = server.post(apply, &document).await;
        if answer.status != 200 {
            break answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    let seconds: u32 = problem.header("retry-after").parse().unwrap();
    assert!((1..=3).contains(&seconds));
    let problem = problem.refused(503, "unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("with bodies"), "{problem}");
    assert_eq!(server.head_at(PRODUCTION, revision).await["revision"], revision);
    let mut one = held.pop().unwrap();
    one.shutdown().await.unwrap();
    let _ = one.read_to_end(&mut Vec::new()).await;
    let room = tokio::time::timeout(crate::server::PATIENCE, async {
        while server.post(apply, &document).await.status != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    room.await.expect("there is room again");
}

#[tokio::test]
async fn a_clock_that_is_set_back_changes_no_order_and_no_time_of_the_log() {
    let store = MemoryStore::new();
    let server = Server::start_on(Arc::new(store.clone())).await;
    let revision = server.with_shop().await;
    server.running.shutdown().await;
    // A change of an hour from now: by a clock that was ahead, and was set right since.
    let ahead_ms = now_ms() + 3_600_000;
    let change = Change::InEnvironment {
        environment: "production".into(),
        flag: "checkout".into(),
        change: FlagChange::Disabled,
    };
    let append = Append {
        id: uuid::Uuid::now_v7(),
        request: Hash::default(),
        time_ms: ahead_ms,
        actor: "eva".into(),
        comment: None,
        via: Via::default(),
        changes: vec![change],
        expected: Some(Revision(revision)),
    };
    store.append("shop", append).unwrap();
    let server = Server::start_on(Arc::new(store.clone())).await;
    for end in ["enable", "disable"] {
        let path = format!("{PRODUCTION}/flags/checkout/{end}");
        server.post(&path, &json!({})).await.good();
    }
    server.head_at(PRODUCTION, revision + 3).await;
    let events = store.read("shop", Revision::ZERO, 1_000).unwrap();
    assert!(events.is_sorted_by_key(|event| event.time_ms), "{events:?}");
    assert_eq!(events.last().unwrap().time_ms, ahead_ms, "time stands still until it has passed");
    let asked = server.get(&format!("/v1/projects/shop/document?at={}", revision + 1)).await;
    asked.good();
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
