//! What is particular to the store in SQLite: its file, its lock, its settings, its faults.

use tempfile::TempDir;

use super::*;
use crate::log::change::Change;
use crate::log::conformance::{Reopen, all, append, suite};
use crate::log::event::Hash;
use crate::log::verify::{Fault, verify};

pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self) -> std::path::PathBuf {
        self.0.path().join("vexil.db")
    }

    pub(super) fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).unwrap()
    }

    /// The file as another program sees it.
    pub(super) fn raw(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }
}

impl Reopen for Folder {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.store())
    }
}

suite!(Folder::new());

#[test]
fn a_second_holder_is_refused_and_told_who_has_it() {
    let folder = Folder::new();
    let store = folder.store();
    let error = SqliteStore::open(&folder.path()).unwrap_err().to_string();
    assert!(error.contains("in use"), "{error}");
    assert!(error.contains(&std::process::id().to_string()), "{error}");
    store.append("p", append(1)).unwrap();
    drop(store);
    assert_eq!(all(&folder.store(), "p").len(), 1);
}

/// Asserts that the file at `folder` is refused with a message that holds `says`, and untouched.
fn refused(folder: &Folder, says: &str) {
    let before = std::fs::read(folder.path()).unwrap();
    let error = SqliteStore::open(&folder.path()).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
    assert_eq!(std::fs::read(folder.path()).unwrap(), before);
    let beside = std::fs::read_dir(folder.0.path()).unwrap().count();
    assert_eq!(beside, 1, "no lock file is left behind");
}

#[test]
fn what_is_not_ours_is_refused_and_untouched() {
    let folder = Folder::new();
    std::fs::write(folder.path(), "flags: {}\n").unwrap();
    refused(&folder, "not an SQLite file");

    let folder = Folder::new();
    folder.raw().execute_batch("CREATE TABLE accounts (id INTEGER)").unwrap();
    refused(&folder, "another application");

    let folder = Folder::new();
    drop(folder.store());
    std::fs::remove_file(folder.0.path().join("vexil.db.lock")).unwrap();
    folder.raw().pragma_update(None, "user_version", 5).unwrap();
    refused(&folder, "newer vexil");
    folder.raw().pragma_update(None, "user_version", 1).unwrap();
    refused(&folder, "before its first release");
}

#[test]
fn a_path_that_cannot_be_is_an_error() {
    let folder = Folder::new();
    let error = SqliteStore::open(&folder.0.path().join("absent/vexil.db")).unwrap_err();
    assert!(matches!(error, OpenError::File { .. }), "{error}");
    for path in [folder.0.path(), Path::new("/dev/null")] {
        let error = SqliteStore::open(path).unwrap_err();
        assert!(matches!(error, OpenError::NotAFile { .. }), "{error}");
        let mut lock = path.as_os_str().to_owned();
        lock.push(".lock");
        assert!(!Path::new(&lock).exists());
    }
}

#[test]
fn what_makes_a_file_unreadable_comes_with_what_to_do() {
    for sql in [
        "DROP TABLE projects",
        "DROP TABLE events",
        "ALTER TABLE projects RENAME COLUMN head TO tail",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(replace(sql, \
         'STRICT', ''), 'kind TEXT NOT NULL', 'kind')",
    ] {
        let folder = Folder::new();
        folder.store().append("p", append(2)).unwrap();
        tamper(&folder, &format!("PRAGMA foreign_keys = OFF; {sql}"));
        if sql.starts_with("PRAGMA") {
            folder.raw().execute("UPDATE events SET kind = NULL", ()).unwrap();
        }
        let error = SqliteStore::open(&folder.path()).unwrap_err().to_string();
        assert!(error.contains("damaged or is not a vexil store"), "{sql}: {error}");
        assert!(error.contains("integrity_check"), "{sql}: {error}");
    }
}

#[test]
fn a_setting_that_does_not_take_is_refused() {
    // A database in memory has no WAL.
    let connection = Connection::open_in_memory().unwrap();
    let error = open::setting(&connection, "journal_mode", "WAL", "wal").unwrap_err();
    assert!(matches!(error, OpenError::Setting { found, .. } if found == "memory"));
}

#[test]
fn the_file_itself_refuses_to_be_edited() {
    let folder = Folder::new();
    let store = folder.store();
    store.append("p", append(2)).unwrap();
    let raw = folder.raw();
    for (sql, why) in [
        ("UPDATE events SET actor = 'mallory'", "never edited"),
        ("DELETE FROM events", "not removed before they are archived"),
        ("UPDATE projects SET head = 1", "only go forward"),
        (
            "INSERT OR REPLACE INTO events SELECT project, 1, id, 0, '', '', 1, '', '', hash, '' FROM events",
            "no gaps",
        ),
        ("UPDATE projects SET head_hash = 'x'", "constraint"),
    ] {
        let error = raw.execute(sql, ()).unwrap_err().to_string();
        assert!(error.contains(why) || error.contains("cannot store"), "{sql}: {error}");
    }
}

