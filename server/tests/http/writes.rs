//! Writes: every command's good case, preconditions, repeats, reverts.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Answer, DEVELOPMENT, PRODUCTION, Server, rule, shop};

/// Kinds of the events in the answer to a write.
fn kinds(answer: &Value) -> Vec<&str> {
    let events = answer["events"].as_array().unwrap();
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_project_is_created_and_filled_step_by_step() {
    let server = Server::start().await;
    let body = json!({ "key": "shop", "environments": ["production"] });
    let created = server.post("/v1/projects", &body).await;
    assert_eq!(created.header("etag"), "\"2\"");
    assert_eq!(kinds(&created.good()), ["ProjectCreated", "EnvironmentCreated"]);
    let body = json!({ "key": "development" });
    let answer = server.post("/v1/projects/shop/environments", &body).await.good();
    assert_eq!(
        (answer["revision"].as_u64(), kinds(&answer)),
        (Some(3), vec!["EnvironmentCreated"])
    );

    let flag = "/v1/projects/shop/flags/checkout";
    let answer = server.put(flag, &json!({ "kind": "boolean" })).await.good();
    assert_eq!(kinds(&answer), ["FlagCreated"]);
    let answer = server.put(flag, &json!({ "kind": "boolean", "owner": "eva" })).await.good();
    assert_eq!(kinds(&answer), ["FlagChanged"]);
    let segment = "/v1/projects/shop/segments/staff";
    let answer = server.put(segment, &json!({ "included": ["u"] })).await.good();
    assert_eq!(kinds(&answer), ["SegmentCreated"]);

    let shown = server.get("/v1/projects/shop").await;
    assert_eq!(shown.header("etag"), "\"6\"");
    assert_eq!(
        shown.good(),
        json!({
            "key": "shop", "revision": 6, "environments": ["production", "development"],
            "flags": 1, "segments": 1,
        })
    );
    let listed = server.get("/v1/projects").await.good();
    assert_eq!(listed, json!({ "projects": [{ "key": "shop", "revision": 6 }] }));
}

#[tokio::test]
async fn a_flag_is_configured_in_an_environment() {
    let server = Server::start().await;
    server.with_shop().await;
    let place = format!("{DEVELOPMENT}/flags/checkout");
    let at = |end: &str| format!("{place}{end}");
    let done = |answer: &Answer| kinds(&answer.good()).join(" ");

    assert_eq!(done(&server.post(&at("/enable"), &json!({})).await), "FlagEnabled");
    assert_eq!(done(&server.post(&at("/enable"), &json!({})).await), "", "nothing to do");
    assert_eq!(done(&server.post(&at("/rules"), &rule("de", "DE")).await), "RuleAdded");
    let first = server.post(&at("/rules?index=0&comment=why"), &rule("at", "AT")).await;
    assert_eq!(done(&first), "RuleAdded");
    assert_eq!(done(&server.put(&at("/rules/de"), &rule("de", "BE")).await), "RuleChanged");
    let order = json!({ "order": ["de", "at"] });
    assert_eq!(done(&server.put(&at("/rules"), &order).await), "RulesReordered");
    let rules = server.get(&at("/rules")).await.good();
    assert_eq!(rules["rules"][0]["id"], "de");
    assert_eq!(rules["rules"][0]["when"]["equals"], "BE");
    assert_eq!(done(&server.delete(&at("/rules/at")).await), "RuleRemoved");
    let split = json!({ "split": { "weights": { "on": 1, "off": 99_999 } } });
    assert_eq!(done(&server.put(&at("/fallthrough"), &split).await), "FallthroughChanged");
    let overrides = json!({ "on": ["u1"] });
    assert_eq!(done(&server.put(&at("/overrides"), &overrides).await), "OverridesChanged");
    let prerequisites = json!([{ "flag": "limit", "variant": "low" }]);
    let answer = server.put(&at("/prerequisites"), &prerequisites).await;
    assert_eq!(done(&answer), "PrerequisitesChanged");

    let shown = server.get(&place).await.good();
    assert_eq!(shown["enabled"], true);
    assert_eq!(shown["overrides"], overrides);
    let replaced = json!({ "enabled": true, "fallthrough": "on" });
    server.put(&place, &replaced).await.good();
    let shown = server.get(&place).await.good();
    assert_eq!(
        shown,
        json!({ "enabled": true, "off_variant": "off", "fallthrough": "on" }),
        "what is not named has its default"
    );
    assert_eq!(server.get(&at("/rules")).await.good(), json!({ "rules": [] }));
    assert_eq!(done(&server.post(&at("/disable"), &json!({})).await), "FlagDisabled");
}

#[tokio::test]
async fn a_flag_lives_and_goes() {
    let server = Server::start().await;
    server.with_shop().await;
    let flag = "/v1/projects/shop/flags/limit";
    server.delete(flag).await.refused(409, "not-archived");
    let answer = server.send(server.request(Method::POST, &format!("{flag}/archive"))).await;
    assert_eq!(kinds(&answer.good()), ["FlagArchived"]);
    assert_eq!(server.get(flag).await.good()["lifecycle"], "archived");
    let answer = server.send(server.request(Method::POST, &format!("{flag}/restore"))).await;
    assert_eq!(kinds(&answer.good()), ["FlagRestored"]);
    server.send(server.request(Method::POST, &format!("{flag}/archive"))).await.good();
    assert_eq!(kinds(&server.delete(flag).await.good()), ["FlagDeleted"]);
    server.get(flag).await.refused(404, "unknown-flag");
}

#[tokio::test]
async fn a_segment_in_use_is_kept_and_its_users_are_named() {
    let server = Server::start().await;
    server.with_shop().await;
    let staff = "/v1/projects/shop/segments/staff";
    let by_segment =
        |id: String| json!({ "id": id, "when": { "segment": "staff" }, "serve": "on" });
    let rules = format!("{DEVELOPMENT}/flags/payments/rules");
    for number in 0..10 {
        server.post(&rules, &by_segment(format!("r{number}"))).await.good();
    }
    let friends = json!({ "when": { "segment": "staff" } });
    server.put("/v1/projects/shop/segments/friends", &friends).await.good();
    let refused = server.delete(staff).await.refused(409, "in-use");
    let detail = refused["detail"].as_str().unwrap();
    let begins = "the segment `staff` is still used by segment `friends`, rule `staff` of flag \
                  `checkout` in production, rule `r0` of flag `payments` in development, ";
    assert!(detail.starts_with(begins), "{detail}");
    assert!(detail.ends_with("and 2 more"), "{detail}");
}

#[tokio::test]
async fn keys_may_hold_any_text() {
    let server = Server::start().await;
    server.with_shop().await;
    for (path, key) in [
        ("a%2Fb", "a/b"),
        ("%C3%BC%20%26%20%F0%9F%A6%80", "ü & 🦀"),
        ("archive", "archive"),
        ("50%25", "50%"),
    ] {
        let flag = format!("/v1/projects/shop/flags/{path}");
        server.put(&flag, &json!({ "kind": "boolean" })).await.good();
        assert_eq!(server.get(&flag).await.good()["kind"], "boolean");
        let flags = server.get("/v1/projects/shop/flags").await.good();
        assert!(flags["flags"].get(key).is_some(), "{flags}");
        server.post(&format!("{PRODUCTION}/flags/{path}/enable"), &json!({})).await.good();
    }
}

#[tokio::test]
async fn apply_makes_the_project_equal_to_the_document() {
    let server = Server::start().await;
    let apply = "/v1/projects/shop/apply";
    let planned = server.post(&format!("{apply}?dry_run=true"), &shop()).await.good();
    assert_eq!(planned["events"], json!([]));
    assert_eq!(planned["revision"], 0);
    assert!(!planned["plan"].as_array().unwrap().is_empty());
    server.get("/v1/projects/shop").await.refused(404, "unknown-project");

    let done = server.post(apply, &shop()).await.good();
    assert_eq!(done["plan"], planned["plan"]);
    let again = server.post(apply, &shop()).await.good();
    assert_eq!((&again["events"], &again["plan"]), (&json!([]), &json!([])));
    assert_eq!(again["revision"], done["revision"]);

    let document = server.get("/v1/projects/shop/document").await.good();
    let again = server.post(apply, &document).await.good();
    assert_eq!(again["events"], json!([]), "what is shown is what was applied");

    let yaml = "format: vexil/1\nproject: shop\nsegments:\n  staff: {included: [eva]}\n";
    let request = server.request(Method::POST, &format!("{apply}?prune=true"));
    let request = request.header("content-type", "application/yaml; charset=utf-8").body(yaml);
    let pruned = server.send(request).await.good();
    let actions: Vec<&str> =
        pruned["plan"].as_array().unwrap().iter().map(|s| s["action"].as_str().unwrap()).collect();
    assert_eq!(actions.iter().filter(|action| **action == "archive").count(), 3, "{pruned}");
    assert_eq!(actions.iter().filter(|action| **action == "change").count(), 1, "{pruned}");
}

#[tokio::test]
async fn of_two_writers_with_the_same_revision_one_wins_and_the_other_learns_why() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let write = |actor: &'static str, end: &str| {
        let path = format!("{PRODUCTION}/flags/checkout/{end}");
        let request = server.request(Method::POST, &path).header("vexil-actor", actor);
        server.send(request.header("if-match", format!("\"{revision}\"")))
    };
    let (one, other) = tokio::join!(write("eva", "disable"), write("J%C3%BCrgen", "disable"));
    let (won, lost, winner) =
        if one.status == 200 { (one, other, "eva") } else { (other, one, "Jürgen") };
    let first = won.good();
    assert_eq!(first["revision"], revision + 1);
    let problem = lost.refused(412, "revision-conflict");
    assert_eq!(problem["current_revision"], revision + 1);
    let changes = problem["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["actor"], winner);
    assert_eq!(changes[0]["kind"], "FlagDisabled");
    assert_eq!(changes[0]["summary"], "`checkout` disabled in production");
    assert_eq!(changes[0]["revision"], revision + 1);
}

