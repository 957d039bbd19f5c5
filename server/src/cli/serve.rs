//! `vexil serve`: a server in the foreground.
//!
//! In: where to listen, where the log is kept, how to write logs. Out: a note of what was started
//! on standard output (one JSON line for programs), logs on standard error. Ctrl-C or SIGTERM
//! drains it; the same again ends it at once.

mod settings;

use std::io::IsTerminal as _;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use owo_colors::OwoColorize;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, pairs, plain};
use crate::access::token::Token;
use crate::hub::error::chain;
use crate::limits::{CONNECTIONS_BESIDE_STREAMS, FILES_BESIDE_CONNECTIONS};
use crate::serve::{Running, ServeError, serve};
use crate::trace::export::Traces;
use settings::Settings;

pub(super) const EXAMPLES: &str = "\
A new store gets an admin key, which is shown once: with it you create the keys of services and
people (see `vexil key create --help`). With --dev no keys are asked for, and only this machine is
let in.

With --json the first line of standard output is {\"url\": …, \"store\": …, \"admin_key\": …}; it is
written when the server answers, and admin_key is null unless a key was made.

Examples:
  vexil serve --dev                                 on your own machine
  vexil serve --listen 0.0.0.0:7070                 for others, behind a proxy that speaks TLS
  vexil serve --listen 0.0.0.0:443 --tls-certificate flags.pem --tls-key flags.key
  vexil serve --store /var/lib/vexil/vexil.db --log-format json
  vexil serve --dev --memory --listen 127.0.0.1:0   for a try: any port, nothing kept
  vexil serve --new-admin-key                       when every admin key is lost";

/// Time for what is left of the runtime when the server has ended.
const LAST_TASKS: Duration = Duration::from_secs(1);

/// Where and how to serve.
#[derive(Args, Clone, Debug, Default)]
pub struct Serve {
    /// A file with settings (YAML or JSON); options and environment variables go before it
    #[arg(short, long, env = "VEXIL_CONFIG", value_name = "FILE", hide_env_values = true)]
    config: Option<PathBuf>,
    /// The address to listen on; port 0 is any free one [default: 127.0.0.1:7070]
    #[arg(short, long, env = "VEXIL_LISTEN", value_name = "ADDRESS", hide_env_values = true)]
    listen: Option<SocketAddr>,
    /// The file that keeps the log (SQLite); made when it is not there [default: vexil.db]
    #[arg(short, long, env = "VEXIL_STORE", value_name = "FILE", hide_env_values = true)]
    store: Option<PathBuf>,
    /// Keep the log in memory: all is lost when the server ends
    #[arg(long, value_name = "BOOLEAN", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", hide_possible_values = true)]
    memory: Option<bool>,
    /// Ask for no keys: whoever is on this machine may do everything
    #[arg(long, env = "VEXIL_DEV", hide_env_values = true, value_name = "BOOLEAN")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    dev: Option<bool>,
    /// Make a further admin key and show it
    #[arg(long)]
    new_admin_key: bool,
    /// A proxy that is believed when it says who called (`X-Forwarded-For`)
    #[arg(long = "trusted-proxy", env = "VEXIL_TRUSTED_PROXIES", value_name = "ADDRESS")]
    #[arg(value_delimiter = ',', hide_env_values = true)]
    trusted_proxies: Vec<IpAddr>,
    /// The file of the key that signs announcements; made when it is not there [default: beside the
    /// store]
    #[arg(long, env = "VEXIL_SIGNING_KEY", value_name = "FILE", hide_env_values = true)]
    signing_key: Option<PathBuf>,
    /// The list of keys that names it, as `vexil trust sign` writes it [default: the server is its
    /// own root]
    #[arg(long, env = "VEXIL_TRUST", value_name = "FILE", hide_env_values = true)]
    trust: Option<PathBuf>,
    /// The server's certificate and those that vouch for it (PEM): speak HTTPS, and nothing else
    #[arg(long, env = "VEXIL_TLS_CERTIFICATE", value_name = "FILE", hide_env_values = true)]
    tls_certificate: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, env = "VEXIL_TLS_KEY", value_name = "FILE", hide_env_values = true)]
    tls_key: Option<PathBuf>,
    /// Where an OpenTelemetry collector takes traces (OTLP over HTTP), such as http://127.0.0.1:4318
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", hide_env_values = true)]
    otlp_endpoint: Option<String>,
    /// How many of a project's newest events stay in the database; older ones move into archives
    /// beside it, and are read as before; 0: all stay [default: 100000]
    #[arg(long, env = "VEXIL_KEEP_EVENTS", value_name = "EVENTS", hide_env_values = true)]
    keep_events: Option<u64>,
    /// Event streams that may be open at a time; each takes a file handle and 13 kB [default: 16384]
    #[arg(long, env = "VEXIL_MAX_STREAMS", value_name = "STREAMS", hide_env_values = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    max_streams: Option<u32>,
    /// How to write logs [default: pretty]
    #[arg(long, env = "VEXIL_LOG_FORMAT", value_name = "FORMAT", hide_env_values = true)]
    #[arg(value_enum)]
    log_format: Option<LogFormat>,
    /// Which logs to write: a level, or levels by module as in RUST_LOG [default: info]
    #[arg(long, env = "VEXIL_LOG", value_name = "FILTER", hide_env_values = true)]
    log: Option<String>,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum LogFormat {
    /// For people
    Pretty,
    /// One JSON object per line
    Json,
}