/// Changes the file behind the triggers' back, while it is closed.
fn tamper(folder: &Folder, sql: &str) {
    let raw = folder.raw();
    let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
    let names: Vec<String> = {
        let mut select = raw.prepare(triggers).unwrap();
        let rows = select.query_map((), |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    names.iter().for_each(|name| raw.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
    raw.execute_batch(sql).unwrap();
}

fn fault(folder: &Folder) -> Fault {
    let store = folder.store();
    let Verification::Broken(fault) = verify(&store, "p").unwrap() else {
        panic!("the fault was not found");
    };
    let error = store.append("p", append(1)).unwrap_err();
    assert!(matches!(&error, AppendError::Broken { message, .. } if *message == fault.message));
    assert!(store.append("q", append(1)).is_ok(), "other projects go on");
    assert!(!all(&store, "p").is_empty(), "it can still be read");
    fault
}

#[test]
fn the_first_altered_or_missing_event_is_named() {
    for (sql, revision, says) in [
        ("UPDATE events SET actor = 'mallory' WHERE revision = 3", 3, "event 3 was altered"),
        ("UPDATE events SET payload = payload || ' ' WHERE revision = 4", 4, "event 4 was altered"),
        ("DELETE FROM events WHERE revision = 2", 2, "event 2 is missing"),
        ("DELETE FROM events WHERE revision > 4", 5, "event 5 is missing"),
        ("UPDATE projects SET head_hash = zeroblob(32)", 6, "event 6 was altered"),
        ("UPDATE events SET hash = zeroblob(32) WHERE revision = 1", 1, "event 1 was altered"),
    ] {
        let folder = Folder::new();
        let store = folder.store();
        store.append("p", append(6)).unwrap();
        drop(store);
        tamper(&folder, sql);
        let fault = fault(&folder);
        assert_eq!(fault.revision, Revision(revision), "{sql}");
        assert!(fault.message.contains(says), "{sql}: {}", fault.message);
    }
}

#[test]
fn the_log_of_one_project_is_not_that_of_another() {
    let folder = Folder::new();
    folder.store().append("p", append(6)).unwrap();
    tamper(&folder, "UPDATE projects SET key = 'other'");
    let found = verify(&folder.store(), "other").unwrap();
    assert!(matches!(found, Verification::Broken(fault) if fault.revision == Revision(1)));
}

fn large(bytes: usize) -> Append {
    let environment = "x".repeat(bytes);
    Append { changes: vec![Change::EnvironmentCreated { environment }; 2], ..append(1) }
}

#[test]
fn a_full_disk_refuses_whole_appends_and_works_again_with_room() {
    let folder = Folder::new();
    let store = folder.store();
    store.append("p", append(1)).unwrap();
    store.limit_pages(200).unwrap();
    let refused = loop {
        let given = large(50_000);
        match store.append("p", given.clone()) {
            Ok(_) => {}
            Err(AppendError::Full) => break given,
            Err(other) => panic!("{other}"),
        }
    };
    let before = all(&store, "p");
    assert_eq!(before.len() % 2, 1, "one and pairs: no half append");
    assert!(matches!(store.append("p", refused.clone()), Err(AppendError::Full)));
    assert_eq!(all(&store, "p"), before);
    assert_eq!(store.appended("p", refused.id).unwrap(), None);
    let head = store.head("p").unwrap().unwrap();
    let large = Checkpoint::new(head.revision, head.hash, "x".repeat(200 * 4_096));
    assert!(matches!(store.save_checkpoint("p", large), Err(StoreError::Full)));
    store.limit_pages(u32::MAX - 1).unwrap();
    assert_eq!(store.append("p", refused).unwrap().first, head.revision.next());
    assert!(matches!(verify(&store, "p").unwrap(), Verification::Whole(_)));
}

#[test]
fn in_one_group_each_append_is_on_its_own() {
    let folder = Folder::new();
    let store = Arc::new(folder.store());
    store.append("p", append(1)).unwrap();
    store.limit_pages(300).unwrap();
    // Small ones fit, large ones do not; they arrive together.
    let threads: Vec<_> = (0..32)
        .map(|index| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                let given = if index % 2 == 0 { large(1_000_000) } else { append(2) };
                (index, store.append("p", given))
            })
        })
        .collect();
    for thread in threads {
        let (index, result) = thread.join().unwrap();
        match result {
            Ok(_) => assert_eq!(index % 2, 1),
            Err(AppendError::Full) => assert_eq!(index % 2, 0),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(all(&*store, "p").len(), 1 + 16 * 2);
    assert!(matches!(verify(&*store, "p").unwrap(), Verification::Whole(_)));
}

#[test]
fn what_waits_when_the_store_is_closed_is_committed() {
    let folder = Folder::new();
    let store = Arc::new(folder.store());
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || store.append("p", append(1)).unwrap())
        })
        .collect();
    drop(store);
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(all(&folder.store(), "p").len(), 8);
}