#[tokio::test]
async fn of_many_writers_with_the_same_revision_exactly_one_wins() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let writes = (0..16).map(|number| {
        let path = format!("{PRODUCTION}/flags/checkout/rules");
        let request = server.request(Method::POST, &path).json(&rule(&format!("r{number}"), "X"));
        server.send(request.header("if-match", format!("\"{revision}\"")))
    });
    let answers = futures_util::future::join_all(writes).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    let lost = answers.iter().filter(|answer| answer.status == 412).count();
    assert_eq!((won, lost), (1, 15));
    let shown = server.get("/v1/projects/shop").await.good();
    assert_eq!(shown["revision"], revision + 1);
}

#[tokio::test]
async fn a_repeated_write_gives_the_first_result() {
    let server = Server::start().await;
    let id = Uuid::now_v7().to_string();
    let create = || {
        let body = json!({ "key": "shop", "environments": ["production"] });
        let request = server.request(Method::POST, "/v1/projects").json(&body);
        server.send(request.header("idempotency-key", &id))
    };
    let first = create().await.good();
    assert_eq!(first["repeated"], false);
    let body = json!({ "key": "development" });
    server.post("/v1/projects/shop/environments", &body).await.good();
    let second = create().await;
    assert_eq!(second.header("etag"), "\"2\"");
    let mut second = second.good();
    assert_eq!(second["repeated"], true);
    second["repeated"] = false.into();
    assert_eq!(second, first);
    assert_eq!(first["events"][0]["id"], id);
    assert_eq!(server.get("/v1/projects/shop").await.good()["revision"], 3);
}

