//! Selections: announcements and modules of some flags.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use vexil_compiler::module::{inspect, subset};
use vexil_compiler::{Audience, compile_some, document};
use vexil_runtime::trust::verify_announcement;
use vexil_runtime::{Client, Context, ErrorCode};
use vexil_server::limits::SELECTIONS_EACH;
use vexil_server::publish::sabotage::Sabotage;
use vexil_server::serve::StoreOption;

use crate::access::{guarded, key};
use crate::server::{Answer, DEVELOPMENT, PATIENCE, PRODUCTION, Server, rule};
use crate::streams::Stream;

fn head(query: &str) -> String {
    format!("{PRODUCTION}/head?{query}")
}

async fn module(server: &Server, announced: &Value) -> Vec<u8> {
    let answer = server.get(announced["url"].as_str().unwrap()).await;
    assert_eq!(answer.status, 200);
    answer.bytes
}

/// Keys of the flags of the module that is announced.
async fn rows(server: &Server, query: &str) -> Vec<String> {
    let announced = server.get(&head(query)).await.good();
    let flags = inspect(&module(server, &announced).await).unwrap().flags;
    flags.into_iter().map(|flag| flag.key).collect()
}

async fn open(server: &Server, query: &str) -> Stream {
    Stream::of(server.request(Method::GET, &format!("{PRODUCTION}/events?{query}"))).await
}

/// Writes, and waits until the head of what `query` selects has got so far.
async fn write(server: &Server, method: Method, path: &str, body: &Value, query: &str) -> Value {
    let answer = server.send(server.request(method, path).json(body)).await.good();
    let revision = answer["revision"].as_u64().unwrap();
    let reached = |answer: &Answer| answer.good()["revision"].as_u64().unwrap() >= revision;
    server.until(&head(query), reached).await.json()
}

async fn disable(server: &Server, flag: &str, query: &str) -> Value {
    let path = format!("{PRODUCTION}/flags/{flag}/disable");
    write(server, Method::POST, &path, &json!({}), query).await
}

async fn measured(server: &Server, name: &str) -> u64 {
    reading(&server.get("/metrics").await, name)
}

/// What the metric `name` says in an answer of `/metrics`.
fn reading(metrics: &Answer, name: &str) -> u64 {
    let line = metrics.text().lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    line.trim().parse().unwrap()
}

/// Of the shop `payments` is described with a tag, and `checkout` needs nobody.
async fn tag(server: &Server, flag: &str, tags: &Value, query: &str) -> Value {
    let body = json!({ "kind": "boolean", "tags": tags });
    write(server, Method::PUT, &format!("/v1/projects/shop/flags/{flag}"), &body, query).await
}

#[tokio::test]
async fn a_selection_is_announced_as_the_module_that_its_flags_compile_to() {
    let server = Server::start().await;
    server.with_shop().await;
    let whole = server.get(&format!("{PRODUCTION}/head")).await.good();
    let whole = module(&server, &whole).await;
    let document = server.get("/v1/projects/shop/document").await.good();
    let flag_set = document::read_value(&document).unwrap().flag_set("production").unwrap();
    for (query, keys) in [
        ("flags=checkout", vec!["checkout"]),
        ("flags=payments", vec!["payments"]),
        ("flags=limit,checkout", vec!["checkout", "limit"]),
        // What most clients make of a comma, and the same in another order, twice.
        ("flags=limit%2Ccheckout", vec!["checkout", "limit"]),
        ("flags=checkout,limit,checkout", vec!["checkout", "limit"]),
    ] {
        let announced = server.get(&head(query)).await.good();
        let part = module(&server, &announced).await;
        let expected = compile_some(&flag_set, Audience::Server, &keys).unwrap();
        assert_eq!(announced["digest"], expected.digest, "{query}");
        assert_eq!(part, expected.bytes, "{query}");
        assert_eq!(announced["selection"], json!({ "flags": keys, "tags": [] }));
        assert_eq!(announced["bytes"], part.len());
    }
    assert_eq!(measured(&server, "vexil_selections ").await, 3);
    // What is taken of the whole is the same, where others share no question with it.
    let announced = server.get(&head("flags=limit")).await.good();
    assert_eq!(announced["digest"], subset(&whole, &["limit"]).unwrap().digest);
}

