//! Announcements in every order, and the swaps they cause.

use std::sync::mpsc;

use super::*;
use crate::trust::Trust;

#[tokio::test]
async fn a_newer_announcement_is_swapped_in_and_told() {
    let (server, client) = at_revision_1().await;
    let (sender, heard) = mpsc::channel();
    let subscription = client.on_change(move |change| sender.send(change.clone()).unwrap());
    assert_eq!(banner(&client), "one");
    let two = server.host(2, "two");
    server.announce(&two).await;
    eventually("revision 2", || revision(&client) == 2).await;
    assert_eq!(banner(&client), "two");

    let change = tokio::task::spawn_blocking(move || heard.recv_timeout(LONG)).await.unwrap();
    let digest = two["digest"].as_str().unwrap().to_owned();
    // The first announcement came on the same stream, so its `changed` counts.
    let changed = vec!["checkout".to_owned()];
    assert_eq!(change.unwrap(), Change { revision: 2, digest, changed });
    drop(subscription);

    let metrics = client.metrics();
    assert_eq!((metrics.swaps, metrics.announcements, metrics.stream_connects), (2, 2, 1));
    assert_eq!((metrics.failed_loads, metrics.polls), (0, 0));
    assert!(metrics.last_lag_ms > 0 && metrics.lag_ms_max >= metrics.last_lag_ms);
}

#[tokio::test]
async fn the_first_module_changes_every_flag() {
    let server = Server::live().await;
    let client = server.client().await;
    let (sender, heard) = mpsc::channel();
    client.on_change(move |change| sender.send(change.clone()).unwrap()).detach();
    server.announce(&server.host(7, "one")).await;
    let change = tokio::task::spawn_blocking(move || heard.recv_timeout(LONG).unwrap());
    assert_eq!(change.await.unwrap().changed, ["banner", "checkout"]);
}

#[tokio::test]
async fn an_unknown_difference_tells_all_that_may_differ() {
    let (server, client) = at_revision_1().await;
    let (sender, heard) = mpsc::channel();
    client.on_change(move |change| sender.send(change.clone()).unwrap()).detach();
    let mut two = server.host(2, "two");
    two["changed"] = json!(null);
    server.announce(&two).await;
    let change = tokio::task::spawn_blocking(move || heard.recv_timeout(LONG).unwrap());
    assert_eq!(change.await.unwrap().changed, ["banner", "checkout"]);
    drop(client);
}

#[tokio::test]
async fn duplicates_and_older_revisions_change_nothing() {
    let (server, client) = at_revision_1().await;
    let (older, newest) = (server.host(4, "older"), server.host(5, "newest"));
    server.announce(&newest).await;
    eventually("revision 5", || revision(&client) == 5).await;
    let other_module_same_revision = server.host(5, "other");
    for announcement in [&newest, &older, &other_module_same_revision, &older] {
        server.announce(announcement).await;
    }
    eventually("all to be seen", || client.metrics().older_announcements == 2).await;
    assert_eq!((revision(&client), banner(&client).as_str()), (5, "newest"));
    assert_eq!(client.metrics().swaps, 2);
    assert_eq!(server.asked(".wasm").len(), 2);
}

