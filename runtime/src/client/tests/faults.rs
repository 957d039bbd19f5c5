//! What servers and networks do wrong, and what the client does then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::*;

/// A server whose first streams are `broken`, and whose later ones are live; head answers 503.
async fn at_first(broken: Vec<Vec<Step>>) -> Server {
    Server::start(move |path, before| match path {
        "events" => broken.get(before).cloned().unwrap_or_else(|| vec![events(""), Step::Live]),
        _ => vec![status(503, "", "")],
    })
    .await
}

/// Checks that after `broken` streams the client comes back and goes on.
async fn check_recovers(broken: Vec<Vec<Step>>, options: Options) -> Client {
    let times = broken.len();
    let server = at_first(broken).await;
    let client = server.client_with(options).await;
    server.announce(&server.host(1, "one")).await;
    assert!(client.ready(LONG).await);
    assert_eq!(server.asked("events").len(), times + 1);
    client
}

#[tokio::test]
async fn a_dropped_stream_is_opened_again() {
    let client =
        check_recovers(vec![vec![events("")], vec![], vec![events("event: ann")]], quick());
    let metrics = client.await.metrics();
    assert_eq!((metrics.stream_connects, metrics.stream_failures), (3, 3));
}

#[tokio::test]
async fn a_half_closed_stream_is_opened_again() {
    check_recovers(vec![vec![events(""), Step::HalfClose]; 2], quick()).await;
}

#[tokio::test]
async fn a_stalled_stream_is_cut_by_the_watchdog() {
    let watchdog = Duration::from_millis(100);
    let options = Options { watchdog, request_timeout: watchdog, ..quick() };
    let stalled = vec![events(": heartbeat\n\n"), Step::Stall];
    let client = check_recovers(vec![stalled, vec![Step::Stall]], options).await;
    assert_eq!(client.metrics().stream_silences, 1);
}

