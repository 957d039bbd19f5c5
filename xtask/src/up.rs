//! `cargo xtask up`: a server with the storefront's flags, and the shop that follows it.
//!
//! In: ports, perhaps. Out: both programs built, started and answering; a note where to look; both
//! stopped again on Ctrl-C or when one of them dies. What they keep and print is in `target/up`.

mod http;
mod ports;
mod program;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::{cargo, root, show, tools};
use program::Program;

/// How long a program may take until it answers; a debug build on a busy machine takes seconds.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How often to look whether something has happened.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Where and how to start.
#[derive(Args, Debug)]
pub struct Up {
    /// The server's port [default: 7070, or a free one]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// The shop's port [default: 7080, or a free one]
    #[arg(long, value_name = "PORT")]
    shop_port: Option<u16>,
    /// The environment that the shop follows
    #[arg(long, default_value = "production")]
    environment: String,
    /// Go on with the flags and the history of the last time
    #[arg(long)]
    keep: bool,
}

/// Where everything is.
struct Place {
    binaries: PathBuf,
    folder: PathBuf,
    flags: PathBuf,
    server: SocketAddr,
    shop: SocketAddr,
}

/// Builds, starts, tells, waits, stops.
pub fn run(up: &Up) -> Result<ExitCode> {
    tools::need(&[tools::C_COMPILER])?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    ctrlc::set_handler(move || stopped.store(true, Ordering::Relaxed))
        .context("cannot listen for Ctrl-C")?;
    let server = ports::choose("the server", up.port, 7070, None)?;
    let place = Place {
        binaries: build()?,
        folder: root().join("target/up"),
        flags: root().join("examples/storefront/flags.yaml"),
        server,
        shop: ports::choose("the shop", up.shop_port, 7080, Some(server))?,
    };
    let known = prepare(&place.folder, up.keep)?;

    let mut server = start_server(&place)?;
    server.answers(place.server, "/healthz", START_LIMIT, &stop)?;
    if !known {
        apply(&place)?;
    }
    let mut shop = start_shop(&place, &up.environment)?;
    shop.answers(place.shop, "/readyz", START_LIMIT, &stop)?;
    note(&place, &up.environment, known);
    wait(&mut [&mut server, &mut shop], &stop)?;
    println!("\nstopping");
    Ok(ExitCode::SUCCESS)
}

/// Builds both programs with the profile of this one, and tells in which folder they are.
fn build() -> Result<PathBuf> {
    let started = Instant::now();
    println!("{}", show::faint("building vexil and storefront (the first time takes minutes)"));
    let arguments = ["build", "--package", "vexil-server", "--package", "storefront"];
    let status = cargo().args(arguments).stdin(Stdio::null()).status();
    if !status.context("cargo does not start")?.success() {
        bail!("the build failed");
    }
    println!("{}", show::faint(format!("built in {}", show::seconds(started.elapsed()))));
    let this = std::env::current_exe().context("cannot find my own program")?;
    Ok(this.parent().unwrap_or(Path::new(".")).to_path_buf())
}

/// Makes the folder; tells whether it holds a log to go on with.
fn prepare(folder: &Path, keep: bool) -> Result<bool> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let store = folder.join("vexil.db");
    if keep {
        return Ok(store.exists());
    }
    for suffix in ["", "-wal", "-shm"] {
        let file = folder.join(format!("vexil.db{suffix}"));
        if file.exists() {
            std::fs::remove_file(&file)
                .with_context(|| format!("cannot remove {}", file.display()))?;
        }
    }
    Ok(false)
}

fn start_server(place: &Place) -> Result<Program> {
    let mut command = Command::new(place.binaries.join("vexil"));
    command.args(["serve", "--dev", "--listen", &place.server.to_string(), "--store"]);
    command.arg(place.folder.join("vexil.db"));
    Program::start("vexil", &mut command, &place.folder)
}

fn start_shop(place: &Place, environment: &str) -> Result<Program> {
    let mut command = Command::new(place.binaries.join("storefront"));
    let server = format!("http://{}", place.server);
    command.args(["--listen", &place.shop.to_string(), "--server", &server]);
    command.args(["--environment", environment]);
    Program::start("storefront", &mut command, &place.folder)
}

fn apply(place: &Place) -> Result<()> {
    let mut command = Command::new(place.binaries.join("vexil"));
    command.arg("apply").arg(&place.flags);
    command.args(["--server", &format!("http://{}", place.server), "--yes"]);
    command.args(["--comment", "the storefront opens", "--actor", "xtask"]);
    let output = command.stdin(Stdio::null()).output().context("`vexil apply` does not start")?;
    if !output.status.success() {
        bail!("`vexil apply` failed\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// Waits until there is a reason to stop; a program that has died is an error.
fn wait(programs: &mut [&mut Program], stop: &AtomicBool) -> Result<()> {
    while !stop.load(Ordering::Relaxed) {
        for program in programs.iter_mut() {
            program.lives()?;
        }
        std::thread::sleep(LOOK_INTERVAL);
    }
    Ok(())
}

fn note(place: &Place, environment: &str, known: bool) {
    let url = |address: SocketAddr| show::link(format!("http://{address}"));
    let (shop, server) = (url(place.shop), url(place.server));
    let binary = place.binaries.join("vexil");
    let binary = binary.strip_prefix(root()).map_or(binary.clone(), Path::to_path_buf);
    let vexil = |words: &str| {
        let server = if place.server.port() == 7070 {
            String::new()
        } else {
            format!(" --server http://{}", place.server)
        };
        format!("{} {words} -p storefront -e {environment}{server}", binary.display())
    };
    // The rule `dach` stands in production only.
    let whom = if environment == "production" { "--rule dach" } else { "--fallthrough" };
    let state = if known { "the flags of the last time" } else { "fresh flags" };
    println!(
        "\n  {title}\n\n  {shop_label}   {shop}   {follows}\n  {page_label}   {page}   {by_itself}
  {server_label} {server}   {state}\n
  Open the shop, or the page, then change a flag and watch the page follow:\n
    {accent}\n    {checkout}\n    {payments}\n    {log}\n
  Ask without a browser:\n
    {curl}\n    {why}\n
  {logs}\n  {end}\n",
        title = show::strong("Vexil is up"),
        shop_label = show::faint("the shop"),
        server_label = show::faint("the server"),
        page_label = show::faint("the page"),
        page = show::link(format!("http://{}/browser/", place.shop)),
        by_itself = show::faint("evaluates flags in the browser"),
        follows = show::faint(format!("follows {environment}")),
        state = show::faint(state),
        accent = vexil("flag fallthrough accent heather"),
        checkout = vexil(&format!("flag rollout checkout-v2 {whom} on=100%,off=0%")),
        payments = vexil("flag off payments-enabled"),
        log = vexil("log show"),
        curl = format_args!("curl 'http://{}/api/flag/checkout-v2?persona=mia'", place.shop),
        why = format_args!(
            "curl http://{}/v1/projects/storefront/environments/{environment}/head",
            place.server
        ),
        logs = show::faint("Logs and the store are in target/up."),
        end = show::faint("Ctrl-C stops both."),
    );
}
