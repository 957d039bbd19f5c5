//! OFREP 0.3.0: evaluation over HTTP, and the stream that says when to ask again.

use std::sync::LazyLock;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::access::{guarded, key};
use crate::server::{Answer, PRODUCTION, Server};
use crate::streams::Stream;

/// The protocol's own document (<https://github.com/open-feature/protocol>, Apache-2.0), mended in
/// the two places where nothing could conform to it.
static PROTOCOL: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../tests/conformance/ofrep/openapi.yaml");
    let mut protocol: Value = serde_saphyr::from_str(text).unwrap();
    let success = &mut protocol["components"]["schemas"]["evaluationSuccess"]["allOf"];
    // A value is to be of exactly one kind; but every integer is a number, and whatever has a value
    // is also an object without conditions, which is how "no value" is written.
    let kinds = success[1]["oneOf"].as_array_mut().unwrap();
    let wrong = ["/integerFlag", "/codeDefaultFlag"];
    kinds.retain(|kind| !wrong.iter().any(|end| kind["$ref"].as_str().unwrap().ends_with(end)));
    assert_eq!(kinds.len(), 4);
    // OpenFeature's reasons, to which the text refers, have it (`docs/ofrep.md`).
    success[0]["properties"]["reason"]["enum"].as_array_mut().unwrap().push("DEFAULT".into());
    protocol
});

/// Asserts that the protocol's document allows an answer to a request for one flag, or for all.
#[track_caller]
fn conforms(answer: &Answer, one: bool) {
    let path = if one { "/ofrep/v1/evaluate/flags/{key}" } else { "/ofrep/v1/evaluate/flags" };
    let status = answer.status.as_str();
    let response = &PROTOCOL["paths"][path]["post"]["responses"][status];
    assert!(response.is_object(), "{status} is no answer of the protocol: {}", answer.text());
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_null() {
        return;
    }
    assert_eq!(answer.header("content-type"), "application/json");
    let schema = json!({ "allOf": [schema], "components": PROTOCOL["components"] });
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let document = answer.json();
    let faults: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}: {document:#}");
}

/// Sends a request for all flags.
async fn send(server: &Server, request: RequestBuilder) -> Answer {
    let answer = server.send(request).await;
    conforms(&answer, false);
    answer
}

fn ask(server: &Server, path: &str, context: &Value) -> RequestBuilder {
    let path = format!("{PRODUCTION}/ofrep/v1/evaluate/flags{path}");
    server.request(Method::POST, &path).json(&json!({ "context": context }))
}

async fn one(server: &Server, flag: &str, context: Value) -> Answer {
    let answer = server.send(ask(server, &format!("/{flag}"), &context)).await;
    conforms(&answer, true);
    answer
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
        conforms(&answer, true);
        let document = answer.json();
        assert_eq!((answer.status.as_u16(), &document["errorCode"]), (400, &json!(code)), "{body}");
        assert_eq!(document["key"], "checkout");
        assert!(document["errorDetails"].is_string());
    }
    // Without a key the root does not know which environment is meant.
    let root = server.request(Method::POST, "/ofrep/v1/evaluate/flags");
    let answer = send(&server, root.json(&json!({ "context": {} }))).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["errorCode"]), (400, &json!("GENERAL")));
    let root = server.request(Method::POST, "/ofrep/v1/evaluate/flags/checkout");
    let answer = server.send(root.json(&json!({ "context": {} }))).await;
    conforms(&answer, true);
    let unknown = send(&server, ask(&server, "?other=1", &json!({}))).await;
    assert_eq!(unknown.status, 400);
    let unknown = server.send(ask(&server, "/checkout?other=1", &json!({}))).await;
    conforms(&unknown, true);
    assert_eq!(unknown.status, 400);
}