#[tokio::test]
async fn an_idempotency_key_belongs_to_one_request() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let id = Uuid::now_v7().to_string();
    let ask = |method, path: String, body: &str| {
        let request = server.request(method, &path).body(body.to_owned());
        server.send(request.header("idempotency-key", &id))
    };
    let flag = |key: &str, end: &str| format!("{PRODUCTION}/flags/{key}/{end}");
    ask(Method::POST, flag("checkout", "disable"), "").await.good();
    for (method, path, body) in [
        (Method::POST, flag("checkout", "enable"), ""),
        (Method::POST, flag("nothing", "disable"), ""),
        (Method::POST, flag("checkout", "disable"), "{}"),
        (Method::PUT, flag("checkout", "fallthrough"), "\"on\""),
        (Method::POST, "/v1/projects/shop/revert".to_owned(), "{\"to\": 1}"),
    ] {
        let refused = ask(method, path, body).await.refused(422, "idempotency-key-reused");
        assert_eq!(refused["revision"], revision + 1);
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("revision {}", revision + 1)), "{detail}");
    }
    let again = ask(Method::POST, flag("checkout", "disable?comment=again"), "").await.good();
    assert_eq!((&again["repeated"], &again["revision"]), (&json!(true), &json!(revision + 1)));
    assert_eq!(server.get("/v1/projects/shop").await.good()["revision"], revision + 1);
}

