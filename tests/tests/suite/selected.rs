//! A client of some flags, and a cache between it and its server that mixes requests up.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use vexil_runtime::{BuildError, Client, ClientBuilder, Context, ErrorCode, Options, State};
use vexil_server::access::Mode;
use vexil_server::serve::{Options as Serving, Running, StoreOption, serve};
use vexil_tests::http::Api;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);

fn document(title: &str, other: &str) -> Value {
    let flag = |text: &str, tags: Value| {
        json!({
            "kind": "string", "variants": { "a": text }, "tags": tags,
            "environments": { "e": { "enabled": true, "fallthrough": "a" } },
        })
    };
    let flags = json!({ "title": flag(title, json!(["shown"])), "other": flag(other, json!([])) });
    json!({ "format": "vexil/1", "environments": ["e"], "flags": flags })
}

async fn server() -> (Running, Api) {
    let mut options = Serving::new(([127, 0, 0, 1], 0).into(), StoreOption::Memory);
    options.access = Mode::Open;
    options.drain = Duration::from_millis(100);
    let running = serve(options).await.unwrap();
    let api = Api::new(&running.url());
    apply(&api, "one", "one").await;
    (running, api)
}

async fn apply(api: &Api, title: &str, other: &str) -> u64 {
    let document = document(title, other);
    let path = "/v1/projects/p/apply";
    let answer = api.write(reqwest::Method::POST, path, Some(&document)).await;
    answer["revision"].as_u64().unwrap()
}

fn builder(url: &str) -> ClientBuilder {
    let options = Options {
        backoff_base: Duration::from_millis(20),
        backoff_max: Duration::from_millis(100),
        poll_interval: Duration::from_millis(100),
        ..Options::default()
    };
    Client::builder(url).project("p").environment("e").options(options)
}

async fn eventually(what: &str, is: impl Fn() -> bool) {
    let started = Instant::now();
    while !is() {
        assert!(started.elapsed() < LONG, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn value(client: &Client, flag: &str) -> String {
    client.string(flag, &Context::new(), "default")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_follows_what_it_selects_also_from_disk() {
    let (running, api) = server().await;
    let folder = tempfile::tempdir().unwrap();
    let client = |selected: bool| {
        let builder = builder(&running.url()).cache(folder.path());
        if selected { builder.tags(["shown"]).flags(["new, one"]) } else { builder }
    };
    let (some, all) = (client(true).build().await.unwrap(), client(false).build().await.unwrap());
    assert!(some.ready(LONG).await && all.ready(LONG).await);
    assert_eq!(
        (value(&some, "title").as_str(), value(&some, "other").as_str()),
        ("one", "default")
    );
    let details = some.string_detail("other", &Context::new(), "default");
    assert_eq!(details.error_code, Some(ErrorCode::FlagNotFound));
    assert_eq!(value(&all, "other"), "one");

    let revision = apply(&api, "one", "two").await;
    eventually("who follows all hears of it", || all.current().unwrap().revision == revision).await;
    let revision = apply(&api, "three", "two").await;
    eventually("both hear of this", || some.current().unwrap().revision == revision).await;
    assert_eq!(value(&some, "title"), "three");
    assert_eq!(some.metrics().announcements, 2);
    let flag = json!({ "kind": "boolean" });
    let path = "/v1/projects/p/flags/new,%20one";
    api.write(reqwest::Method::PUT, path, Some(&flag)).await;
    eventually("a flag comes to be", || some.flags().len() == 2).await;

    // A module is kept on disk a little after it is served.
    let started = Instant::now();
    let some = loop {
        let (some, all) = (client_of(&folder, true).await, client_of(&folder, false).await);
        if (some.flags().len(), all.flags().len()) == (2, 3) {
            break some;
        }
        assert!(started.elapsed() < LONG, "both are kept on disk");
    };
    drop(running);
    assert_eq!((some.state(), value(&some, "title").as_str()), (State::Stale, "three"));
}

/// Of a server that is not there.
async fn client_of(folder: &tempfile::TempDir, selected: bool) -> Client {
    let builder = builder("http://127.0.0.1:1").cache(folder.path());
    let builder = if selected { builder.tags(["shown"]).flags(["new, one"]) } else { builder };
    builder.build().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_selection_than_the_one_asked_for_is_refused() {
    let (running, _api) = server().await;
    for (flags, from, to) in [
        (Some("title"), "?flags=title ", " "),
        (Some("title"), "?flags=title ", "?flags=other "),
        (None, " HTTP", "?flags=title HTTP"),
    ] {
        let cache = mixing(running.address, from, to).await;
        let builder = builder(&format!("http://{cache}")).without_reports();
        let builder = flags.map_or_else(|| builder.clone(), |flag| builder.clone().flags([flag]));
        let client = builder.build().await.unwrap();
        let refused = || client.metrics().untrusted_announcements > 1;
        eventually("what was not asked for is refused", refused).await;
        assert_eq!((client.current(), client.metrics().malformed_announcements), (None, 0));
    }
}

/// A proxy that makes `to` of `from` in the first line of each request.
async fn mixing(server: SocketAddr, from: &'static str, to: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(server).await.unwrap();
            let (mut requests, mut answers) = client.into_split();
            let (mut back, mut forth) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut back, &mut answers).await });
            tokio::spawn(async move {
                let mut text = String::new();
                let mut bytes = [0; 4_096];
                while let Ok(length @ 1..) = requests.read(&mut bytes).await {
                    text.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
                    while let Some(end) = text.find("\r\n\r\n") {
                        let head: String = text.drain(..end + 4).collect();
                        let head = match head.starts_with("GET /v1/projects/") {
                            true => head.replacen(from, to, 1),
                            false => head,
                        };
                        forth.write_all(head.as_bytes()).await.unwrap();
                    }
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn what_cannot_be_followed_is_told_when_a_client_is_built() {
    let error = |builder: ClientBuilder| async move {
        let error = builder.build().await.unwrap_err();
        assert!(matches!(error, BuildError::Selection(_)), "{error}");
        error.to_string()
    };
    let url = "http://127.0.0.1:1";
    let nothing = error(builder(url).flags(Vec::<String>::new())).await;
    assert!(nothing.contains("no flag and no tag"), "{nothing}");
    let many = error(builder(url).tags((0..257).map(|number| number.to_string()))).await;
    assert!(many.contains("at most 256"), "{many}");
}
