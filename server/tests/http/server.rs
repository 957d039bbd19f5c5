//! A server for one test, and a client that talks to it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use vexil_server::access::Mode;
use vexil_server::log::store::Store;
use vexil_server::serve::{Options, Running, StoreOption, serve, serve_on};

/// More than anything here takes on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
pub struct Server {
    pub running: Running,
    client: reqwest::Client,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, bytes: response.bytes().await.unwrap().into() }
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The JSON of an answer that has to be good.
    #[track_caller]
    pub fn good(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}")).to_str().unwrap()
    }

    /// Asserts a refusal.
    #[track_caller]
    pub fn refused(&self, status: u16, end: &str) -> Value {
        let problem = self.json();
        assert_eq!(self.status, status, "{problem}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["type"], format!("https://vexil.dev/problems/{end}"), "{problem}");
        problem
    }
}

impl Server {
    /// A server on a free port, with its store in memory.
    pub async fn start() -> Self {
        Self::start_with(StoreOption::Memory, |_| {}).await
    }

    /// A server on a free port, whose options are edited.
    pub async fn start_with(store: StoreOption, edit: impl FnOnce(&mut Options)) -> Self {
        let mut options = options(store);
        edit(&mut options);
        Self::talk_to(serve(options).await.unwrap())
    }

    /// A server on a free port and a store of the test's own.
    pub async fn start_on(store: Arc<dyn Store>) -> Self {
        Self::talk_to(serve_on(store, options(StoreOption::Memory)).await.unwrap())
    }

    fn talk_to(running: Running) -> Self {
        // A provider that is already installed is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { running, client }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.running.url()))
    }

    /// A request of whoever has a key.
    pub fn request_as(&self, key: &str, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(key)
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Asks for something again and again until it is as wanted.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let started = Instant::now();
        loop {
            let answer = self.get(path).await;
            if wanted(&answer) {
                return answer;
            }
            assert!(started.elapsed() < PATIENCE, "{path} came not to be: {answer:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The announcement of an environment once it is at `revision` or beyond.
    pub async fn head_at(&self, place: &str, revision: u64) -> Value {
        let reached = |answer: &Answer| {
            answer.status == 200 && answer.json()["revision"].as_u64().unwrap() >= revision
        };
        self.until(&format!("{place}/head"), reached).await.json()
    }

    /// Applies [`shop`] and waits until both environments are announced.
    pub async fn with_shop(&self) -> u64 {
        let answer = self.post("/v1/projects/shop/apply", &shop()).await.good();
        let revision = answer["revision"].as_u64().unwrap();
        self.head_at(PRODUCTION, revision).await;
        self.head_at(DEVELOPMENT, revision).await;
        revision
    }
}

fn options(store: StoreOption) -> Options {
    let mut options = Options::new("127.0.0.1:0".parse().unwrap(), store);
    options.drain = Duration::from_secs(2);
    options.access = Mode::Open;
    options
}

pub const PRODUCTION: &str = "/v1/projects/shop/environments/production";
pub const DEVELOPMENT: &str = "/v1/projects/shop/environments/development";

/// The project that most tests use: two environments, a segment, three flags.
pub fn shop() -> Value {
    serde_json::from_str(include_str!("../../../tests/cases/http-bad/shop.json")).unwrap()
}

/// A rule that serves `on` to a country.
pub fn rule(id: &str, country: &str) -> Value {
    json!({
        "id": id,
        "when": { "attribute": "country", "equals": country },
        "serve": "on",
    })
}
