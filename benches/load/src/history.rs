//! A log of years: archives, starts, and the past.
//!
//! In: how many events. Out: bytes of what keeps them, the time and memory of a start, the time
//! to any revision, and whether modules of the past have the digests of their days. Every event is
//! made by the server itself: documents are applied that switch all flags at once.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::process::Process;
use super::server::{Asked, Server};

/// How many.
#[derive(Args, Debug)]
pub struct History {
    /// Events of the log, at least
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Flags, all of which a change switches
    #[arg(long, default_value_t = 5_000)]
    flags: u64,
    /// Newest events that stay in the database
    #[arg(long, default_value_t = 100_000)]
    keep: u64,
}

/// Where the log was, and what was announced there.
struct Day {
    revision: u64,
    digest: String,
    time: String,
}

const HEAD: &str = "/v1/projects/p/environments/e/head";

/// Measures.
///
/// # Errors
/// The server does not start, or refuses.
pub async fn run(history: &History, program: &Path) -> Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let keep = ["--keep-events", &history.keep.to_string()].map(str::to_owned);
    let more: Vec<&str> = keep.iter().map(String::as_str).collect();
    let server = Server::start_in(program, Asked::Nothing, &folder, &more)?;
    let started = Instant::now();
    let days = make(&server, history).await?;
    let last = days.last().context("no events")?;
    println!(
        "{} events of {} flags, made in {:.0} s\n",
        last.revision,
        history.flags,
        started.elapsed().as_secs_f64()
    );
    let keep = json!({ "keep": history.keep });
    let path = "/v1/projects/p/log/archive";
    server.ask(Method::POST, path, Some(&keep)).await?;
    let archives = server.ask(Method::GET, "/v1/projects/p/log/archives", None).await?;
    let archives = archives.get("archives").and_then(Value::as_array).context("no archives")?;
    let number = |it: &Value, name: &str| it.get(name).and_then(Value::as_u64).unwrap_or_default();
    let (bytes, events) = archives.iter().fold((0, 0), |(bytes, events), it| {
        (bytes + number(it, "bytes"), events + number(it, "last") + 1 - number(it, "first"))
    });
    println!("{:>34} {:>10}", "archives", archives.len());
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    let each = bytes as f64 / events.max(1) as f64;
    println!("{:>34} {events:>10}  in {bytes} bytes, {each:.1} each", "events in them");
    server.end()?;
    let store = std::fs::metadata(folder.path().join("vexil.db"))?.len();
    println!("{:>34} {store:>10} bytes", "the database");

    let begun = Instant::now();
    let server = Server::start_in(program, Asked::Nothing, &folder, &more)?;
    let listening = begun.elapsed();
    while server.ask(Method::GET, HEAD, None).await.is_err() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let announced = begun.elapsed();
    println!("\n{:>34} {:>10.0} ms", "a start until it listens", ms(listening));
    println!("{:>34} {:>10.0} ms", "until it announces", ms(announced));
    if let Some(kb) = Process(server.id()).resident_kb() {
        println!("{:>34} {kb:>10} kB", "resident");
    }
    println!();
    past(&server, &days).await?;
    let begun = Instant::now();
    let found = server.ask(Method::GET, "/v1/projects/p/log/verify", None).await;
    match found {
        Ok(found) => {
            ensure!(found.get("ok") == Some(&json!(true)), "the log is broken: {found}");
            println!("{:>34} {:>10.1} s", "all of it verified", begun.elapsed().as_secs_f64());
        }
        Err(error) => println!("{:>34} {error}", "verified"),
    }
    Ok(())
}

/// Makes the events; where the log was in between.
async fn make(server: &Server, history: &History) -> Result<Vec<Day>> {
    let mut days: Vec<Day> = Vec::new();
    for turn in 0_u64.. {
        let enabled = turn % 2 == 0;
        let flag = |number: u64| {
            let environment = json!({ "e": { "enabled": enabled, "fallthrough": "on" } });
            // One of them differs every time, or there would be two modules in all.
            let description = if number == 0 { turn.to_string() } else { String::new() };
            let variants = json!({ "on": true, "off": false });
            let flag = json!({
                "kind": "boolean", "variants": variants, "description": description,
                "environments": environment,
            });
            (format!("flag-{number}"), flag)
        };
        let mut flags: Map<String, Value> = (0..history.flags).map(flag).collect();
        let salt = json!({ "kind": "string", "variants": { "a": format!("turn {turn}") },
            "environments": { "e": { "enabled": true } } });
        flags.insert("turn".into(), salt);
        let document = json!({ "format": "vexil/1", "environments": ["e"], "flags": flags });
        let path = "/v1/projects/p/apply";
        let written = server.ask(Method::POST, path, Some(&document)).await?;
        let revision = written.get("revision").and_then(Value::as_u64).context("no revision")?;
        let announced = loop {
            let head = server.ask(Method::GET, HEAD, None).await;
            match head {
                Ok(head) if head.get("revision") == Some(&json!(revision)) => break head,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let digest = announced.get("digest").and_then(Value::as_str).context("no digest")?;
        let path = format!("/v1/projects/p/log?after={}&limit=1", revision - 1);
        let event = server.ask(Method::GET, &path, None).await?;
        let time = event.pointer("/events/0/time").and_then(Value::as_str).context("no time")?;
        days.push(Day { revision, digest: digest.to_owned(), time: time.to_owned() });
        if revision >= history.events {
            break;
        }
    }
    Ok(days)
}

/// Looks at the past, here and there.
async fn past(server: &Server, days: &[Day]) -> Result<()> {
    let begun = Instant::now();
    server.ask(Method::GET, "/v1/projects/p/document?at=1", None).await?;
    println!("{:>34} {:>10.0} ms", "the document at revision 1", ms(begun.elapsed()));
    let mut slowest = Duration::ZERO;
    let step = (days.len() / 20).max(1);
    let looked: Vec<&Day> = days.iter().step_by(step).collect();
    for (number, day) in looked.iter().enumerate() {
        // By revision and by time in turn.
        let at = if number % 2 == 0 { day.revision.to_string() } else { day.time.clone() };
        let begun = Instant::now();
        let path = format!("/v1/projects/p/environments/e/module?at={at}");
        let module = server.ask(Method::GET, &path, None).await?;
        slowest = slowest.max(begun.elapsed());
        let same = module.get("digest").and_then(Value::as_str) == Some(day.digest.as_str());
        ensure!(same, "revision {}: {module}, not {}", day.revision, day.digest);
    }
    println!(
        "{:>34} {:>10}  all with the digest of their day; the slowest took {:.0} ms",
        "revisions rebuilt and compiled",
        looked.len(),
        ms(slowest)
    );
    let event = "/v1/projects/p/log?after=499999&limit=100";
    let begun = Instant::now();
    server.ask(Method::GET, event, None).await?;
    println!("{:>34} {:>10.0} ms", "a hundred events of the middle", ms(begun.elapsed()));
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