#[tokio::test]
async fn a_new_revision_of_the_same_module_is_not_fetched() {
    let (server, client) = at_revision_1().await;
    let (sender, heard) = mpsc::channel();
    client.on_change(move |change| sender.send(change.clone()).unwrap()).detach();
    let loaded = |client: &Client| Arc::as_ptr(&client.slot.serving().as_ref().unwrap().loaded);
    let before = loaded(&client);
    server.announce(&server.host(9, "one")).await;
    eventually("revision 9", || revision(&client) == 9).await;
    assert_eq!(loaded(&client), before);
    let metrics = client.metrics();
    assert_eq!((metrics.swaps, metrics.unchanged_revisions), (1, 1));
    assert_eq!(server.asked(".wasm").len(), 1);
    assert!(heard.try_recv().is_err(), "nothing changed, nobody is told");
    assert_eq!(client.bool_detail("checkout", &german(), false).revision, Some(9));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_swap_under_load_is_never_torn() {
    let (server, client) = at_revision_1().await;
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (client, stop) = (client.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                let (mut last, mut evaluations) = (0, 0_u64);
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let details = client.string_detail("banner", &Context::new(), "default");
                    let revision = details.revision.unwrap();
                    let expected = if revision == 1 { "one".into() } else { revision.to_string() };
                    assert_eq!(details.value, expected);
                    assert!(revision >= last, "never back");
                    assert!(client.bool("checkout", &german(), false));
                    (last, evaluations) = (revision, evaluations + 1);
                }
                evaluations
            })
        })
        .collect();
    for next in 2..=20 {
        server.announce(&server.host(next, &next.to_string())).await;
        eventually("the swap", || revision(&client) == next).await;
    }
    let old = Arc::downgrade(&client.slot.serving().as_ref().unwrap().loaded);
    server.announce(&server.host(21, "21")).await;
    eventually("the last swap", || revision(&client) == 21).await;
    eventually("the old module to be freed", || old.strong_count() == 0).await;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for thread in threads {
        assert!(thread.join().unwrap() > 0);
    }
}

/// Announces a module that is too large to get the best code at once.
async fn announce_large(server: &Server, revision: u64, text: &str) {
    let mut fixture = crate::fixture::Fixture::new(text);
    fixture.padding = 9_000;
    let bytes = fixture.assemble();
    let digest = crate::load::digest(&bytes);
    server.module(&digest, vec![crate::scripted::ok(&bytes)]);
    server.announce(&crate::scripted::announcement(revision, &digest, bytes.len())).await;
}

fn is_optimised(client: &Client) -> bool {
    client.slot().serving().unwrap().loaded.is_optimised()
}

#[tokio::test]
async fn a_large_module_that_stays_gets_better_code_and_nobody_notices() {
    let (server, client) = at_revision_1().await;
    assert!(is_optimised(&client), "a small one has it at once");
    announce_large(&server, 2, "left").await;
    eventually("revision 2", || revision(&client) == 2).await;
    announce_large(&server, 3, "stays").await;
    eventually("revision 3", || revision(&client) == 3).await;
    assert!(!is_optimised(&client));
    let (sender, heard) = mpsc::channel();
    client.on_change(move |change| sender.send(change.clone()).unwrap()).detach();
    // The same module under another revision does not begin anew.
    announce_large(&server, 4, "stays").await;
    let before = client.current().unwrap();
    eventually("better code", || is_optimised(&client)).await;
    let after = client.current().unwrap();
    assert_eq!((before.digest, after.revision), (after.digest, 4));
    assert_eq!(banner(&client), "stays");
    let metrics = client.metrics();
    assert_eq!((metrics.optimised, metrics.swaps, metrics.unchanged_revisions), (1, 3, 1));
    assert!(heard.try_recv().is_err(), "better code is no change");
}

#[tokio::test]
async fn better_code_does_not_replace_another_module() {
    let (server, client) = at_revision_1().await;
    announce_large(&server, 2, "large").await;
    eventually("revision 2", || revision(&client) == 2).await;
    let large = client.slot().serving().unwrap();
    client.swap_module(&crate::fixture::module("mine").0).unwrap();
    client.served.optimised(Arc::clone(&large.loaded));
    assert_eq!(banner(&client), "mine");
    assert_eq!(client.metrics().optimised, 0);
}

#[tokio::test]
async fn functions_that_were_compiled_are_kept_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::live().await;
    let client = Client::builder(&server.url).project("p").environment("e").options(quick());
    let client = client.trust(Trust::Anybody);
    let client = client.cache(folder.path()).build().await.unwrap();
    announce_large(&server, 1, "large").await;
    let file = folder.path().join("p.e.functions");
    eventually("the functions to be kept", || file.exists()).await;
    let functions = crate::functions::Functions::default();
    functions.read(&file).unwrap();
    assert_eq!(banner(&client), "large");
}
