//! A server that is killed loses nothing that it has acknowledged.
//!
//! The test starts itself again as a child that appends and says what was acknowledged, kills it
//! with SIGKILL at a random moment, and looks at what it left. Appends, checkpoints, archives and copies
//! go on at the same time. A hundred rounds on one file; `VEXIL_KILLS=1000` makes it ten files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;
use vexil_server::log::change::{Change, FlagChange};
use vexil_server::log::event::{Append, Hash, Revision, Via};
use vexil_server::log::sqlite::SqliteStore;
use vexil_server::log::store::Store;
use vexil_server::log::verify::{Verification, verify};
use vexil_server::projection::rebuild::{catch_up, rebuild};
use vexil_server::projection::{State, checkpoint};

const ROUNDS: usize = 100;
/// How many rounds, where it is not the usual number.
const KILLS: &str = "VEXIL_KILLS";
/// Newest events that stay in the database.
const KEEP: u64 = 300;
const FILE: &str = "VEXIL_KILL9_FILE";
const PROJECTS: [&str; 2] = ["p", "q"];
/// Events of each append: half of one would show.
const EVENTS: usize = 3;

fn append(id: Uuid, changes: Vec<Change>) -> Append {
    let (request, comment, expected) = (Hash::default(), None, None);
    let via = Via::default();
    Append { id, request, time_ms: 1, actor: "kill9".into(), comment, via, changes, expected }
}

fn switch(on: bool) -> Change {
    let change = if on { FlagChange::Enabled } else { FlagChange::Disabled };
    Change::InEnvironment { environment: "production".into(), flag: "f".into(), change }
}

fn begin(store: &dyn Store) {
    let kind = serde_json::json!({ "kind": "boolean" });
    let definition = vexil_compiler::document::read_definition(&kind, "").unwrap();
    for project in PROJECTS {
        let changes = vec![
            Change::ProjectCreated { project: project.into() },
            Change::EnvironmentCreated { environment: "production".into() },
            Change::FlagCreated { flag: "f".into(), definition: definition.clone() },
        ];
        store.append(project, append(Uuid::now_v7(), changes)).unwrap();
    }
}

/// One line, whole: what is not said before the kill is not said.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// The child: does nothing when it is run as an ordinary test.
#[test]
fn child() {
    let Ok(file) = std::env::var(FILE) else { return };
    let store = Arc::new(SqliteStore::open(Path::new(&file)).unwrap());
    say("ready");
    for thread in 0..4 {
        let store = Arc::clone(&store);
        std::thread::spawn(move || {
            let project = PROJECTS[thread % 2];
            for number in 0_u64.. {
                let id = Uuid::now_v7();
                let past = Revision(4 + number % 7);
                let known = store.head(project).unwrap().unwrap().revision;
                let last = if number % 5 == 0 && past < known {
                    Change::Reverted { environment: None, to: past }
                } else {
                    switch(false)
                };
                say(&format!("try {project} {id}"));
                let given = append(id, vec![switch(true), switch(number % 2 == 0), last]);
                let appended = store.append(project, given).unwrap();
                say(&format!("ack {project} {id} {}", appended.last));
            }
        });
    }
    let archiving = Arc::clone(&store);
    std::thread::spawn(move || {
        for number in 0.. {
            archive(&archiving, PROJECTS[number % 2]);
        }
    });
    let copying = Arc::clone(&store);
    let copy = format!("{file}.copy");
    std::thread::spawn(move || {
        loop {
            let _ = std::fs::remove_file(&copy);
            copying.copy_to(Path::new(&copy)).unwrap();
            say("copied");
        }
    });
    loop {
        for project in PROJECTS {
            let state = rebuild(&*store, project, None).unwrap();
            store.save_checkpoint(project, checkpoint::write(&state)).unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Archives some events, if there are enough that are old.
fn archive(store: &SqliteStore, project: &str) {
    let head = store.head(project).unwrap().unwrap().revision;
    let before = store.archives(project).unwrap().last().map_or(Revision::ZERO, |it| it.last);
    let last = Revision((before.0 + 100).min(head.0.saturating_sub(KEEP)));
    if last <= before {
        return std::thread::sleep(Duration::from_millis(1));
    }
    let state = match before {
        Revision::ZERO => None,
        before => Some(checkpoint::write(&rebuild(store, project, Some(before)).unwrap())),
    };
    say("archiving");
    store.archive(project, last, state).unwrap();
    say("archived");
}

/// What a child said: tried and acknowledged appends of each project.
#[derive(Default)]
struct Said {
    tried: Vec<(String, Uuid)>,
    acknowledged: BTreeMap<Uuid, (String, Revision)>,
    archives: usize,
    copies: usize,
    /// It was killed while it archived.
    mid_archive: bool,
}

fn run_and_kill(file: &Path, after: Duration) -> Said {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "ready"), "the child does not begin");
    let reader = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut said = Said::default();
    for line in reader.join().unwrap() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["try", project, id] => said.tried.push((project.into(), id.parse().unwrap())),
            ["ack", project, id, last] => {
                let last = Revision(last.parse().unwrap());
                said.acknowledged.insert(id.parse().unwrap(), (project.into(), last));
            }
            ["archiving"] => said.mid_archive = true,
            ["archived"] => (said.mid_archive, said.archives) = (false, said.archives + 1),
            ["copied"] => said.copies += 1,
            _ => {}
        }
    }
    said
}

