//! A disk that fills up: a real one, of a few megabytes, in memory.
//!
//! The test starts itself again as a child in a mount namespace of its own, where it may mount a
//! `tmpfs` without being root. Linux only: elsewhere a quota of pages stands in for it
//! (`a_full_disk_refuses_whole_appends_and_works_again_with_room`).

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;
use std::process::Command;

use uuid::Uuid;
use vexil_server::log::change::{Change, FlagChange};
use vexil_server::log::event::{Append, Hash, Revision, Via};
use vexil_server::log::sqlite::SqliteStore;
use vexil_server::log::store::{AppendError, Checkpoint, Store as _, StoreError};
use vexil_server::log::verify::{Verification, verify};

const FOLDER: &str = "VEXIL_SMALL_DISK";
const NOT_MOUNTED: &str = "no file system of a few megabytes could be mounted";

fn append(comment: &str) -> Append {
    let change = Change::InEnvironment {
        environment: "production".into(),
        flag: "f".into(),
        change: FlagChange::Enabled,
    };
    Append {
        id: Uuid::now_v7(),
        request: Hash::default(),
        time_ms: 1,
        actor: "disk".into(),
        comment: Some(comment.into()),
        via: Via::default(),
        changes: vec![change; 3],
        expected: None,
    }
}

/// Appends until the disk is full; gives how many were acknowledged.
fn fill(store: &SqliteStore) -> u64 {
    let comment = "x".repeat(4_000);
    for acknowledged in 0.. {
        match store.append("p", append(&comment)) {
            Ok(_) => {}
            Err(AppendError::Full) => return acknowledged,
            Err(other) => panic!("{other:?}"),
        }
    }
    unreachable!()
}

fn is_whole(store: &SqliteStore) -> u64 {
    let Verification::Whole(head) = verify(store, "p").unwrap() else { panic!("it is broken") };
    head.revision.0
}

/// The child: does nothing when it is run as an ordinary test.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"])
        .arg(folder)
        .status()
        .unwrap();
    assert!(mounted.success(), "{NOT_MOUNTED}");
    let (path, ballast) = (folder.join("vexil.db"), folder.join("ballast"));
    let store = SqliteStore::open(&path).unwrap();
    fs::write(&ballast, vec![1; 1 << 20]).unwrap();

    let first = fill(&store);
    assert!(first > 100, "{first}");
    assert_eq!(is_whole(&store), first * 3, "what was acknowledged is there, and nothing else");
    // Whatever else wants to write is refused as clearly, and leaves nothing behind.
    let archived = store.archive("p", Revision(first * 3 / 2), None);
    assert!(matches!(archived, Err(StoreError::Full)), "{archived:?}");
    let body = "x".repeat(3 << 20);
    let saved = store.save_checkpoint("p", Checkpoint::new(Revision(1), Hash::default(), body));
    assert!(matches!(saved, Err(StoreError::Full)), "{saved:?}");
    let copied = store.copy_to(&folder.join("copy.db"));
    assert!(matches!(copied, Err(StoreError::Full)), "{copied:?}");
    let _ = fs::remove_file(folder.join("copy.db"));
    let left = fs::read_dir(folder.join("vexil.db.archive")).unwrap().count();
    assert_eq!(left, 0, "half of an archive is left");
    assert_eq!(is_whole(&store), first * 3);

    // A start on a full disk serves what is there.
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(is_whole(&store), first * 3);

    // There is room again: nothing has to be done for it to go on.
    fs::remove_file(&ballast).unwrap();
    store.append("p", append("again")).unwrap();
    store.archive("p", Revision(first * 3 / 2), None).unwrap();
    assert_eq!(is_whole(&store), first * 3 + 3);
    // What was archived has left room in the database.
    let more = fill(&store);
    assert!(more > 10, "{more}");
    assert_eq!(is_whole(&store), (first + 1 + more) * 3);
    println!("{first} appends until the disk was full, {more} more with room and an archive");
}

#[test]
fn a_full_disk_refuses_clearly_loses_nothing_and_goes_on_when_there_is_room() {
    if std::env::var_os(FOLDER).is_some() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .arg(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    // Some machines give no namespaces: those of containers, to nobody.
    if !output.status.success() && (said.contains("unshare:") || said.contains(NOT_MOUNTED)) {
        println!("NOT RUN: this machine gives no mount namespace");
        return;
    }
    assert!(output.status.success() && said.contains("until the disk was full"));
}
