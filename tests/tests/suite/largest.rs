//! What the limits allow at most goes all the way: applied, compiled, announced, loaded, evaluated.
//! What is more is refused with the figure, and nothing of it is kept.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Map, Value, json};
use vexil_compiler::limits::{MAX_FLAGS, MAX_MODULE_BYTES, MAX_SET};
use vexil_runtime::{Client, Context, Trust};
use vexil_server::access::Mode;
use vexil_server::serve::{Options, Running, StoreOption, serve};
use vexil_tests::http::Api;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(120);

/// Lists of [`MAX_SET`] keys that are surely too many for one module.
const LISTS: usize = 24;

async fn server() -> (Running, Api) {
    let mut options = Options::new(([127, 0, 0, 1], 0).into(), StoreOption::Memory);
    options.access = Mode::Open;
    let running = serve(options).await.unwrap();
    let api = Api::new(&running.url());
    (running, api)
}

/// A flag of one of 60 shapes, as many as a text of 8 MiB holds [`MAX_FLAGS`] of.
fn flag(number: usize) -> Value {
    let mut rules = vec![json!({
        "id": "r", "when": { "attribute": "country", "in": [format!("c{number}"), "DE"] },
        "serve": "on",
    })];
    for more in 0..number % 3 {
        rules.push(json!({
            "id": format!("r{more}"),
            "when": { "attribute": format!("a{}", number % 20), "gte": number },
            "serve": "off",
        }));
    }
    json!({
        "kind": "boolean",
        "environments": { "e": { "enabled": true, "fallthrough": "off", "rules": rules } },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_environment_works_and_one_flag_more_is_refused() {
    let (running, api) = server().await;
    let flags: Map<String, Value> =
        (0..MAX_FLAGS).map(|number| (format!("f{number}"), flag(number))).collect();
    let document = json!({ "format": "vexil/1", "environments": ["e"], "flags": flags });
    let applied = api.write(Method::POST, "/v1/projects/p/apply", Some(&document)).await;
    let revision = applied["revision"].as_u64().unwrap();

    let client = Client::builder(running.url()).project("p").environment("e");
    let client = client.trust(Trust::Anybody).build().await.unwrap();
    assert!(client.ready(LONG).await, "{:?}", client.metrics());
    for number in [0, 1, 2, 59, 10_000, MAX_FLAGS - 1] {
        let country = format!("c{number}");
        let key = format!("f{number}");
        assert!(
            client.bool(&key, &Context::new().set("country", country.as_str()), false),
            "{key}"
        );
        assert!(!client.bool(&key, &Context::new().set("country", "FR"), true), "{key}");
    }

    let more = json!({ "kind": "boolean" });
    let path = format!("/v1/projects/p/flags/f{MAX_FLAGS}");
    let (status, refusal) = api.send(Method::PUT, &path, Some(&more)).await.unwrap();
    assert_eq!(status, 422, "{refusal}");
    assert!(refusal.to_string().contains("20,001 active flags, more than 20,000"), "{refusal}");
    assert_eq!(api.get("/v1/projects/p").await["revision"], revision);

    // A flag that makes place for it is all it takes.
    api.write(Method::POST, "/v1/projects/p/flags/f7/archive", None).await;
    api.write(Method::PUT, &path, Some(&more)).await;
    drop(running);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flags_that_compile_to_more_than_hosts_accept_are_refused_before_they_are_kept() {
    let (running, api) = server().await;
    let name = |number: usize| format!("s{number}");
    // As many keys as a list may have; as digests they take more room than as text.
    let members = |number: usize| -> Vec<String> {
        (number * MAX_SET..(number + 1) * MAX_SET).map(|n| format!("{n:x}")).collect()
    };
    let rules = (0..LISTS).map(
        |number| json!({ "id": name(number), "when": { "segment": name(number) }, "serve": "on" }),
    );
    let segments: Map<String, Value> = (0..LISTS)
        .map(|number| match number {
            0..8 => (name(number), json!({ "included": members(number) })),
            _ => (name(number), json!({})),
        })
        .collect();
    let document = json!({
        "format": "vexil/1", "environments": ["e"], "segments": segments,
        "flags": { "f": { "kind": "boolean", "environments": { "e": {
            "enabled": true, "rules": rules.collect::<Vec<_>>(),
        } } } },
    });
    let applied = api.write(Method::POST, "/v1/projects/p/apply", Some(&document)).await;
    let mut revision = applied["revision"].clone();
    for number in 8..LISTS {
        let path = format!("/v1/projects/p/segments/{}", name(number));
        let segment = json!({ "included": members(number) });
        let (status, answer) = api.send(Method::PUT, &path, Some(&segment)).await.unwrap();
        if status == 200 {
            revision = answer["revision"].clone();
            continue;
        }
        assert_eq!(status, 422, "{answer}");
        let figure = format!("at most {MAX_MODULE_BYTES} are allowed");
        assert!(answer.to_string().contains(&figure), "{answer}");
        assert_eq!(api.get("/v1/projects/p").await["revision"], revision);
        assert_eq!(api.get(&path).await["segment"]["included"], Value::Null);
        drop(running);
        return;
    }
    panic!("{LISTS} lists of {MAX_SET} keys fit into a module");
}
