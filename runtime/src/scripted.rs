//! A server for this crate's tests that answers by script, byte for byte.
//!
//! It speaks just enough HTTP/1.1: one request a connection, answered by the steps that the test's
//! script gives for its path. It can stall, half-close, lie and cut as no real server would.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

use crate::client::Client;
use crate::options::Options;
use crate::trust::Trust;

/// One thing that the server does on a connection; behind the last it closes.
#[derive(Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    /// Sends what the test says from now on, until the client leaves.
    Live,
    /// Sends nothing more, and does not close.
    Stall,
    /// Says that nothing more comes, and does not close.
    HalfClose,
}

/// What was asked, and when.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) text: String,
}

type Script = Arc<dyn Fn(&str, usize) -> Vec<Step> + Send + Sync>;

struct Inside {
    modules: Mutex<HashMap<String, Vec<Step>>>,
    asked: Mutex<Vec<Asked>>,
    live: broadcast::Sender<String>,
    script: Script,
}

pub(crate) struct Server {
    inside: Arc<Inside>,
    pub(crate) url: String,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// The environment that scripted servers serve, as a path.
const ENVIRONMENT: &str = "/v1/projects/p/environments/e";

impl Server {
    /// A server whose `script` gets `events` or `head` and how often that was asked before.
    pub(crate) async fn start(
        script: impl Fn(&str, usize) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inside = Arc::new(Inside {
            modules: Mutex::default(),
            asked: Mutex::default(),
            live: broadcast::Sender::new(64),
            script: Arc::new(script),
        });
        let served = Arc::clone(&inside);
        let accepting = tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let inside = Arc::clone(&served);
                // A client that leaves early is part of many tests.
                tokio::spawn(async move {
                    let _ = inside.answer(connection).await;
                });
            }
        });
        Self { inside, url, accepting }
    }

    /// A server with an open stream that sends what [`Server::say`] is given.
    pub(crate) async fn live() -> Self {
        Self::start(|path, _| match path {
            "events" => vec![events(""), Step::Live],
            _ => vec![status(503, "", "")],
        })
        .await
    }

    /// Answers requests for a module.
    pub(crate) fn module(&self, digest: &str, answer: Vec<Step>) {
        self.inside.modules.lock().unwrap().insert(digest.to_owned(), answer);
    }

    /// Hosts a good module; returns its announcement.
    pub(crate) fn host(&self, revision: u64, text: &str) -> Value {
        let (bytes, digest) = crate::fixture::module(text);
        self.module(&digest, vec![ok(&bytes)]);
        announcement(revision, &digest, bytes.len())
    }

    /// Sends text on every live stream; waits for one to be there.
    pub(crate) async fn say(&self, text: &str) {
        eventually("a live stream", || self.inside.live.receiver_count() > 0).await;
        self.inside.live.send(text.to_owned()).unwrap();
    }

    /// Announces on every live stream.
    pub(crate) async fn announce(&self, announcement: &Value) {
        self.say(&frame(announcement)).await;
    }

    pub(crate) fn streams(&self) -> usize {
        self.inside.live.receiver_count()
    }

    /// The requests whose path ends so.
    pub(crate) fn asked(&self, ending: &str) -> Vec<Asked> {
        let asked = self.inside.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.path.ends_with(ending)).cloned().collect()
    }

    /// A client of this server with [`quick`] options.
    pub(crate) async fn client(&self) -> Client {
        self.client_with(quick()).await
    }

    pub(crate) async fn client_with(&self, options: Options) -> Client {
        let client = Client::builder(&self.url).project("p").environment("e").options(options);
        let client = client.trust(Trust::Anybody);
        client.build().await.unwrap()
    }
}

impl Inside {
    async fn answer(&self, mut connection: TcpStream) -> std::io::Result<()> {
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            let mut byte = [0];
            connection.read_exact(&mut byte).await?;
            text.push(char::from(byte[0]));
        }
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        for step in self.steps(Asked { at: Instant::now(), path, text }) {
            self.act(&mut connection, step).await?;
        }
        Ok(())
    }

    fn steps(&self, request: Asked) -> Vec<Step> {
        let path = request.path.clone();
        let before = {
            let mut asked = self.asked.lock().unwrap();
            let before = asked.iter().filter(|asked| asked.path == path).count();
            asked.push(request);
            before
        };
        if let Some(name) = path.strip_prefix(ENVIRONMENT) {
            return (self.script)(name.trim_start_matches('/'), before);
        }
        let digest = path.trim_start_matches("/v1/modules/").trim_end_matches(".wasm");
        let module = self.modules.lock().unwrap().get(digest).cloned();
        module.unwrap_or_else(|| vec![status(404, "", "")])
    }

    async fn act(&self, connection: &mut TcpStream, step: Step) -> std::io::Result<()> {
        match step {
            Step::Send(bytes) => connection.write_all(&bytes).await,
            Step::Stall => pending().await,
            Step::HalfClose => {
                connection.shutdown().await?;
                pending().await
            }
            Step::Live => {
                let mut live = self.live.subscribe();
                let mut byte = [0];
                loop {
                    tokio::select! {
                        said = live.recv() => {
                            connection.write_all(said.unwrap().as_bytes()).await?;
                        }
                        _ = connection.read(&mut byte) => return Ok(()),
                    }
                }
            }
        }
    }
}

/// Short waits, for tests. The watchdog is long; tests of it shorten it.
pub(crate) fn quick() -> Options {
    Options {
        poll_interval: Duration::from_millis(40),
        watchdog: Duration::from_secs(20),
        backoff_base: Duration::from_millis(5),
        backoff_max: Duration::from_millis(40),
        healthy_after: Duration::from_secs(60),
        refused_retry: Duration::from_millis(400),
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(5),
        fetch_timeout: Duration::from_secs(5),
        compile_deadline: Duration::from_secs(5),
        usage_interval: Duration::from_millis(20),
    }
}

pub(crate) fn announcement(revision: u64, digest: &str, bytes: usize) -> Value {
    json!({
        "project": "p", "environment": "e", "revision": revision, "digest": digest,
        "bytes": bytes, "url": format!("/v1/modules/{digest}.wasm"), "changed": ["checkout"],
        "published_at_ms": 1_790_000_000_000_i64, "committed_at_ms": 1_790_000_000_000_i64,
    })
}

/// An announcement as an event.
pub(crate) fn frame(announcement: &Value) -> String {
    let revision = &announcement["revision"];
    format!("event: announcement\nid: {revision}\ndata: {announcement}\n\n")
}

/// The head of an event stream, and its first bytes.
pub(crate) fn events(first: &str) -> Step {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    Step::Send(format!("{head}{first}").into_bytes())
}

pub(crate) fn status(status: u16, header: &str, body: &str) -> Step {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n");
    let header = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
    Step::Send(format!("{head}{header}\r\n{body}").into_bytes())
}

pub(crate) fn ok(body: &[u8]) -> Step {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    Step::Send([head.as_bytes(), body].concat())
}

/// Waits until `condition` holds; gives up after ten seconds.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let given_up = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < given_up, "still waiting for {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
