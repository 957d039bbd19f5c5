//! The stream is cut: a proxy between client and server drops, stalls and half-closes it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use vexil_runtime::{Client, Options, State};
use vexil_server::access::Mode;
use vexil_server::serve::{self, StoreOption, serve};
use vexil_tests::http::Api;

const PRODUCTION: &str = "/v1/projects/shop/environments/production";

/// What the proxy does to event streams; everything else always passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// Connections end.
    Drop,
    /// Nothing more arrives, and nobody says so.
    Stall,
    /// The server's half ends as after its last word, the client's stays open.
    HalfClose,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_survives_every_way_to_cut_its_stream_and_misses_no_revision() {
    let options = serve::Options {
        heartbeat: Duration::from_millis(100),
        access: Mode::Open,
        ..serve::Options::new(([127, 0, 0, 1], 0).into(), StoreOption::Memory)
    };
    let server = serve(options).await.unwrap();
    let api = Api::new(&server.url());
    let project = json!({ "key": "shop", "environments": ["production"] });
    api.write(Method::POST, "/v1/projects", Some(&project)).await;
    let flag = json!({ "kind": "boolean" });
    api.write(Method::PUT, "/v1/projects/shop/flags/flag", Some(&flag)).await;

    let (fault, told) = watch::channel(Fault::None);
    let proxy = proxy(server.address, told).await;
    let client = client(proxy).await;
    assert!(client.ready(Duration::from_secs(20)).await);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let _listening = client.on_change(move |change| noted.lock().unwrap().push(change.revision));

    let mut share = 0;
    for cut in [Fault::Drop, Fault::Stall, Fault::HalfClose, Fault::Drop, Fault::Stall] {
        let before = client.metrics();
        fault.send_replace(cut);
        for _ in 0..2 {
            share += 1;
            follow(&api, &client, share, &format!("while the stream suffers {cut:?}")).await;
        }
        let polled = client.metrics().polls - before.polls;
        assert!(polled > 0, "{cut:?}: the client polls");
        fault.send_replace(Fault::None);
        let back = || client.metrics().stream_connects > before.stream_connects;
        until(back, &format!("{cut:?}: the client streams again")).await;
        // The stream is back when polls have stopped and changes still arrive.
        let polls = settled(&client).await;
        for _ in 0..2 {
            share += 1;
            follow(&api, &client, share, &format!("after {cut:?}")).await;
        }
        assert_eq!(client.metrics().polls, polls, "{cut:?}: by the stream, not by polls");
        assert_eq!(client.state(), State::Ready);
        println!("{cut:?}: {polled} polls while it lasted");
    }
    let seen = seen.lock().unwrap().clone();
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "never backwards: {seen:?}");
    client.close().await;
    server.shutdown().await;
}

/// The number of polls once no more are made.
async fn settled(client: &Client) -> u64 {
    loop {
        let polls = client.metrics().polls;
        tokio::time::sleep(Duration::from_millis(500)).await;
        if client.metrics().polls == polls {
            return polls;
        }
    }
}

/// Changes the flag, and waits until the client has that revision.
async fn follow(api: &Api, client: &Client, share: u64, when: &str) {
    let weights = json!({ "on": share, "off": 100_000 - share });
    let serve = json!({ "split": { "weights": weights } });
    let path = format!("{PRODUCTION}/flags/flag/fallthrough");
    let answer = api.write(Method::PUT, &path, Some(&serve)).await;
    let revision = answer["revision"].as_u64().unwrap();
    let has = || client.current().is_some_and(|current| current.revision == revision);
    until(has, &format!("revision {revision} {when}")).await;
}

async fn until(good: impl Fn() -> bool, what: &str) {
    for _ in 0..4_000 {
        if good() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain: {what}");
}

async fn client(proxy: SocketAddr) -> Client {
    let options = Options {
        poll_interval: Duration::from_millis(150),
        watchdog: Duration::from_millis(600),
        backoff_base: Duration::from_millis(50),
        backoff_max: Duration::from_millis(400),
        ..Options::default()
    };
    Client::builder(format!("http://{proxy}"))
        .project("shop")
        .environment("production")
        .options(options)
        .build()
        .await
        .unwrap()
}

/// Listens before `server`; where.
async fn proxy(server: SocketAddr, fault: watch::Receiver<Fault>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (near, _) = listener.accept().await.unwrap();
            let far = TcpStream::connect(server).await.unwrap();
            let (from_client, to_client) = near.into_split();
            let (from_server, to_server) = far.into_split();
            let (stream, is_stream) = watch::channel(false);
            tokio::spawn(requests(from_client, to_server, stream));
            tokio::spawn(answers(from_server, to_client, is_stream, fault.clone()));
        }
    });
    address
}

/// Passes requests on, and says whether the last one asked for the event stream.
async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, stream: watch::Sender<bool>) {
    let mut buffer = vec![0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let head = String::from_utf8_lossy(&buffer[..count]).into_owned();
        if let Some(line) = head.lines().next().filter(|line| line.starts_with("GET ")) {
            stream.send_replace(line.contains("/events"));
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// Passes answers on as the fault allows.
async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    is_stream: watch::Receiver<bool>,
    mut fault: watch::Receiver<Fault>,
) {
    let mut buffer = vec![0; 16_384];
    loop {
        let faulty = if *is_stream.borrow() { *fault.borrow_and_update() } else { Fault::None };
        match faulty {
            Fault::None => {}
            Fault::Drop => return,
            Fault::HalfClose => {
                let _ = to.shutdown().await;
                return std::future::pending().await;
            }
            // Bytes are read and lost, as on a path that leads nowhere.
            Fault::Stall => {
                while !matches!(from.read(&mut buffer).await, Ok(0) | Err(_)) {}
                return std::future::pending().await;
            }
        }
        tokio::select! {
            read = from.read(&mut buffer) => match read {
                // What arrives for a faulty stream is lost; the next turn does the rest.
                Ok(1..) if *is_stream.borrow() && *fault.borrow() != Fault::None => {}
                Ok(count @ 1..) => {
                    if to.write_all(&buffer[..count]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
            changed = fault.changed() => if changed.is_err() { return },
        }
    }
}
