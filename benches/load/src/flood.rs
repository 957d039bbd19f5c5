//! A flood: one key asks as often as it can, and another goes on as it did.
//!
//! In: how many connections flood, for how long. Out: the times of the other key without and with
//! the flood, in turn, so that a machine that is slower for a while is so for both.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use reqwest::Client;

use super::server::{Asked, Server};
use super::times::Times;

/// How large.
#[derive(Args, Debug)]
pub struct Flood {
    /// Connections that ask as fast as they are answered
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Rounds, each once without and once with the flood
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each half of a round
    #[arg(long, default_value_t = 4)]
    seconds: u64,
}

/// Connections of those who behave.
const ASKERS: usize = 8;
/// Their pause between two requests.
const PAUSE: Duration = Duration::from_millis(10);

/// Measures.
///
/// # Errors
/// The server does not start, or refuses those who behave.
pub async fn run(flood: &Flood, program: &Path) -> Result<()> {
    let server = Server::start(program, Asked::Keys)?;
    server.fill(100).await?;
    let (good, bad) = (server.key("behaves").await?, server.key("floods").await?);
    let (mut quiet, mut flooded) = (Times::new()?, Times::new()?);
    let mut answers: BTreeMap<u16, u64> = BTreeMap::new();
    let half = Duration::from_secs(flood.seconds);
    let mut flooded_for = Duration::ZERO;
    // The first requests pay for what the later ones find ready.
    behave(&server, &good, Duration::from_secs(1)).await?;
    for _ in 0..flood.rounds {
        quiet.join(&behave(&server, &good, half).await?)?;
        let stop = Arc::new(AtomicBool::new(false));
        let started = Instant::now();
        // On a thread of its own: those who behave are not to wait for this program.
        let (url, key, stopped) = (server.url.clone(), bad.clone(), Arc::clone(&stop));
        let connections = flood.connections;
        let floods = std::thread::spawn(move || -> Result<BTreeMap<u16, u64>> {
            // Floods come from other machines: this one's processors are the server's.
            #[cfg(target_os = "linux")]
            rustix::process::setpriority_process(None, 10)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let tasks: Vec<_> = (0..connections)
                    .map(|_| tokio::spawn(drown(url.clone(), key.clone(), Arc::clone(&stopped))))
                    .collect();
                let mut answers = BTreeMap::new();
                for task in tasks {
                    for (status, count) in task.await?? {
                        *answers.entry(status).or_default() += count;
                    }
                }
                Ok(answers)
            })
        });
        flooded.join(&behave(&server, &good, half).await?)?;
        stop.store(true, Ordering::Relaxed);
        let flooding = tokio::task::spawn_blocking(|| floods.join()).await?;
        let told = flooding.map_err(|_| anyhow::anyhow!("the flood broke off"))??;
        for (status, count) in told {
            *answers.entry(status).or_default() += count;
        }
        flooded_for += started.elapsed();
    }
    println!("{ASKERS} connections of one key, a request every {} ms each", PAUSE.as_millis());
    println!("{:>24} {:>10} {:>10} {:>10}", "", "p50 µs", "p99 µs", "requests");
    for (name, times) in [("alone", &quiet), ("beside a flood", &flooded)] {
        let (p50, p99, count) = (times.us(50.0), times.us(99.0), times.count());
        println!("{name:>24} {p50:>10} {p99:>10} {count:>10}");
    }
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    let ratio = |percent| flooded.us(percent) as f64 / quiet.us(percent) as f64;
    println!("{:>24} {:>10.2} {:>10.2}", "ratio", ratio(50.0), ratio(99.0));
    #[allow(clippy::cast_precision_loss)]
    let a_second = |count: u64| count as f64 / flooded_for.as_secs_f64();
    println!("\nthe flood of {} connections was answered", flood.connections);
    for (status, count) in answers {
        println!("{status:>24} {:>10.0} times a second", a_second(count));
    }
    Ok(())
}

/// Asks for the head now and then, over several connections, for a while.
async fn behave(server: &Server, key: &str, time: Duration) -> Result<Times> {
    let asks: Vec<_> = (0..ASKERS)
        .map(|_| {
            let url = format!("{}/v1/projects/p/environments/e/head", server.url);
            let key = key.to_owned();
            tokio::spawn(async move {
                let (http, mut times, started) = (Client::new(), Times::new()?, Instant::now());
                while started.elapsed() < time {
                    let asked = Instant::now();
                    let answer = http.get(&url).bearer_auth(&key).send().await?;
                    answer.error_for_status()?.bytes().await?;
                    times.add(asked.elapsed());
                    tokio::time::sleep(PAUSE).await;
                }
                Ok::<_, anyhow::Error>(times)
            })
        })
        .collect();
    let mut all = Times::new()?;
    for ask in asks {
        all.join(&ask.await??)?;
    }
    Ok(all)
}

/// Asks for the whole flag set, over and over; how often with which status.
async fn drown(url: String, key: String, stop: Arc<AtomicBool>) -> Result<BTreeMap<u16, u64>> {
    let url = format!("{url}/v1/projects/p/environments/e/flags");
    let (http, mut answers) = (Client::new(), BTreeMap::new());
    while !stop.load(Ordering::Relaxed) {
        let answer = http.get(&url).bearer_auth(&key).send().await?;
        let status = answer.status().as_u16();
        answer.bytes().await?;
        *answers.entry(status).or_default() += 1;
    }
    Ok(answers)
}
