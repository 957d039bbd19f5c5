//! A server of announcements: as much of Vexil's as a client needs to be told of modules.
//!
//! In: modules. Out: their announcements, by server-sent events over HTTP on the loopback. It
//! compiles nothing and stores nothing, so that what is measured is the client.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::BroadcastStream;
use vexil_compiler::Module;

/// The project and the environment that there are.
pub const NAMES: [&str; 2] = ["shop", "production"];

/// A server on a port of its own.
pub struct Server {
    /// Its address.
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    modules: Mutex<HashMap<String, Bytes>>,
    events: broadcast::Sender<String>,
}

impl Server {
    /// Starts on the tokio runtime that this is called on.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let (events, _) = broadcast::channel(64);
        let shared = Arc::new(Shared { modules: Mutex::default(), events });
        let router = Router::new()
            .route("/v1/projects/{project}/environments/{environment}/events", get(events_of))
            .route("/v1/modules/{file}", get(module))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Waits until a client listens.
    pub async fn heard(&self) {
        while self.shared.events.receiver_count() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    /// Hosts a module.
    pub fn host(&self, module: &Module) {
        let bytes = Bytes::from(module.bytes.clone());
        self.shared.modules.lock().expect("nobody panicked").insert(module.digest.clone(), bytes);
    }

    /// Announces a module that is hosted.
    pub fn announce(&self, revision: u64, module: &Module, changed: &[&str]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right");
        let digest = &module.digest;
        let announcement = json!({
            "project": NAMES[0], "environment": NAMES[1], "revision": revision, "digest": digest,
            "bytes": module.bytes.len(), "url": format!("/v1/modules/{digest}.wasm"),
            "changed": changed, "published_at_ms": now.as_millis() as u64,
            "committed_at_ms": now.as_millis() as u64,
        });
        let event = format!("event: announcement\nid: {revision}\ndata: {announcement}\n\n");
        self.shared.events.send(event).expect("a client listens");
    }
}

async fn events_of(State(shared): State<Arc<Shared>>) -> Response {
    let events = BroadcastStream::new(shared.events.subscribe());
    let events = events.filter_map(|event| event.ok().map(Ok::<_, Infallible>));
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
}

async fn module(State(shared): State<Arc<Shared>>, Path(file): Path<String>) -> Response {
    let digest = file.trim_end_matches(".wasm");
    match shared.modules.lock().expect("nobody panicked").get(digest) {
        Some(bytes) => bytes.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
