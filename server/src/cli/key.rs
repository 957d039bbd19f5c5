//! `vexil key …`: who may do what.
//!
//! In: names, kinds, scopes. Out: what the server says of keys, and a new secret once, on standard
//! output and nowhere else.

use clap::{Args, Subcommand, ValueEnum};
use owo_colors::OwoColorize;
use serde_json::{Value, json};

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, cut, plain, table};
use super::remote::Remote;
use super::request::Request;
use crate::access::token::Token;

/// What to do with keys.
#[derive(Subcommand, Clone, Debug)]
pub enum KeyCommand {
    /// List keys, without their secrets
    List {
        /// Also those that are good no more
        #[arg(long)]
        all: bool,
    },
    /// Create a key and show it, this once
    #[command(after_help = CREATE_EXAMPLES)]
    Create(Create),
    /// Give a key a new secret and show it, this once; the old one stays good for a while
    #[command(after_help = ROTATE_EXAMPLES)]
    Rotate {
        /// The key's id: what stands between its kind and its secret
        id: String,
        /// For how many hours the old secret stays good; 0 ends it at once
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        #[arg(value_parser = clap::value_parser!(u32).range(..=2_160))]
        overlap: u32,
    },
    /// Make a key good for nothing, at once
    Revoke {
        /// The key's id: what stands between its kind and its secret
        id: String,
    },
    /// Say whose key is shown, and what it is good for
    Whoami,
    /// Show what happened to keys, oldest first
    Log,
}

const CREATE_EXAMPLES: &str = "\
A key has a kind: admin (gives keys), editor (changes flags), viewer (looks), server (evaluates in
your services), browser (evaluates in pages, and is no secret). It is good for what --project,
--environment and --environments name, and without them for all there is. A server key names its
project, a browser key also its environments and the origins of its pages.

Examples:
  vexil key create eva --kind editor -p shop --environments development,staging
  vexil key create checkout --kind server -p shop -e production
  vexil key create 'shop pages' --kind browser -p shop -e production --origin https://shop.example
  vexil key create 'ci' --kind editor -p shop --names-actors --expires 2027-01-01T00:00:00Z";

const ROTATE_EXAMPLES: &str = "\
Examples:
  vexil key rotate 4fKq0aT2Xz                 the old secret stays good for a day
  vexil key rotate 4fKq0aT2Xz --overlap 0     it is out: end it now";

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Does everything, and gives keys
    Admin,
    /// Changes flags
    Editor,
    /// Looks
    Viewer,
    /// Evaluates in services
    Server,
    /// Evaluates in pages; not a secret
    Browser,
}

/// A new key.
#[derive(Args, Clone, Debug)]
pub struct Create {
    /// Whose it is, or what for; the actor of what it does
    name: String,
    /// What it is for
    #[arg(long, value_enum)]
    kind: Kind,
    /// The environments that it is good for, besides --environment
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    environments: Vec<String>,
    /// An origin whose pages may use it, such as https://shop.example; `*` is any
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Until when it is good (RFC 3339) [default: until it is revoked]
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// It may say who acts: for gateways and scripts that know their users
    #[arg(long)]
    names_actors: bool,
}

/// Runs `vexil key …`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(command: &KeyCommand, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    match command {
        KeyCommand::List { all } => {
            list(&remote.send(Request::get(["v1", "keys"])).await?, *all, out)
        }
        KeyCommand::Create(create) => {
            let body = body(create, remote);
            made(&remote.send(Request::post(["v1", "keys"]).json(body)).await?, "created", out)
        }
        KeyCommand::Rotate { id, overlap } => {
            let (id, body) = (self::id(id)?, json!({ "overlap_s": overlap * 3_600 }));
            let request = Request::post(["v1", "keys", &id, "rotate"]).json(body);
            made(&remote.send(request).await?, "rotated", out)
        }
        KeyCommand::Revoke { id } => {
            let id = self::id(id)?;
            let answer = remote.send(Request::delete(["v1", "keys", &id])).await?;
            if out.json {
                out.json(&answer)?;
                return Ok(Exit::Success);
            }
            let tick = "✓".green().bold().to_string();
            out.line(format_args!("{tick} key {} is good for nothing now", plain(&id)))?;
            Ok(Exit::Success)
        }
        KeyCommand::Whoami => {
            let answer = remote.send(Request::get(["v1", "keys", "self"])).await?;
            whoami(&answer, out)
        }
        KeyCommand::Log => log(remote, out).await,
    }
}

