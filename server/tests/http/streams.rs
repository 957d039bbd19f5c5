//! Event streams: the first frame, updates, bursts, resumption, heartbeats, the end.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use vexil_server::serve::StoreOption;

use crate::server::{Answer, DEVELOPMENT, PATIENCE, PRODUCTION, Server, rule};

/// One frame: its fields, or a comment.
#[derive(Debug, Default)]
pub struct Frame {
    pub event: Option<String>,
    pub id: Option<u64>,
    pub data: Option<Value>,
    pub retry_ms: Option<u64>,
    pub comment: bool,
}

/// A client of a stream.
pub struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    pub async fn open(server: &Server, place: &str, last_event_id: Option<&str>) -> Self {
        let mut request = server.request(Method::GET, &format!("{place}/events"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        Self::of(request).await
    }

    /// The stream that a request opens.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self { response, text: String::new() }
    }

    /// The next frame; `None` at the end.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let (frame, rest) = (read(frame), rest.to_owned());
                self.text = rest;
                return Some(frame);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    /// The next announcement, whatever stands before it.
    pub async fn announcement(&mut self) -> Value {
        loop {
            let frame = self.next().await.expect("the stream goes on");
            if frame.event.as_deref() == Some("announcement") {
                let data = frame.data.unwrap();
                assert_eq!(data["revision"].as_u64(), frame.id);
                return data;
            }
        }
    }
}

fn read(text: &str) -> Frame {
    let mut frame = Frame::default();
    for line in text.lines() {
        let (name, value) = line.split_once(':').unwrap();
        let value = value.trim_start();
        match name {
            "" => frame.comment = true,
            "event" => frame.event = Some(value.to_owned()),
            "id" => frame.id = Some(value.parse().unwrap()),
            "data" => frame.data = Some(serde_json::from_str(value).unwrap()),
            "retry" => frame.retry_ms = Some(value.parse().unwrap()),
            other => panic!("{other}"),
        }
    }
    frame
}

#[tokio::test]
async fn the_first_frame_is_the_current_announcement() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let head = server.head_at(PRODUCTION, revision).await;
    let mut stream = Stream::open(&server, PRODUCTION, None).await;
    let headers = stream.response.headers().clone();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(headers["x-accel-buffering"], "no");
    let hint = stream.next().await.unwrap();
    assert!((1_000..=3_000).contains(&hint.retry_ms.unwrap()), "{hint:?}");
    let frame = stream.next().await.unwrap();
    assert_eq!(frame.event.as_deref(), Some("announcement"));
    assert_eq!(frame.id, Some(revision));
    assert_eq!(frame.data, Some(head));
}

#[tokio::test]
async fn a_change_arrives_on_every_stream_of_its_environment_and_on_no_other() {
    let server = Server::start().await;
    let before = server.with_shop().await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        let mut stream = Stream::open(&server, PRODUCTION, None).await;
        assert_eq!(stream.announcement().await["revision"], before);
        streams.push(stream);
    }
    let mut other = Stream::open(&server, DEVELOPMENT, None).await;
    assert_eq!(other.announcement().await["revision"], before);
    let path = format!("{PRODUCTION}/flags/checkout/disable");
    let after = server.post(&path, &json!({})).await.good()["revision"].as_u64().unwrap();
    for stream in &mut streams {
        let news = stream.announcement().await;
        assert_eq!(news["revision"], after);
        assert_eq!(news["changed"], json!(["checkout", "payments"]));
    }
    let path = format!("{DEVELOPMENT}/flags/checkout/enable");
    let last = server.post(&path, &json!({})).await.good()["revision"].as_u64().unwrap();
    assert_eq!(other.announcement().await["revision"], last, "nothing came in between");
}

#[tokio::test]
async fn a_burst_is_joined_and_its_newest_arrives() {
    let server = Server::start_with(StoreOption::Memory, |options| {
        options.publish_pause = Duration::from_millis(200);
    })
    .await;
    server.with_shop().await;
    let mut stream = Stream::open(&server, PRODUCTION, None).await;
    stream.announcement().await;
    let mut newest = 0;
    for number in 0..30 {
        let path = format!("{PRODUCTION}/flags/checkout/rules");
        let answer = server.post(&path, &rule(&format!("r{number}"), "X")).await.good();
        newest = answer["revision"].as_u64().unwrap();
    }
    let mut seen = vec![0];
    while seen.last() != Some(&newest) {
        seen.push(stream.announcement().await["revision"].as_u64().unwrap());
    }
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(seen.len() < 30, "{seen:?}");
}

