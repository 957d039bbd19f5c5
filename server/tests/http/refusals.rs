//! The page of bad inputs: requests and their exact answers, as data in `tests/cases/http-bad`.
//!
//! `docs/errors.md` is written from the same data. `BLESS=1` rewrites both; read the diff.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::server::{Answer, Server};

/// A bad request and what comes of it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What is wrong with it.
    title: String,
    request: Request,
    /// `null` until it is blessed.
    answer: Option<Expected>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    path: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    /// A body of JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json: Option<Value>,
    /// A body of any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// A body of so many spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spaces: Option<usize>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: u16,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    body: Value,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn cases() -> BTreeMap<PathBuf, Case> {
    let files = std::fs::read_dir(root().join("tests/cases/http-bad")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .filter(|path| path.file_name().is_some_and(|name| name != "shop.json"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let case = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path, case)
        })
        .collect()
}

async fn ask(server: &Server, request: &Request) -> Answer {
    let method: Method = request.method.parse().unwrap();
    let mut asked = server.request(method, &request.path);
    if let Some(json) = &request.json {
        asked = asked.json(json);
    }
    if let Some(text) = &request.text {
        asked = asked.body(text.clone());
    }
    if let Some(spaces) = request.spaces {
        asked = asked.body(" ".repeat(spaces));
    }
    for (name, value) in &request.headers {
        asked = asked.header(name, value);
    }
    server.send(asked).await
}

fn expected(answer: &Answer) -> Expected {
    let mut body = answer.json();
    // The only thing that differs from run to run.
    for change in body.get_mut("changes").and_then(Value::as_array_mut).into_iter().flatten() {
        change["time"] = "2026-11-23T12:00:00.000Z".into();
    }
    let kept = ["allow", "retry-after"];
    let headers = kept.iter().filter(|name| answer.headers.contains_key(**name));
    let headers = headers.map(|name| ((*name).to_owned(), answer.header(name).to_owned()));
    Expected { status: answer.status.as_u16(), headers: headers.collect(), body }
}

fn bless() -> bool {
    std::env::var_os("BLESS").is_some()
}

#[tokio::test]
async fn bad_requests_get_the_answers_on_the_page() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let path = "/v1/projects/shop/environments/development/flags/checkout/enable";
    let request = server.request(Method::POST, path).header("vexil-actor", "eva");
    server.send(request.header("idempotency-key", KEY)).await.good();
    let mut wrong = Vec::new();
    let mut cases = cases();
    assert!(cases.len() >= 20);
    for (path, case) in &mut cases {
        let answer = ask(&server, &case.request).await;
        let given = expected(&answer);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
        assert_eq!(given.body["status"], given.status);
        if case.answer.as_ref() != Some(&given) {
            wrong.push(format!(
                "{}:\nexpected {}\n   given {}",
                path.display(),
                serde_json::to_string(&case.answer).unwrap(),
                serde_json::to_string(&given).unwrap()
            ));
            case.answer = Some(given);
        }
    }
    if bless() {
        for (path, case) in &cases {
            std::fs::write(path, serde_json::to_string_pretty(case).unwrap() + "\n").unwrap();
        }
        std::fs::write(root().join("docs/errors.md"), page(&cases)).unwrap();
    }
    let shown = server.get("/v1/projects/shop").await.good();
    assert_eq!(shown["revision"], revision + 1, "no refused request changes anything");
    assert!(wrong.is_empty() || bless(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_page_of_errors_is_written_from_the_cases() {
    if bless() {
        return; // the other test is about to write it
    }
    let written = std::fs::read_to_string(root().join("docs/errors.md")).unwrap_or_default();
    let current = written == page(&cases());
    assert!(current, "docs/errors.md is not what the cases say; BLESS=1 writes it");
}

/// The key of the one request that is followed.
const KEY: &str = "0198c0de-0000-7000-8000-000000000001";

const OPENING: &str = "\
# Refusals

What the server answers to requests that it cannot follow: each request stands with its exact answer.
This page is written from the cases in `tests/cases/http-bad/`, which a test sends to a server; see [`http-api.md`](http-api.md) for the interface.
The project is that of `tests/cases/http-bad/shop.json`, after `eva` has enabled `checkout` in `development` with the `Idempotency-Key` 0198c0de-0000-7000-8000-000000000001.
No refused request changes anything.
";

fn page(cases: &BTreeMap<PathBuf, Case>) -> String {
    let mut page = OPENING.to_owned();
    for case in cases.values() {
        let Case { title, request, answer } = case;
        write!(page, "\n## {title}\n\n```http\n{} {}\n", request.method, request.path).unwrap();
        for (name, value) in &request.headers {
            writeln!(page, "{name}: {value}").unwrap();
        }
        if let Some(json) = &request.json {
            write!(page, "\n{}\n", serde_json::to_string_pretty(json).unwrap()).unwrap();
        }
        if let Some(text) = &request.text {
            write!(page, "\n{}\n", text.trim_end()).unwrap();
        }
        if let Some(spaces) = request.spaces {
            write!(page, "\n({spaces} bytes)\n").unwrap();
        }
        page.push_str("```\n");
        if let Some(Expected { status, headers, body }) = answer {
            write!(page, "\n```http\n{status}\n").unwrap();
            for (name, value) in headers {
                writeln!(page, "{name}: {value}").unwrap();
            }
            write!(page, "\n{}\n```\n", serde_json::to_string_pretty(body).unwrap()).unwrap();
        }
    }
    page
}
