//! Archives of the store in SQLite, and the note of its heads: what is particular to them.

use std::fs;
use std::path::PathBuf;

use super::tests::Folder;
use super::*;
use crate::limits;
use crate::log::conformance::{Reopen, all, append, suite};
use crate::log::verify::verify;

/// A store whose events, but for the newest, are archived whenever it is opened.
struct Archiving(Folder);

impl Reopen for Archiving {
    fn open(&self) -> Arc<dyn Store> {
        let store = self.0.store();
        for (project, _) in store.projects().unwrap() {
            archive_all(&store, &project);
        }
        Arc::new(store)
    }
}

suite!(Archiving(Folder::new()));

/// Archives all but the newest event.
fn archive_all(store: &SqliteStore, project: &str) {
    let head = store.head(project).unwrap().unwrap().revision;
    loop {
        let before = store.archives(project).unwrap().last().map_or(0, |it| it.last.0);
        let last = (head.0 - 1).min(before + limits::ARCHIVE_EVENTS_MAX);
        if last <= before {
            return;
        }
        store.archive(project, Revision(last), None).unwrap();
    }
}

/// A store of 30 appends of 3 events, of which the first 60 events are in two archives.
fn archived() -> (Folder, Vec<Record>) {
    let folder = Folder::new();
    let store = folder.store();
    for _ in 0..30 {
        store.append("p", append(3)).unwrap();
    }
    let records = all(&store, "p");
    for last in [41, 60] {
        store.archive("p", Revision(last), None).unwrap();
    }
    (folder, records)
}