#[tokio::test]
async fn a_repeat_is_answered_before_its_precondition_is_checked() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let id = Uuid::now_v7().to_string();
    let disable = || {
        let request = server.request(Method::POST, &format!("{PRODUCTION}/flags/checkout/disable"));
        let request = request.header("if-match", format!("\"{revision}\""));
        server.send(request.header("idempotency-key", &id))
    };
    disable().await.good();
    assert_eq!(disable().await.good()["repeated"], true);
}

#[tokio::test]
async fn a_revert_brings_back_the_module_of_the_time() {
    let server = Server::start().await;
    let before = server.with_shop().await;
    let old = server.head_at(PRODUCTION, before).await;
    let path = format!("{PRODUCTION}/flags/checkout/rules");
    let changed = server.post(&path, &rule("new", "FR")).await.good()["revision"].as_u64().unwrap();
    let new = server.head_at(PRODUCTION, changed).await;
    assert_ne!(new["digest"], old["digest"]);
    assert_eq!(new["changed"], json!(["checkout", "payments"]));

    let body = json!({ "to": before, "environment": "production" });
    let reverted = server.post("/v1/projects/shop/revert", &body).await.good();
    assert_eq!(kinds(&reverted), ["Reverted"]);
    let head = server.head_at(PRODUCTION, reverted["revision"].as_u64().unwrap()).await;
    assert_eq!(head["digest"], old["digest"]);
    assert_eq!(head["revision"], reverted["revision"]);

    let body = json!({ "to": changed });
    let again = server.post("/v1/projects/shop/revert", &body).await.good();
    let head = server.head_at(PRODUCTION, again["revision"].as_u64().unwrap()).await;
    assert_eq!(head["digest"], new["digest"], "a revert of a revert");
}

#[tokio::test]
async fn a_write_that_cannot_be_compiled_is_not_appended() {
    let server = Server::start().await;
    let revision = server.with_shop().await;
    let body = json!([{ "flag": "payments", "variant": "on" }]);
    let answer = server.put(&format!("{PRODUCTION}/flags/checkout/prerequisites"), &body).await;
    let problem = answer.refused(422, "invalid-flags");
    assert!(!problem["diagnostics"].as_array().unwrap().is_empty());
    assert_eq!(server.get("/v1/projects/shop").await.good()["revision"], revision);
}

