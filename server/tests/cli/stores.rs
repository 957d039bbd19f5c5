//! Stores in files: what is there after a restart, and what was done to a file behind the server's back.

use std::path::Path;

use vexil_server::log::sqlite::SqliteStore;
use vexil_server::log::store::{Checkpoint, Store as _};
use vexil_server::projection::checkpoint;
use vexil_server::projection::rebuild::rebuild;

use super::{Server, json, run, text, vexil};

#[test]
fn a_store_in_a_file_is_there_again_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("vexil.db");
    let server = Server::start_with(&["--store", store.to_str().unwrap()]);
    run(&server, "apply flags.yaml");
    let (before, log) = (run(&server, "export"), run(&server, "log show --all"));
    assert_eq!(server.end("-TERM"), Some(0));
    let server = Server::start_with(&["--store", store.to_str().unwrap()]);
    assert_eq!((run(&server, "export"), run(&server, "log show --all")), (before, log));
}

#[test]
fn a_file_is_verified_without_a_server_and_what_was_done_to_it_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("vexil.db");
    let server = Server::start_with(&["--store", store.to_str().unwrap()]);
    run(&server, "apply flags.yaml");
    let head: serde_json::Value = json(&run(&server, "log verify --json"));
    let (events, hash) = (head["events"].as_u64().unwrap(), head["head_hash"].as_str().unwrap());
    let noted = format!("{events}:{}", hash.to_uppercase());
    run(&server, "flag off checkout-v2 -e production");
    let in_use = vexil(&["log", "verify", "--store", store.to_str().unwrap()]).output().unwrap();
    assert!(text(&in_use.stderr).contains("in use by another vexil"), "{in_use:?}");
    assert_eq!(server.end("-TERM"), Some(0));

    let verify = |file: &Path, more: &[&str]| {
        let mut arguments = vec!["log", "verify", "--store", file.to_str().unwrap()];
        arguments.extend(more);
        let output = vexil(&arguments).output().unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let (code, said) = verify(&store, &["-p", "shop", "--expect", &noted]);
    assert_eq!((code, said.contains("is whole")), (Some(0), true), "{said}");
    let (code, said) = verify(&store, &[]);
    assert_eq!((code, said.contains("the log of shop is whole")), (Some(0), true), "{said}");

    let last = events + 1;
    let spoilt = |name: &str, statements: &str| {
        let file = directory.path().join(name);
        std::fs::copy(&store, &file).unwrap();
        let database = rusqlite::Connection::open(&file).unwrap();
        let mut triggers = database
            .prepare("SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'")
            .unwrap();
        let drops: Vec<String> =
            triggers.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        database.execute_batch(&drops.join(";")).unwrap();
        database.execute_batch(statements).unwrap();
        file
    };
    let shop = "project = (SELECT id FROM projects WHERE key = 'shop')";
    let altered = spoilt(
        "altered",
        &format!("UPDATE events SET actor = 'nobody' WHERE {shop} AND revision = {events}"),
    );
    let swapped = spoilt(
        "swapped",
        &format!(
            "UPDATE events SET revision = -1 WHERE {shop} AND revision = {events};
             UPDATE events SET revision = {events} WHERE {shop} AND revision = {last};
             UPDATE events SET revision = {last} WHERE {shop} AND revision = -1"
        ),
    );
    let cut = spoilt("cut", &format!("DELETE FROM events WHERE {shop} AND revision = {last}"));
    for (file, revision, why) in [
        (&altered, events, "was altered"),
        (&swapped, events, "was altered"),
        (&cut, last, "is missing"),
    ] {
        let (code, said) = verify(file, &["-p", "shop"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains(&format!("at revision {revision}: event {revision} {why}")),
            "{said}"
        );
    }
    // What is whole in itself, and shorter than it was, is told by a head that was noted.
    let back = spoilt(
        "back",
        &format!(
            "DELETE FROM events WHERE {shop} AND revision >= {events};
             UPDATE projects SET head = {events} - 1, head_hash =
               (SELECT hash FROM events WHERE {shop} AND revision = {events} - 1)
             WHERE key = 'shop'"
        ),
    );
    assert_eq!(verify(&back, &["-p", "shop"]).0, Some(0));
    let (code, said) = verify(&back, &["-p", "shop", "--expect", &noted]);
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("the log ends at {}", events - 1)), "{said}");
    let other = format!("{}:{hash}", events - 1);
    let (code, said) = verify(&back, &["-p", "shop", "--expect", &other]);
    assert_eq!((code, said.contains("the log was rewritten")), (Some(1), true), "{said}");

    // Events are whole, and a server would start from something else.
    let forged = spoilt("forged", "");
    let keep = |wrong: bool| {
        let kept = SqliteStore::open(&forged).unwrap();
        let state = rebuild(&kept, "shop", None).unwrap();
        let Checkpoint { revision, hash, body, .. } = checkpoint::write(&state);
        let body = if wrong { body.replace("user-1", "mallory") } else { body };
        kept.save_checkpoint("shop", Checkpoint::new(revision, hash, body)).unwrap();
    };
    keep(false);
    assert_eq!(verify(&forged, &["-p", "shop"]).0, Some(0));
    keep(true);
    let (code, said) = verify(&forged, &["-p", "shop"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("does not say what the events say"), "{said}");
    let bereft =
        spoilt("bereft", "PRAGMA foreign_keys = OFF; DELETE FROM projects WHERE key = 'shop'");
    let (code, said) = verify(&bereft, &[]);
    assert_eq!((code, said.contains("belong to no project")), (Some(1), true), "{said}");

    let empty = directory.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    let (code, said) = verify(&empty, &[]);
    assert_eq!((code, said.contains("is empty")), (Some(1), true), "{said}");
    assert_eq!(std::fs::metadata(&empty).unwrap().len(), 0, "and stays so");
    let new = directory.path().join("new");
    drop(SqliteStore::open(&new).unwrap());
    let (code, said) = verify(&new, &[]);
    assert_eq!((code, said.contains("there is no log")), (Some(1), true), "{said}");

    let absent = directory.path().join("absent");
    assert_eq!(verify(&absent, &[]).0, Some(5));
    assert!(!absent.exists());
    assert_eq!(verify(&store, &["-p", "nothing"]).0, Some(5));
    assert_eq!(verify(&store, &["--expect", &noted]).0, Some(2));
    for bad in ["7", &format!("+{noted}"), "0:ab"] {
        assert_eq!(verify(&store, &["-p", "shop", "--expect", bad]).0, Some(2), "{bad}");
    }
}

