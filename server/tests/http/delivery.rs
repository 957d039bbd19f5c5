//! Delivery: the announcement, modules, deltas, the past.

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::server::{DEVELOPMENT, PRODUCTION, Server};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn the_head_is_the_announcement() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let answer = server.get(&format!("{PRODUCTION}/head")).await;
    let head = answer.good();
    let digest = head["digest"].as_str().unwrap();
    let issued_ms = &head["issued_ms"];
    assert_eq!(answer.header("etag"), format!("\"{revision}-{digest}-{issued_ms}\""));
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert_eq!(head["project"], "shop");
    assert_eq!(head["environment"], "production");
    assert_eq!(head["revision"], revision);
    assert_eq!(head["url"], format!("/v1/modules/{digest}.wasm"));
    assert_eq!(head["changed"], Value::Null);
    assert!(head["published_at_ms"].as_i64() >= head["committed_at_ms"].as_i64());

    let request = server.request(Method::GET, &format!("{PRODUCTION}/head"));
    let request = request.header("if-none-match", answer.header("etag"));
    let unchanged = server.send(request).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.bytes.len()), (304, 0));
    assert_eq!(unchanged.header("etag"), answer.header("etag"));
}

#[tokio::test]
async fn a_module_is_immutable_and_named_by_its_hash() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let head = server.head_at(PRODUCTION, revision).await;
    let (url, digest) = (head["url"].as_str().unwrap(), head["digest"].as_str().unwrap());
    let module = server.get(url).await;
    assert_eq!(module.status, 200);
    assert_eq!(module.header("content-type"), "application/wasm");
    assert_eq!(module.header("cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(module.header("etag"), format!("\"{digest}\""));
    assert_eq!(sha256(&module.bytes), digest);
    assert_eq!(module.bytes.len() as u64, head["bytes"]);

    let only_head = server.send(server.request(Method::HEAD, url)).await;
    assert_eq!((only_head.status.as_u16(), only_head.bytes.len()), (200, 0));
    assert_eq!(only_head.header("content-length"), module.bytes.len().to_string());
    let request = server.request(Method::GET, url).header("if-none-match", module.header("etag"));
    assert_eq!(server.send(request).await.status, 304);
    server.get(&format!("/v1/modules/{digest}")).await.refused(404, "unknown-module");
}

#[tokio::test]
async fn an_environment_that_is_not_touched_keeps_its_announcement() {
    let server = Server::start().await;
    let before = server.with_shop().await;
    let path = format!("{PRODUCTION}/flags/checkout/disable");
    let after = server.post(&path, &json!({})).await.good()["revision"].as_u64().unwrap();
    let head = server.head_at(PRODUCTION, after).await;
    assert_eq!(head["changed"], json!(["checkout", "payments"]));
    assert_eq!(server.get(&format!("{DEVELOPMENT}/head")).await.good()["revision"], before);
}

#[tokio::test]
async fn words_for_people_are_announced_with_the_same_module() {
    let server = Server::start().await;
    let before = server.with_shop().await;
    let old = server.head_at(PRODUCTION, before).await;
    let body = json!({ "kind": "boolean", "description": "the new one" });
    let answer = server.put("/v1/projects/shop/flags/checkout", &body).await.good();
    let new = server.head_at(PRODUCTION, answer["revision"].as_u64().unwrap()).await;
    assert_eq!((&new["digest"], &new["changed"]), (&old["digest"], &json!([])));
}

#[tokio::test]
async fn the_past_compiles_to_the_same_digest() {
    let server = Server::start().await;
    let before = server.with_shop().await;
    let old = server.head_at(PRODUCTION, before).await;
    let path = format!("{PRODUCTION}/flags/checkout/disable");
    let after = server.post(&path, &json!({})).await.good()["revision"].as_u64().unwrap();
    let new = server.head_at(PRODUCTION, after).await;
    let then = server.get(&format!("{PRODUCTION}/module?at={before}")).await.good();
    assert_eq!(
        then,
        json!({
            "revision": before, "digest": old["digest"], "bytes": old["bytes"], "url": old["url"],
        })
    );
    let now = server.get(&format!("{PRODUCTION}/module?at={after}")).await.good();
    assert_eq!(now["digest"], new["digest"]);
    assert_eq!(server.get(then["url"].as_str().unwrap()).await.status, 200);
    let beyond = format!("{PRODUCTION}/module?at={}", after + 1);
    server.get(&beyond).await.refused(404, "unknown-revision");
}

#[tokio::test]
async fn the_flag_set_is_shown_now_and_as_it_was() {
    let server = Server::start().await;
    let before = server.with_shop().await;
    let path = format!("{PRODUCTION}/flags/checkout/disable");
    let after = server.post(&path, &json!({})).await.good()["revision"].as_u64().unwrap();
    let enabled = |set: &Value| {
        set["flags"]["checkout"]["environments"]["production"]["enabled"].as_bool().unwrap()
    };
    let now = server.get(&format!("{PRODUCTION}/flags")).await.good();
    assert_eq!((now["revision"].as_u64(), enabled(&now)), (Some(after), false));
    let then = server.get(&format!("{PRODUCTION}/flags?at={before}")).await.good();
    assert_eq!((then["revision"].as_u64(), enabled(&then)), (Some(before), true));
    assert_eq!(then["segments"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn deltas_tell_what_differs() {
    let server = Server::start().await;
    let before = server.with_shop().await;
    server.post(&format!("{PRODUCTION}/flags/checkout/disable"), &json!({})).await.good();
    let archive = server.request(Method::POST, "/v1/projects/shop/flags/limit/archive");
    let after = server.send(archive).await.good()["revision"].as_u64().unwrap();
    let deltas = server.get(&format!("{PRODUCTION}/deltas?since={before}")).await.good();
    assert_eq!(deltas["project"], "shop");
    assert_eq!(deltas["environment"], "production");
    assert_eq!((deltas["from"].as_u64(), deltas["to"].as_u64()), (Some(before), Some(after)));
    assert_eq!(deltas["snapshot"], false);
    assert_eq!(deltas["segments"], json!({}));
    let flags = deltas["flags"].as_object().unwrap();
    assert_eq!(flags.keys().collect::<Vec<_>>(), ["checkout", "limit"]);
    assert_eq!(flags["limit"], Value::Null);

    let all = server.get(&format!("{PRODUCTION}/deltas?since=0")).await.good();
    assert_eq!((&all["snapshot"], all["flags"].as_object().unwrap().len()), (&json!(true), 2));
    let none = server.get(&format!("{PRODUCTION}/deltas?since={after}")).await.good();
    assert_eq!((&none["flags"], &none["snapshot"]), (&json!({}), &json!(false)));
    server.get(&format!("{PRODUCTION}/deltas")).await.refused(400, "malformed-request");
    let beyond = format!("{PRODUCTION}/deltas?since={}", after + 1);
    server.get(&beyond).await.refused(404, "unknown-revision");
}