#[tokio::test]
async fn what_is_selected_is_signed() {
    let server = Server::start().await;
    server.with_shop().await;
    let announced = server.get(&head("tags=x&flags=limit")).await;
    let verified = verify_announcement(&announced.bytes, &[]).unwrap();
    let announced = announced.good();
    assert_eq!(verified.statement.digest, announced["digest"]);
    let selection = serde_json::to_value(verified.statement.selection).unwrap();
    assert_eq!(selection, json!({ "flags": ["limit"], "tags": ["x"] }));
    assert_eq!(selection, announced["selection"]);
    let whole = server.get(&format!("{PRODUCTION}/head")).await;
    assert_eq!(verify_announcement(&whole.bytes, &[]).unwrap().statement.selection, None);
    assert_eq!(whole.good()["selection"], Value::Null);
}

#[tokio::test]
async fn a_change_of_other_flags_wakes_nobody_and_the_head_tells_of_it() {
    let server = Server::start().await;
    let before = server.with_shop().await;
    let mut stream = open(&server, "flags=payments").await;
    let first = stream.announcement().await;
    assert_eq!((&first["revision"], &first["changed"]), (&json!(before), &Value::Null));
    let compiles = measured(&server, "vexil_compile_seconds_count ").await;

    let head = disable(&server, "limit", "flags=payments").await;
    assert_eq!((&head["digest"], &head["changed"]), (&first["digest"], &json!([])));
    assert_eq!(head["revision"], before + 1);
    // Only the whole was compiled.
    let now = measured(&server, "vexil_compile_seconds_count ").await;
    assert_eq!(now, compiles + 1);

    // What it needs has no row, and changes it.
    let head = disable(&server, "checkout", "flags=payments").await;
    let news = stream.announcement().await;
    assert_eq!(news, head, "nothing came in between");
    assert_eq!((&news["revision"], &news["changed"]), (&json!(before + 2), &json!(["payments"])));
    assert_eq!(news["changed_since"], before, "the first with the digest before");
    assert_eq!(rows(&server, "flags=payments").await, ["payments"]);
}

#[tokio::test]
async fn another_environment_is_not_woken() {
    let server = Server::start().await;
    server.with_shop().await;
    let query = "flags=checkout";
    let request = server.request(Method::GET, &format!("{DEVELOPMENT}/events?{query}"));
    let mut stream = Stream::of(request).await;
    stream.announcement().await;
    disable(&server, "checkout", query).await;
    let path = format!("{DEVELOPMENT}/flags/checkout/enable");
    let last = server.post(&path, &json!({})).await.good();
    assert_eq!(stream.announcement().await["revision"], last["revision"]);
}

#[tokio::test]
async fn a_tag_stands_for_the_flags_that_carry_it() {
    let server = Server::start().await;
    server.with_shop().await;
    let query = "tags=money";
    assert_eq!(rows(&server, query).await, Vec::<String>::new());
    let mut stream = open(&server, query).await;
    stream.announcement().await;
    tag(&server, "payments", &json!(["x", "money"]), query).await;
    assert_eq!(stream.announcement().await["changed"], json!(["payments"]));
    assert_eq!(rows(&server, query).await, ["payments"]);
    // It was needed before, and is to be seen now.
    tag(&server, "checkout", &json!(["money"]), query).await;
    assert_eq!(stream.announcement().await["changed"], json!(["checkout"]));
    assert_eq!(rows(&server, query).await, ["checkout", "payments"]);
    assert_eq!(rows(&server, "tags=money&flags=limit").await, ["checkout", "limit", "payments"]);
    tag(&server, "payments", &json!([]), query).await;
    assert_eq!(stream.announcement().await["changed"], json!(["payments"]));
    assert_eq!(rows(&server, query).await, ["checkout"]);
}

#[tokio::test]
async fn a_flag_that_is_not_there_may_come_to_be() {
    let server = Server::start().await;
    server.with_shop().await;
    let query = r"flags=new%5C,one,limit";
    assert_eq!(rows(&server, "flags=absent").await, Vec::<String>::new());
    assert_eq!(rows(&server, query).await, ["limit"]);
    let mut stream = open(&server, query).await;
    stream.announcement().await;
    let path = "/v1/projects/shop/flags/new,one";
    write(&server, Method::PUT, path, &json!({ "kind": "boolean" }), query).await;
    assert_eq!(stream.announcement().await["changed"], json!(["new,one"]));
    assert_eq!(rows(&server, query).await, ["limit", "new,one"]);
    let archive = format!("{path}/archive");
    server.send(server.request(Method::POST, &archive)).await.good();
    assert_eq!(stream.announcement().await["changed"], json!(["new,one"]));
}

