//! A client follows the server that it came to trust, and nobody who takes its place.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vexil_runtime::{Client, Context, Options, State, Trust};
use vexil_server::access::Mode;
use vexil_server::publish::sign::{Keys, SecretKey, SignedKeys};
use vexil_server::serve::{Options as Serving, Running, ServeError, StoreOption, serve};
use vexil_tests::http::Api;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);

/// A server on `address` (dropped without a good-bye, which would ask for a pause) whose key, or list of keys, is in `folder`.
async fn server(address: SocketAddr, key: &Path, list: Option<&Path>) -> Running {
    let mut options = Serving::new(address, StoreOption::Memory);
    options.access = Mode::Open;
    options.drain = Duration::from_millis(100);
    options.signing_key = Some(key.to_owned());
    options.trust = list.map(Path::to_owned);
    // The server before may not have let go of the address yet.
    let started = Instant::now();
    loop {
        match serve(options.clone()).await {
            Err(ServeError::Listen { .. }) if started.elapsed() < LONG => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            running => return running.unwrap(),
        }
    }
}

fn any() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

/// A project whose one flag gives `text`.
fn document(text: &str) -> Value {
    json!({
        "format": "vexil/1",
        "environments": ["e"],
        "flags": { "f": {
            "kind": "string", "variants": { "a": text },
            "environments": { "e": { "enabled": true, "fallthrough": "a" } },
        } },
    })
}

/// Makes the flag give `text`, in `writes` writes: revisions grow.
async fn write(running: &Running, text: &str, writes: usize) {
    let api = Api::new(&running.url());
    for number in 0..writes {
        let text = if number + 1 == writes { text.to_owned() } else { format!("{number}") };
        let document = document(&text);
        api.write(reqwest::Method::POST, "/v1/projects/p/apply", Some(&document)).await;
    }
}

async fn client(url: &str, cache: &Path, trust: Trust) -> Client {
    let options = Options { refused_retry: Duration::from_millis(50), ..quick() };
    let client = Client::builder(url).project("p").environment("e").options(options);
    client.cache(cache).trust(trust).build().await.unwrap()
}

fn quick() -> Options {
    Options {
        backoff_base: Duration::from_millis(20),
        backoff_max: Duration::from_millis(100),
        poll_interval: Duration::from_millis(100),
        ..Options::default()
    }
}

fn value(client: &Client) -> String {
    client.string("f", &Context::new(), "default")
}

async fn eventually(what: &str, is: impl Fn() -> bool) {
    let started = Instant::now();
    while !is() {
        assert!(started.elapsed() < LONG, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_a_servers_place_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (folder.path().join("own"), folder.path().join("other"));
    let cache = folder.path().join("cache");
    let first = server(any(), &own, None).await;
    let (address, url) = (first.address, first.url());
    write(&first, "good", 1).await;
    let client = client(&url, &cache, Trust::FirstUse).await;
    assert!(client.ready(LONG).await);
    eventually("the first value", || value(&client) == "good").await;
    drop(first);

    let impostor = server(address, &other, None).await;
    write(&impostor, "evil", 5).await;
    let refused = || client.metrics().untrusted_announcements > 0;
    eventually("the impostor is refused", refused).await;
    assert_eq!(value(&client), "good");
    drop(impostor);

    // A client that starts anew remembers whom the one before came to trust.
    client.close().await;
    let impostor = server(address, &other, None).await;
    write(&impostor, "evil", 9).await;
    let again = self::client(&url, &cache, Trust::FirstUse).await;
    let refused = || again.metrics().untrusted_announcements > 0;
    eventually("the impostor is refused again", refused).await;
    assert_eq!((value(&again).as_str(), again.state()), ("good", State::Stale));
    drop(impostor);

    let back = server(address, &own, None).await;
    write(&back, "better", 12).await;
    eventually("the server is back", || value(&again) == "better").await;
    drop(back);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_that_is_pinned_says_who_may_announce() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let (list, cache) = (folder.path().join("keys.json"), folder.path().join("cache"));
    let root = SecretKey::new();
    let public = |path: &Path| SecretKey::open(path).unwrap().public();
    let sign = |serial: u64, keys: Vec<String>| {
        let keys = Keys { v: 1, serial, roots: vec![root.public()], keys };
        let signed = SignedKeys::new(&keys, &[&root]);
        std::fs::write(&list, serde_json::to_string(&signed).unwrap()).unwrap();
    };
    sign(1, vec![public(&old)]);
    let first = server(any(), &old, Some(&list)).await;
    let (address, url) = (first.address, first.url());
    write(&first, "one", 1).await;
    let trust = Trust::Roots(vec![root.public()]);
    let client = client(&url, &cache, trust).await;
    eventually("the first value", || value(&client) == "one").await;
    let stranger = self::client(&url, &cache, Trust::Roots(vec!["00".repeat(32)])).await;
    let refused = || stranger.metrics().untrusted_announcements > 0;
    eventually("another root does not do", refused).await;
    drop(first);

    // Both keys are listed for a while, then only the new one.
    sign(2, vec![public(&old), public(&new)]);
    let second = server(address, &new, Some(&list)).await;
    write(&second, "two", 4).await;
    eventually("the new key is followed", || value(&client) == "two").await;
    drop(second);
    sign(3, vec![public(&new)]);
    let third = server(address, &new, Some(&list)).await;
    write(&third, "three", 8).await;
    eventually("the list without the old one", || value(&client) == "three").await;
    drop(third);

    // The old key was stolen, with the list that named it.
    sign(2, vec![public(&old), public(&new)]);
    let thief = server(address, &old, Some(&list)).await;
    write(&thief, "evil", 12).await;
    let refused = || client.metrics().untrusted_announcements > 0;
    eventually("an older list is refused", refused).await;
    assert_eq!(value(&client), "three");
    drop(thief);
}
