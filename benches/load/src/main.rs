//! Load on a server: what its clients feel while others ask too much.
//!
//! In: a scenario and its size; `cargo xtask load` builds the server and runs this. Out: a table on
//! the terminal. The server is the real program on a store of its own, a process apart; the load
//! comes from the same machine, so that figures are of both together.

mod flood;

mod streams;

mod append;

mod update;

mod history;

mod soak;

mod plot;

mod crowd;

mod process;

mod server;

mod times;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Puts load on a Vexil server, and measures what its clients feel.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask load", bin_name = "cargo xtask load", max_term_width = 100)]
struct Options {
    /// The server's program
    #[arg(long, global = true, default_value = "target/release/vexil", value_name = "FILE")]
    vexil: PathBuf,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// One key asks as often as it can; how long does another wait?
    Flood(flood::Flood),
    /// Many clients with open streams: memory, changes, a storm
    Streams(streams::Streams),
    /// Writers: durable changes a second
    Append(append::Append),
    /// A small change of a large environment: bytes, times
    Update(update::Update),
    /// A log of a million events: archives, starts, the past
    History(history::History),
    /// A long time of everything: does anything grow?
    Soak(soak::Soak),
}

fn main() -> Result<()> {
    let options = Options::parse();
    // A provider that is already installed is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match &options.scenario {
            Scenario::Flood(flood) => flood::run(flood, &options.vexil).await,
            Scenario::Streams(streams) => streams::run(streams, &options.vexil).await,
            Scenario::Append(append) => append::run(append, &options.vexil).await,
            Scenario::Update(update) => update::run(update, &options.vexil).await,
            Scenario::History(history) => history::run(history, &options.vexil).await,
            Scenario::Soak(soak) => soak::run(soak, &options.vexil).await,
        }
    })
}
