//! Logs of every schema that was ever written open, for ever.
//!
//! `tests/cases/log/schema-N` holds a store that a Vexil of that schema wrote, with every kind of
//! event it had, and the document that it came to. Nothing there is ever rewritten.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use uuid::Uuid;
use vexil_compiler::document;
use vexil_compiler::flag_set::Project;
use vexil_server::log::change::Change;
use vexil_server::log::event::{Append, Hash, Record, Revision, Via};
use vexil_server::log::sqlite::SqliteStore;
use vexil_server::log::store::Store;
use vexil_server::log::upcast::SCHEMA;
use vexil_server::log::verify::{Verification, verify};
use vexil_server::projection::rebuild::rebuild;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/log")
}

/// A copy of the store of a schema, opened by this version.
fn opened(schema: u32, folder: &Path) -> SqliteStore {
    let file = folder.join("store.sqlite");
    std::fs::copy(corpus().join(format!("schema-{schema}/store.sqlite")), &file).unwrap();
    SqliteStore::open(&file).unwrap()
}

fn records(store: &SqliteStore) -> Vec<Record> {
    store.records("shop", Revision::ZERO, 1_000).unwrap()
}

#[test]
fn every_schema_has_a_log_in_the_corpus() {
    for schema in 1..=SCHEMA {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(schema, folder.path());
        assert!(records(&store).iter().all(|record| record.schema == schema), "{schema}");
    }
}

#[test]
fn a_log_of_every_schema_is_whole_and_comes_to_its_document() {
    for schema in 1..=SCHEMA {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(schema, folder.path());
        let whole = matches!(verify(&store, "shop").unwrap(), Verification::Whole(_));
        assert!(whole, "the chain of schema {schema}");
        let state = rebuild(&store, "shop", None).unwrap();
        let project = Project { key: Some("shop".to_owned()), ..state.project };
        let file = corpus().join(format!("schema-{schema}/document.json"));
        let expected: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        // As text: the order of variants has a meaning.
        let written = document::write(&project);
        assert_eq!(written.to_string(), expected.to_string(), "schema {schema}");
    }
}

#[test]
fn a_log_of_every_schema_goes_on() {
    for schema in 1..=SCHEMA {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(schema, folder.path());
        let before = records(&store);
        let environment = "added".to_owned();
        let via = Via { address: Some("192.0.2.7".to_owned()), ..Via::default() };
        let append = Append {
            id: Uuid::now_v7(),
            request: Hash::default(),
            time_ms: 1,
            actor: "corpus".to_owned(),
            comment: None,
            via,
            changes: vec![Change::EnvironmentCreated { environment }],
            expected: None,
        };
        store.append("shop", append).unwrap();
        drop(store);
        let store = SqliteStore::open(&folder.path().join("store.sqlite")).unwrap();
        assert!(matches!(verify(&store, "shop").unwrap(), Verification::Whole(_)));
        let after = records(&store);
        assert_eq!(after[..before.len()], before, "what was there is as it was");
        assert_eq!(after.last().unwrap().schema, SCHEMA);
    }
}

#[test]
fn the_newest_schema_has_every_kind_of_event_that_projects_have() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(SCHEMA, folder.path());
    let kinds: BTreeSet<String> = records(&store).into_iter().map(|record| record.kind).collect();
    let documented = std::fs::read_to_string(corpus().join("../../../docs/log.md")).unwrap();
    let table = documented.split("### Kinds").nth(1).unwrap().split("A `definition`").next();
    let named = table.unwrap().lines().filter_map(|line| line.strip_prefix("| `"));
    for kind in named.filter_map(|line| line.split('`').next()) {
        assert!(kinds.contains(kind), "{kind}");
    }
}

#[test]
fn a_log_of_every_schema_is_archived_and_read_as_before() {
    for schema in 1..=SCHEMA {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(schema, folder.path());
        let before = records(&store);
        let last = before[before.len() - 2].revision;
        assert_eq!(store.archive("shop", last, None).unwrap().last, last);
        let mut after = records(&store);
        after.extend(store.records("shop", last, 1_000).unwrap());
        assert_eq!(after, before, "schema {schema}");
        assert!(matches!(verify(&store, "shop").unwrap(), Verification::Whole(_)), "{schema}");
    }
}
