//! Traces: that a change is told as one, from the request to the announcement, and tells no secret.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use super::keys::{Guarded, token};
use super::{cases, eventually};

/// What a collector was sent.
type Sent = Arc<Mutex<Vec<Bytes>>>;

/// A collector on a free port, and its URL.
fn collector(runtime: &tokio::runtime::Runtime) -> (Sent, String) {
    let sent = Sent::default();
    let take = |State(sent): State<Sent>, body: Bytes| async move {
        sent.lock().unwrap().push(body);
    };
    let router = axum::Router::new().route("/v1/traces", axum::routing::post(take));
    let router = router.with_state(Arc::clone(&sent));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move { axum::serve(listener, router).await });
    (sent, url)
}

fn spans(sent: &Sent) -> Vec<Span> {
    let bodies = sent.lock().unwrap();
    let requests = bodies.iter().map(|body| ExportTraceServiceRequest::decode(&**body).unwrap());
    let resources = requests.flat_map(|request| request.resource_spans);
    resources.flat_map(|one| one.scope_spans).flat_map(|scope| scope.spans).collect()
}

fn attributes(list: &[KeyValue]) -> BTreeMap<&str, String> {
    let text = |value: &KeyValue| match value.value.as_ref().and_then(|any| any.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    list.iter().map(|one| (one.key.as_str(), text(one))).collect()
}

#[test]
fn a_change_is_one_trace_from_the_request_to_the_announcement() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (sent, url) = collector(&runtime);
    let folder = tempfile::tempdir().unwrap();
    let guarded = Guarded::start_with(&folder.path().join("vexil.db"), &["--otlp-endpoint", &url]);
    let root = guarded.root.clone();
    let flags = cases().join("files/flags.yaml");
    guarded.good(&root, &["apply", flags.to_str().unwrap(), "--yes"]);
    let create = ["key", "create", "shop", "--kind", "server", "-p", "shop", "-e", "production"];
    let service = token(&guarded.good(&root, &create));

    // A caller that is traced itself, then one that has flags evaluated.
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let base = format!("{}/v1/projects/shop/environments/production", guarded.server.url);
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::new();
        let disable = http.post(format!("{base}/flags/checkout-v2/disable")).bearer_auth(&root);
        let disable = disable.header("traceparent", format!("00-{trace}-{parent}-01"));
        assert_eq!(disable.send().await.unwrap().status(), 200);
        let context = serde_json::json!({ "context": { "targetingKey": "somebody-in-person" } });
        let evaluate = http.post(format!("{}/ofrep/v1/evaluate/flags", guarded.server.url));
        let evaluate = evaluate.bearer_auth(&service).json(&context);
        // Until the change is announced.
        loop {
            let answer = evaluate.try_clone().unwrap().send().await.unwrap();
            // Before the first announcement the server says 503.
            assert!(matches!(answer.status().as_u16(), 200 | 503));
            if answer.text().await.unwrap().contains("DISABLED") {
                break;
            }
        }
    });

    let Guarded { server, logs, .. } = guarded;
    assert_eq!(server.end("-TERM"), Some(0));
    logs.join().unwrap();
    // The end has flushed them.
    let spans = eventually("the spans", || Some(spans(&sent)).filter(|spans| !spans.is_empty()));
    let of_trace = |span: &&Span| span.trace_id == hex(trace);
    let change: Vec<&Span> = spans.iter().filter(of_trace).collect();
    let named = |name: &str| {
        let found = change.iter().find(|span| span.name == name);
        *found.unwrap_or_else(|| panic!("no {name}: {:?}", names(&change)))
    };
    let route = "POST /v1/projects/{p}/environments/{e}/flags/{f}/disable";
    let request = named(route);
    assert_eq!(request.parent_span_id, hex(parent), "it goes on in the caller's trace");
    assert_eq!(request.kind, 2, "a server's");
    let told = attributes(&request.attributes);
    assert_eq!(told["http.request.method"], "POST");
    assert_eq!(told["http.response.status_code"], "200");
    let command = named("command");
    assert_eq!(command.parent_span_id, request.span_id);
    for step in ["projection", "compile", "append"] {
        assert_eq!(named(step).parent_span_id, command.span_id, "{step}");
    }
    let publish = named("publish");
    assert_eq!(publish.parent_span_id, command.span_id);
    assert_eq!(named("verify").parent_span_id, publish.span_id);
    let told = attributes(&publish.attributes);
    assert_eq!((told["project"].as_str(), told["environment"].as_str()), ("shop", "production"));
    assert_eq!(told["feature_flag.version"].len(), 64);
    assert!(publish.end_time_unix_nano >= named("append").end_time_unix_nano);

    let events = spans.iter().flat_map(|span| &span.events);
    let evaluations: Vec<_> =
        events.filter(|event| event.name == "feature_flag.evaluation").collect();
    let told: Vec<_> = evaluations.iter().map(|event| attributes(&event.attributes)).collect();
    let checkout = told.iter().rfind(|told| told["feature_flag.key"] == "checkout-v2").unwrap();
    assert_eq!(checkout["feature_flag.set.id"], "shop/production");
    assert_eq!(checkout["feature_flag.provider.name"], "Vexil");
    assert_eq!(checkout["feature_flag.result.reason"], "disabled");
    assert_eq!(checkout["feature_flag.result.variant"], "off");

    assert!(!spans.iter().any(|span| span.name.contains("/metrics") || span.name == "request"));
    for body in sent.lock().unwrap().iter() {
        for token in [&root, &service] {
            let secret = token.rsplit('_').next().unwrap();
            assert!(!contains(body, &secret[..16]), "a secret stands in a trace");
        }
        assert!(!contains(body, "somebody-in-person"), "a person stands in a trace");
    }
}

#[test]
fn without_a_collector_the_server_serves_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens there.
    let nowhere = ["--otlp-endpoint", "http://127.0.0.1:9"];
    let guarded = Guarded::start_with(&folder.path().join("vexil.db"), &nowhere);
    guarded.good(&guarded.root, &["project", "create", "p", "--environments", "e"]);
    let Guarded { server, logs, .. } = guarded;
    assert_eq!(server.end("-TERM"), Some(0));
    logs.join().unwrap();
    let output = super::vexil(&["serve", "--memory", "--dev", "--otlp-endpoint", "nowhere"]);
    let output = { output }.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(super::text(&output.stderr).contains("OTLP collector"));
}

fn names<'a>(spans: &[&'a Span]) -> Vec<&'a str> {
    spans.iter().map(|span| span.name.as_str()).collect()
}

fn contains(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