#[tokio::test]
async fn a_dropped_request_leaves_log_and_state_in_step() {
    let server = Server::start().await;
    server.with_shop().await;
    for round in 0..20 {
        let path = format!("{PRODUCTION}/flags/checkout/rules");
        let body = rule(&format!("r{round}"), "X");
        let request = server.request(Method::POST, &path).json(&body);
        let patience = std::time::Duration::from_micros(200 * round);
        let _ = tokio::time::timeout(patience, request.send()).await;
    }
    server.post(&format!("{PRODUCTION}/flags/checkout/disable"), &json!({})).await.good();
    let shown = server.get("/v1/projects/shop").await.good();
    let log = server.get("/v1/projects/shop/log?limit=1000").await.good();
    assert_eq!(log["head"], shown["revision"]);
    assert_eq!(log["events"].as_array().unwrap().len() as u64, shown["revision"]);
}

#[tokio::test]
async fn the_order_of_weights_is_a_change() {
    let server = Server::start().await;
    let before = server.with_shop().await;
    let old = server.head_at(PRODUCTION, before).await;
    let body = json!({ "split": { "weights": { "high": 10_000, "low": 90_000 } } });
    let answer = server.put(&format!("{PRODUCTION}/flags/limit/fallthrough"), &body).await.good();
    assert_eq!(kinds(&answer), ["FallthroughChanged"]);
    let head = server.head_at(PRODUCTION, before + 1).await;
    assert_eq!(head["changed"], json!(["limit"]));
    assert_ne!(head["digest"], old["digest"]);
}

async fn revision(server: &Server) -> u64 {
    server.get("/v1/projects/shop").await.good()["revision"].as_u64().unwrap()
}

#[tokio::test]
async fn an_environment_may_ask_for_a_reason() {
    let server = Server::start().await;
    server.with_shop().await;
    let settings = format!("{PRODUCTION}/settings");
    assert_eq!(server.get(&settings).await.good(), json!({ "require_reason": false }));
    server.put(&settings, &json!({ "require_reason": true })).await.good();
    assert_eq!(server.get(&settings).await.good(), json!({ "require_reason": true }));

    let disable = format!("{PRODUCTION}/flags/checkout/disable");
    let refused = server.post(&disable, &json!(null)).await.refused(422, "reason-required");
    assert!(refused["detail"].as_str().unwrap().contains("`production`"));
    // What all environments share is of this one, too; so is taking the rule back.
    let definition = json!({ "kind": "boolean", "description": "new" });
    let put = server.put("/v1/projects/shop/flags/checkout", &definition).await;
    put.refused(422, "reason-required");
    let lax = json!({ "require_reason": false });
    server.put(&settings, &lax).await.refused(422, "reason-required");
    let blank = format!("{disable}?comment=+");
    server.post(&blank, &json!(null)).await.refused(422, "reason-required");

    server.post(&format!("{disable}?comment=broken"), &json!(null)).await.good();
    let elsewhere = format!("{DEVELOPMENT}/flags/checkout/enable");
    server.post(&elsewhere, &json!(null)).await.good();
    // A revert of everything does not take the rule back, and needs a reason itself.
    let revert = server.post("/v1/projects/shop/revert", &json!({ "to": 3 })).await;
    revert.refused(422, "reason-required");
    let revert = server.post("/v1/projects/shop/revert?comment=x", &json!({ "to": 3 })).await;
    revert.good();
    assert_eq!(server.get(&settings).await.good(), json!({ "require_reason": true }));
    // Not even by a revert to before the environment was there, and back.
    let here = revision(&server).await;
    for to in [1, here] {
        let there = server.post("/v1/projects/shop/revert?comment=x", &json!({ "to": to })).await;
        there.good();
    }
    assert_eq!(server.get(&settings).await.good(), json!({ "require_reason": true }));
    // Looking at what a document would do needs none.
    let apply = server.post("/v1/projects/shop/apply?dry_run=true&prune=true", &shop()).await;
    apply.good();
    server.put(&format!("{settings}?comment=x"), &lax).await.good();
    let unknown = "/v1/projects/shop/environments/absent/settings";
    server.get(unknown).await.refused(404, "unknown-environment");
    server.put(unknown, &lax).await.refused(404, "unknown-environment");
    let odd = server.put(&settings, &json!({ "require_raison": true })).await;
    odd.refused(400, "malformed-request");
}

