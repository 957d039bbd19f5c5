//! The fleet: what clients report, and what is made of it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use vexil_runtime::Client;

use crate::access::{guarded, key};
use crate::server::{PRODUCTION, Server};

fn fleet() -> String {
    format!("{PRODUCTION}/fleet")
}

fn report(instance: &str, digest: &Value, revision: &Value) -> Value {
    json!({ "instance": instance, "state": "READY", "digest": digest, "revision": revision })
}

#[tokio::test]
async fn what_clients_report_is_held_against_what_is_announced() {
    let server = Server::start().await;
    server.with_shop().await;
    let head = server.get(&format!("{PRODUCTION}/head")).await.good();
    let (digest, revision) = (&head["digest"], &head["revision"]);
    let answer = server.post(&fleet(), &report("a", digest, revision)).await.good();
    assert_eq!(answer, json!({ "revision": revision, "interval_ms": 60_000, "spread_ms": 500 }));
    let mut failed = report("b", &Value::Null, &json!(0));
    failed["state"] = "ERROR".into();
    failed["error"] = format!("revision {revision}: no\nspace").into();
    server.post(&fleet(), &failed).await.good();

    let now = server.get(&fleet()).await.good();
    assert_eq!((&now["clients"], &now["current"]), (&json!(2), &json!(1)), "{now}");
    assert_eq!(now["instances"][0]["instance"], "b", "who is behind stands first");
    assert_eq!(now["instances"][0]["error"], format!("revision {revision}: no space"));
    assert_eq!(now["instances"][1]["address"], "127.0.0.1");
    assert_eq!(now["modules"][0]["current"], json!(true));
    assert_eq!(
        server.get(&format!("{}?limit=1", fleet())).await.good()["instances"][1],
        json!(null)
    );
    let metrics = server.get("/metrics").await;
    for line in ["vexil_fleet_clients 2", "vexil_fleet_behind 1", "vexil_fleet_reports_total 2"] {
        assert!(metrics.text().contains(line), "{line}: {}", metrics.text());
    }

    failed["state"] = "CLOSED".into();
    server.post(&fleet(), &failed).await.good();
    assert_eq!(server.get(&fleet()).await.good()["clients"], json!(1));
    // Elsewhere nobody is known.
    let elsewhere = server.get("/v1/projects/shop/environments/development/fleet").await.good();
    assert_eq!(elsewhere["clients"], json!(0));
    let absent = "/v1/projects/shop/environments/absent/fleet";
    server.get(absent).await.refused(404, "unknown-environment");
    server.post(absent, &failed).await.refused(404, "unknown-environment");
}

#[tokio::test]
async fn a_report_that_makes_no_sense_is_refused() {
    let server = Server::start().await;
    server.with_shop().await;
    for (body, part) in [
        (json!({ "instance": "a b", "state": "READY" }), "instance"),
        (json!({ "instance": "a", "state": "READY", "digest": "ABC" }), "digest"),
        (json!({ "instance": "a", "state": "WELL" }), "WELL"),
        (json!({ "instance": "a", "state": "READY", "colour": 1 }), "colour"),
        (json!({ "state": "READY" }), "instance"),
        (json!([]), "object"),
    ] {
        let problem = server.post(&fleet(), &body).await.refused(400, "malformed-request");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(part), "{body}: {detail}");
    }
    let large = json!({ "instance": "a", "state": "READY", "error": "x".repeat(10_000) });
    server.post(&fleet(), &large).await.refused(413, "body-too-large");
    assert_eq!(server.get(&fleet()).await.good()["clients"], json!(0));
}

#[tokio::test]
async fn services_report_and_pages_do_not() {
    let (server, root) = guarded().await;
    let (service, id) = key(&server, &root, "server", "shop/production").await;
    let (page, _) = key(&server, &root, "browser", "shop/production").await;
    let report = report("a", &Value::Null, &json!(0));
    let post = |token: &str| server.request_as(token, Method::POST, &fleet()).json(&report);
    server.send(post(&service)).await.good();
    server.send(post(&page)).await.refused(403, "forbidden");
    server.send(server.request_as(&service, Method::GET, &fleet())).await.refused(403, "forbidden");
    let now = server.send(server.request_as(&root, Method::GET, &fleet())).await.good();
    assert_eq!(now["instances"][0]["key"], json!(id));
}

#[tokio::test]
async fn a_client_that_follows_is_seen_with_its_lag() {
    let server = Server::start().await;
    server.with_shop().await;
    let client = Client::builder(server.running.url()).project("shop").environment("production");
    let client = client.name("checkout-7").build().await.unwrap();
    assert!(client.ready(Duration::from_secs(20)).await);
    let place = fleet();
    let reported = |revision: Value| {
        server.until(&place, move |answer| {
            let first = &answer.json()["instances"][0];
            first["revision"] == revision && first["name"] == "checkout-7"
        })
    };
    let head = server.get(&format!("{PRODUCTION}/head")).await.good();
    let start = reported(head["revision"].clone()).await.json();
    assert_eq!(start["instances"][0]["lag_ms"], json!(null), "it was announced before");
    assert_eq!(start["instances"][0]["state"], "READY");

    let disable = format!("{PRODUCTION}/flags/checkout/disable");
    let written = server.post(&disable, &json!(null)).await.good();
    let now = reported(written["revision"].clone()).await.json();
    assert_eq!(now["current"], json!(1));
    assert!(now["instances"][0]["lag_ms"].as_u64().is_some(), "{now}");
    let metrics = server.get("/metrics").await;
    assert!(metrics.text().contains("vexil_reception_lag_seconds_count 1"));

    client.close().await;
    assert_eq!(server.get(&fleet()).await.good()["clients"], json!(0), "it said that it ends");
}

#[tokio::test]
async fn a_client_that_tells_nothing_is_not_seen() {
    let server = Server::start().await;
    server.with_shop().await;
    let client = Client::builder(server.running.url()).project("shop").environment("production");
    let client = client.without_reports().build().await.unwrap();
    assert!(client.ready(Duration::from_secs(20)).await);
    client.close().await;
    assert!(server.get("/metrics").await.text().contains("vexil_fleet_reports_total 0"));
}
