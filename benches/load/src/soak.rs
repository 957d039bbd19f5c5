//! A long time of everything at once: does anything grow?
//!
//! In: for how long. Out: memory, handles, threads and tasks of the server over that time, as a
//! table and a picture. Meanwhile flags change, clients come and go, the past is read, events are
//! archived and backups are made.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::crowd::{Crowd, Door};
use super::plot::{Panel, svg};
use super::process::Process;
use super::server::{Asked, Server};
use super::streams::change;

/// How long, and how much.
#[derive(Args, Debug)]
pub struct Soak {
    /// Minutes
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// Clients with an open stream, of which some leave and come back every second
    #[arg(long, default_value_t = 500)]
    connections: usize,
    /// Flags of the environment
    #[arg(long, default_value_t = 300)]
    flags: usize,
    /// Changes a second
    #[arg(long, default_value_t = 5)]
    changes: u64,
    /// Where to draw the picture
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

/// What is looked at, each time with the seconds since the beginning.
#[derive(Default)]
struct Seen {
    resident_mb: Vec<(f64, f64)>,
    handles: Vec<(f64, f64)>,
    threads: Vec<(f64, f64)>,
    tasks: Vec<(f64, f64)>,
    /// Megabytes of the database, of its journal and of its archives.
    disk_mb: Vec<(f64, f64)>,
}

/// What was done.
#[derive(Default)]
struct Done {
    changes: AtomicU64,
    reconnects: AtomicU64,
    reads: AtomicU64,
    archives: AtomicU64,
    backups: AtomicU64,
}

/// Events that stay in the database: few, so that there is something to archive.
const KEEP: u64 = 500;

/// Measures.
///
/// # Errors
/// The server does not start, refuses, or loses a client.
pub async fn run(soak: &Soak, program: &Path) -> Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let server = Arc::new(Server::start_in(program, Asked::Nothing, &folder, &[])?);
    server.fill(soak.flags).await?;
    let door = Door::new(&server.url, None)?;
    let mut crowd = Crowd::gather(&door, soak.connections);
    crowd.all_informed(1, Duration::from_secs(60)).await?;
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(Done::default()));
    let tasks = [
        each(&stop, Duration::from_micros(1_000_000 / soak.changes.max(1)), {
            let (server, done, flags) = (Arc::clone(&server), Arc::clone(&done), soak.flags);
            move |turn| {
                let (server, done) = (Arc::clone(&server), Arc::clone(&done));
                async move {
                    let flag = usize::try_from(turn).unwrap_or_default() % flags.max(1);
                    change(&server, flag).await?;
                    done.changes.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                }
            }
        }),
        each(&stop, Duration::from_millis(250), {
            let (server, done) = (Arc::clone(&server), Arc::clone(&done));
            move |turn| {
                let (server, done) = (Arc::clone(&server), Arc::clone(&done));
                async move {
                    read(&server, turn).await?;
                    done.reads.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                }
            }
        }),
        each(&stop, Duration::from_secs(20), {
            let (server, done) = (Arc::clone(&server), Arc::clone(&done));
            move |turn| {
                let (server, done) = (Arc::clone(&server), Arc::clone(&done));
                async move {
                    let path = "/v1/projects/p/log/archive";
                    server.ask(Method::POST, path, Some(&json!({ "keep": KEEP }))).await?;
                    done.archives.fetch_add(1, Ordering::Relaxed);
                    if turn % 3 == 0 {
                        ensure!(server.drain("/v1/backup").await? > 0, "an empty backup");
                        done.backups.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                }
            }
        }),
    ];
    let seen = watch(soak, &server, &mut crowd, &door, &done).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await??;
    }
    let seen = seen?;
    let end = change(&server, 0).await?;
    crowd.all_informed(end, Duration::from_secs(60)).await?;
    let verified = server.ask(Method::GET, "/v1/projects/p/log/verify", None).await?;
    ensure!(verified.get("ok") == Some(&json!(true)), "the log is broken: {verified}");
    report(soak, &seen, &done, end, crowd.lost().1)
}

/// Does something again and again, so often at most.
fn each<F>(
    stop: &Arc<AtomicBool>,
    pause: Duration,
    work: impl Fn(u64) -> F + Send + 'static,
) -> JoinHandle<Result<()>>
where
    F: Future<Output = Result<()>> + Send,
{
    let stop = Arc::clone(stop);
    tokio::spawn(async move {
        let mut beat = tokio::time::interval(pause);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for turn in 0.. {
            beat.tick().await;
            if stop.load(Ordering::Relaxed) {
                break;
            }
            work(turn).await?;
        }
        Ok(())
    })
}