#[tokio::test]
async fn a_log_is_exported_for_an_audit() {
    let server = Server::start().await;
    server.with_shop().await;
    let disable = format!("{PRODUCTION}/flags/checkout/disable?comment=%3Dcmd()%2C%20really");
    server.post(&disable, &json!(null)).await.good();
    let log = |query: &str| format!("/v1/projects/shop/log?{query}");
    let lines = server.get(&log("format=jsonl&kind=FlagDisabled")).await;
    assert_eq!(lines.header("content-type"), "application/jsonl; charset=utf-8");
    let event: serde_json::Value = serde_json::from_str(lines.text().trim()).unwrap();
    assert_eq!(event["via"]["address"], "127.0.0.1");
    let table = server.get(&log("format=csv&flag=checkout&kind=FlagDisabled")).await;
    let rows: Vec<&str> = table.text().lines().collect();
    assert_eq!(rows.len(), 2);
    assert!(rows[0].starts_with("revision,time,actor,kind,"));
    assert!(rows[1].contains("\"'=cmd(), really\""), "{}", rows[1]);
    let count = |query: &str| {
        let path = log(query);
        let server = &server;
        async move { server.get(&path).await.good()["events"].as_array().unwrap().len() }
    };
    assert_eq!(count("since=2999-01-01T00:00:00Z").await, 0);
    assert_eq!(count("until=2000-01-01T00:00:00Z").await, 0);
    assert_eq!(count("by_key=none").await, 0);
    server.get(&log("since=monday")).await.refused(400, "malformed-request");
    server.get(&log("format=xml")).await.refused(400, "malformed-request");
}

