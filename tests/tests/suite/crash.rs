//! `kill -9` of a server that is being written to, that archives and makes copies: what it
//! acknowledged is there afterwards, and nothing half done is.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use vexil_tests::generate::Dice;
use vexil_tests::http::Api;
use vexil_tests::processes;

const ROUNDS: u64 = 50;
const WRITERS: u64 = 4;
const SEED: u64 = 9;
const PRODUCTION: &str = "/v1/projects/shop/environments/production";

/// What clients were told before the kill.
#[derive(Default)]
struct Told {
    /// Event id by acknowledged revision.
    acknowledged: BTreeMap<u64, String>,
    /// Digest by announced revision.
    announced: BTreeMap<u64, String>,
    archives: usize,
    copies: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_no_acknowledged_event() {
    println!("seed {SEED}");
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("vexil.db");
    let told = Arc::new(Mutex::new(Told::default()));
    let mut dice = Dice::new(SEED);
    for round in 0..ROUNDS {
        // Some lives are long enough for an archive and a copy.
        let least_ms = if round % 5 == 4 { 400 } else { 20 };
        let delay = Duration::from_millis(least_ms + dice.below(120) as u64);
        run(&store, round, delay, &told).await;
    }
    let server = processes::server(&store);
    let events = check(&Api::new(&server.url), &told).await;
    let verified = processes::vexil(&server.url, &["--project", "shop", "log", "verify"]);
    println!("{events} events after {ROUNDS} kills; {}", verified.trim());
    let told = told.lock().unwrap();
    println!(
        "{} acknowledged, {} announced, {} archives and {} copies made",
        told.acknowledged.len(),
        told.announced.len(),
        told.archives,
        told.copies
    );
    assert!(told.acknowledged.len() as u64 > ROUNDS, "the writers wrote");
    assert!(told.archives > 0 && told.copies > 0, "and the keeper kept");
    assert!(!folder.path().join("vexil.db.copies").exists(), "half of a copy is left");
    let archives = std::fs::read_dir(folder.path().join("vexil.db.archive")).unwrap();
    for archive in archives {
        let name = archive.unwrap().file_name().into_string().unwrap();
        assert!(name.ends_with(".zst"), "{name} is left");
    }
}

/// One life of the server: it is checked, written to, and killed.
async fn run(store: &Path, round: u64, delay: Duration, told: &Arc<Mutex<Told>>) {
    let mut server = processes::server(store);
    let api = Api::new(&server.url);
    if round == 0 {
        api.write(Method::POST, "/v1/projects", Some(&project())).await;
        for flag in 0..WRITERS {
            let path = format!("/v1/projects/shop/flags/flag-{flag}");
            api.write(Method::PUT, &path, Some(&json!({ "kind": "boolean" }))).await;
        }
    } else {
        check(&api, told).await;
    }
    let mut tasks: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(api.clone(), round, writer, Arc::clone(told))))
        .collect();
    tasks.push(tokio::spawn(watch(api.clone(), Arc::clone(told))));
    tasks.push(tokio::spawn(keep(api, Arc::clone(told))));
    tokio::time::sleep(delay).await;
    server.kill();
    for task in tasks {
        task.await.unwrap();
    }
}

fn project() -> Value {
    json!({ "key": "shop", "environments": ["production"] })
}

/// Writes until the server is gone, and notes what was acknowledged.
async fn write(api: Api, round: u64, writer: u64, told: Arc<Mutex<Told>>) {
    let path = format!("{PRODUCTION}/flags/flag-{writer}/fallthrough");
    for number in 0.. {
        let share = (round * 1_000 + number) % 100_000;
        let weights = json!({ "on": share, "off": 100_000 - share });
        let serve = json!({ "split": { "weights": weights } });
        match api.send(Method::PUT, &path, Some(&serve)).await {
            Ok((200, answer)) => note(&answer, &told),
            Ok((status, answer)) => panic!("{status} {answer}"),
            Err(_) => return,
        }
    }
}

/// Archives and makes copies until the server is gone.
async fn keep(api: Api, told: Arc<Mutex<Told>>) {
    let archive = "/v1/projects/shop/log/archive";
    loop {
        match api.send(Method::POST, archive, Some(&json!({ "keep": 20 }))).await {
            Ok((200, answer)) => {
                told.lock().unwrap().archives += answer["archives"].as_array().unwrap().len();
            }
            Ok((status, answer)) => panic!("{status} {answer}"),
            Err(_) => return,
        }
        match api.send(Method::GET, "/v1/backup", None).await {
            Ok((200, _)) => told.lock().unwrap().copies += 1,
            Ok((status, answer)) => panic!("{status} {answer}"),
            Err(_) => return,
        }
    }
}

fn note(answer: &Value, told: &Mutex<Told>) {
    let mut told = told.lock().unwrap();
    for event in answer["events"].as_array().unwrap() {
        let id = event["id"].as_str().unwrap().to_owned();
        let revision = event["revision"].as_u64().unwrap();
        let before = told.acknowledged.insert(revision, id);
        assert!(before.is_none(), "revision {revision} was acknowledged twice");
    }
}

/// Notes announcements until the server is gone.
async fn watch(api: Api, told: Arc<Mutex<Told>>) {
    while let Ok((status, head)) = api.send(Method::GET, &format!("{PRODUCTION}/head"), None).await
    {
        if status == 200 {
            let revision = head["revision"].as_u64().unwrap();
            let digest = head["digest"].as_str().unwrap().to_owned();
            told.lock().unwrap().announced.insert(revision, digest);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The log has no gap and no half event, everything acknowledged is in it, its hash chain holds,
/// and what was announced compiles to the same digest; how many events there are.
async fn check(api: &Api, told: &Mutex<Told>) -> u64 {
    let mut events: BTreeMap<u64, String> = BTreeMap::new();
    loop {
        let path = format!("/v1/projects/shop/log?after={}&limit=1000", events.len());
        let page = api.get(&path).await;
        for event in page["events"].as_array().unwrap() {
            let revision = event["revision"].as_u64().unwrap();
            assert_eq!(revision, events.len() as u64 + 1, "no gap");
            events.insert(revision, event["id"].as_str().unwrap().to_owned());
        }
        if page["head"].as_u64() == Some(events.len() as u64) {
            break;
        }
    }
    let verified = api.get("/v1/projects/shop/log/verify").await;
    assert_eq!(verified["ok"], true, "{verified}");
    let (acknowledged, last) = {
        let told = told.lock().unwrap();
        let last = told.announced.iter().next_back().map(|(r, d)| (*r, d.clone()));
        (told.acknowledged.clone(), last)
    };
    for (revision, id) in acknowledged {
        assert_eq!(events.get(&revision), Some(&id), "revision {revision} was acknowledged");
    }
    if let Some((revision, digest)) = last {
        let rebuilt = api.get(&format!("{PRODUCTION}/module?at={revision}")).await;
        assert_eq!(rebuilt["digest"].as_str(), Some(digest.as_str()), "revision {revision}");
        let path = format!("{PRODUCTION}/head");
        let (head, _) = api.get_until(&path, |status, _| status == 200).await;
        assert_eq!(head["revision"].as_u64(), Some(events.len() as u64));
    }
    events.len() as u64
}