#[test]
fn a_store_is_backed_up_while_it_is_written_to_and_restored_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let store = at("vexil.db");
    let server = Server::start_with(&["--store", store.to_str().unwrap()]);
    run(&server, "apply flags.yaml");
    let stop = std::sync::atomic::AtomicBool::new(false);
    let said = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                run(&server, "flag off checkout-v2 -e production");
                run(&server, "flag on checkout-v2 -e production");
            }
        });
        let said = run(&server, &format!("backup {}", at("backup.db").display()));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        said
    });
    assert!(said.contains("each whole") && said.contains("shop"), "{said}");
    let again = format!("vexil backup {}", at("backup.db").display());
    let output = super::shell(&again, &server.url, directory.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "nothing is overwritten");
    let later = run(&server, "log show --all");
    assert_eq!(server.end("-TERM"), Some(0));

    let restore = |backup: &str, store: &str| {
        let (backup, store) = (at(backup), at(store));
        let arguments = ["restore", backup.to_str().unwrap(), "--store", store.to_str().unwrap()];
        let output = vexil(&arguments).output().unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    assert_eq!(restore("backup.db", "restored.db").0, Some(0));
    assert_eq!(restore("backup.db", "restored.db").0, Some(2), "nor is a store");
    let server = Server::start_with(&["--store", at("restored.db").to_str().unwrap()]);
    let then = run(&server, "log show --all");
    assert!(later.starts_with(&then) && !then.is_empty(), "a part of the past, and all of it");
    assert_eq!(server.end("-TERM"), Some(0));

    let whole = std::fs::read(at("backup.db")).unwrap();
    std::fs::write(at("cut.db"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(at("empty.db"), "").unwrap();
    for backup in ["cut.db", "empty.db"] {
        let (code, said) = restore(backup, "never.db");
        assert_eq!((code, said.contains("not whole")), (Some(1), true), "{said}");
    }
    assert_eq!(restore("absent.db", "never.db").0, Some(1));
    assert!(!at("never.db").exists());
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    let named = |part: &str| {
        left.iter().any(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains(part))
    };
    assert!(!named("backup-") && !named(".vexil-"), "{left:?}");
}

#[test]
fn a_store_in_memory_is_not_backed_up() {
    let server = Server::start();
    let directory = tempfile::tempdir().unwrap();
    let output = super::shell("vexil backup b.db", &server.url, directory.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert!(text(&output.stderr).contains("in memory"), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn old_events_move_into_archives_and_come_with_a_backup() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let server = Server::start_with(&["--store", &path("vexil.db"), "--keep-events", "0"]);
    run(&server, "apply flags.yaml");
    run(&server, "flag off checkout-v2 -e production");
    let before = run(&server, "log export --format jsonl");
    let said = run(&server, "log archive --keep 2");
    assert!(said.contains("went into 1 archive"), "{said}");
    assert!(run(&server, "log archives").contains("jsonl.zst"));
    assert_eq!(run(&server, "log export --format jsonl"), before);
    run(&server, &format!("backup {}", path("copy.db")));
    assert_eq!(server.end("-TERM"), Some(0));
    // What another store has left would become part of this one.
    for end in ["-wal", ".heads", ".archive"] {
        let left = path("restored.db") + end;
        std::fs::write(&left, "left").unwrap();
        let refused =
            vexil(&["restore", &path("copy.db"), "--store", &path("restored.db")]).output();
        let said = text(&refused.unwrap().stderr);
        assert!(said.contains(&left) && said.contains("move it away"), "{said}");
        std::fs::remove_file(left).unwrap();
    }
    // The copy needs nothing beside it.
    let mut restored = vexil(&["restore", &path("copy.db"), "--store", &path("restored.db")]);
    let restored = restored.output();
    assert!(restored.as_ref().unwrap().status.success(), "{restored:?}");
    let server = Server::start_with(&["--store", &path("restored.db")]);
    assert_eq!(run(&server, "log export --format jsonl"), before);
}

#[test]
fn a_second_server_on_a_store_is_refused_and_the_first_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("vexil.db");
    let server = Server::start_with(&["--store", store.to_str().unwrap()]);
    run(&server, "apply flags.yaml");
    let second = ["serve", "--dev", "--listen", "127.0.0.1:0", "--store", store.to_str().unwrap()];
    let second = vexil(&second).output().unwrap();
    let said = text(&second.stderr) + &text(&second.stdout);
    assert!(!second.status.success() && said.contains("in use by another vexil"), "{said}");
    run(&server, "flag off checkout-v2 -e production");
}

/// Linux, where a process may be given fewer files than the server would take.
#[cfg(target_os = "linux")]
#[test]
fn a_server_without_file_handles_left_goes_on_when_some_are_free() {
    use std::net::TcpStream;

    let server = Server::start_limited(&["--memory"], 64);
    run(&server, "apply flags.yaml");
    let address = server.url.trim_start_matches("http://").to_owned();
    // More than there are handles; those that find none wait to be accepted.
    let held: Vec<TcpStream> = (0..100).filter_map(|_| TcpStream::connect(&address).ok()).collect();
    assert!(held.len() > 64, "{}", held.len());
    std::thread::sleep(std::time::Duration::from_millis(300));
    drop(held);
    run(&server, "flag off checkout-v2 -e production");
    assert_eq!(server.end("-TERM"), Some(0));
}