#[tokio::test]
async fn heartbeats_keep_a_quiet_stream() {
    let server = Server::live().await;
    let watchdog = Duration::from_millis(300);
    let client = server.client_with(Options { watchdog, ..quick() }).await;
    for _ in 0..12 {
        server.say(": heartbeat\n\n").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(client.metrics().stream_connects, 1);
    server.announce(&server.host(1, "one")).await;
    assert!(client.ready(LONG).await);
}

#[tokio::test]
async fn an_answer_that_is_no_event_stream_is_refused() {
    let html = vec![ok(b"<html>"), Step::Stall];
    let client = check_recovers(vec![html, vec![status(404, "", "")]], quick()).await;
    assert_eq!(client.metrics().stream_connects, 1);
}

#[tokio::test]
async fn an_announcement_that_cannot_be_read_drops_the_stream_and_asks_for_the_head() {
    for malformed in ["{\"project\": \"p\"", "{}", "[1]", ""] {
        let frame = format!("event: announcement\ndata: {malformed}\n\n");
        let good = Server::live().await.host(3, "three");
        let (bytes, digest) = fixture::module("three");
        let server = Server::start(move |path, before| match (path, before) {
            ("events", 0) => vec![events(&frame), Step::Stall],
            ("events", _) => vec![events(""), Step::Stall],
            _ => vec![ok(good.to_string().as_bytes())],
        })
        .await;
        server.module(&digest, vec![ok(&bytes)]);
        let client = server.client().await;
        assert!(client.ready(LONG).await);
        assert_eq!((revision(&client), client.metrics().polls), (3, 1));
        eventually("the second stream", || server.asked("events").len() == 2).await;
        assert_eq!(client.metrics().malformed_announcements, 1);
    }
}

#[tokio::test]
async fn a_head_that_cannot_be_read_is_asked_for_until_it_can() {
    let (bytes, digest) = fixture::module("one");
    let good = announcement(1, &digest, bytes.len()).to_string();
    let server = Server::start(move |path, before| match (path, before) {
        ("events", 0) => vec![events("event: announcement\ndata: nonsense\n\n")],
        ("events", _) => vec![events(""), Step::Live],
        (_, 0) => vec![ok(b"nonsense")],
        (_, 1) => vec![status(503, "", "")],
        _ => vec![ok(good.as_bytes())],
    })
    .await;
    server.module(&digest, vec![ok(&bytes)]);
    let client = server.client().await;
    assert!(client.ready(LONG).await);
    assert_eq!(client.metrics().malformed_announcements, 2);
}

#[tokio::test]
async fn a_module_that_is_not_where_it_was_announced_is_looked_for_where_the_head_says() {
    let (bytes, digest) = fixture::module("one");
    let good = announcement(1, &digest, bytes.len());
    let mut damaged = good.clone();
    damaged["url"] = "/v1/modules/nowhere.wasm".into();
    let server = Server::start(move |path, _| match path {
        "events" => vec![events(&frame(&damaged)), Step::Live],
        _ => vec![ok(good.to_string().as_bytes())],
    })
    .await;
    server.module(&digest, vec![ok(&bytes)]);
    let client = server.client().await;
    assert!(client.ready(LONG).await);
    assert_eq!(client.metrics().swaps, 1);
}

#[tokio::test]
async fn unknown_events_are_ignored_unread() {
    let (server, client) = at_revision_1().await;
    server.say("event: novelty\ndata: {broken\n\ndata: message\n\nretry: 3\n\n: comment\n\n").await;
    server.announce(&server.host(2, "two")).await;
    eventually("revision 2", || revision(&client) == 2).await;
    let metrics = client.metrics();
    assert_eq!((metrics.stream_connects, metrics.malformed_announcements), (1, 0));
}

#[tokio::test]
async fn frames_cut_anywhere_are_put_together() {
    let (server, client) = at_revision_1().await;
    let frame = frame(&server.host(2, "two"));
    for byte in frame.split_inclusive(|_| true) {
        server.say(byte).await;
        tokio::task::yield_now().await;
    }
    eventually("revision 2", || revision(&client) == 2).await;
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let busy = vec![status(503, "Retry-After: 1", "")];
    let server = at_first(vec![busy]).await;
    let _client = server.client().await;
    eventually("the second attempt", || server.asked("events").len() == 2).await;
    let asked = server.asked("events");
    assert!(asked[1].at - asked[0].at >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_client_that_is_not_let_in_asks_seldom_and_never_stops() {
    let server = at_first(vec![vec![status(401, "", "")], vec![status(403, "", "")]]).await;
    let client = server.client().await;
    eventually("the error", || client.state() == State::Error).await;
    eventually("a stream", || client.metrics().stream_connects == 1).await;
    let asked = server.asked("events");
    assert!(asked.windows(2).all(|pair| pair[1].at - pair[0].at >= quick().refused_retry / 2));
}

#[tokio::test]
async fn a_good_bye_is_answered_by_coming_back() {
    let bye = vec![events("event: bye\nretry: 20\ndata:\n\n"), Step::Stall];
    check_recovers(vec![bye.clone(), bye], quick()).await;
}

#[tokio::test]
async fn nobody_listening_is_an_error_until_somebody_is() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let builder = Client::builder(url).project("p").environment("e").options(quick());
    let client = builder.build().await.unwrap();
    eventually("the error", || client.state() == State::Error).await;
    eventually("polls beside the stream", || client.metrics().poll_failures > 1).await;
    assert!(client.metrics().stream_failures >= 2);
    let details = client.bool_detail("checkout", &Context::new(), true);
    assert_eq!(details.error_code, Some(ErrorCode::ProviderNotReady));
}

#[tokio::test]
async fn polls_stand_in_for_the_stream_and_end_with_its_first_announcement() {
    let up = Arc::new(AtomicBool::new(false));
    let hosted = Server::live().await;
    let polled = hosted.host(1, "one");
    let switch = Arc::clone(&up);
    let server = Server::start(move |path, before| match path {
        "events" if switch.load(Ordering::Relaxed) => vec![events(""), Step::Live],
        "events" => vec![status(500, "", "")],
        _ if before == 0 => vec![status(500, "", "")],
        _ if before == 1 => vec![Step::Send(
            [
                b"HTTP/1.1 200 OK\r\nETag: \"1-x\"\r\nConnection: close\r\n\r\n",
                polled.to_string().as_bytes(),
            ]
            .concat(),
        )],
        _ => vec![status(304, "", "")],
    })
    .await;
    let two = server.host(2, "two");
    server.host(1, "one");
    let client = server.client().await;
    assert!(client.ready(LONG).await, "the head is polled");
    eventually("more polls", || server.asked("head").len() >= 4).await;
    assert!(server.asked("events").len() > 2, "the stream is tried beside the polls");
    assert!(!server.asked("head")[1].text.contains("if-none-match"));
    assert!(server.asked("head")[2].text.contains("if-none-match: \"1-x\""));
    assert_eq!(client.state(), State::Ready);

    up.store(true, Ordering::Relaxed);
    server.announce(&two).await;
    eventually("revision 2", || revision(&client) == 2).await;
    let polls = client.metrics().polls;
    tokio::time::sleep(quick().poll_interval * 4).await;
    assert!(client.metrics().polls <= polls + 1, "at most a poll that was under way");
}

#[tokio::test]
async fn without_contact_a_client_is_stale_and_goes_on() {
    let server = Server::live().await;
    let options = Options { watchdog: Duration::from_millis(80), ..quick() };
    let client = server.client_with(options).await;
    server.announce(&server.host(1, "one")).await;
    assert!(client.ready(LONG).await);
    drop(server);
    eventually("staleness", || client.state() == State::Stale).await;
    assert!(client.bool("checkout", &german(), false));
    assert_eq!(banner(&client), "one");
}

/// Announces a module that cannot be loaded; the old one must go on, and a newer one be loaded.
async fn check_bad_module(answer: Vec<Step>, digest: &str, bytes: usize) {
    let (server, client) = at_revision_1().await;
    server.module(digest, answer);
    server.announce(&announcement(2, digest, bytes)).await;
    eventually("it to be tried again", || client.metrics().failed_loads >= 2).await;
    assert_eq!((revision(&client), banner(&client).as_str()), (1, "one"));
    assert_eq!(client.state(), State::Ready);
    server.announce(&server.host(3, "three")).await;
    eventually("the newer one", || revision(&client) == 3).await;
    assert_eq!(banner(&client), "three");
    let failed = client.metrics().failed_loads;
    tokio::time::sleep(quick().backoff_max * 2).await;
    assert_eq!(client.metrics().failed_loads, failed, "the bad one is given up");
}

#[tokio::test]
async fn a_module_with_another_digest_is_refused() {
    let (bytes, _) = fixture::module("other");
    let (_, announced) = fixture::module("announced");
    check_bad_module(vec![ok(&bytes)], &announced, bytes.len()).await;
}

#[tokio::test]
async fn a_truncated_module_is_refused() {
    let (bytes, digest) = fixture::module("whole");
    let Step::Send(mut answer) = ok(&bytes) else { return };
    answer.truncate(answer.len() - 10);
    check_bad_module(vec![Step::Send(answer)], &digest, bytes.len()).await;
}

#[tokio::test]
async fn a_module_longer_than_announced_is_refused() {
    let (bytes, digest) = fixture::module("whole");
    check_bad_module(vec![ok(&bytes)], &digest, bytes.len() - 1).await;
}

#[tokio::test]
async fn a_module_with_imports_is_refused() {
    let importing = fixture::Fixture { import: true, ..fixture::Fixture::new("x") }.assemble();
    let digest = crate::load::digest(&importing);
    check_bad_module(vec![ok(&importing)], &digest, importing.len()).await;
}

#[tokio::test]
async fn a_module_that_is_not_there_is_refused() {
    check_bad_module(vec![status(404, "", "")], &"0".repeat(64), 10).await;
}

#[tokio::test]
async fn a_module_that_stalls_gives_way_to_a_newer_one() {
    let (server, client) = at_revision_1().await;
    let (bytes, digest) = fixture::module("stalled");
    server.module(&digest, vec![Step::Stall]);
    server.announce(&announcement(2, &digest, bytes.len())).await;
    eventually("the fetch", || server.asked(".wasm").len() == 2).await;
    let asked = Instant::now();
    server.announce(&server.host(3, "three")).await;
    eventually("the newer one", || revision(&client) == 3).await;
    assert!(asked.elapsed() < quick().fetch_timeout / 2);
    assert_eq!(client.metrics().failed_loads, 0);
}

#[test]
fn a_compilation_that_does_not_end_gives_way_to_a_newer_module() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let server = Server::live().await;
        let options = Options { compile_deadline: Duration::from_millis(20), ..quick() };
        let client = server.client_with(options).await;
        let endless = fixture::Fixture { rounds: i64::MAX, ..fixture::Fixture::new("x") };
        let (bytes, digest) = (endless.assemble(), crate::load::digest(&endless.assemble()));
        server.module(&digest, vec![ok(&bytes)]);
        server.announce(&announcement(1, &digest, bytes.len())).await;
        eventually("the fetch", || server.asked(".wasm").len() == 1).await;
        server.announce(&server.host(2, "two")).await;
        assert!(client.ready(LONG).await);
        assert_eq!(revision(&client), 2);
    });
    // The thread that runs the endless module ends with the process.
    runtime.shutdown_background();
}

