//! `vexil fleet`: how much of the fleet serves what is announced.
//!
//! In: an environment. Out: how many clients have converged, on which modules the others are, with
//! which lag it arrived; with `--wait` the same once all have, for scripts that go on then.

use std::time::{Duration, Instant};

use clap::Args;
use owo_colors::OwoColorize;
use serde_json::Value;

use super::exit::Exit;
use super::failure::{Failure, count};
use super::output::{Output, cut, plain, table};
use super::remote::Remote;
use super::request::Request;
use super::selected::told;

pub(super) const EXAMPLES: &str = "\
Clients that follow the server report what they serve: soon after it changes, and once a minute.
One that has gone without saying so is forgotten after three minutes.

Examples:
  vexil fleet -p storefront -e production
  vexil fleet -p storefront -e production --clients        each of them, who is behind first
  vexil fleet -p storefront -e production --wait --revision 42    go on when all of them have it";

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Characters of a digest that tell it from others.
const DIGEST_SHOWN: usize = 12;

/// How to look.
#[derive(Args, Clone, Debug)]
pub struct Fleet {
    /// Show every client
    #[arg(long)]
    clients: bool,
    /// Wait until every client serves what is announced
    #[arg(long)]
    wait: bool,
    /// Wait at most this long, in seconds; then fail
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "wait")]
    timeout: u64,
    /// Wait until at least this revision is announced, such as the one that a change was answered with
    #[arg(long, value_name = "REVISION", default_value_t = 0, requires = "wait")]
    revision: u64,
    /// Wait for at least this many clients
    #[arg(long, value_name = "N", default_value_t = 1, requires = "wait")]
    at_least: u64,
}