#[tokio::test]
async fn who_may_not_ask_is_told_as_the_protocol_has_it() {
    let (server, root) = guarded().await;
    let (good, id) = key(&server, &root, "server", "shop/production").await;
    let bulk = |key: &str| {
        let request = server.request_as(key, Method::POST, "/ofrep/v1/evaluate/flags");
        request.json(&json!({ "context": { "targetingKey": "u" } }))
    };
    assert_eq!(send(&server, bulk(&good)).await.status, 200);
    let path = "/v1/projects/shop/environments/development/ofrep/v1/evaluate/flags";
    let other = server.request_as(&good, Method::POST, path);
    assert_eq!(send(&server, other.json(&json!({ "context": {} }))).await.status, 403);
    let delete = server.request_as(&root, Method::DELETE, &format!("/v1/keys/{id}"));
    server.send(delete).await.good();
    assert_eq!(send(&server, bulk(&good)).await.status, 401);
}

#[tokio::test]
async fn all_flags_come_with_a_tag_that_knows_the_context() {
    let server = Server::start().await;
    server.with_shop().await;
    let german = json!({ "targetingKey": "u", "country": "DE" });
    let all = send(&server, ask(&server, "", &german)).await;
    let flags = all.good()["flags"].clone();
    let keys: Vec<&str> =
        flags.as_array().unwrap().iter().map(|flag| flag["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["checkout", "limit", "payments"]);
    let stream = &all.json()["eventStreams"][0];
    assert_eq!((&stream["type"], &stream["inactivityDelaySec"]), (&json!("sse"), &json!(120)));
    let tag = all.header("etag").to_owned();
    for tag in [tag.clone(), tag.trim_matches('"').to_owned(), format!("W/{tag}")] {
        let again = ask(&server, "?flagConfigEtag=x", &german).header("if-none-match", tag);
        let again = send(&server, again).await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    }
    let other = ask(&server, "", &json!({ "targetingKey": "u", "country": "FR" }));
    assert_eq!(send(&server, other.header("if-none-match", &tag)).await.status, 200);
    let disable = format!("{PRODUCTION}/flags/limit/disable");
    let revision = server.post(&disable, &json!(null)).await.good()["revision"].as_u64().unwrap();
    server.head_at(PRODUCTION, revision).await;
    let changed = ask(&server, "", &german).header("if-none-match", tag);
    assert_eq!(send(&server, changed).await.status, 200);
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
async fn all_flags_name_the_rules_that_decided_and_may_be_those_of_pages() {
    let server = Server::start().await;
    server.with_shop().await;
    let visible = json!({ "kind": "boolean", "client_visible": true });
    let written = server.put("/v1/projects/shop/flags/banner", &visible).await.good();
    let revision = written["revision"].as_u64().unwrap();
    server.head_at(PRODUCTION, revision).await;
    let german = json!({ "targetingKey": "u", "country": "DE" });
    let all = send(&server, ask(&server, "", &german)).await.good();
    let flags = all["flags"].as_array().unwrap();
    let checkout = flags.iter().find(|flag| flag["key"] == "checkout").unwrap();
    assert_eq!(checkout["metadata"], json!({ "rule": "dach" }));
    let banner = flags.iter().find(|flag| flag["key"] == "banner").unwrap();
    assert_eq!(banner["metadata"], Value::Null);
    let of_pages = send(&server, ask(&server, "?audience=browser", &german)).await.good();
    let keys: Vec<&Value> =
        of_pages["flags"].as_array().unwrap().iter().map(|flag| &flag["key"]).collect();
    assert_eq!(keys, ["banner"]);
    let hidden = server.send(ask(&server, "/checkout?audience=browser", &german)).await;
    assert_eq!(hidden.json()["errorCode"], "FLAG_NOT_FOUND");
    let neither = send(&server, ask(&server, "?audience=all", &german)).await;
    assert_eq!((neither.status.as_u16(), &neither.json()["errorCode"]), (400, &json!("GENERAL")));
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
    conforms(&all, false);
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
    let answer = send(&server, request.json(&json!({ "context": {} }))).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["errorCode"]), (400, &json!("GENERAL")));
}