/// Overwrites the file after its first page.
fn rot(folder: &Folder) {
    use std::io::{Seek as _, SeekFrom, Write as _};
    let mut file = std::fs::File::options().write(true).open(folder.path()).unwrap();
    let bytes = file.metadata().unwrap().len() - 4_096;
    file.seek(SeekFrom::Start(4_096)).unwrap();
    file.write_all(&vec![0x5a; bytes as usize]).unwrap();
    file.sync_all().unwrap();
}

#[test]
fn a_damaged_file_is_an_error() {
    let folder = Folder::new();
    folder.store().append("p", append(2)).unwrap();
    rot(&folder);
    let error = SqliteStore::open(&folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::Store(StoreError::Database(_))), "{error}");
}

#[test]
fn after_a_fault_of_the_disk_the_writer_stops() {
    let folder = Folder::new();
    folder.store().append("p", append(2)).unwrap();
    let store = folder.store();
    rot(&folder);
    for _ in 0..2 {
        let error = store.append("p", append(1)).unwrap_err();
        assert!(
            matches!(&error, AppendError::Stopped(why) if why.contains("disk failed")),
            "{error}"
        );
    }
    let checkpoint = Checkpoint::new(Revision(2), Hash([0; 32]), "{}".into());
    assert!(matches!(store.save_checkpoint("p", checkpoint), Err(StoreError::Stopped(_))));
}

/// Copies the store's files as a crash would leave them, with the WAL cut to `wal` bytes.
fn crashed(folder: &Folder, wal: u64) -> Folder {
    let copy = Folder::new();
    std::fs::copy(folder.path(), copy.path()).unwrap();
    let name = |folder: &Folder| folder.0.path().join("vexil.db-wal");
    std::fs::copy(name(folder), name(&copy)).unwrap();
    let file = std::fs::File::options().write(true).open(name(&copy)).unwrap();
    file.set_len(wal).unwrap();
    copy
}

#[test]
fn a_torn_write_leaves_whole_appends() {
    let folder = Folder::new();
    let store = folder.store();
    for _ in 0..20 {
        store.append("p", append(3)).unwrap();
    }
    let wal = std::fs::metadata(folder.0.path().join("vexil.db-wal")).unwrap().len();
    // A stride that meets every part of a page sooner or later.
    let cuts = (0..wal).step_by(1_997).chain([wal]);
    let mut longest = 0;
    for cut in cuts {
        let copy = crashed(&folder, cut);
        let store = copy.store();
        let events = all(&store, "p").len();
        assert_eq!(events % 3, 0, "cut at {cut}");
        assert!(events >= longest, "cut at {cut}: a longer file holds no less");
        longest = events;
        if events > 0 {
            assert!(matches!(verify(&store, "p").unwrap(), Verification::Whole(_)));
        }
        assert!(store.append("p", append(1)).is_ok());
    }
    assert_eq!(longest, 60);
}

#[cfg(unix)]
#[test]
fn a_file_is_one_file_by_whatever_name_it_is_reached() {
    let folder = Folder::new();
    let store = folder.store();
    let link = folder.0.path().join("link.db");
    std::os::unix::fs::symlink(folder.path(), &link).unwrap();
    let error = SqliteStore::open(&link).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    drop(store);
    drop(SqliteStore::open(&link).unwrap());
    std::fs::hard_link(folder.path(), folder.0.path().join("twin.db")).unwrap();
    let error = SqliteStore::open(&folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::ManyNames(_)), "{error}");
}

#[test]
fn a_head_that_was_set_back_is_found_out() {
    let folder = Folder::new();
    folder.store().append("p", append(3)).unwrap();
    let raw = folder.raw();
    raw.execute_batch("DROP TRIGGER heads_go_forward").unwrap();
    raw.execute("UPDATE projects SET head = 2", ()).unwrap();
    drop(raw);
    let store = folder.store();
    let Verification::Broken(fault) = verify(&store, "p").unwrap() else { panic!("it is whole") };
    assert_eq!(fault.revision, Revision(3));
    assert!(fault.message.contains("set back to 2"), "{}", fault.message);
    assert!(matches!(store.append("p", append(1)), Err(AppendError::Broken { .. })));
}
