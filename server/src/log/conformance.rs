//! What every store has to do: one suite for all of them.
//!
//! In: a way to open a store, again and again with the same content. Out: a panic where the store
//! does not keep its promises. Each function is one promise; the `suite!` macro makes tests of all
//! of them for one store.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;

use super::change::Change;
use super::event::{Append, Hash, Record, Revision, Via};
use super::store::{AppendError, Checkpoint, Head, Store};
use super::verify::{Verification, verify, verify_newest};
use crate::limits;

/// A way to open one and the same store. The store opened before has been dropped.
pub(super) trait Reopen {
    fn open(&self) -> Arc<dyn Store>;
}

/// Makes a test of every promise; `$fresh` gives a new [`Reopen`] each time.
macro_rules! suite {
    ($fresh:expr; $($promise:ident)*) => {
        $(#[test] fn $promise() { $crate::log::conformance::$promise(&$fresh); })*
    };
    ($fresh:expr) => {
        $crate::log::conformance::suite! { $fresh;
            an_empty_store_has_nothing
            events_come_back_in_order_as_they_were
            revisions_have_no_gaps
            of_many_with_one_expectation_one_wins
            many_without_expectation_all_win
            a_refused_append_leaves_nothing
            a_repeated_id_is_the_same_append
            a_repeated_id_is_known_after_a_restart
            an_id_belongs_to_one_request
            projects_know_nothing_of_each_other
            limits_hold
            a_restart_keeps_everything
            subscribers_learn_of_new_heads
            checkpoints_are_kept
            many_checkpoints_thin_out
            large_payloads_come_back
            reads_end_early_but_never_stop
            the_chain_is_whole
        }
    };
}
pub(super) use suite;

fn change(number: usize) -> Change {
    Change::EnvironmentCreated { environment: format!("e{number}") }
}

pub(super) fn append(changes: usize) -> Append {
    Append {
        id: Uuid::now_v7(),
        request: Hash([7; 32]),
        time_ms: 1_790_000_000_000,
        actor: "eva".to_owned(),
        comment: Some("why \u{1f6a9} \"so\" \u{0}\n".to_owned()),
        via: Via {
            address: Some("192.0.2.7".to_owned()),
            key: None,
            request: Some("r".to_owned()),
        },
        changes: (0..changes).map(change).collect(),
        expected: None,
    }
}

fn expecting(changes: usize, revision: u64) -> Append {
    Append { expected: Some(Revision(revision)), ..append(changes) }
}

pub(super) fn all(store: &dyn Store, project: &str) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let after = records.last().map_or(Revision::ZERO, |record| record.revision);
        let more = store.records(project, after, limits::READ_EVENTS_MAX).unwrap();
        if more.is_empty() {
            return records;
        }
        records.extend(more);
    }
}

fn revisions(store: &dyn Store, project: &str) -> Vec<u64> {
    all(store, project).iter().map(|record| record.revision.0).collect()
}

pub(super) fn an_empty_store_has_nothing(fresh: &impl Reopen) {
    let store = fresh.open();
    assert_eq!(store.head("p").unwrap(), None);
    assert_eq!(store.projects().unwrap(), []);
    assert_eq!(store.records("p", Revision::ZERO, 10).unwrap(), []);
    assert_eq!(store.appended("p", Uuid::nil()).unwrap(), None);
    assert_eq!(store.checkpoint("p", Revision(u64::MAX)).unwrap(), None);
    assert_eq!(*store.subscribe("p").borrow(), Revision::ZERO);
    store.save_checkpoint("p", Checkpoint::new(Revision(1), Hash([0; 32]), String::new())).unwrap();
    assert_eq!(store.projects().unwrap(), []);
}

pub(super) fn events_come_back_in_order_as_they_were(fresh: &impl Reopen) {
    let store = fresh.open();
    let given = append(3);
    let appended = store.append("p", given.clone()).unwrap();
    assert_eq!((appended.first, appended.last), (Revision(1), Revision(3)));
    assert!(!appended.repeated);
    let events = store.read("p", Revision::ZERO, 10).unwrap();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.revision, Revision(index as u64 + 1));
        assert_eq!((event.id, event.time_ms), (given.id, given.time_ms));
        assert_eq!((&event.actor, &event.comment), (&given.actor, &given.comment));
        let change = &given.changes[index];
        assert_eq!((event.kind.as_str(), event.schema), (change.kind(), change.schema()));
        assert_eq!(event.payload, change.payload());
    }
    assert_eq!(events.len(), 3);
    assert_eq!(events[2].hash, appended.hash);
    let head = Head { revision: Revision(3), hash: appended.hash };
    assert_eq!(store.head("p").unwrap(), Some(head));
    assert_eq!(store.records("p", Revision(1), 1).unwrap()[0].revision, Revision(2));
    assert_eq!(store.records("p", Revision(3), 10).unwrap(), []);
    assert_eq!(store.records("p", Revision(u64::MAX), 10).unwrap(), []);
    let without = Append { comment: None, ..append(1) };
    store.append("p", without).unwrap();
    assert_eq!(store.read("p", Revision(3), 1).unwrap()[0].comment, None);
}