/// One of the reads that people and machines make.
async fn read(server: &Server, turn: u64) -> Result<()> {
    let head = server.ask(Method::GET, "/v1/projects/p", None).await?;
    let revision = head.get("revision").and_then(Value::as_u64).context("no revision")?;
    let past = (turn * 7_919) % revision.max(2) + 1;
    let past = past.min(revision);
    let path = match turn % 6 {
        0 => format!("/v1/projects/p/environments/e/module?at={past}"),
        1 => format!("/v1/projects/p/document?at={past}"),
        2 => format!("/v1/projects/p/log?after={}&limit=500", past - 1),
        3 => "/v1/projects/p/environments/e/flags".to_owned(),
        4 => format!("/v1/projects/p/environments/e/deltas?since={past}"),
        _ => "/v1/projects/p/environments/e/head".to_owned(),
    };
    let read = server.ask(Method::GET, &path, None).await;
    // What has no flags yet has no environment.
    match read {
        Err(error) if error.to_string().contains("unknown-environment") => Ok(()),
        read => read.map(drop),
    }
}

/// Looks at the server once a second, while clients come and go.
async fn watch(
    soak: &Soak,
    server: &Server,
    crowd: &mut Crowd,
    door: &Door,
    done: &Done,
) -> Result<Seen> {
    let (process, started) = (Process(server.id()), Instant::now());
    let mut seen = Seen::default();
    let mut beat = tokio::time::interval(Duration::from_secs(1));
    let mut next = 0;
    while started.elapsed().as_secs_f64() < soak.minutes * 60.0 {
        beat.tick().await;
        for _ in 0..(soak.connections / 25).max(1) {
            crowd.replace(next % soak.connections.max(1), door);
            next += 1;
            done.reconnects.fetch_add(1, Ordering::Relaxed);
        }
        let at = started.elapsed().as_secs_f64();
        #[allow(clippy::cast_precision_loss)] // far below 2^52
        let note = |points: &mut Vec<(f64, f64)>, value: Option<u64>, unit: f64| {
            points.extend(value.map(|value| (at, value as f64 / unit)));
        };
        note(&mut seen.resident_mb, process.resident_kb(), 1_024.0);
        note(&mut seen.handles, process.handles(), 1.0);
        note(&mut seen.threads, process.threads(), 1.0);
        let text = server.metrics().await?;
        let tasks = text.lines().find_map(|line| line.strip_prefix("vexil_tasks "));
        note(&mut seen.tasks, tasks.and_then(|tasks| tasks.parse().ok()), 1.0);
        note(&mut seen.disk_mb, Some(size(server.folder())), 1_048_576.0);
    }
    Ok(seen)
}

/// Bytes of all files in a folder.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let found = entry.metadata().ok()?;
            Some(if found.is_dir() { size(&entry.path()) } else { found.len() })
        })
        .sum()
}

fn report(soak: &Soak, seen: &Seen, done: &Done, events: u64, refused: usize) -> Result<()> {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!(
        "{:.0} minutes: {} changes ({events} events), {} clients left and others came ({refused} \
         refused), {} reads, {} times archived, {} backups; the log is whole\n",
        soak.minutes,
        count(&done.changes),
        count(&done.reconnects),
        count(&done.reads),
        count(&done.archives),
        count(&done.backups)
    );
    let quarters = ["first quarter", "second", "third", "last"];
    println!(
        "{:>24} {:>14} {:>10} {:>10} {:>10}",
        "middle of the", quarters[0], quarters[1], quarters[2], quarters[3]
    );
    let rows = [
        ("resident, MB", &seen.resident_mb),
        ("open handles", &seen.handles),
        ("threads", &seen.threads),
        ("tasks", &seen.tasks),
        ("disk, MB", &seen.disk_mb),
    ];
    for (name, points) in rows {
        let [a, b, c, d] = [0, 1, 2, 3].map(|quarter| middle(points, quarter));
        println!("{name:>24} {a:>14.1} {b:>10.1} {c:>10.1} {d:>10.1}");
    }
    if let Some(file) = &soak.picture {
        let panels = rows.map(|(name, points)| Panel { name: name.into(), points: points.clone() });
        let title = format!("A server under load for {:.0} minutes", soak.minutes);
        std::fs::write(file, svg(&title, &panels))?;
        println!("\ndrawn in {}", file.display());
    }
    Ok(())
}

/// The median of a quarter of the points.
fn middle(points: &[(f64, f64)], quarter: usize) -> f64 {
    let length = points.len() / 4;
    let part = points.get(quarter * length..(quarter + 1) * length).unwrap_or_default();
    let mut values: Vec<f64> = part.iter().map(|point| point.1).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
