//! What a client is beside its evaluations: starts without a server, handles, prepared contexts,
//! usage.

use std::sync::Mutex;

use super::*;
use crate::flag::Flag;
use crate::trust::Trust;
use crate::usage::Usage;

static CHECKOUT: Flag<bool> = Flag::new("checkout");
static BANNER: Flag<String> = Flag::new("banner");

fn builder(url: &str) -> ClientBuilder {
    let client = Client::builder(url).project("p").environment("e").options(quick());
    client.trust(Trust::Anybody)
}

/// An address at which nobody answers.
const NOBODY: &str = "http://127.0.0.1:9";

#[tokio::test]
async fn the_last_module_serves_after_a_restart_without_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::live().await;
    let client = builder(&server.url).cache(folder.path()).build().await.unwrap();
    server.announce(&server.host(7, "kept")).await;
    assert!(client.ready(LONG).await);
    let kept = || folder.path().join("p.e.module").exists();
    eventually("the module to be kept", kept).await;
    client.close().await;
    drop(client);

    let client = builder(NOBODY).cache(folder.path()).build().await.unwrap();
    assert_eq!((banner(&client).as_str(), revision(&client)), ("kept", 7));
    assert_eq!(client.state(), State::Stale);
    assert!(client.ready(Duration::ZERO).await);
}

#[tokio::test]
async fn what_a_server_announces_replaces_what_a_start_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, digest) = fixture::module("kept");
    crate::cache::Cache::new(folder.path(), "p", "e", None).keep(7, &digest, kept.into()).await;
    let server = Server::live().await;
    let client = builder(&server.url).cache(folder.path()).build().await.unwrap();
    assert_eq!(revision(&client), 7);
    // A server whose log was restored announces lower revisions than before.
    server.announce(&server.host(3, "new")).await;
    eventually("revision 3", || revision(&client) == 3).await;
    assert_eq!(banner(&client), "new");
    assert_eq!(client.state(), State::Ready);
}

#[tokio::test]
async fn given_bytes_serve_until_there_is_something_better() {
    let (given, _) = fixture::module("given");
    let client = builder(NOBODY).bootstrap(given.clone()).build().await.unwrap();
    assert_eq!((banner(&client).as_str(), client.state()), ("given", State::Stale));

    let folder = tempfile::tempdir().unwrap();
    let (kept, digest) = fixture::module("kept");
    crate::cache::Cache::new(folder.path(), "p", "e", None).keep(7, &digest, kept.into()).await;
    let client = builder(NOBODY).cache(folder.path()).bootstrap(given).build().await.unwrap();
    assert_eq!(banner(&client), "kept");

    let refused = builder(NOBODY).bootstrap(*b"no module").build().await.unwrap_err();
    let start = "the module to start with is refused: not a valid module";
    assert!(refused.to_string().starts_with(start), "{refused}");
}

#[tokio::test]
async fn handles_follow_swaps() {
    let (server, client) = at_revision_1().await;
    let nobody = Context::new();
    assert_eq!(client.string(&BANNER, &nobody, ""), "one");
    assert!(client.bool(&CHECKOUT, &german(), false));
    server.announce(&server.host(2, "two")).await;
    eventually("revision 2", || client.string(&BANNER, &nobody, "") == "two").await;
    assert!(client.bool(&CHECKOUT, &german(), false));
    // A handle of the wrong type is not one of the flag.
    let wrong: Flag<f64> = Flag::named("banner");
    assert_eq!(client.number(&wrong, &nobody, 7.0), 7.0);
    let details = client.number_detail(&wrong, &nobody, 7.0);
    assert_eq!(details.error_code, Some(ErrorCode::TypeMismatch));
}

#[tokio::test]
async fn a_prepared_context_keeps_its_module() {
    let (server, client) = at_revision_1().await;
    let context = german();
    let prepared = client.prepare(&context);
    assert!(prepared.bool(&CHECKOUT, false));
    // Another evaluation takes the arena in between.
    assert!(!client.bool(&CHECKOUT, &Context::new(), true));
    assert!(prepared.bool(&CHECKOUT, false));
    server.announce(&server.host(2, "two")).await;
    eventually("revision 2", || banner(&client) == "two").await;
    assert_eq!(prepared.string(&BANNER, ""), "one");
    assert!(prepared.bool(&CHECKOUT, false));
    assert_eq!(prepared.bool_detail("checkout", false).revision, Some(1));
    assert_eq!(client.prepare(&context).string("banner", ""), "two");
}

#[tokio::test]
async fn two_prepared_contexts_do_not_mix() {
    let (_server, client) = at_revision_1().await;
    let (german, nobody) = (german(), Context::new());
    let (one, other) = (client.prepare(&german), client.prepare(&nobody));
    for _ in 0..3 {
        assert!(one.bool("checkout", false));
        assert!(!other.bool("checkout", true));
    }
    std::thread::scope(|scope| {
        scope.spawn(move || assert!(one.bool("checkout", false))).join().unwrap();
    });
}

#[tokio::test]
async fn preparing_without_a_module_gives_defaults() {
    let client = builder(NOBODY).build().await.unwrap();
    let context = german();
    let prepared = client.prepare(&context);
    assert!(prepared.bool("checkout", true));
    let details = prepared.bool_detail("checkout", true);
    assert_eq!(details.error_code, Some(ErrorCode::ProviderNotReady));
}

#[tokio::test]
async fn usage_is_told_with_what_was_swapped_out_and_at_the_end() {
    let told = Arc::new(Mutex::new(Vec::<Usage>::new()));
    let heard = Arc::clone(&told);
    let server = Server::live().await;
    let listener = move |usage: &Usage| heard.lock().unwrap().push(usage.clone());
    let client = builder(&server.url).on_usage(listener).build().await.unwrap();
    server.announce(&server.host(1, "one")).await;
    assert!(client.ready(LONG).await);
    let total = |flag: &str, variant: &str| {
        let told = told.lock().unwrap();
        let flags = told.iter().filter_map(|usage| usage.flags.get(flag));
        flags.filter_map(|flag| flag.variants.get(variant)).sum::<u64>()
    };
    for _ in 0..10 {
        assert!(client.bool(&CHECKOUT, &german(), false));
        let _ = client.string(&BANNER, &german(), "");
    }
    eventually("ten to be told", || total("checkout", "on") == 10).await;
    let other = client.clone();
    let count = move || {
        for _ in 0..10 {
            assert!(!other.bool("checkout", &Context::new(), true));
        }
    };
    std::thread::spawn(count).join().unwrap();
    server.announce(&server.host(2, "two")).await;
    eventually("revision 2", || banner(&client) == "two").await;
    assert!(client.prepare(&german()).bool(&CHECKOUT, false));
    client.close().await;
    assert_eq!((total("checkout", "on"), total("checkout", "off")), (11, 10));
    let told = told.lock().unwrap();
    assert!(told.windows(2).all(|pair| pair[0].to_ms == pair[1].from_ms));
}

#[test]
fn a_module_at_hand_needs_no_server() {
    let client = Client::from_module(&fixture::module("one").0).unwrap();
    assert_eq!((banner(&client).as_str(), client.state()), ("one", State::Ready));
    assert_eq!(client.silence(), Duration::ZERO);
    client.swap_module(&fixture::module("two").0).unwrap();
    assert_eq!(banner(&client), "two");
    assert!(client.swap_module(b"no module").is_err());
    assert_eq!(banner(&client), "two");
}
