//! Events and states, one fact each.

use serde_json::{Value, json};
use uuid::Uuid;

use super::rebuild::{StoreHistory, catch_up, rebuild};
use super::*;
use crate::log::event::{Append, Hash, Via};
use crate::log::memory::MemoryStore;
use crate::log::store::{Checkpoint, Store};
use crate::log::upcast::SCHEMA;

fn nothing(revision: Revision) -> Result<Project, ProjectionError> {
    Err(ProjectionError::UnknownRevision(revision))
}

fn event(revision: u64, kind: &str, payload: Value) -> Event {
    Event {
        revision: Revision(revision),
        id: Uuid::nil(),
        time_ms: 5,
        actor: "eva".to_owned(),
        comment: None,
        schema: 1,
        kind: kind.to_owned(),
        payload,
        via: None,
        hash: Hash([revision as u8; 32]),
    }
}

fn here(own: Value) -> Value {
    let mut payload = json!({ "environment": "production", "flag": "f" });
    payload.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    payload
}

/// The state after these events, from revision 1.
fn after(events: &[(&str, Value)]) -> Result<State, ProjectionError> {
    let mut state = State::start("p");
    for (index, (kind, payload)) in events.iter().enumerate() {
        apply(&mut state, &event(index as u64 + 1, kind, payload.clone()), &nothing)?;
    }
    Ok(state)
}

fn begun() -> Vec<(&'static str, Value)> {
    vec![
        ("ProjectCreated", json!({ "project": "p" })),
        ("EnvironmentCreated", json!({ "environment": "production" })),
        ("FlagCreated", json!({ "flag": "f", "definition": { "kind": "boolean" } })),
    ]
}

#[test]
fn a_state_tells_where_it_is() {
    let state = after(&begun()).unwrap();
    assert_eq!((state.revision, state.time_ms, state.hash), (Revision(3), 5, Hash([3; 32])));
    assert_eq!(state.project.key.as_deref(), Some("p"));
}

#[test]
fn a_switch_leaves_the_defaults_standing() {
    let mut events = begun();
    events.push(("FlagEnabled", here(json!({}))));
    let state = after(&events).unwrap();
    let configuration = &state.project.flags["f"].environments["production"];
    assert!(configuration.enabled);
    assert_eq!(configuration.off_variant, "off");
}

#[test]
fn unknown_events_stop_the_projection_by_name() {
    let mut state = after(&begun()).unwrap();
    let before = state.clone();
    let unknown = event(4, "FlagPainted", json!({ "flag": "f" }));
    let error = apply(&mut state, &unknown, &nothing).unwrap_err().to_string();
    assert!(error.contains("event 4") && error.contains("`FlagPainted`"), "{error}");
    let newer = Event { schema: SCHEMA + 1, ..event(4, "FlagArchived", json!({ "flag": "f" })) };
    let error = apply(&mut state, &newer, &nothing).unwrap_err().to_string();
    assert!(error.contains(&format!("schema {}", SCHEMA + 1)), "{error}");
    assert_eq!(state, before);
}

#[test]
fn an_event_that_does_not_fit_leaves_the_state() {
    let mut state = after(&begun()).unwrap();
    let before = state.clone();
    let rule = json!({ "id": "r", "serve": "on" });
    for (kind, payload) in [
        ("ProjectCreated", json!({ "project": "p" })),
        ("EnvironmentCreated", json!({ "environment": "production" })),
        ("FlagCreated", json!({ "flag": "f", "definition": { "kind": "boolean" } })),
        ("FlagChanged", json!({ "flag": "g", "definition": { "kind": "boolean" } })),
        ("FlagArchived", json!({ "flag": "g" })),
        ("FlagDeleted", json!({ "flag": "g" })),
        ("SegmentChanged", json!({ "segment": "s", "definition": {} })),
        ("SegmentDeleted", json!({ "segment": "s" })),
        ("FlagEnabled", json!({ "environment": "staging", "flag": "f" })),
        ("RuleAdded", here(json!({ "index": 1, "rule": rule }))),
        ("RuleChanged", here(json!({ "rule": rule }))),
        ("RuleRemoved", here(json!({ "rule": "r" }))),
        ("RulesReordered", here(json!({ "order": ["r"] }))),
        ("Reverted", json!({ "to": 0 })),
        ("Reverted", json!({ "to": 4 })),
        ("OffVariantChanged", here(json!({ "off_variant": 7 }))),
        ("FallthroughChanged", here(json!({ "fallthrough": { "split": {} } }))),
    ] {
        let result = apply(&mut state, &event(4, kind, payload.clone()), &nothing);
        assert!(result.is_err(), "{kind} {payload}");
        assert_eq!(state, before);
    }
    let gap = apply(&mut state, &event(5, "FlagArchived", json!({ "flag": "f" })), &nothing);
    assert!(matches!(gap, Err(ProjectionError::Gap { .. })));
}

