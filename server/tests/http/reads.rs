//! Reads: documents, flags, segments, the log, health.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{PRODUCTION, Server};

#[tokio::test]
async fn every_documented_metric_is_there_from_the_start() {
    let text = Server::start().await.get("/metrics").await.text().to_owned();
    let page = include_str!("../../../docs/operations.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `vexil_"));
    let names: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    assert!(names.len() >= 20, "{names:?}");
    for name in names {
        let there = |line: &str| line.starts_with(&format!("vexil_{name}"));
        assert!(text.lines().any(there), "vexil_{name} is missing:\n{text}");
    }
    for result in ["appended", "repeated", "unchanged", "conflict", "refused", "failed"] {
        let line = format!("vexil_commands_total{{result=\"{result}\"}} 0");
        assert!(text.contains(&line), "{text}");
    }
    for counter in ["panics", "publish_failures", "compile_failures", "streams_refused"] {
        assert!(text.contains(&format!("\nvexil_{counter}_total 0\n")), "{text}");
    }
}

#[tokio::test]
async fn the_document_is_shown_now_and_as_it_was() {
    let server = Server::start().await;
    let before = server.with_shop().await;
    let now = server.get("/v1/projects/shop/document").await;
    assert_eq!(now.header("etag"), format!("\"{before}\""));
    let now = now.good();
    assert_eq!((&now["format"], &now["project"]), (&json!("vexil/1"), &json!("shop")));
    server.post(&format!("{PRODUCTION}/flags/checkout/disable"), &json!({})).await.good();
    let path = format!("/v1/projects/shop/document?at={before}");
    assert_eq!(server.get(&path).await.good(), now);
    assert_ne!(server.get("/v1/projects/shop/document").await.good(), now);
    server.get("/v1/projects/shop/document?at=0").await.refused(404, "unknown-revision");
}

#[tokio::test]
async fn flags_and_segments_are_shown() {
    let server = Server::start().await;
    server.with_shop().await;
    let flags = server.get("/v1/projects/shop/flags").await.good();
    assert_eq!(flags["flags"].as_object().unwrap().len(), 3);
    let flag = server.get("/v1/projects/shop/flags/checkout").await.good();
    assert_eq!(flag, flags["flags"]["checkout"]);
    assert_eq!(flag["environments"]["production"]["enabled"], true);
    let segments = server.get("/v1/projects/shop/segments").await.good();
    let segment = server.get("/v1/projects/shop/segments/staff").await.good();
    assert_eq!(segment, segments["segments"]["staff"]);
    let configuration = server.get(&format!("{PRODUCTION}/flags/checkout")).await.good();
    assert_eq!(
        (&configuration["enabled"], &configuration["off_variant"]),
        (&json!(true), &json!("off"))
    );
    assert_eq!(configuration["rules"], flag["environments"]["production"]["rules"]);
    let rules = server.get(&format!("{PRODUCTION}/flags/checkout/rules")).await.good();
    assert_eq!(rules["rules"], configuration["rules"]);
    let default = "/v1/projects/shop/environments/development/flags/checkout";
    assert_eq!(server.get(default).await.good()["enabled"], false);
}

#[tokio::test]
async fn the_log_tells_who_did_what_and_why() {
    let server = Server::start().await;
    let before = server.with_shop().await;
    let path = format!("{PRODUCTION}/flags/checkout/disable?comment=it%20is%20late");
    let request = server.request(Method::POST, &path).header("vexil-actor", "eva");
    server.send(request).await.good();
    let log = server.get(&format!("/v1/projects/shop/log?after={before}")).await.good();
    assert_eq!(log["head"], before + 1);
    let event = &log["events"][0];
    assert_eq!(event["revision"], before + 1);
    assert_eq!(event["actor"], "eva");
    assert_eq!(event["comment"], "it is late");
    assert_eq!(event["kind"], "FlagDisabled");
    assert_eq!(event["payload"], json!({ "environment": "production", "flag": "checkout" }));
    assert_eq!(event["hash"].as_str().unwrap().len(), 64);
    assert!(event["time"].as_str().unwrap().ends_with('Z'));

    let count = async |query: &str| {
        let log = server.get(&format!("/v1/projects/shop/log?{query}")).await.good();
        log["events"].as_array().unwrap().len()
    };
    assert_eq!(count("limit=2").await, 2);
    assert_eq!(count("actor=eva").await, 1);
    assert_eq!(count("actor=anonymous&environment=production&flag=limit").await, 1);
    assert_eq!(count("flag=nobody").await, 0);
}

#[tokio::test]
async fn the_log_is_verified() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let verified = server.get("/v1/projects/shop/log/verify").await.good();
    assert_eq!((&verified["ok"], &verified["events"]), (&json!(true), &json!(revision)));
    let log = server.get(&format!("/v1/projects/shop/log?after={}", revision - 1)).await.good();
    assert_eq!(verified["head_hash"], log["events"][0]["hash"]);
}

#[tokio::test]
async fn health_is_told() {
    let server = Server::start().await;
    assert_eq!(server.get("/healthz").await.good(), json!({ "status": "alive" }));
    let ready = server.get("/readyz").await.good();
    assert_eq!(
        ready,
        json!({ "status": "ready", "environments": 0, "stale": [], "read_only": [] })
    );
    server.with_shop().await;
    server.get("/v1/projects/nobody").await.refused(404, "unknown-project");
    assert_eq!(server.get("/readyz").await.good()["environments"], 2);
    let metrics = server.get("/metrics").await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    for line in [
        "vexil_commands_total{result=\"appended\"} 1",
        "vexil_projects 1",
        "vexil_environments 2",
        "vexil_announcements_total{module=\"new\"} 2",
        "vexil_http_requests_total{method=\"GET\",route=\"/v1/projects/{p}\",status=\"404\"} 1",
    ] {
        assert!(metrics.text().lines().any(|given| given == line), "{line}\n{}", metrics.text());
    }
}

#[tokio::test]
async fn a_request_has_an_id() {
    let server = Server::start().await;
    let asked = server.request(Method::GET, "/healthz").header("x-request-id", "abc-1");
    assert_eq!(server.send(asked).await.header("x-request-id"), "abc-1");
    let odd = server.request(Method::GET, "/nowhere").header("x-request-id", "a b\"c");
    let given = server.send(odd).await;
    assert_eq!(given.header("x-request-id").len(), 36);
    let _: Value = given.refused(404, "not-found");
}