/// Runs `vexil fleet`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(fleet: &Fleet, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let path =
        ["v1", "projects", remote.project()?, "environments", remote.environment()?, "fleet"];
    // With fewer the table of those that are behind would be cut.
    let limit = if fleet.clients || out.json { 1_000 } else { 10 };
    let started = Instant::now();
    loop {
        let over = started.elapsed() >= Duration::from_secs(fleet.timeout);
        let now = match remote.send(Request::get(path).query("limit", limit)).await {
            Ok(now) => now,
            // A server that restarts comes back.
            Err(failure) if fleet.wait && !over && failure.exit() == Exit::Unreachable => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let missing = if fleet.wait { missing(&now, fleet, remote).await? } else { None };
        if missing.is_none() || over {
            show(&now, fleet, out)?;
            let Some(missing) = missing else { return Ok(Exit::Success) };
            out.note(format_args!("{} {missing}", "not yet:".red().bold()));
            return Ok(Exit::Failure);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What is waited for.
async fn missing(now: &Value, fleet: &Fleet, remote: &Remote) -> Result<Option<String>, Failure> {
    let (clients, current) = (number(now, "clients"), number(now, "current"));
    if clients < fleet.at_least {
        let least = fleet.at_least;
        return Ok(Some(format!("{clients} clients report, and {least} are waited for")));
    }
    if current < clients {
        let behind = clients - current;
        return Ok(Some(format!("{behind} of {clients} clients serve something else")));
    }
    let announced = number(now, "revision");
    if announced >= fleet.revision || is_covered(announced, fleet.revision, remote).await? {
        return Ok(None);
    }
    Ok(Some(format!("revision {} is not announced here; {announced} is", fleet.revision)))
}

/// Is there nothing between the two revisions that this environment would have to announce?
async fn is_covered(announced: u64, wanted: u64, remote: &Remote) -> Result<bool, Failure> {
    if announced == 0 {
        return Ok(false);
    }
    let path =
        ["v1", "projects", remote.project()?, "environments", remote.environment()?, "deltas"];
    let deltas = remote.send(Request::get(path).query("since", announced)).await?;
    let is_empty = |name: &str| {
        let members = deltas.get(name).and_then(Value::as_object);
        members.is_some_and(serde_json::Map::is_empty)
    };
    Ok(number(&deltas, "to") >= wanted && is_empty("flags") && is_empty("segments"))
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn show(now: &Value, fleet: &Fleet, out: Output) -> Result<(), Failure> {
    if out.json {
        return out.json(now);
    }
    let text = |name: &str| plain(now.get(name).and_then(Value::as_str).unwrap_or_default());
    let place = format!("{}/{}", text("project"), text("environment"));
    let announced = format!("revision {}  {}", number(now, "revision"), short(now));
    out.line(format_args!("{}  {}", place.bold(), announced.dimmed()))?;
    let (clients, current) = (number(now, "clients"), number(now, "current"));
    if clients == 0 {
        return out.line("  no client has reported in the last three minutes");
    }
    let of = count(usize::try_from(clients).unwrap_or(usize::MAX), "client");
    let lag = now.get("lag_ms").filter(|lag| lag.is_object()).map(|lag| {
        let ms = |name| number(lag, name);
        format!("   lag p50 {} ms, p99 {} ms, max {} ms", ms("p50"), ms("p99"), ms("max"))
    });
    let lag = lag.unwrap_or_default();
    let line = format!("{current} of {of} ({} %)", current * 100 / clients);
    match current == clients {
        true => out.line(format_args!("{} {}{}", "✓".green().bold(), line, lag.dimmed()))?,
        false => out.line(format_args!("{} {}{}", "…".yellow().bold(), line, lag.dimmed()))?,
    }
    let modules = list(now, "modules");
    if modules.len() > 1 {
        // Who follows some flags is held against what is announced of those.
        let are_some = modules.iter().any(|module| module.get("selection").is_some());
        let mut columns = vec!["DIGEST", "REVISION", "CLIENTS"];
        columns.extend(are_some.then_some("FLAGS"));
        let mut rows = table(&columns);
        for module in modules {
            let clients = number(module, "clients").to_string();
            let mut row = vec![short(module), revision(module), clients];
            row.extend(are_some.then(|| followed(module)));
            rows.add_row(row);
        }
        out.line("")?;
        out.table(rows)?;
    }
    clients_of(now, fleet, out)
}

/// Each client, or those that are behind.
fn clients_of(now: &Value, fleet: &Fleet, out: Output) -> Result<(), Failure> {
    let is_behind = |client: &&Value| client.get("current") != Some(&Value::Bool(true));
    let shown: Vec<&Value> =
        list(now, "instances").iter().filter(|one| fleet.clients || is_behind(one)).collect();
    if shown.is_empty() {
        return Ok(());
    }
    let mut rows =
        table(&["CLIENT", "STATE", "REVISION", "DIGEST", "LAG", "HEARD", "KEY", "ERROR"]);
    for client in &shown {
        let text = |name: &str| plain(client.get(name).and_then(Value::as_str).unwrap_or_default());
        let instance: String = text("instance").chars().take(8).collect();
        let name = match text("name") {
            name if name.is_empty() => instance,
            name => format!("{} {instance}", cut(&name, 40)),
        };
        let lag = client.get("lag_ms").and_then(Value::as_u64);
        let lag = lag.map_or_else(|| "–".to_owned(), |lag| format!("{lag} ms"));
        let heard = text("heard");
        // The time of day; the day is today's.
        let heard = heard.get(11..19).unwrap_or(&heard).to_owned();
        let row = [
            name,
            text("state"),
            revision(client),
            short(client),
            lag,
            heard,
            text("key"),
            cut(&text("error"), 60),
        ];
        rows.add_row(row);
    }
    out.line("")?;
    out.table(rows)?;
    let (all, shown) = (number(now, "clients"), shown.len() as u64);
    if fleet.clients && shown < all {
        out.note(format_args!("{shown} of {all} are shown"));
    }
    Ok(())
}

/// The flags that clients of a module follow.
fn followed(module: &Value) -> String {
    match module.get("selection") {
        None => "all".to_owned(),
        some => told(some).map_or_else(|| "not published".to_owned(), |it| cut(&it, 60)),
    }
}

fn revision(value: &Value) -> String {
    match number(value, "revision") {
        0 => "–".to_owned(),
        revision => revision.to_string(),
    }
}

/// The beginning of a digest.
fn short(value: &Value) -> String {
    let digest = value.get("digest").and_then(Value::as_str);
    digest
        .map_or_else(|| "defaults".to_owned(), |digest| digest.chars().take(DIGEST_SHOWN).collect())
}