#[tokio::test]
async fn a_client_that_has_the_newest_gets_no_duplicate() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let mut stream = Stream::open(&server, PRODUCTION, Some(&revision.to_string())).await;
    stream.next().await.unwrap();
    let path = format!("{PRODUCTION}/flags/checkout/disable");
    server.post(&path, &json!({})).await.good();
    assert_eq!(stream.announcement().await["revision"], revision + 1);
    for odd in ["999", "-1", "garbage", "", "0"] {
        let mut stream = Stream::open(&server, PRODUCTION, Some(odd)).await;
        assert_eq!(stream.announcement().await["revision"], revision + 1, "{odd}");
    }
}

#[tokio::test]
async fn a_quiet_stream_shows_signs_of_life() {
    let server = Server::start_with(StoreOption::Memory, |options| {
        options.heartbeat = Duration::from_millis(20);
    })
    .await;
    server.with_shop().await;
    let mut stream = Stream::open(&server, PRODUCTION, None).await;
    stream.announcement().await;
    for _ in 0..3 {
        assert!(stream.next().await.unwrap().comment);
    }
}

#[tokio::test]
async fn a_stream_ends_with_bye_at_a_shutdown() {
    let server = Server::start().await;
    server.with_shop().await;
    let mut stream = Stream::open(&server, PRODUCTION, None).await;
    stream.announcement().await;
    server.running.shutdown().await;
    let bye = stream.next().await.unwrap();
    assert_eq!(bye.event.as_deref(), Some("bye"));
    assert!(bye.retry_ms.unwrap() <= 10_000);
    assert_eq!(bye.data.unwrap()["retry_ms"].as_u64(), bye.retry_ms);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn streams_beyond_the_limit_are_refused_and_places_come_back() {
    let server = Server::start_with(StoreOption::Memory, |options| options.streams_max = 2).await;
    server.with_shop().await;
    let first = Stream::open(&server, PRODUCTION, None).await;
    let _second = Stream::open(&server, PRODUCTION, None).await;
    let refused = server.get(&format!("{PRODUCTION}/events")).await;
    refused.refused(503, "unavailable");
    assert!((1..=10).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    drop(first);
    let one_open = |answer: &Answer| answer.text().lines().any(|line| line == "vexil_streams 1");
    server.until("/metrics", one_open).await;
    let mut third = Stream::open(&server, PRODUCTION, None).await;
    third.announcement().await;
}

#[tokio::test]
async fn who_does_not_read_keeps_nobody_waiting() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const ROUNDS: usize = 50;
    let server = Server::start_with(StoreOption::Memory, |options| {
        options.publish_pause = Duration::ZERO;
    })
    .await;
    server.with_shop().await;
    // It reads the head of the answer, and then nothing more for as long as there is news.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut idle = socket.connect(server.running.address).await.unwrap();
    let request = format!("GET {PRODUCTION}/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
    idle.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 15];
    idle.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let mut stream = Stream::open(&server, PRODUCTION, None).await;
    stream.announcement().await;
    // A long list of changed flags makes each announcement long: more megabytes in all than the
    // system keeps for a connection.
    let flags = |on: bool| {
        let flag = |number| {
            let environments = json!({ "production": { "enabled": on } });
            (
                format!("{number}{}", "x".repeat(200)),
                json!({ "kind": "boolean", "environments": environments }),
            )
        };
        (0..500).map(flag).collect::<serde_json::Map<_, _>>()
    };
    let mut newest = 0;
    for round in 0..ROUNDS {
        let document = json!({
            "format": "vexil/1", "environments": ["production", "development"],
            "flags": flags(round % 2 == 0),
        });
        let answer = server.post("/v1/projects/shop/apply", &document).await.good();
        newest = answer["revision"].as_u64().unwrap();
        while stream.announcement().await["revision"].as_u64().unwrap() < newest {}
    }
    // When it reads again, it comes to the newest without all that stood in between.
    let mut read = String::new();
    let end = format!("id: {newest}\n");
    let mut buffer = vec![0; 1 << 16];
    while !read.contains(&end) {
        let bytes = tokio::time::timeout(PATIENCE, idle.read(&mut buffer)).await.unwrap().unwrap();
        assert!(bytes > 0, "the stream ended");
        read.push_str(&String::from_utf8_lossy(&buffer[..bytes]));
    }
    let frames = read.matches("event: announcement").count();
    assert!(frames < ROUNDS, "all {frames} of them were kept for it");
}