#[test]
fn a_log_begins_with_its_own_project() {
    assert!(after(&[("EnvironmentCreated", json!({ "environment": "e" }))]).is_err());
    let error = after(&[("ProjectCreated", json!({ "project": "q" }))]).unwrap_err();
    assert!(error.to_string().contains("creates `q` in the log of `p`"), "{error}");
}

/// A store with a project in which one flag is switched on and off for ever.
fn switched(times: usize) -> MemoryStore {
    let store = MemoryStore::new();
    let mut changes = vec![
        Change::ProjectCreated { project: "p".into() },
        Change::EnvironmentCreated { environment: "production".into() },
    ];
    let project = Project::default();
    for (kind, payload) in begun().into_iter().skip(2) {
        changes.push(Change::read(kind, 1, &payload, &project).unwrap());
    }
    append(&store, changes);
    for time in 0..times {
        append(&store, vec![switch(time % 2 == 0)]);
    }
    store
}

fn switch(on: bool) -> Change {
    let change = if on {
        crate::log::change::FlagChange::Enabled
    } else {
        crate::log::change::FlagChange::Disabled
    };
    Change::InEnvironment { environment: "production".into(), flag: "f".into(), change }
}

fn append(store: &dyn Store, changes: Vec<Change>) {
    let (id, actor) = (Uuid::now_v7(), "eva".to_owned());
    let (request, comment, expected) = (Hash::default(), None, None);
    let via = Via::default();
    let append = Append { id, request, time_ms: 1, actor, comment, via, changes, expected };
    store.append("p", append).unwrap();
}

fn enabled(store: &dyn Store, at: u64) -> bool {
    let state = rebuild(store, "p", Some(Revision(at))).unwrap();
    state.project.flags["f"].environments["production"].enabled
}

#[test]
fn bad_checkpoints_are_passed_over() {
    let store = switched(20);
    let good = checkpoint::write(&rebuild(&store, "p", Some(Revision(10))).unwrap());
    let newest = rebuild(&store, "p", None).unwrap();
    let mut lying = newest.clone();
    lying.project.flags.clear();
    let Checkpoint { revision, hash, body, .. } = checkpoint::write(&newest);
    let rotten = Checkpoint { body: body.replace("true", "frue"), ..checkpoint::write(&newest) };
    store.save_checkpoint("p", good).unwrap();
    for bad in [
        rotten,
        Checkpoint::new(revision, Hash([9; 32]), body.clone()),
        Checkpoint::new(Revision(revision.0 + 5), hash, body.clone()),
        Checkpoint::new(revision, hash, "{}".into()),
        Checkpoint::new(revision, hash, body.replace("\"p\"", "\"q\"")),
        Checkpoint::new(revision, hash, body.replace("boolean", "colour")),
    ] {
        store.save_checkpoint("p", bad).unwrap();
        assert_eq!(rebuild(&store, "p", None).unwrap(), newest);
    }
    // A good one is used: this one says what the log does not.
    store.save_checkpoint("p", checkpoint::write(&lying)).unwrap();
    assert_eq!(rebuild(&store, "p", None).unwrap(), lying);
}

#[test]
fn a_revision_beyond_the_log_is_unknown() {
    let store = switched(1);
    let error = rebuild(&store, "p", Some(Revision(5))).unwrap_err();
    assert!(matches!(error, ProjectionError::UnknownRevision(Revision(5))));
    assert_eq!(rebuild(&store, "q", None).unwrap(), State::start("q"));
}

#[test]
fn reverts_of_reverts_cost_one_replay() {
    let store = switched(2);
    // Each goes back to the one before the last: naively that is Fibonacci's cost.
    let mut state = State::start("p");
    catch_up(&mut state, &store).unwrap();
    for head in 5..400 {
        append(&store, vec![Change::Reverted { environment: None, to: Revision(head - 1) }]);
    }
    let started = std::time::Instant::now();
    for at in 4..400 {
        assert_eq!(enabled(&store, at), at % 2 == 0, "{at}");
    }
    catch_up(&mut state, &store).unwrap();
    assert_eq!(state, rebuild(&store, "p", None).unwrap());
    assert!(started.elapsed().as_secs() < 60);
}

#[test]
fn reverts_reach_across_checkpoints() {
    let store = switched(10);
    for at in [5, 8, 12] {
        let state = rebuild(&store, "p", Some(Revision(at))).unwrap();
        store.save_checkpoint("p", checkpoint::write(&state)).unwrap();
    }
    for to in [4, 7, 5, 14, 9] {
        append(&store, vec![Change::Reverted { environment: None, to: Revision(to) }]);
        let head = store.head("p").unwrap().unwrap().revision;
        let history = StoreHistory { store: &store, project: "p" };
        let now = history.project_at(head).unwrap();
        assert_eq!(now, history.project_at(Revision(to)).unwrap(), "to {to}");
    }
    assert_eq!(enabled(&store, 14), enabled(&store, 4));
}
