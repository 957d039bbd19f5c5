//! Writers: how many changes a second are decided, compiled, synced and acknowledged.
//!
//! In: how many writers, for how long. Out: changes a second and the times of one, of writers who
//! share a project, where one change waits for the other, and of writers who have one each, whose
//! appends share a sync.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use reqwest::Method;
use serde_json::json;

use super::server::{Asked, Server};
use super::times::Times;

/// How many, and how long.
#[derive(Args, Debug)]
pub struct Append {
    /// Writers at a time
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64])]
    writers: Vec<usize>,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Flags of each project
    #[arg(long, default_value_t = 100)]
    flags: usize,
}

/// Measures.
///
/// # Errors
/// The server does not start, or refuses a write.
pub async fn run(append: &Append, program: &Path) -> Result<()> {
    let server = Arc::new(Server::start(program, Asked::Nothing)?);
    let most = append.writers.iter().copied().max().unwrap_or_default();
    for number in 0..most {
        server.fill_project(&format!("p{number}"), append.flags).await?;
    }
    println!(
        "{} flags of five rules in each project, each change synced to the disk",
        append.flags
    );
    println!("{:>10} {:>12} {:>12} {:>12} {:>12}", "writers", "projects", "a second", "p50", "p99");
    for &writers in &append.writers {
        for projects in [1, writers] {
            let times = write(&server, (writers, projects), append).await?;
            #[allow(clippy::cast_precision_loss)] // far below 2^52
            let rate = times.count() as f64 / append.seconds as f64;
            let (p50, p99) = (times.ms(50.0), times.ms(99.0));
            println!("{writers:>10} {projects:>12} {rate:>12.0} {p50:>12} {p99:>12}");
            if writers == 1 {
                break;
            }
        }
    }
    Ok(())
}

/// Lets writers write for a while; the times of their writes.
async fn write(
    server: &Arc<Server>,
    (writers, projects): (usize, usize),
    append: &Append,
) -> Result<Times> {
    let until = Instant::now() + Duration::from_secs(append.seconds);
    let flags = append.flags.max(1);
    let tasks: Vec<_> = (0..writers)
        .map(|number| {
            let server = Arc::clone(server);
            tokio::spawn(async move {
                let (mut times, mut turn) = (Times::new()?, 0_u64);
                let place = format!("/v1/projects/p{}/environments/e", number % projects.max(1));
                let path = format!("{place}/flags/flag-{}/fallthrough", number % flags);
                while Instant::now() < until {
                    turn += 1;
                    let on = turn % 100_000;
                    let value =
                        json!({ "split": { "weights": { "on": on, "off": 100_000 - on } } });
                    let asked = Instant::now();
                    server.ask(Method::PUT, &path, Some(&value)).await?;
                    times.add(asked.elapsed());
                }
                Ok::<_, anyhow::Error>(times)
            })
        })
        .collect();
    let mut all = Times::new()?;
    for task in tasks {
        all.join(&task.await??)?;
    }
    Ok(all)
}
