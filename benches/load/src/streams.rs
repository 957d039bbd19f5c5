//! Many clients: what each costs, how soon all hear of a change, and what a storm does.
//!
//! In: how many clients, how many changes, how many writers beside them. Out: memory for each, times
//! from the beginning of a write to its arrival, the time in which all come back that were cut at
//! once, and the processor time that the server took.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::crowd::{Crowd, Door};
use super::plot::{Panel, svg};
use super::process::Process;
use super::server::{Asked, Server};
use super::times::Times;

/// How many.
#[derive(Args, Debug)]
pub struct Streams {
    /// Clients with an open event stream
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Changes that are followed to every client, one after the other
    #[arg(long, default_value_t = 20)]
    changes: usize,
    /// Writers that change other flags meanwhile, as fast as they are answered
    #[arg(long, default_value_t = 0)]
    writers: usize,
    /// Flags of the environment
    #[arg(long, default_value_t = 100)]
    flags: usize,
    /// Times that all clients are cut off at once, and come back at once
    #[arg(long, default_value_t = 1)]
    storms: usize,
    /// Where to draw the last storm
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

/// In which all have to hear of something.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures.
///
/// # Errors
/// The server does not start, or not all clients are served.
pub async fn run(streams: &Streams, program: &Path) -> Result<()> {
    // A key would have its writers wait.
    let asked = if streams.writers > 0 { Asked::Nothing } else { Asked::Keys };
    let most = (streams.connections + 100).to_string();
    let folder = Arc::new(tempfile::tempdir()?);
    let server = Arc::new(Server::start_in(program, asked, &folder, &["--max-streams", &most])?);
    server.fill(streams.flags).await?;
    let key = match asked {
        Asked::Keys => Some(server.key("crowd").await?),
        Asked::Nothing => None,
    };
    let door = Door::new(&server.url, key.as_deref())?;
    let process = Process(server.id());
    // One change, so that what is built at the first is there.
    change(&server, 0).await?;
    let before_kb = process.resident_kb();
    let started = Instant::now();
    let crowd = Crowd::gather(&door, streams.connections);
    crowd.all_informed(1, PATIENCE).await?;
    let gathered = started.elapsed();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after_kb = process.resident_kb();
    println!("{} clients came within {:.2} s", streams.connections, gathered.as_secs_f64());
    if let (Some(before), Some(after)) = (before_kb, after_kb) {
        #[allow(clippy::cast_precision_loss)] // far below 2^52
        let each = after.saturating_sub(before) as f64 / streams.connections.max(1) as f64;
        println!("resident: {before} kB before, {after} kB with them, {each:.1} kB each");
    }

    let stop = Arc::new(AtomicBool::new(false));
    let written = Arc::new(AtomicU64::new(0));
    let others = streams.flags.saturating_sub(1).max(1);
    let writers: Vec<_> = (0..streams.writers)
        .map(|number| {
            let (server, stop, written) =
                (Arc::clone(&server), Arc::clone(&stop), Arc::clone(&written));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    change(&server, 1 + number % others).await?;
                    written.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, anyhow::Error>(())
            })
        })
        .collect();
    let (mut arrivals, mut slowest) = (Times::new()?, Times::new()?);
    let (cpu_before, started) = (process.cpu(), Instant::now());
    for _ in 0..streams.changes {
        let start = Instant::now();
        let revision = change(&server, 0).await?;
        crowd.all_informed(revision, PATIENCE).await?;
        let times = crowd.times(start)?;
        slowest.add(Duration::from_micros(times.us(100.0)));
        arrivals.join(&times)?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let took = started.elapsed();
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await??;
    }
    println!("\nfrom the beginning of a write until a client has it, {} changes", streams.changes);
    println!("{:>24} {:>12} {:>12} {:>12}", "", "p50", "p99", "most");
    for (name, times) in [("every client", &arrivals), ("the last of a change", &slowest)] {
        let [p50, p99, most] = [50.0, 99.0, 100.0].map(|percent| times.ms(percent));
        println!("{name:>24} {p50:>12} {p99:>12} {most:>12}");
    }
    let cpu = process.cpu().zip(cpu_before).map(|(now, before)| now.saturating_sub(before));
    if let Some(cpu) = cpu {
        println!(
            "the server took {:.2} s of processor time in {:.2} s",
            cpu.as_secs_f64(),
            took.as_secs_f64()
        );
    }
    let written = written.load(Ordering::Relaxed);
    if streams.writers > 0 {
        #[allow(clippy::cast_precision_loss)] // far below 2^52
        let rate = written as f64 / took.as_secs_f64();
        println!(
            "{} writers made {written} changes meanwhile, {rate:.0} a second",
            streams.writers
        );
    }
    let (broken, refused) = crowd.lost();
    println!("{broken} streams ended, {refused} were refused");
    // All leave at once; the storm is of those who come back.
    drop(crowd);
    for _ in 0..streams.storms {
        let seen = storm(&server, &door, streams.connections).await?;
        if let Some(file) = &streams.picture {
            let title = format!("{} clients come back at once", streams.connections);
            std::fs::write(file, svg(&title, &seen))?;
            println!("drawn in {}", file.display());
        }
    }
    Ok(())
}