#[tokio::test]
async fn a_failed_load_recovers_when_the_module_is_there() {
    let (server, client) = at_revision_1().await;
    let (bytes, digest) = fixture::module("late");
    server.announce(&announcement(2, &digest, bytes.len())).await;
    eventually("a failure", || client.metrics().failed_loads >= 1).await;
    server.module(&digest, vec![ok(&bytes)]);
    eventually("revision 2", || revision(&client) == 2).await;
    assert_eq!(client.metrics().swaps, 2);
}

#[tokio::test]
async fn closing_stops_following_and_keeps_serving() {
    let (server, client) = at_revision_1().await;
    client.close().await;
    client.close().await;
    eventually("the stream to end", || server.streams() == 0).await;
    assert_eq!(banner(&client), "one");
    assert!(client.ready(LONG).await);
}

#[tokio::test]
async fn dropping_the_last_clone_stops_following() {
    let (server, client) = at_revision_1().await;
    let clone = client.clone();
    drop(client);
    server.announce(&server.host(2, "two")).await;
    eventually("revision 2", || revision(&clone) == 2).await;
    let served = Arc::downgrade(&clone.served);
    drop(clone);
    eventually("the stream to end", || server.streams() == 0).await;
    eventually("everything to be freed", || served.strong_count() == 0).await;
}
