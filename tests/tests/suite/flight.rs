//! The first flight: a shop follows a server, both real processes, while flags change.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use vexil_abi::verdict::{NO_VARIANT, Verdict, reason};
use vexil_compiler::context::Context;
use vexil_compiler::document;
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::interpret;
use vexil_tests::cases::{NOW_MS, root};
use vexil_tests::http::Api;
use vexil_tests::processes;

const CHANGES: u64 = 100;
const PERSONAS: [&str; 4] = ["mia", "jonas", "sam", "quinn"];
const PRODUCTION: &str = "/v1/projects/storefront/environments/production";

/// One answer of the shop under load.
struct Answer {
    /// The newest revision that was known to be visible when the request was sent.
    at_least: u64,
    body: Value,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_changes_reach_a_busy_shop_without_a_wrong_or_failed_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = processes::server(&folder.path().join("vexil.db"));
    let flags = root().join("examples/storefront/flags.yaml");
    let _ = processes::vexil(&server.url, &["apply", flags.to_str().unwrap()]);
    let shop_process = processes::shop(&server.url);
    let (api, shop) = (Api::new(&server.url), Api::new(&shop_process.url));
    shop.get_until("/readyz", |status, _| status == 200).await;

    let visible = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let loops: Vec<_> = PERSONAS
        .iter()
        .map(|persona| {
            tokio::spawn(shopping(shop.clone(), persona, Arc::clone(&visible), Arc::clone(&done)))
        })
        .collect();
    let mut lags = Vec::new();
    for number in 0..CHANGES {
        let (path, method, body) = change(number);
        let sent = Instant::now();
        let answer = api.write(method, &path, body.as_ref()).await;
        let committed = Instant::now();
        let revision = answer["revision"].as_u64().unwrap();
        assert_eq!(answer["events"].as_array().map(Vec::len), Some(1), "{path}: {answer}");
        let seen = |_: u16, body: &Value| body["revision"].as_u64() >= Some(revision);
        shop.get_until("/api/flag/checkout-v2", seen).await;
        visible.store(revision, Ordering::SeqCst);
        lags.push((sent.elapsed(), committed.elapsed()));
    }
    done.store(true, Ordering::SeqCst);
    let mut answers = Vec::new();
    for one in loops {
        answers.extend(one.await.unwrap());
    }
    let revisions = check(&api, &answers).await;
    report(&lags, answers.len(), revisions);
}

/// The `number`th change: a switch, a percentage, or a rule.
fn change(number: u64) -> (String, Method, Option<Value>) {
    let flags = format!("{PRODUCTION}/flags");
    let share = 1_000 + 700 * number;
    match number % 5 {
        0 => (format!("{flags}/checkout-v2/disable"), Method::POST, None),
        1 => (format!("{flags}/checkout-v2/enable"), Method::POST, None),
        2 => {
            let weights = json!({ "classic": share, "popular": 100_000 - share });
            let serve = json!({ "split": { "weights": weights, "otherwise": "fresh" } });
            (format!("{flags}/search-ranking/fallthrough"), Method::PUT, Some(serve))
        }
        3 => {
            let weights = json!({ "on": share, "off": 100_000 - share });
            let rule = json!({
                "id": "dach",
                "when": { "attribute": "country", "in": ["DE", "AT", "CH"], "ignore_case": true },
                "serve": { "split": { "weights": weights } },
            });
            (format!("{flags}/checkout-v2/rules/dach"), Method::PUT, Some(rule))
        }
        _ => {
            let id = format!("country-{number}");
            let when = json!({ "attribute": "country", "equals": if number.is_multiple_of(2) { "DE" } else { "AT" } });
            let rule = json!({ "id": id, "when": when, "serve": "bargain" });
            (format!("{flags}/search-ranking/rules?index=0"), Method::POST, Some(rule))
        }
    }
}

/// Asks for all decisions of one persona until `done`; every request has to succeed.
async fn shopping(
    shop: Api,
    persona: &str,
    visible: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
) -> Vec<Answer> {
    let path = format!("/api/decisions?persona={persona}&context=%7B%22$now%22:{NOW_MS}%7D");
    let mut answers: Vec<Answer> = Vec::new();
    while !done.load(Ordering::SeqCst) {
        let at_least = visible.load(Ordering::SeqCst);
        let (status, body) = shop.send(Method::GET, &path, None).await.unwrap();
        assert_eq!(status, 200, "{body}");
        answers.push(Answer { at_least, body });
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    answers
}

/// Every answer is what the interpreter says of one revision, and none is older than what was
/// visible before it was asked for; how many revisions were seen.
async fn check(api: &Api, answers: &[Answer]) -> usize {
    let mut sets: BTreeMap<u64, FlagSet> = BTreeMap::new();
    for Answer { at_least, body } in answers {
        let revision = body["revision"].as_u64().expect("the answer comes from one revision");
        assert!(revision >= *at_least, "{revision} after {at_least} was visible");
        if let Entry::Vacant(place) = sets.entry(revision) {
            let path = format!("/v1/projects/storefront/document?at={revision}");
            let project = document::read_value(&api.get(&path).await).unwrap();
            place.insert(project.flag_set("production").unwrap());
        }
        let context = Context::from_json(&body["context"]).unwrap();
        for (key, given) in body["flags"].as_object().unwrap() {
            let verdict = interpret::evaluate(&sets[&revision], key, &context, NOW_MS);
            same(&sets[&revision], key, given, verdict, revision);
        }
    }
    sets.len()
}

fn same(set: &FlagSet, key: &str, given: &Value, verdict: Verdict, revision: u64) {
    let variant = (verdict.variant != NO_VARIANT).then(|| {
        let variants = &set.flags[key].definition.variants;
        variants.get_index(usize::from(verdict.variant)).unwrap().0.as_str()
    });
    assert_eq!(given["variant"].as_str(), variant, "{key} at {revision}: {given}");
    let why = reason::NAMES[usize::from(verdict.reason)];
    assert_eq!(given["reason"].as_str(), Some(why), "{key} at {revision}: {given}");
}

fn report(lags: &[(Duration, Duration)], answers: usize, revisions: usize) {
    println!("{answers} answers of the shop, none failed, from {revisions} revisions");
    let quantiles = |mut times: Vec<Duration>| {
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        format!("p50 {:.1?}, p99 {:.1?}, max {:.1?}", at(50), at(99), at(100))
    };
    let (sent, committed): (Vec<_>, Vec<_>) = lags.iter().copied().unzip();
    println!("change sent → visible in the shop:      {}", quantiles(sent));
    println!("change committed → visible in the shop: {}", quantiles(committed));
}
