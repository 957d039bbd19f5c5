//! OFREP 0.3.0: evaluation over HTTP, and the stream that says when to ask again.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::access::{guarded, key};
use crate::server::{Answer, PRODUCTION, Server};
use crate::streams::Stream;

fn ask(server: &Server, path: &str, context: &Value) -> RequestBuilder {
    let path = format!("{PRODUCTION}/ofrep/v1/evaluate/flags{path}");
    server.request(Method::POST, &path).json(&json!({ "context": context }))
}

async fn one(server: &Server, flag: &str, context: Value) -> Answer {
    server.send(ask(server, &format!("/{flag}"), &context)).await
}

#[tokio::test]
async fn one_flag_is_evaluated_with_its_reason() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let german = one(&server, "checkout", json!({ "targetingKey": "u", "country": "DE" })).await;
    let german = german.good();
    assert_eq!(german["value"], true);
    assert_eq!(german["variant"], "on");
    assert_eq!(german["reason"], "TARGETING_MATCH");
    assert_eq!(german["metadata"]["rule"], "dach");
    assert_eq!(german["metadata"]["flagSetId"], "shop/production");
    assert_eq!(german["metadata"]["revision"], revision);
    let other = one(&server, "checkout", json!({ "country": "FR" })).await.good();
    assert_eq!((&other["value"], &other["reason"]), (&json!(false), &json!("DEFAULT")));
    let split = one(&server, "limit", json!({ "targetingKey": "u" })).await.good();
    assert_eq!(split["reason"], "SPLIT");
}

#[tokio::test]
async fn what_cannot_be_evaluated_is_told_as_the_protocol_has_it() {
    let server = Server::start().await;
    server.with_shop().await;
    let absent = one(&server, "absent", json!({})).await;
    assert_eq!(
        (absent.status.as_u16(), &absent.json()["errorCode"]),
        (404, &json!("FLAG_NOT_FOUND"))
    );
    let path = format!("{PRODUCTION}/ofrep/v1/evaluate/flags/checkout");
    let bad = |body: &'static str| {
        let request = server.request(Method::POST, &path);
        server.send(request.header("content-type", "application/json").body(body))
    };
    for (body, code) in [
        ("{", "PARSE_ERROR"),
        ("{}", "INVALID_CONTEXT"),
        (r#"{"context": []}"#, "INVALID_CONTEXT"),
        (r#"{"context": {"targetingKey": 7}}"#, "INVALID_CONTEXT"),
    ] {
        let answer = bad(body).await;
        let document = answer.json();
        assert_eq!((answer.status.as_u16(), &document["errorCode"]), (400, &json!(code)), "{body}");
        assert_eq!(document["key"], "checkout");
        assert!(document["errorDetails"].is_string());
    }
    // Without a key the root does not know which environment is meant.
    let root = server.request(Method::POST, "/ofrep/v1/evaluate/flags");
    server.send(root.json(&json!({ "context": {} }))).await.refused(400, "malformed-request");
}

#[tokio::test]
async fn all_flags_come_with_a_tag_that_knows_the_context() {
    let server = Server::start().await;
    server.with_shop().await;
    let german = json!({ "targetingKey": "u", "country": "DE" });
    let all = server.send(ask(&server, "", &german)).await;
    let flags = all.good()["flags"].clone();
    let keys: Vec<&str> =
        flags.as_array().unwrap().iter().map(|flag| flag["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["checkout", "limit", "payments"]);
    let stream = &all.json()["eventStreams"][0];
    assert_eq!((&stream["type"], &stream["inactivityDelaySec"]), (&json!("sse"), &json!(120)));
    let tag = all.header("etag").to_owned();
    for tag in [tag.clone(), tag.trim_matches('"').to_owned(), format!("W/{tag}")] {
        let again = ask(&server, "?flagConfigEtag=x", &german).header("if-none-match", tag);
        let again = server.send(again).await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    }
    let other = ask(&server, "", &json!({ "targetingKey": "u", "country": "FR" }));
    assert_eq!(server.send(other.header("if-none-match", &tag)).await.status, 200);
    let disable = format!("{PRODUCTION}/flags/limit/disable");
    let revision = server.post(&disable, &json!(null)).await.good()["revision"].as_u64().unwrap();
    server.head_at(PRODUCTION, revision).await;
    let changed = ask(&server, "", &german).header("if-none-match", tag);
    assert_eq!(server.send(changed).await.status, 200);
}

#[tokio::test]
async fn the_stream_says_when_to_ask_again_and_only_then() {
    let server = Server::start().await;
    server.with_shop().await;
    let path = format!("{PRODUCTION}/ofrep/v1/sse");
    let mut stream = Stream::of(server.request(Method::GET, &path)).await;
    let mut told = Vec::new();
    let disable = format!("{PRODUCTION}/flags/limit/disable");
    while told.len() < 2 {
        let frame = stream.next().await.unwrap();
        let Some(data) = frame.data else { continue };
        assert_eq!(frame.event.as_deref(), Some("message"));
        assert_eq!(data["type"], "refetchEvaluation");
        told.push(data["etag"].clone());
        if told.len() == 1 {
            // It makes no other module, and so is not told.
            let same = json!({ "kind": "boolean", "description": "for people" });
            server.put("/v1/projects/shop/flags/checkout", &same).await.good();
            server.post(&disable, &json!(null)).await.good();
        }
    }
    assert_ne!(told[0], told[1]);
}

#[tokio::test]
async fn a_page_sees_its_flags_and_gets_a_stream_that_it_can_open() {
    let (server, root) = guarded().await;
    let visible = json!({ "kind": "boolean", "client_visible": true });
    let put = server.request_as(&root, Method::PUT, "/v1/projects/shop/flags/banner");
    server.send(put.json(&visible)).await.good();
    let (page, _) = key(&server, &root, "browser", "shop/production").await;
    let bulk = || {
        let request = server.request(Method::POST, "/ofrep/v1/evaluate/flags");
        let request = request.header("x-api-key", &page).header("origin", "https://shop.example");
        server.send(request.json(&json!({ "context": { "targetingKey": "u" } })))
    };
    let all = loop {
        let answer = bulk().await;
        if answer.status != 503 {
            break answer;
        }
    };
    let document = all.good();
    assert_eq!(document["flags"].as_array().unwrap().len(), 1);
    assert_eq!(document["flags"][0]["key"], "banner");
    assert_eq!(all.header("access-control-allow-origin"), "https://shop.example");
    let uri = document["eventStreams"][0]["endpoint"]["requestUri"].as_str().unwrap();
    let mut stream = Stream::of(server.request(Method::GET, uri)).await;
    while stream.next().await.unwrap().data.is_none() {}
    // A key that is good for several environments does not say which one is meant.
    let (several, _) = key(&server, &root, "server", "shop").await;
    let request = server.request_as(&several, Method::POST, "/ofrep/v1/evaluate/flags");
    server.send(request.json(&json!({ "context": {} }))).await.refused(400, "malformed-request");
}