/// Every append in the log by its id, with its revisions; asserts that the log has no gaps.
fn appends(store: &dyn Store, project: &str) -> BTreeMap<Uuid, Vec<Revision>> {
    let mut found: BTreeMap<Uuid, Vec<Revision>> = BTreeMap::new();
    let mut head = Revision::ZERO;
    loop {
        let records = store.records(project, head, 1_000).unwrap();
        if records.is_empty() {
            return found;
        }
        for record in records {
            assert_eq!(record.revision, head.next(), "a gap in `{project}`");
            head = record.revision;
            found.entry(record.id).or_default().push(head);
        }
    }
}

fn look(file: &Path, said: &Said) {
    let store = SqliteStore::open(file).unwrap();
    for project in PROJECTS {
        let found = appends(&store, project);
        for (id, revisions) in &found {
            assert_eq!(revisions.len(), EVENTS, "half of append {id}");
        }
        for (id, (_, last)) in said.acknowledged.iter().filter(|(_, (of, _))| of == project) {
            assert_eq!(found.get(id).and_then(|r| r.last()), Some(last), "append {id} is lost");
        }
        let whole = verify(&store, project).unwrap();
        assert!(matches!(whole, Verification::Whole(_)), "{whole:?}");
        let mut folded = State::start(project);
        catch_up(&mut folded, &store).unwrap();
        assert_eq!(rebuild(&store, project, None).unwrap(), folded);
    }
    // An append whose answer was lost is settled by sending it again.
    let open = |(_, id): &&(String, Uuid)| !said.acknowledged.contains_key(id);
    for (project, id) in said.tried.iter().filter(open) {
        let given = append(*id, vec![switch(true); EVENTS]);
        let first = store.append(project, given.clone()).unwrap();
        let second = store.append(project, given).unwrap();
        assert!(second.repeated);
        assert_eq!(first.last, second.last);
        assert_eq!(appends(&store, project)[id].len(), EVENTS);
    }
    drop(store);
    let raw = rusqlite::Connection::open(file).unwrap();
    let check: String = raw.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    if std::env::var_os(FILE).is_some() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let rounds = std::env::var(KILLS).map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let (mut acknowledged, mut archives, mut copies, mut mid_archive) = (0, 0, 0, 0);
    for round in 0..rounds {
        // Another one after a while, because all of it is looked at each time.
        let file = folder.path().join(format!("{}.db", round / ROUNDS));
        if round % ROUNDS == 0 {
            begin(&SqliteStore::open(&file).unwrap());
        }
        let after = Duration::from_millis(rand::random_range(5..=65));
        println!("round {round}: killed after {after:?}");
        let said = run_and_kill(&file, after);
        acknowledged += said.acknowledged.len();
        archives += said.archives;
        copies += said.copies;
        mid_archive += usize::from(said.mid_archive);
        look(&file, &said);
    }
    println!(
        "{acknowledged} appends acknowledged, {archives} archives and {copies} copies made, \
         {mid_archive} kills while archiving"
    );
    assert!(acknowledged > rounds, "the child hardly came to append");
    assert!(archives > rounds / 10 && copies > 0 && mid_archive > 0, "nor to do the rest");
}