#[tokio::test]
async fn many_subscribers_share_one_module_and_one_compilation() {
    let server = Server::start().await;
    server.with_shop().await;
    let count = "vexil_compile_seconds_count ";
    let before = measured(&server, count).await;
    let mut streams = Vec::new();
    for query in ["flags=checkout,limit", "flags=limit,checkout", "flags=limit,limit,checkout"] {
        for _ in 0..10 {
            let mut stream = open(&server, query).await;
            stream.announcement().await;
            streams.push(stream);
        }
    }
    assert_eq!(measured(&server, count).await, before + 1);
    let modules = measured(&server, "vexil_modules ").await;
    let path = format!("{PRODUCTION}/flags/checkout/rules");
    server.post(&path, &rule("x", "X")).await.good();
    for stream in &mut streams {
        assert_eq!(stream.announcement().await["changed"], json!(["checkout"]));
    }
    // The whole and the part; each was compiled and is kept once. Which of them is published first
    // is left open.
    let both = |answer: &Answer| reading(answer, count) >= before + 3;
    server.until("/metrics", both).await;
    server.until("/metrics", |answer| reading(answer, "vexil_modules ") >= modules + 2).await;
    assert_eq!(measured(&server, count).await, before + 3);
    assert_eq!(measured(&server, "vexil_modules ").await, modules + 2);
    assert_eq!(measured(&server, "vexil_selections ").await, 1);
}

#[tokio::test]
async fn selections_are_bounded() {
    let server = Server::start().await;
    server.with_shop().await;
    for number in 0..SELECTIONS_EACH {
        server.get(&head(&format!("flags=f{number}"))).await.good();
    }
    for place in ["head", "events"] {
        let refused = server.get(&format!("{PRODUCTION}/{place}?flags=more")).await;
        let problem = refused.refused(503, "unavailable");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with("as many selections of flags are followed"), "{detail}");
        assert_eq!(refused.header("retry-after"), "60");
    }
    // Those that are known, the whole, another audience and another environment have room.
    server.get(&head("flags=f0")).await.good();
    server.get(&format!("{PRODUCTION}/head")).await.good();
    server.get(&head("flags=more&audience=browser")).await.good();
    server.get(&format!("{DEVELOPMENT}/head?flags=more")).await.good();
}

#[tokio::test]
async fn a_part_that_does_not_mean_its_flags_is_not_announced() {
    let server = Server::start_with(StoreOption::Memory, |options| {
        options.sabotage = Some(Sabotage::Boundary);
    })
    .await;
    server.with_shop().await;
    let before = server.get(&head("flags=payments")).await.good();
    server.get(&head("flags=limit")).await.good();
    // The broken compiler is wrong about `gt`, in a flag that `payments` needs.
    let rule = json!({ "id": "old", "when": { "attribute": "age", "gt": 60 }, "serve": "on" });
    let rules = format!("{PRODUCTION}/flags/checkout/rules");
    let written = server.post(&rules, &rule).await.good();
    let failed = |answer: &Answer| answer.json()["stale"].as_array().unwrap().len() == 2;
    let ready = server.until("/readyz", failed).await.good();
    let stale = ready["stale"].as_array().unwrap();
    let part = stale.iter().find(|one| one["selection"]["flags"] == json!(["payments"])).unwrap();
    assert!(part["message"].as_str().unwrap().contains("`payments`"), "{part}");
    assert_eq!(server.get(&head("flags=payments")).await.good(), before);
    // What has nothing to do with it goes on.
    let reached = |answer: &Answer| answer.good()["revision"] == written["revision"];
    server.until(&head("flags=limit"), reached).await;
}

#[tokio::test]
async fn what_selects_nothing_is_refused() {
    let server = Server::start().await;
    server.with_shop().await;
    let numbers = (0..257).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
    for (query, part) in [
        ("flags=", "`flags` names something empty"),
        ("tags=a,,b", "`tags` names something empty"),
        ("flags=a%5Cb", "a backslash stands before a comma or a backslash only"),
        (&*format!("flags={numbers}"), "at most 256 flags and tags, of 4096 bytes"),
        (&*format!("tags={}", "x".repeat(4_097)), "at most 256 flags and tags, of 4096 bytes"),
        ("flags=a&flags=b", "stands twice"),
    ] {
        for place in ["head", "events"] {
            let answer = server.get(&format!("{PRODUCTION}/{place}?{query}")).await;
            let problem = answer.refused(400, "malformed-request");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(part), "{query}: {detail}");
        }
    }
    let absent = "/v1/projects/shop/environments/absent/head?flags=a";
    server.get(absent).await.refused(404, "unknown-environment");
}