pub(super) fn revisions_have_no_gaps(fresh: &impl Reopen) {
    let store = fresh.open();
    for changes in [1, 4, 2, 1] {
        store.append("p", append(changes)).unwrap();
    }
    assert_eq!(revisions(&*store, "p"), (1..=8).collect::<Vec<_>>());
}

/// Appends from 16 threads at once, each as often as `times`.
fn at_once(
    store: &Arc<dyn Store>,
    times: usize,
    make: fn() -> Append,
) -> Vec<Result<super::event::Appended, AppendError>> {
    let thread = || {
        let store = Arc::clone(store);
        std::thread::spawn(move || {
            (0..times).map(|_| store.append("p", make())).collect::<Vec<_>>()
        })
    };
    let threads: Vec<_> = (0..16).map(|_| thread()).collect();
    threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
}

pub(super) fn of_many_with_one_expectation_one_wins(fresh: &impl Reopen) {
    let store = fresh.open();
    for round in 0..5 {
        store.append("p", append(1)).unwrap();
        assert_eq!(store.head("p").unwrap().unwrap().revision, Revision(round * 3 + 1));
        let make = match round {
            0 => || expecting(2, 1),
            1 => || expecting(2, 4),
            2 => || expecting(2, 7),
            3 => || expecting(2, 10),
            _ => || expecting(2, 13),
        };
        let results = at_once(&store, 1, make);
        let current = Revision(round * 3 + 3);
        let won = results.iter().filter(|result| result.is_ok()).count();
        let lost = results.iter().filter(|result| {
            matches!(result, Err(AppendError::Conflict { current: told, .. }) if *told == current)
        });
        assert_eq!((won, lost.count()), (1, 15), "{results:?}");
    }
    assert_eq!(revisions(&*store, "p"), (1..=15).collect::<Vec<_>>());
}

pub(super) fn many_without_expectation_all_win(fresh: &impl Reopen) {
    let store = fresh.open();
    let results = at_once(&store, 20, || append(3));
    let firsts: BTreeSet<u64> = results.iter().map(|r| r.as_ref().unwrap().first.0).collect();
    assert_eq!(firsts, (0..320).map(|append| append * 3 + 1).collect());
    assert_eq!(revisions(&*store, "p"), (1..=960).collect::<Vec<_>>());
    // The events of one append stand together.
    let records = all(&*store, "p");
    assert!(records.chunks(3).all(|three| three.iter().all(|event| event.id == three[0].id)));
    assert!(matches!(verify(&*store, "p").unwrap(), Verification::Whole(_)));
}

pub(super) fn a_refused_append_leaves_nothing(fresh: &impl Reopen) {
    let store = fresh.open();
    let refused = expecting(1, 5);
    let result = store.append("p", refused.clone());
    let zero = Revision::ZERO;
    assert!(matches!(result, Err(AppendError::Conflict { current, .. }) if current == zero));
    assert_eq!(store.projects().unwrap(), []);
    assert_eq!(store.appended("p", refused.id).unwrap(), None);
    store.append("p", expecting(1, 0)).unwrap();
    let again = Append { expected: Some(Revision(1)), ..refused };
    assert_eq!(store.append("p", again).unwrap().first, Revision(2));
}

pub(super) fn a_repeated_id_is_the_same_append(fresh: &impl Reopen) {
    let store = fresh.open();
    let given = expecting(2, 0);
    let first = store.append("p", given.clone()).unwrap();
    store.append("p", append(1)).unwrap();
    // Also when its expectation does not hold any more, and when its content is another.
    let other = Append { changes: vec![change(9)], ..given.clone() };
    for again in [given.clone(), other] {
        let repeated = store.append("p", again).unwrap();
        assert_eq!(repeated, super::event::Appended { repeated: true, ..first });
    }
    assert_eq!(store.appended("p", given.id).unwrap().unwrap().last, first.last);
    assert_eq!(revisions(&*store, "p"), [1, 2, 3]);
    // In another project it is another append.
    assert!(!store.append("q", given).unwrap().repeated);
}

