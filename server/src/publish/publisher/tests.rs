//! What the publisher of an environment announces, joins, keeps and refuses.

#![allow(clippy::unwrap_used)]
use bytes::Bytes;

use super::*;
use crate::publish::sign::SecretKey;

fn press(pause: Duration) -> Arc<Press> {
    signing_again(pause, Duration::from_secs(9))
}

fn signing_again(pause: Duration, sign_again: Duration) -> Arc<Press> {
    let telemetry = Arc::new(Telemetry::default());
    let compilers = Compilers::new(1, Arc::clone(&telemetry), None);
    Arc::new(Press {
        compilers,
        modules: Modules::default(),
        encodings: Encodings::default(),
        places: Places::default(),
        signer: Signer::own(SecretKey::new()),
        telemetry,
        pause,
        sign_again,
    })
}

fn owner() -> Owner {
    let audience = Audience::Server;
    Owner { project: "p".into(), environment: "e".into(), audience, selection: None }
}

/// A module without flags.
fn empty() -> Bytes {
    vexil_compiler::compile(&FlagSet::default()).unwrap().bytes.into()
}

fn candidate(revision: u64, digest: &str) -> Candidate {
    Candidate {
        revision: Revision(revision),
        log_head: Hash([7; 32]),
        committed_at_ms: 5,
        committed: Instant::now(),
        flag_set: Arc::new(FlagSet::default()),
        module: Some(Compiled { digest: digest.into(), bytes: empty() }),
        cause: Cause::default(),
    }
}

async fn next(published: &mut watch::Receiver<Published>) -> Announcement {
    published.changed().await.unwrap();
    published.borrow_and_update().announced.as_ref().unwrap().announcement.clone()
}

#[tokio::test]
async fn the_first_of_a_burst_goes_out_at_once_and_the_newest_after_the_pause() {
    let pause = Duration::from_millis(20);
    let publisher = Publisher::start(owner(), press(pause));
    let mut published = publisher.published();
    publisher.publish(candidate(1, "a"));
    let first = next(&mut published).await;
    assert_eq!((first.revision, first.changed), (Revision(1), None));
    let announced = Instant::now();
    for revision in 2..=50 {
        publisher.publish(candidate(revision, "b"));
        tokio::task::yield_now().await;
    }
    let second = next(&mut published).await;
    assert_eq!((second.revision, second.digest.as_str()), (Revision(50), "b"));
    assert!(announced.elapsed() >= pause / 2, "the pause was kept");
}

fn work(press: &Arc<Press>) -> (Work, watch::Receiver<Published>) {
    let (sender, published) = watch::channel(Published::default());
    let work = Work {
        owner: Arc::new(owner()),
        verifier: None,
        press: Arc::clone(press),
        shelf: Shelf::new(MODULES_KEPT),
        before: None,
        log_head: Hash::default(),
        published: sender,
    };
    (work, published)
}

async fn announce(work: &mut Work, revision: u64, digest: &str) {
    let candidate = candidate(revision, digest);
    let module = candidate.module.clone().unwrap();
    let changed = work.changed(&candidate, &module).await;
    work.announce(&candidate, &module, changed, None);
}

#[tokio::test]
async fn an_unchanged_module_is_announced_and_kept_once() {
    let press = press(Duration::ZERO);
    let (mut work, mut published) = work(&press);
    announce(&mut work, 1, "a").await;
    announce(&mut work, 2, "a").await;
    let second = next(&mut published).await;
    assert_eq!((second.revision, second.changed), (Revision(2), Some(Vec::new())));
    assert_eq!(press.modules.size(), (1, empty().len()));
}

#[tokio::test]
async fn revisions_never_go_back() {
    let (mut work, mut published) = work(&press(Duration::ZERO));
    announce(&mut work, 7, "a").await;
    next(&mut published).await;
    announce(&mut work, 6, "b").await;
    assert!(!published.has_changed().unwrap());
}

#[tokio::test]
async fn what_does_not_compile_leaves_the_old_announcement_standing() {
    let (mut work, published) = work(&press(Duration::ZERO));
    announce(&mut work, 7, "a").await;
    work.fail(&candidate(8, "b"), &CompileError::Broken);
    let now = published.borrow();
    assert_eq!(now.announced.as_ref().unwrap().announcement.revision, Revision(7));
    assert_eq!(now.failure.as_ref().unwrap().revision, Revision(8));
}

#[tokio::test]
async fn an_announcement_is_signed_again_before_it_expires() {
    let press = signing_again(Duration::ZERO, Duration::from_millis(5));
    let publisher = Publisher::start(owner(), press);
    let mut published = publisher.published();
    publisher.publish(candidate(1, "a"));
    let first = next(&mut published).await;
    let again = next(&mut published).await;
    assert_eq!((again.revision, &again.digest), (first.revision, &first.digest));
    let log_head = format!("\"log_head\":\"{}\"", "07".repeat(32));
    assert!(again.signed.statement.contains(&log_head), "{}", again.signed.statement);
}

#[tokio::test]
async fn what_could_not_be_run_is_tried_again_until_it_can_or_something_newer_comes() {
    let publisher = Publisher::start(owner(), press(Duration::ZERO));
    let mut published = publisher.published();
    let broken = Compiled { digest: "a".into(), bytes: Bytes::from_static(b"no module") };
    publisher.publish(Candidate { module: Some(broken), ..candidate(1, "a") });
    for _ in 0..2 {
        published.changed().await.unwrap();
        let failure = published.borrow_and_update().failure.clone().unwrap();
        assert_eq!(failure.revision, Revision(1));
        assert!(failure.message.contains("cannot be run"), "{}", failure.message);
    }
    publisher.publish(candidate(2, "b"));
    while published.borrow_and_update().announced.is_none() {
        published.changed().await.unwrap();
    }
    assert!(published.borrow().failure.is_none());
    assert_eq!([1, 2, 9, 99].map(again).map(|it| it.as_millis()), [500, 1_000, 60_000, 60_000]);
}