#[tokio::test]
async fn a_page_selects_of_what_it_may_see() {
    let (server, root) = guarded().await;
    let (service, _) = key(&server, &root, "server", "shop/production").await;
    let (page, _) = key(&server, &root, "browser", "shop/production").await;
    let (stranger, _) = key(&server, &root, "server", "bank").await;
    let body = json!({ "kind": "boolean", "client_visible": true });
    let path = "/v1/projects/shop/flags/payments";
    server.send(server.request_as(&root, Method::PUT, path).json(&body)).await.good();
    let ask = |token: &str, query: &str| server.request_as(token, Method::GET, &head(query));
    let query = "flags=checkout,payments";
    let seen = server.send(ask(&page, query)).await.good();
    let asked = server.send(ask(&service, &format!("{query}&audience=browser"))).await.good();
    assert_eq!(seen["digest"], asked["digest"]);
    let url = seen["url"].as_str().unwrap();
    let fetch = |token: &str, url: &str| server.request_as(token, Method::GET, url);
    let part = server.send(fetch(&page, url)).await;
    assert_eq!(part.header("cache-control"), "public, max-age=31536000, immutable");
    let flags = inspect(&part.bytes).unwrap().flags;
    let flag = flags.first().unwrap();
    assert_eq!((flags.len(), flag.key.as_str()), (1, "payments"));
    assert!(flag.prerequisites.iter().all(String::is_empty), "{:?}", flag.prerequisites);

    // What services get is for those who may follow the environment, and not for pages.
    let all = server.send(ask(&service, query)).await.good();
    let url = all["url"].as_str().unwrap();
    assert_eq!(server.send(fetch(&service, url)).await.status, 200);
    for other in [&page, &stranger] {
        server.send(fetch(other, url)).await.refused(404, "unknown-module");
    }
    server.send(ask(&stranger, query)).await.refused(403, "forbidden");
}

/// A client of some flags, its states and its place in the fleet.
#[tokio::test]
async fn a_client_of_some_flags_serves_them_and_counts_as_current() {
    let server = Server::start().await;
    server.with_shop().await;
    let client = Client::builder(server.running.url()).project("shop").environment("production");
    let client = client.flags(["payments", "absent"]).tags(["x"]).build().await.unwrap();
    assert!(client.ready(PATIENCE).await);
    let context = Context::with_key("u").set("country", "DE");
    assert!(client.bool("payments", &context, false), "what it needs is evaluated");
    for other in ["checkout", "limit", "absent"] {
        let details = client.bool_detail(other, &context, true);
        assert_eq!((details.value, details.error_code), (true, Some(ErrorCode::FlagNotFound)));
    }
    let fleet = format!("{PRODUCTION}/fleet");
    let reported = |answer: &Answer| answer.json()["current"] == json!(1);
    let now = server.until(&fleet, reported).await.json();
    let selection = json!({ "flags": ["absent", "payments"], "tags": ["x"] });
    assert_eq!(now["instances"][0]["selection"], selection, "{now}");
    assert_eq!(now["instances"][0]["digest"], client.current().unwrap().digest);
    assert_eq!(now["modules"][0]["selection"], selection);
    assert_ne!(now["digest"], now["modules"][0]["digest"], "the head's is of all flags");
    let metrics = server.get("/metrics").await;
    for line in ["vexil_fleet_clients 1", "vexil_fleet_behind 0"] {
        assert!(metrics.text().contains(line), "{line}");
    }

    disable(&server, "limit", "flags=payments").await;
    let written = disable(&server, "checkout", "flags=payments").await;
    while client.current().unwrap().revision < written["revision"].as_u64().unwrap() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(client.metrics().announcements, 2, "the first, and the one that concerns it");
    assert!(!client.bool("payments", &context, true));

    // Who says that it follows what nobody has asked for is not current, whatever it serves.
    let odd = json!({
        "instance": "odd", "state": "READY", "digest": written["digest"],
        "selection": { "flags": ["nobody asked"], "tags": [] },
    });
    server.post(&fleet, &odd).await.good();
    let now = server.get(&fleet).await.good();
    assert_eq!(now["instances"][0]["instance"], "odd");
    assert_eq!((&now["instances"][0]["current"], &now["clients"]), (&json!(false), &json!(2)));
    let wrong =
        json!({ "instance": "a", "state": "READY", "selection": { "flags": [], "tags": [] } });
    let problem = server.post(&fleet, &wrong).await.refused(400, "malformed-request");
    assert!(problem["detail"].as_str().unwrap().contains("`selection`"), "{problem}");
}
