//! OFREP by OpenFeature's own web provider, in Node: what it evaluates, and that it hears of changes.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use vexil_server::serve::{Options, Running, StoreOption, serve};
use vexil_tests::cases::root;

/// A node process that ends with the test.
struct Page {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Page {
    fn open(url: &str, key: &str) -> Self {
        let mut child = Command::new("node")
            .arg(root().join("tests/conformance/ofrep/web.mjs"))
            .args([url, key, "banner", "user-7"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// What it tells next.
    fn told(&mut self) -> Value {
        let line = self.lines.next().expect("the page tells something").unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // One that has ended by itself cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn ask(running: &Running, method: Method, path: &str, body: &Value) -> Value {
    let root = running.admin.as_ref().unwrap().reveal();
    let http = reqwest::Client::new();
    let request = http.request(method, format!("{}{path}", running.url())).bearer_auth(root);
    let answer = request.json(body).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_web_provider_evaluates_and_hears_of_changes() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = Options::new(([127, 0, 0, 1], 0).into(), StoreOption::Memory);
    let running = serve(options).await.unwrap();
    let document = json!({ "format": "vexil/1", "environments": ["e"], "flags": { "banner": {
        "kind": "boolean", "variants": { "on": true, "off": false }, "client_visible": true,
        "environments": { "e": { "enabled": true, "fallthrough": "on" } },
    } } });
    ask(&running, Method::POST, "/v1/projects/p/apply", &document).await;
    let key = json!({
        "kind": "browser", "name": "page", "project": "p", "environments": ["e"],
        "origins": ["https://shop.example"],
    });
    let key = ask(&running, Method::POST, "/v1/keys", &key).await;
    let (url, key) = (running.url(), key["token"].as_str().unwrap().to_owned());
    let opened = tokio::task::spawn_blocking(move || {
        let mut page = Page::open(&url, &key);
        let first = page.told();
        (page, first)
    });
    let (mut page, first) = opened.await.unwrap();
    assert_eq!((&first["value"], &first["reason"]), (&json!(true), &json!("STATIC")), "{first}");
    assert_eq!(first["variant"], "on");

    let disable = "/v1/projects/p/environments/e/flags/banner/disable";
    ask(&running, Method::POST, disable, &Value::Null).await;
    let second = tokio::task::spawn_blocking(move || page.told()).await.unwrap();
    assert_eq!((&second["value"], &second["reason"]), (&json!(false), &json!("DISABLED")));
}