fn body(create: &Create, remote: &Remote) -> Value {
    let kind = create.kind.to_possible_value();
    let one = remote.given_environment().map(str::to_owned);
    let environments: Vec<String> = one.into_iter().chain(create.environments.clone()).collect();
    let mut body = json!({
        "kind": kind.as_ref().map(clap::builder::PossibleValue::get_name),
        "name": create.name,
        "origins": create.origins,
        "names_actors": create.names_actors,
    });
    if let Some(members) = body.as_object_mut() {
        if let Some(project) = remote.named_project() {
            members.insert("project".to_owned(), project.into());
        }
        if !environments.is_empty() {
            members.insert("environments".to_owned(), environments.into());
        }
        if let Some(expires) = &create.expires {
            members.insert("expires".to_owned(), expires.as_str().into());
        }
    }
    body
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Where a key is good.
fn scope(key: &Value) -> String {
    let environments = key.get("environments").and_then(Value::as_array);
    let names: Vec<&str> = environments.into_iter().flatten().filter_map(Value::as_str).collect();
    match (text(key, "project"), names.as_slice()) {
        ("", _) => "everything".to_owned(),
        (project, []) => project.to_owned(),
        (project, names) => format!("{project}: {}", names.join(", ")),
    }
}

/// A key that was made, or has a new secret.
fn made(answer: &Value, how: &str, out: Output) -> Result<Exit, Failure> {
    if out.json {
        out.json(answer)?;
        return Ok(Exit::Success);
    }
    let key = answer.get("key").unwrap_or(&Value::Null);
    let what =
        format!("{} key {} ({}) {how}", text(key, "kind"), text(key, "id"), text(key, "name"));
    let note = format!("for {}", scope(key));
    // Standard output has the key and nothing else: `KEY=$(vexil key create …)`.
    out.note(format_args!("{} {} {}", "✓".green().bold(), plain(&what), plain(&note).dimmed()));
    match text(answer, "token") {
        "" => out.note(
            "it was made before, and its secret was shown then; `vexil key rotate` gives a new one",
        ),
        token => {
            out.line(plain(token))?;
            if text(key, "kind") != "browser" {
                out.note("it is shown this once: keep it in a safe place");
            }
            if !text(key, "old_secret_until").is_empty() {
                let until = text(key, "old_secret_until");
                out.note(format_args!("the old one is good until {until}"));
            }
        }
    }
    Ok(Exit::Success)
}

fn list(answer: &Value, all: bool, out: Output) -> Result<Exit, Failure> {
    if out.json {
        out.json(answer)?;
        return Ok(Exit::Success);
    }
    let keys = answer.get("keys").and_then(Value::as_array);
    let shown = keys.into_iter().flatten().filter(|key| all || text(key, "state") == "good");
    let mut rows = table(&["ID", "KIND", "NAME", "FOR", "CREATED", "STATE"]);
    let mut count = 0;
    for key in shown {
        count += 1;
        let day = |name| text(key, name).get(..10).unwrap_or_default().to_owned();
        let minute = |name| text(key, name).get(..16).unwrap_or_default().replace('T', " ");
        let state = match (text(key, "state"), text(key, "expires")) {
            ("good", "") => "good".to_owned(),
            ("good", _) => format!("good until {} UTC", minute("expires")),
            ("revoked", _) => format!("revoked {}", day("revoked")),
            (state, _) => state.to_owned(),
        };
        rows.add_row([
            plain(text(key, "id")),
            plain(text(key, "kind")),
            plain(&cut(text(key, "name"), 30)),
            plain(&cut(&scope(key), 50)),
            day("created"),
            state,
        ]);
    }
    if count == 0 {
        out.note("no keys; `vexil key create NAME --kind KIND` makes one");
        return Ok(Exit::Success);
    }
    out.table(rows)?;
    Ok(Exit::Success)
}

fn whoami(answer: &Value, out: Output) -> Result<Exit, Failure> {
    if out.json {
        out.json(answer)?;
    } else if answer.get("asked_for").is_some() {
        out.line("this server asks for no keys")?;
    } else {
        let (kind, id, name) = (text(answer, "kind"), text(answer, "id"), text(answer, "name"));
        out.line(plain(&format!("{name}: {kind} key {id}, for {}", scope(answer))))?;
    }
    Ok(Exit::Success)
}

/// Page by page: the server gives no more than a thousand events at a time.
async fn log(remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let mut after = 0;
    loop {
        let request = Request::get(["v1", "access", "log"]).query("limit", 1_000);
        let answer = remote.send(request.query("after", after)).await?;
        let events = answer.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
        for event in &events {
            super::log::show::event(event, out)?;
        }
        match events.last().and_then(|event| event.get("revision")?.as_u64()) {
            Some(last) => after = last,
            None => return Ok(Exit::Success),
        }
    }
}

/// The id that is meant: of a whole key that was given in its place only the id is used, so that
/// its secret does not go into a URL.
fn id(given: &str) -> Result<String, Failure> {
    match (Token::parse(given), given.starts_with("vxl_")) {
        (Some(token), _) => Ok(token.id),
        (None, true) => Err(Failure::Usage(
            "give the id of the key: what stands between its kind and its secret".into(),
        )),
        (None, false) => Ok(given.to_owned()),
    }
}
