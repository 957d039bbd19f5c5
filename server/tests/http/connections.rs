//! Connections, byte by byte: what a well-behaved client would never send.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vexil_server::serve::StoreOption;

use crate::server::{PATIENCE, Server};

/// Sends bytes and reads what comes back until the server closes.
async fn raw(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.running.address).await.unwrap();
    // The server may close before it has read all.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the server closes");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_chunked_body_is_bounded_too() {
    let server = Server::start().await;
    let mut bytes = b"POST /v1/projects HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
        transfer-encoding: chunked\r\n\r\n"
        .to_vec();
    for _ in 0..20 {
        bytes.extend_from_slice(b"10000\r\n");
        bytes.resize(bytes.len() + 0x10000, b' ');
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    let answer = raw(&server, &bytes).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("a body here has at most 1048576 bytes"), "{answer}");
}

#[tokio::test]
async fn a_client_that_waits_for_leave_is_refused_before_it_sends() {
    let server = Server::start().await;
    let head = b"POST /v1/projects/p/apply HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
        content-length: 99999999\r\nexpect: 100-continue\r\n\r\n";
    let answer = raw(&server, head).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_announced_as_too_large_is_not_waited_for() {
    let server = Server::start().await;
    for (path, length) in [("", 1_048_577), ("/p/apply", 8_388_609), ("", 1_u64 << 60)] {
        let mut stream = TcpStream::connect(server.running.address).await.unwrap();
        let head = format!(
            "POST /v1/projects{path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut answer)).await;
        read.expect("the body is not waited for").unwrap();
        assert_eq!(std::str::from_utf8(&answer).unwrap(), "HTTP/1.1 413");
    }
}

#[test]
fn a_crowd_may_wait_to_be_accepted() {
    // Nobody accepts while this thread does not let the server run.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start());
    let address = server.running.address;
    let connect = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(900));
    let crowd: Vec<_> = (0..300).map(|_| connect().expect("there is room")).collect();
    assert_eq!(crowd.len(), 300);
    runtime.block_on(async { server.get("/healthz").await.good() });
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let server = Server::start().await;
    assert!(raw(&server, b"\x16\x03\x01\x02\x00\x01\r\n\r\n").await.starts_with("HTTP/1.1 400 "));
    let long = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(99_999));
    let answer = raw(&server, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 414 ") || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let many = (0..99).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    let answer = raw(&server, format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_shutdown_lets_idle_connections_go_at_once() {
    let server = Server::start_with(StoreOption::Memory, |options| {
        options.drain = Duration::from_secs(60);
    })
    .await;
    server.get("/healthz").await.good();
    let idle = TcpStream::connect(server.running.address).await.unwrap();
    tokio::time::timeout(Duration::from_secs(15), server.running.shutdown())
        .await
        .expect("nobody is waited for");
    drop(idle);
}
