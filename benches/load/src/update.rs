//! A small change of a large environment: what it costs to bring it to a client.
//!
//! In: how many flags. Out: bytes on the wire with and without the module that the client has, the
//! time from a write to its announcement, to a client that serves it, and what compiling takes on
//! both sides, of one changed flag against all.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use serde_json::Value;
use vexil_runtime::Client;

use super::crowd::{Crowd, Door};
use super::server::{Asked, Server};
use super::streams::change;
use super::times::Times;

/// How many.
#[derive(Args, Debug)]
pub struct Update {
    /// Flags of five rules in the environment
    #[arg(long, default_value_t = 10_000)]
    flags: usize,
    /// Changes of one flag's percentage, one after the other
    #[arg(long, default_value_t = 100)]
    changes: usize,
}

const PATIENCE: Duration = Duration::from_secs(60);

/// Measures.
///
/// # Errors
/// The server does not start, or refuses.
pub async fn run(update: &Update, program: &Path) -> Result<()> {
    let server = Server::start(program, Asked::Nothing)?;
    server.fill(update.flags).await?;
    println!("{} flags of five rules; the percentage of one changes\n", update.flags);
    let head = server.ask(Method::GET, "/v1/projects/p/environments/e/head", None).await?;
    let bytes = head.get("bytes").and_then(Value::as_u64).context("no bytes")?;
    println!("{:>34} {bytes:>12} bytes", "the module");
    let url = head.get("url").and_then(Value::as_str).context("no url")?.to_owned();
    for coding in ["br", "zstd", "gzip"] {
        let length = wire(&server, &url, coding).await?;
        println!("{:>34} {length:>12} bytes  {}", format!("as {coding}"), share(length, bytes));
    }

    let started = Instant::now();
    let client = Client::builder(&server.url).project("p").environment("e").build().await?;
    ensure!(client.ready(PATIENCE).await, "the client does not become ready");
    let first = started.elapsed();
    let full_ms = client.metrics().last_compile_ms;
    let door = Door::new(&server.url, None)?;
    let crowd = Crowd::gather(&door, 1);
    crowd.all_informed(1, PATIENCE).await?;
    let before = client.metrics();
    let (mut announced, mut served) = (Times::new()?, Times::new()?);
    let (mut quick, mut compiles) = (Times::new()?, Vec::new());
    for _ in 0..update.changes {
        let written = Instant::now();
        let revision = change(&server, 7 % update.flags.max(1)).await?;
        let acknowledged = Instant::now();
        crowd.all_informed(revision, PATIENCE).await?;
        announced.join(&crowd.times(written)?)?;
        while client.current().is_none_or(|current| current.revision < revision) {
            ensure!(written.elapsed() < PATIENCE, "the client does not come to {revision}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        served.add(written.elapsed());
        quick.add(acknowledged - written);
        compiles.push(client.metrics().last_compile_ms);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let after = client.metrics();
    let patches = after.patches - before.patches;
    let each = (after.fetched_bytes - before.fetched_bytes) / patches.max(1);
    println!(
        "{:>34} {each:>12} bytes  {} ({patches} of {} changes came as patches)",
        "to a client that has the one before",
        share(each, bytes),
        update.changes
    );
    println!(
        "\n{:>34} {:>12} {:>12} {:>12}",
        "from the beginning of a write", "p50", "p99", "most"
    );
    for (name, times) in
        [("acknowledged", &quick), ("announced", &announced), ("served by a client", &served)]
    {
        let [p50, p99, most] = [50.0, 99.0, 100.0].map(|percent| times.ms(percent));
        println!("{name:>34} {p50:>12} {p99:>12} {most:>12}");
    }
    let text = server.metrics().await?;
    println!("\n{:>34} {:>12}", "", "mean");
    for (name, metric) in [
        ("server: flags to module", "vexil_compile_seconds"),
        ("server: module held against flags", "vexil_verify_seconds"),
    ] {
        println!("{name:>34} {:>9.1} ms", mean_ms(&text, metric));
    }
    compiles.sort_unstable();
    let half = compiles.get(compiles.len() / 2).copied().unwrap_or_default();
    println!(
        "{:>34} {full_ms:>9} ms  (of {first:.1?} from nothing to ready)",
        "client: all functions"
    );
    println!("{:>34} {half:>9} ms", "client: what has changed");
    Ok(())
}

/// Bytes of a module as it travels.
async fn wire(server: &Server, url: &str, coding: &str) -> Result<u64> {
    let client = reqwest::Client::builder().no_gzip().no_brotli().no_zstd().build()?;
    let request = client.get(format!("{}{url}", server.url)).header(ACCEPT_ENCODING, coding);
    let answer = request.send().await?.error_for_status()?;
    let named = answer.headers().get(CONTENT_ENCODING).context("it is not encoded")?;
    ensure!(named == coding, "it came as {named:?}");
    let length = answer.headers().get(CONTENT_LENGTH).and_then(|it| it.to_str().ok());
    Ok(length.context("no length")?.parse()?)
}

fn share(part: u64, of: u64) -> String {
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    let percent = part as f64 * 100.0 / of.max(1) as f64;
    format!("{percent:.2} %")
}

/// The mean of a histogram, over its labels.
fn mean_ms(text: &str, metric: &str) -> f64 {
    let sum = |end: &str| -> f64 {
        let name = format!("{metric}_{end}");
        let lines = text.lines().filter(|line| line.starts_with(&name));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    };
    sum("sum") / sum("count").max(1.0) * 1_000.0
}