pub(super) fn a_repeated_id_is_known_after_a_restart(fresh: &impl Reopen) {
    let store = fresh.open();
    let given = append(2);
    let first = store.append("p", given.clone()).unwrap();
    drop(store);
    let store = fresh.open();
    let repeated = store.append("p", given).unwrap();
    assert_eq!(repeated, super::event::Appended { repeated: true, ..first });
    assert_eq!(revisions(&*store, "p"), [1, 2]);
}

pub(super) fn an_id_belongs_to_one_request(fresh: &impl Reopen) {
    let store = fresh.open();
    let given = append(2);
    let other = Append { request: Hash([8; 32]), ..given.clone() };
    store.append("p", given.clone()).unwrap();
    let refused = |store: &dyn Store| {
        let error = store.append("p", other.clone()).unwrap_err();
        let belongs = |id, last| (id, last) == (given.id, Revision(2));
        assert!(matches!(error, AppendError::Reused { id, last } if belongs(id, last)), "{error}");
    };
    refused(&*store);
    drop(store);
    let store = fresh.open();
    refused(&*store);
    assert_eq!(store.appended("p", given.id).unwrap().unwrap().request, given.request);
    assert_eq!(revisions(&*store, "p"), [1, 2]);
    assert_eq!(store.append("q", other).unwrap().request, Hash([8; 32]));
}

pub(super) fn projects_know_nothing_of_each_other(fresh: &impl Reopen) {
    let store = fresh.open();
    let same = Append { id: Uuid::now_v7(), ..append(1) };
    let p = store.append("p", same.clone()).unwrap();
    let q = store.append("q", same).unwrap();
    assert_eq!((p.first, q.first), (Revision(1), Revision(1)));
    assert_ne!(p.hash, q.hash, "equal events of two projects have different hashes");
    store.append("q", append(2)).unwrap();
    assert_eq!(revisions(&*store, "p"), [1]);
    assert_eq!(revisions(&*store, "q"), [1, 2, 3]);
    let projects = store.projects().unwrap();
    let keys: Vec<_> = projects.iter().map(|(key, head)| (key.as_str(), head.revision.0)).collect();
    assert_eq!(keys, [("p", 1), ("q", 3)]);
}

pub(super) fn limits_hold(fresh: &impl Reopen) {
    let store = fresh.open();
    let refused = |append: Append| store.append("p", append).unwrap_err();
    assert!(matches!(refused(append(0)), AppendError::Empty));
    let actor = "x".repeat(limits::ACTOR_BYTES_MAX + 1);
    assert!(matches!(refused(Append { actor, ..append(1) }), AppendError::TooLarge { .. }));
    let comment = Some("x".repeat(limits::COMMENT_BYTES_MAX + 1));
    assert!(matches!(refused(Append { comment, ..append(1) }), AppendError::TooLarge { .. }));
    let changes = vec![change(1); limits::APPEND_EVENTS_MAX + 1];
    assert!(matches!(refused(Append { changes, ..append(1) }), AppendError::TooLarge { .. }));
    let long = Change::EnvironmentCreated { environment: "x".repeat(limits::APPEND_BYTES_MAX) };
    let changes = vec![long];
    assert!(matches!(refused(Append { changes, ..append(1) }), AppendError::TooLarge { .. }));
    assert_eq!(store.projects().unwrap(), []);
}

pub(super) fn a_restart_keeps_everything(fresh: &impl Reopen) {
    let store = fresh.open();
    store.append("p", append(5)).unwrap();
    store.append("q", append(1)).unwrap();
    let head = store.head("p").unwrap().unwrap();
    store.save_checkpoint("p", Checkpoint::new(head.revision, head.hash, "{}".into())).unwrap();
    let before = (store.projects().unwrap(), all(&*store, "p"), all(&*store, "q"));
    drop(store);
    let store = fresh.open();
    assert_eq!((store.projects().unwrap(), all(&*store, "p"), all(&*store, "q")), before);
    assert!(store.checkpoint("p", Revision(9)).unwrap().unwrap().is_whole());
    assert_eq!(store.append("p", expecting(1, 5)).unwrap().first, Revision(6));
}

pub(super) fn subscribers_learn_of_new_heads(fresh: &impl Reopen) {
    let store = fresh.open();
    let mut early = store.subscribe("p");
    store.append("p", append(2)).unwrap();
    assert!(early.has_changed().unwrap());
    assert_eq!(*early.borrow_and_update(), Revision(2));
    let late = store.subscribe("p");
    assert_eq!(*late.borrow(), Revision(2));
    store.append("q", append(1)).unwrap();
    assert!(!early.has_changed().unwrap());
    assert!(store.append("p", expecting(1, 1)).is_err());
    assert!(!early.has_changed().unwrap());
    store.append("p", append(1)).unwrap();
    store.append("p", append(1)).unwrap();
    assert_eq!(*early.borrow_and_update(), Revision(4));
    assert_eq!(*late.borrow(), Revision(4));
    drop(store);
    assert_eq!(*fresh.open().subscribe("p").borrow(), Revision(4));
}