/// Runs `vexil serve` until it is told to end.
///
/// # Errors
/// The address is taken, or the store cannot be opened.
pub fn run(arguments: &Serve, out: Output) -> Result<Exit, Failure> {
    let settings = Settings::of(arguments)?;
    let traces = traces(&settings)?;
    logs(&settings, traces.as_ref())?;
    open_files(settings.max_streams);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(until_told(arguments, &settings, out));
    // What still waits for a disk is not waited for.
    runtime.shutdown_timeout(LAST_TASKS);
    if let Some(traces) = traces {
        traces.end();
    }
    ended
}

/// Lets the process have as many open files as the system allows: every event stream is one.
fn open_files(streams: u32) {
    let beside = (CONNECTIONS_BESIDE_STREAMS + FILES_BESIDE_CONNECTIONS) as u64;
    let wanted = u64::from(streams) + beside;
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(allowed) if allowed < wanted => tracing::warn!(
            allowed,
            wanted,
            "the system allows fewer open files than there may be streams (`ulimit -n`)"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}

fn traces(settings: &Settings) -> Result<Option<Traces>, Failure> {
    let endpoint = settings.otlp_endpoint.as_deref();
    let traces = endpoint.map(Traces::to).transpose();
    traces.map_err(|error| Failure::Usage(chain(&error)))
}

/// Runs `vexil check-config`: says what `vexil serve` would be run with.
///
/// # Errors
/// It would not start with that.
pub fn check(arguments: &Serve, out: Output) -> Result<Exit, Failure> {
    let settings = Settings::of(arguments)?;
    crate::serve::check(&settings.options()).map_err(|error| refused(&error))?;
    if out.json {
        out.json(&settings)?;
        return Ok(Exit::Success);
    }
    let mut rows = pairs();
    let document = serde_json::to_value(&settings).map_err(std::io::Error::from)?;
    for (name, value) in document.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        rows.add_row([name.as_str(), &plain(&value)]);
    }
    out.table(rows)?;
    Ok(Exit::Success)
}

async fn until_told(arguments: &Serve, settings: &Settings, out: Output) -> Result<Exit, Failure> {
    // Before anybody is told that there is a server to end.
    let mut signals = Signals::new()?;
    let mut options = settings.options();
    options.new_admin = arguments.new_admin_key;
    let started = serve(options).await;
    let running = started.map_err(|error| refused(&error))?;
    note(settings, &running, out)?;
    signals.next().await;
    out.note(format_args!("\n{}", "draining; Ctrl-C again ends at once".dimmed()));
    tokio::select! {
        () = running.shutdown() => Ok(Exit::Success),
        () = signals.next() => Ok(Exit::Failure),
    }
}

/// Why there is no server, with every reason behind it.
fn refused(error: &ServeError) -> Failure {
    let text = chain(error);
    match error {
        ServeError::NotLoopback(_) => Failure::Usage(text),
        _ => Failure::Other(text),
    }
}

/// Ctrl-C and SIGTERM; kept from the moment of its making on.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C, where there are no signals.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a way to be told, the server ends with its process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What was started.
fn note(settings: &Settings, running: &Running, out: Output) -> Result<(), Failure> {
    let url = running.url();
    let key = running.admin.as_ref().map(Token::reveal);
    let store = settings.store.display().to_string();
    if out.json {
        let store = if settings.memory { None } else { Some(store) };
        return out.json_line(&json!({ "url": url, "store": store, "admin_key": key }));
    }
    let store = if settings.memory {
        format!("memory {}", "(nothing is kept when the server ends)".dimmed())
    } else {
        format!("{} {}", plain(&store), "(SQLite)".dimmed())
    };
    let label = |name: &str| format!("{name:<11}").dimmed().to_string();
    let version = concat!("Vexil ", env!("CARGO_PKG_VERSION"));
    out.line(format_args!("\n  {}\n", version.bold()))?;
    out.line(format_args!("  {}{}", label("listening"), url.cyan().bold()))?;
    out.line(format_args!("  {}{store}", label("store")))?;
    if settings.dev {
        let access = "no keys are asked for: whoever is on this machine may change flags";
        out.line(format_args!("  {}{access}", label("access")))?;
    } else {
        out.line(format_args!("  {}by key", label("access")))?;
    }
    if let Some(key) = key {
        out.line(format_args!("\n  {}{}", label("admin key"), key.yellow().bold()))?;
        out.line(format_args!("  {}shown this once: keep it in a safe place,", label("")))?;
        out.line(format_args!("  {}and use it by `--key` or VEXIL_KEY", label("")))?;
    } else if running.only_first_key {
        let hint = "there is only the key that the first start has shown; `--new-admin-key`";
        out.line(format_args!("  {}{hint}", label("")))?;
        out.line(format_args!("  {}makes another, should nobody have it", label("")))?;
    }
    out.line(format_args!("\n  {}\n", "Ctrl-C ends it.".dimmed()))
}

fn logs(settings: &Settings, traces: Option<&Traces>) -> Result<(), Failure> {
    let filter = settings.filter()?;
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let lines = match settings.log_format {
        LogFormat::Pretty => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    let set = subscriber.with(traces.map(Traces::layer)).try_init();
    set.map_err(|error| Failure::Other(format!("cannot write logs: {error}")))
}