/// Changes the percentage of a flag; the revision that it has come to.
pub async fn change(server: &Server, flag: usize) -> Result<u64> {
    static TURN: AtomicU64 = AtomicU64::new(0);
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    let on = turn % 100_000;
    let value = json!({ "split": { "weights": { "on": on, "off": 100_000 - on } } });
    let path = format!("/v1/projects/p/environments/e/flags/flag-{flag}/fallthrough");
    let written = server.ask(Method::PUT, &path, Some(&value)).await?;
    written.get("revision").and_then(Value::as_u64).context("no revision")
}

/// All leave, and come back at once; the server's processor time while they do.
async fn storm(server: &Server, door: &Door, connections: usize) -> Result<[Panel; 2]> {
    let process = Process(server.id());
    let cpu_before = process.cpu();
    let started = Instant::now();
    let crowd = Crowd::gather(door, connections);
    let (mut curve, mut busy, mut back) = (Vec::new(), Vec::new(), vec![(0.0, 0.0)]);
    let mut last = (Instant::now(), process.cpu());
    let mut calm = 0;
    // Half a second more, in which it comes to rest.
    while calm < 5 && started.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let informed = crowd.informed(1);
        calm += usize::from(informed == connections);
        let at = started.elapsed().as_secs_f64();
        #[allow(clippy::cast_precision_loss)] // some thousands
        back.push((at, informed as f64));
        let now = (Instant::now(), process.cpu());
        if let (Some(new), Some(old)) = (now.1, last.1) {
            let share = new.saturating_sub(old).as_secs_f64() / (now.0 - last.0).as_secs_f64();
            busy.push((at, share * 100.0));
            curve.push(format!("{:.0} %", share * 100.0));
        }
        last = now;
    }
    let times = crowd.times(started)?;
    let (broken, refused) = crowd.lost();
    println!(
        "\na storm: {} of {connections} were back within {:.2} s (half of them within {:.2} s), {} failed",
        crowd.informed(1),
        Duration::from_micros(times.us(100.0)).as_secs_f64(),
        Duration::from_micros(times.us(50.0)).as_secs_f64(),
        broken + refused,
    );
    if let Some(cpu) = process.cpu().zip(cpu_before).map(|(now, before)| now.saturating_sub(before))
    {
        println!(
            "the server took {:.2} s of processor time; each tenth of a second: {}",
            cpu.as_secs_f64(),
            curve.join(", ")
        );
    }
    Ok([
        Panel { name: "clients that are back".into(), points: back },
        Panel { name: "processor time of the server, percent of one".into(), points: busy },
    ])
}