pub(super) fn checkpoints_are_kept(fresh: &impl Reopen) {
    let store = fresh.open();
    store.append("p", append(10)).unwrap();
    let made = |revision| Checkpoint::new(Revision(revision), Hash([1; 32]), format!("{revision}"));
    for revision in [3, 7] {
        store.save_checkpoint("p", made(revision)).unwrap();
    }
    let at = |revision| store.checkpoint("p", Revision(revision)).unwrap();
    assert_eq!([at(2), at(3), at(6)], [None, Some(made(3)), Some(made(3))]);
    assert_eq!([at(7), at(u64::MAX)], [Some(made(7)), Some(made(7))]);
    let other = Checkpoint::new(Revision(7), Hash([2; 32]), "again".to_owned());
    store.save_checkpoint("p", other.clone()).unwrap();
    assert_eq!(at(7), Some(other));
    assert_eq!(store.checkpoint("q", Revision(7)).unwrap(), None);
}

pub(super) fn many_checkpoints_thin_out(fresh: &impl Reopen) {
    let store = fresh.open();
    store.append("p", append(100)).unwrap();
    for revision in 1..=100 {
        let checkpoint = Checkpoint::new(Revision(revision), Hash([1; 32]), String::new());
        store.save_checkpoint("p", checkpoint).unwrap();
    }
    let mut kept = BTreeSet::new();
    for at in 1..=100 {
        kept.extend(store.checkpoint("p", Revision(at)).unwrap().map(|found| found.revision.0));
    }
    assert_eq!(kept.len(), limits::CHECKPOINTS_KEPT);
    assert!(kept.contains(&100) && kept.contains(&99));
}

pub(super) fn large_payloads_come_back(fresh: &impl Reopen) {
    let store = fresh.open();
    let environment = "ü\u{0}\"\\".repeat(1 << 20);
    let changes = vec![Change::EnvironmentCreated { environment }, change(1)];
    let given = Append { changes, ..append(1) };
    store.append("p", given.clone()).unwrap();
    let events = store.read("p", Revision::ZERO, 10).unwrap();
    assert_eq!(events[0].payload, given.changes[0].payload());
    assert!(matches!(verify(&*store, "p").unwrap(), Verification::Whole(_)));
}

pub(super) fn reads_end_early_but_never_stop(fresh: &impl Reopen) {
    let store = fresh.open();
    let environment = "x".repeat(limits::READ_BYTES_MAX / 2 - 100);
    let changes = vec![Change::EnvironmentCreated { environment }; 5];
    store.append("p", Append { changes, ..append(1) }).unwrap();
    assert_eq!(store.records("p", Revision::ZERO, 10).unwrap().len(), 2);
    assert_eq!(revisions(&*store, "p"), [1, 2, 3, 4, 5]);
    let environment = "x".repeat(limits::READ_BYTES_MAX + 1);
    let changes = vec![Change::EnvironmentCreated { environment }; 2];
    store.append("p", Append { changes, ..append(1) }).unwrap();
    assert_eq!(store.records("p", Revision(5), 10).unwrap().len(), 1);
    store.append("q", append(limits::READ_EVENTS_MAX + 5)).unwrap();
    let read = store.records("q", Revision::ZERO, usize::MAX).unwrap();
    assert_eq!(read.len(), limits::READ_EVENTS_MAX);
}

pub(super) fn the_chain_is_whole(fresh: &impl Reopen) {
    let store = fresh.open();
    store.append("p", append(3)).unwrap();
    store.append("p", append(2)).unwrap();
    let head = store.head("p").unwrap().unwrap();
    assert_eq!(verify(&*store, "p").unwrap(), Verification::Whole(head));
    assert_eq!(verify_newest(&*store, "p").unwrap(), Verification::Whole(head));
    let hash = all(&*store, "p")[2].hash;
    store.save_checkpoint("p", Checkpoint::new(Revision(3), hash, "{}".into())).unwrap();
    assert_eq!(verify_newest(&*store, "p").unwrap(), Verification::Whole(head));
    // Of a checkpoint that does not fit, the log is not to blame.
    let foreign = Checkpoint::new(Revision(4), Hash([1; 32]), "{}".into());
    store.save_checkpoint("p", foreign).unwrap();
    assert_eq!(verify_newest(&*store, "p").unwrap(), Verification::Whole(head));
}