#[tokio::test]
async fn what_pages_could_read_of_a_sensitive_attribute_is_refused() {
    let server = Server::start().await;
    server.with_shop().await;
    let sensitive = "/v1/projects/shop/sensitive";
    let head = || async { server.get("/v1/projects/shop").await.good()["revision"].clone() };
    assert_eq!(server.get(sensitive).await.good(), json!({ "attributes": [] }));
    let body = json!({ "attributes": ["email", "company", "email"] });
    assert_eq!(kinds(&server.put(sensitive, &body).await.good()), ["SensitiveAttributesChanged"]);
    let named = json!({ "attributes": ["company", "email"] });
    assert_eq!(server.get(sensitive).await.good(), named);
    assert_eq!(kinds(&server.put(sensitive, &named).await.good()), [""; 0], "the same ones");
    let document = server.get("/v1/projects/shop/document").await.good();
    assert_eq!(document["sensitive"], named["attributes"]);

    // A rule that shows a text, in a flag that pages see.
    let banner = "/v1/projects/shop/flags/banner";
    let visible = json!({ "kind": "boolean", "client_visible": true });
    server.put(banner, &visible).await.good();
    let rules = format!("{PRODUCTION}/flags/banner/rules");
    let staff = json!({ "attribute": "email", "ends_with": "@acme.example" });
    let shows = json!({ "id": "staff", "when": staff, "serve": "on" });
    let before = head().await;
    let problem = server.post(&rules, &shows).await.refused(422, "invalid-flags");
    let fault = &problem["diagnostics"][0];
    assert_eq!(fault["code"], "VX0801");
    assert_eq!(fault["pointer"], "/flags/banner/environments/production/rules/0/when");
    assert_eq!(
        fault["message"],
        "the rule `staff` of `banner` tests the sensitive attribute `email` by `ends_with`, and \
         visitors could read the text: `banner` is `client_visible`"
    );
    assert_eq!(head().await, before, "nothing is appended");

    // Digests are shipped; a flag of services may test as it likes.
    let digests = json!({ "attribute": "email", "in": ["eva@acme.example", "ada@acme.example"] });
    server.post(&rules, &json!({ "id": "two", "when": digests, "serve": "on" })).await.good();
    let inner = "/v1/projects/shop/flags/inner";
    server.put(inner, &json!({ "kind": "boolean" })).await.good();
    server.post(&format!("{PRODUCTION}/flags/inner/rules"), &shows).await.good();

    // It may not become visible, nor be needed by what is.
    server.put(inner, &visible).await.refused(422, "invalid-flags");
    let needs = json!([{ "flag": "inner", "variant": "on" }]);
    let prerequisites = format!("{PRODUCTION}/flags/banner/prerequisites");
    let problem = server.put(&prerequisites, &needs).await.refused(422, "invalid-flags");
    let message = problem["diagnostics"][0]["message"].as_str().unwrap();
    assert!(message.contains("`banner` needs `inner`, and `banner` is `client_visible`"));
    // Nor may a segment that it asks for.
    let segment = "/v1/projects/shop/segments/staff";
    server.put(segment, &json!({ "included": ["u"] })).await.good();
    let asks = json!({ "id": "asks", "when": { "segment": "staff" }, "serve": "on" });
    server.post(&rules, &asks).await.good();
    server.put(segment, &json!({ "when": staff })).await.refused(422, "invalid-flags");

    // An attribute that is shown already cannot be named.
    let country = json!({ "attribute": "country", "starts_with": "D" });
    server.post(&rules, &json!({ "id": "d", "when": country, "serve": "on" })).await.good();
    let before = head().await;
    let all = json!({ "attributes": ["country", "email"] });
    server.put(sensitive, &all).await.refused(422, "invalid-flags");
    assert_eq!(head().await, before);
    let bad = json!({ "attributes": ["$then"] });
    let problem = server.put(sensitive, &bad).await.refused(422, "invalid-flags");
    assert_eq!(problem["diagnostics"][0]["pointer"], "/sensitive/0");
    server.put(sensitive, &json!({ "sensitive": [] })).await.refused(400, "malformed-request");

    // What is not named in a document stays sensitive, unless it is pruned.
    let apply = |document: Value, query: &'static str| {
        let path = format!("/v1/projects/shop/apply{query}");
        let server = &server;
        async move { server.post(&path, &document).await.good() }
    };
    let document = json!({ "format": "vexil/1", "sensitive": ["ip"] });
    let applied = apply(document.clone(), "").await;
    assert_eq!(
        applied["plan"],
        json!([{ "action": "change", "pointer": "/sensitive",
            "summary": "the sensitive attributes are `company`, `email` and `ip`" }])
    );
    apply(document, "?prune=true").await;
    assert_eq!(server.get(sensitive).await.good(), json!({ "attributes": ["ip"] }));
    let at = format!("{sensitive}?at={}", before.as_u64().unwrap());
    assert_eq!(server.get(&at).await.good(), named);

    // A revert of the project brings them back; one of an environment leaves them alone.
    let back = json!({ "to": before, "environment": "production" });
    server.post("/v1/projects/shop/revert", &back).await;
    assert_eq!(server.get(sensitive).await.good(), json!({ "attributes": ["ip"] }));
    server.post("/v1/projects/shop/revert", &json!({ "to": before })).await.good();
    assert_eq!(server.get(sensitive).await.good(), named);
}

#[tokio::test]
async fn naming_sensitive_attributes_needs_a_reason_where_changes_do() {
    let server = Server::start().await;
    server.with_shop().await;
    let settings = json!({ "require_reason": true });
    server.put(&format!("{PRODUCTION}/settings?comment=why"), &settings).await.good();
    let path = "/v1/projects/shop/sensitive";
    let body = json!({ "attributes": ["email"] });
    server.put(path, &body).await.refused(422, "reason-required");
    server.put(&format!("{path}?comment=policy"), &body).await.good();
}