fn files(folder: &Folder) -> Vec<PathBuf> {
    let path = folder.path().with_file_name("vexil.db.archive");
    let mut files: Vec<PathBuf> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn count(folder: &Folder, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    folder.raw().query_row(&sql, (), |row| row.get(0)).unwrap()
}

#[test]
fn archived_events_are_read_as_before_and_are_in_the_database_no_more() {
    let (folder, records) = archived();
    let store = folder.store();
    assert_eq!(all(&store, "p"), records);
    for after in 0..90 {
        let read = store.records("p", Revision(after), 5).unwrap();
        let expected = &records[after as usize..];
        assert_eq!(read, expected[..read.len()], "after {after}");
        assert!(!read.is_empty());
    }
    assert!(matches!(verify(&store, "p").unwrap(), Verification::Whole(_)));
    assert_eq!(count(&folder, "events"), 30);
    assert_eq!(count(&folder, "appends"), 10, "ids go with their events");
    assert_eq!(files(&folder).len(), 2);
    let appended = store.append("p", append(1)).unwrap();
    assert_eq!(appended.first, Revision(91));
}

#[test]
fn what_cannot_be_archived_stays_and_is_told_why() {
    let (folder, records) = archived();
    let store = folder.store();
    for (last, why) in [(90, "the newest event, 90, stays"), (60, "already, up to 60")] {
        let error = store.archive("p", Revision(last), None).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let error = store.archive("q", Revision(1), None).unwrap_err().to_string();
    assert!(error.contains("no project `q`"), "{error}");
    assert_eq!(all(&store, "p"), records);
    let raw = folder.raw();
    let error = raw.execute("DELETE FROM events WHERE revision = 61", ()).unwrap_err().to_string();
    assert!(error.contains("not removed before they are archived"), "{error}");
}

#[test]
fn a_file_that_cannot_be_written_leaves_everything_as_it_was() {
    let folder = Folder::new();
    let store = folder.store();
    for _ in 0..3 {
        store.append("p", append(3)).unwrap();
    }
    let records = all(&store, "p");
    // Where the folder is to be there is a file.
    fs::write(folder.path().with_file_name("vexil.db.archive"), "").unwrap();
    let error = store.archive("p", Revision(5), None).unwrap_err();
    assert!(matches!(error, StoreError::NotWritten { .. }), "{error}");
    assert_eq!((all(&store, "p"), store.archives("p").unwrap().len()), (records, 0));
}

#[test]
fn an_archive_that_is_missing_or_altered_is_named_and_the_rest_goes_on() {
    let (folder, records) = archived();
    let first = files(&folder).remove(0);
    let name = first.file_name().unwrap().to_str().unwrap().to_owned();
    let whole = fs::read(&first).unwrap();
    let mut altered = whole.clone();
    altered[whole.len() / 3] ^= 1;
    for content in [None, Some(&altered[..]), Some(&whole[..whole.len() - 1]), Some(b"")] {
        fs::remove_file(&first).unwrap();
        if let Some(content) = content {
            fs::write(&first, content).unwrap();
        } else {
            let kept = first.with_extension("kept");
            fs::write(&kept, &whole).unwrap();
        }
        let store = folder.store();
        let error = store.records("p", Revision::ZERO, 10).unwrap_err().to_string();
        assert!(error.contains(&name), "{error}");
        let error = verify(&store, "p").unwrap_err().to_string();
        assert!(error.contains(&name), "{error}");
        assert_eq!(store.records("p", Revision(41), 5).unwrap(), records[41..46]);
        store.append("p", append(1)).unwrap();
        drop(store);
        fs::write(&first, &whole).unwrap();
    }
    assert_eq!(all(&folder.store(), "p")[..90], records);
}

#[test]
fn events_that_are_in_both_places_after_a_crash_leave_the_database_at_the_next_start() {
    let folder = Folder::new();
    let store = folder.store();
    for _ in 0..4 {
        store.append("p", append(3)).unwrap();
    }
    let records = all(&store, "p");
    let (id, archived) = store
        .readers
        .with(|connection| {
            let (id, before, end) = archived::stretch(connection, "p", Revision(7))?;
            let project = "p".to_owned();
            let header = Header { project, before, end, checkpoint: None };
            Ok((id, store.archives.write(connection, &header)?))
        })
        .unwrap();
    store.writer.archived(id, archived).unwrap();
    assert_eq!((count(&folder, "events"), all(&store, "p")), (12, records.clone()));
    drop(store);
    let store = folder.store();
    assert_eq!((count(&folder, "events"), all(&store, "p")), (5, records));
}

#[test]
fn a_copy_holds_its_archives_and_is_a_store() {
    let (folder, records) = archived();
    let elsewhere = Folder::new();
    folder.store().copy_to(&elsewhere.path()).unwrap();
    let copy = elsewhere.store();
    assert_eq!(all(&copy, "p"), records);
    assert!(matches!(verify(&copy, "p").unwrap(), Verification::Whole(_)));
    // It goes on archiving, into files of its own, and can be copied again.
    for _ in 0..3 {
        copy.append("p", append(3)).unwrap();
    }
    copy.archive("p", Revision(80), None).unwrap();
    assert_eq!(files(&elsewhere).len(), 1);
    let third = Folder::new();
    copy.copy_to(&third.path()).unwrap();
    assert_eq!(all(&third.store(), "p"), all(&copy, "p"));
    // Without its archives a store is not copied: it would not be one.
    fs::remove_file(&files(&folder)[0]).unwrap();
    let error = folder.store().copy_to(&Folder::new().path()).unwrap_err();
    assert!(matches!(error, StoreError::Archive { .. }), "{error}");
}

#[test]
fn another_history_with_the_same_numbers_overwrites_no_archive() {
    let (folder, records) = archived();
    let before = files(&folder);
    for end in ["", "-wal", "-shm", ".heads"] {
        let _ = fs::remove_file(folder.path().with_file_name(format!("vexil.db{end}")));
    }
    let store = folder.store();
    for _ in 0..30 {
        store.append("p", append(3)).unwrap();
    }
    store.archive("p", Revision(41), None).unwrap();
    assert_eq!(files(&folder).len(), before.len() + 1);
    assert_ne!(all(&store, "p")[..41], records[..41]);
}

#[test]
fn what_was_begun_and_not_finished_is_taken_away_at_the_next_start() {
    let (folder, records) = archived();
    let part = files(&folder)[0].with_extension("zst.part");
    fs::write(&part, "half").unwrap();
    let copies = folder.path().with_file_name("vexil.db.copies");
    fs::create_dir_all(copies.join("backup-x")).unwrap();
    assert_eq!(all(&folder.store(), "p"), records);
    assert!(!part.exists() && !copies.exists());
}

#[test]
fn a_pipe_or_a_larger_file_in_the_place_of_an_archive_is_not_read() {
    let (folder, _) = archived();
    let first = files(&folder).remove(0);
    let bytes = fs::metadata(&first).unwrap().len();
    fs::File::options().write(true).open(&first).unwrap().set_len(bytes << 30).unwrap();
    let elsewhere = Folder::new();
    let error = folder.store().copy_to(&elsewhere.path()).unwrap_err();
    let said = crate::hub::error::chain(&error);
    assert!(said.contains(&format!("no file of {bytes} bytes")), "{said}");
}

#[test]
fn the_state_in_an_archive_is_found_when_it_is_the_nearest() {
    let folder = Folder::new();
    let store = folder.store();
    for _ in 0..10 {
        store.append("p", append(3)).unwrap();
    }
    let hash = |at: u64| store.records("p", Revision(at - 1), 1).unwrap()[0].hash;
    let checkpoint = |at: u64| Checkpoint::new(Revision(at), hash(at), format!("{{\"at\":{at}}}"));
    store.archive("p", Revision(9), None).unwrap();
    store.archive("p", Revision(18), Some(checkpoint(9))).unwrap();
    store.save_checkpoint("p", checkpoint(12)).unwrap();
    let found = |at| store.checkpoint("p", Revision(at)).unwrap().map(|it| it.revision.0);
    assert_eq!(
        [found(8), found(9), found(11), found(12), found(30)],
        [None, Some(9), Some(9), Some(12), Some(12)]
    );
    assert_eq!(store.checkpoint("p", Revision(9)).unwrap(), Some(checkpoint(9)));
}

#[test]
fn a_store_that_has_lost_its_end_takes_no_writes_and_says_what_to_do() {
    let folder = Folder::new();
    let store = folder.store();
    store.append("p", append(3)).unwrap();
    store.append("q", append(3)).unwrap();
    drop(store);
    let older = fs::read(folder.path()).unwrap();
    let store = folder.store();
    store.append("p", append(2)).unwrap();
    drop(store);
    // Somebody puts an older file in its place.
    fs::write(folder.path(), older).unwrap();
    let store = folder.store();
    let error = store.append("p", append(1)).unwrap_err().to_string();
    for part in ["ends at 3", "up to 5 were acknowledged", "vexil.db.heads"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(all(&store, "p").len(), 3, "it is read all the same");
    assert!(store.append("q", append(1)).is_ok(), "others are not touched");
    drop(store);
    fs::remove_file(folder.path().with_file_name("vexil.db.heads")).unwrap();
    assert!(folder.store().append("p", append(1)).is_ok());
}

#[test]
fn a_store_with_another_past_takes_no_writes() {
    let folder = Folder::new();
    folder.store().append("p", append(3)).unwrap();
    let witness = folder.path().with_file_name("vexil.db.heads");
    let other = Folder::new();
    other.store().append("p", append(4)).unwrap();
    fs::copy(witness, other.path().with_file_name("vexil.db.heads")).unwrap();
    let error = other.store().append("p", append(1)).unwrap_err().to_string();
    assert!(error.contains("event 3 is not the one that was acknowledged"), "{error}");
}

/// Bits that rot in the write-ahead log make SQLite drop all that stands behind them, and say
/// nothing: the note of the heads says it.
#[test]
fn a_rotten_bit_in_the_journal_costs_no_event_unnoticed() {
    let folder = Folder::new();
    let store = folder.store();
    for _ in 0..20 {
        store.append("p", append(3)).unwrap();
    }
    // Written a moment later, or when the store is closed.
    let journal = fs::read(folder.path().with_file_name("vexil.db-wal")).unwrap();
    let database = fs::read(folder.path()).unwrap();
    let whole = all(&store, "p");
    drop(store);
    let noted = fs::read(folder.path().with_file_name("vexil.db.heads")).unwrap();
    let (mut lost, mut kept) = (0, 0);
    // The last one flips nothing.
    for byte in (0..journal.len()).step_by(1_009).chain([journal.len()]) {
        let copy = Folder::new();
        let mut rotten = journal.clone();
        if let Some(byte) = rotten.get_mut(byte) {
            *byte ^= 0x10;
        }
        fs::write(copy.path(), &database).unwrap();
        fs::write(copy.path().with_file_name("vexil.db-wal"), rotten).unwrap();
        fs::write(copy.path().with_file_name("vexil.db.heads"), &noted).unwrap();
        let store = match SqliteStore::open(&copy.path()) {
            Ok(store) => store,
            Err(_) => continue,
        };
        let events = all(&store, "p");
        assert_eq!(events, whole[..events.len()], "byte {byte}: what is there is as it was");
        let append = store.append("p", append(1));
        match events.len() == whole.len() {
            true => kept += usize::from(append.is_ok()),
            false => {
                lost += 1;
                assert!(matches!(append, Err(AppendError::Broken { .. })), "byte {byte}");
            }
        }
    }
    assert!(lost > 10 && kept > 0, "{lost} lost, {kept} kept");
}
