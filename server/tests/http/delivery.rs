//! Delivery: the announcement, modules, deltas, the past.

use std::io::Read as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use vexil_runtime::Client;

use crate::server::{DEVELOPMENT, PATIENCE, PRODUCTION, Server};

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
async fn the_code_of_one_flag_is_read_as_text() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let head = server.head_at(PRODUCTION, revision).await;
    let module = server.get(head["url"].as_str().unwrap()).await;
    let path = format!("/v1/modules/{}/wat", head["digest"].as_str().unwrap());
    let code = server.get(&format!("{path}?flag=checkout")).await;
    assert_eq!(
        (code.status.as_u16(), code.header("content-type")),
        (200, "text/plain; charset=utf-8")
    );
    assert_eq!(code.text(), vexil_compiler::module::wat(&module.bytes, "checkout").unwrap());
    assert!(code.text().starts_with(";; flag \"checkout\"\n"), "{}", code.text());
    let problem = server.get(&format!("{path}?flag=chekout")).await.refused(404, "unknown-flag");
    assert_eq!(problem["detail"], "the module has no flag `chekout` (did you mean `checkout`?)");
    for query in ["", "?flag=checkout&flag=limit", "?flags=checkout"] {
        server.get(&format!("{path}{query}")).await.refused(400, "malformed-request");
    }
    let other = format!("/v1/modules/{}/wat?flag=checkout", "00".repeat(32));
    server.get(&other).await.refused(404, "unknown-module");
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

/// A project whose module is worth compressing.
async fn large(server: &Server) -> Value {
    let flags: serde_json::Map<String, Value> = (0..2_000)
        .map(|number| {
            let on = (number * 7_919) % 100_000;
            let flag = json!({
                "kind": "boolean", "variants": { "on": true, "off": false },
                "environments": { "e": { "enabled": true, "fallthrough":
                    { "split": { "weights": { "on": on, "off": 100_000 - on } } } } },
            });
            (format!("team.feature-{number}"), flag)
        })
        .collect();
    let document = json!({ "format": "vexil/1", "environments": ["e", "f"], "flags": flags });
    let written = server.post("/v1/projects/large/apply", &document).await.good();
    let revision = written["revision"].as_u64().unwrap();
    server.head_at("/v1/projects/large/environments/e", revision).await
}

/// A module as a client asks for it: the coding that it came in, and the body.
async fn coded(
    server: &Server,
    head: &Value,
    accept: &str,
    known: Option<&str>,
) -> (String, Vec<u8>) {
    let mut request = server.request(Method::GET, head["url"].as_str().unwrap());
    request = request.header("accept-encoding", accept);
    if let Some(known) = known {
        let pairs = known.as_bytes().chunks(2);
        let bytes: Vec<u8> = pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        request = request.header("available-dictionary", format!(":{text}:"));
    }
    let answer = server.send(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("use-as-dictionary"), "match=\"/v1/modules/*\"");
    let coding = answer.headers.get("content-encoding");
    let coding = coding.map_or_else(String::new, |coding| coding.to_str().unwrap().to_owned());
    (coding, answer.bytes)
}

#[tokio::test]
async fn a_module_travels_in_the_best_coding_that_its_client_accepts() {
    let server = Server::start().await;
    let head = large(&server).await;
    let (none, module) = coded(&server, &head, "identity", None).await;
    assert_eq!(none, "");
    let (br, short) = coded(&server, &head, "gzip, deflate, br, zstd", None).await;
    let mut decoded = Vec::new();
    brotli::BrotliDecompress(&mut &*short, &mut decoded).unwrap();
    assert_eq!((br.as_str(), decoded == module), ("br", true));
    assert!(short.len() * 2 < module.len(), "{} of {}", short.len(), module.len());
    let (zstd, short) = coded(&server, &head, "zstd", None).await;
    assert_eq!((zstd.as_str(), zstd::decode_all(&*short).unwrap() == module), ("zstd", true));
    let (gzip, short) = coded(&server, &head, "gzip", None).await;
    let mut decoded = Vec::new();
    flate2::read::GzDecoder::new(&*short).read_to_end(&mut decoded).unwrap();
    assert_eq!((gzip.as_str(), decoded == module), ("gzip", true));
    // A tag is of one coding.
    let url = head["url"].as_str().unwrap();
    let digest = head["digest"].as_str().unwrap();
    for (accept, tag, status) in [
        ("zstd", format!("\"{digest}-zstd\""), 304),
        ("zstd", format!("\"{digest}\""), 200),
        ("identity", format!("\"{digest}\""), 304),
    ] {
        let request = server.request(Method::GET, url).header("accept-encoding", accept);
        let answer = server.send(request.header("if-none-match", &tag)).await;
        assert_eq!(answer.status.as_u16(), status, "{accept} {tag}");
    }
}

#[tokio::test]
async fn who_has_the_module_before_gets_what_differs() {
    let server = Server::start().await;
    let before = large(&server).await;
    let (_, old) = coded(&server, &before, "identity", None).await;
    let place = "/v1/projects/large/environments/e";
    let rollout = json!({ "split": { "weights": { "on": 1, "off": 99_999 } } });
    let path = format!("{place}/flags/team.feature-77/fallthrough");
    let written = server.put(&path, &rollout).await.good();
    let after = server.head_at(place, written["revision"].as_u64().unwrap()).await;
    let (_, new) = coded(&server, &after, "identity", None).await;
    let known = before["digest"].as_str();
    let (coding, patch) = coded(&server, &after, "gzip, br, zstd, dcz", known).await;
    assert_eq!(coding, "dcz");
    assert!(patch.len() * 50 < new.len(), "{} of {}", patch.len(), new.len());
    let patch = patch.strip_prefix(&[0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0][..]).unwrap();
    let mut decoded = Vec::new();
    zstd::Decoder::with_ref_prefix(&patch[32..], &old).unwrap().read_to_end(&mut decoded).unwrap();
    assert!(decoded == new);
    // What the server does not have is of no use, nor what the client does not accept.
    let (coding, _) = coded(&server, &after, "dcz, br", Some(&"00".repeat(32))).await;
    assert_eq!(coding, "br");
    let (coding, _) = coded(&server, &after, "br", known).await;
    assert_eq!(coding, "br");
}

#[tokio::test]
async fn a_client_fetches_what_differs_and_serves_the_same() {
    let server = Server::start().await;
    let head = large(&server).await;
    let client = Client::builder(server.running.url()).project("large").environment("e");
    let client = client.build().await.unwrap();
    assert!(client.ready(Duration::from_secs(20)).await);
    assert_eq!(client.metrics().patches, 0);
    let first = client.metrics().fetched_bytes;
    assert!(first < head["bytes"].as_u64().unwrap(), "it came compressed");
    let place = "/v1/projects/large/environments/e";
    let disable = format!("{place}/flags/team.feature-77/disable");
    let written = server.post(&disable, &Value::Null).await.good();
    let (revision, started) = (written["revision"].as_u64().unwrap(), Instant::now());
    while client.current().unwrap().revision < revision {
        assert!(started.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let metrics = client.metrics();
    assert_eq!((metrics.patches, metrics.failed_loads), (1, 0));
    let (patch, whole) = (metrics.fetched_bytes - first, head["bytes"].as_u64().unwrap());
    assert!(patch * 10 < whole, "{patch} of {whole}");
    println!("a flag was disabled: {patch} bytes instead of {first} (of {whole})");
    assert_eq!(
        client.current().unwrap().digest,
        server.get(&format!("{place}/head")).await.good()["digest"]
    );
}
