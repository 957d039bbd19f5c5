//! `vexil flag rollout` and `vexil flag fallthrough`: what a rule or the fallthrough gives.
//!
//! In: percentages, or a serve in the flag language. Out: what the server says. A rollout reads
//! what is there and changes it at the revision at which it was read.

use clap::Args;
use serde_json::Value;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::Output;
use super::super::remote::Remote;
use super::super::request::Request;
use super::super::rollout::{Kept, Rollout};
use super::super::sentence;
use super::super::source::Content;
use super::super::written::written;
use super::here;

/// How often a change is tried again when somebody else was faster.
const TRIES: u32 = 5;

pub(super) const ROLLOUT_EXAMPLES: &str = "\
Percentages have at most three decimals and sum to 100 %. What a split hashes by and with, and
the order of its variants, stay as they are, so that nobody moves who does not have to.

Examples:
  vexil flag rollout checkout-v2 -e production --fallthrough on=25%,off=75%
  vexil flag rollout checkout-v2 -e production --rule dach on=12.5%,off=87.5% --by company
  vexil flag rollout checkout-v2 -e production --rule dach on     (everybody, no split)";

pub(super) const FALLTHROUGH_EXAMPLES: &str = "\
Examples:
  vexil flag fallthrough checkout-v2 -e production '\"on\"'
  vexil flag fallthrough checkout-v2 -e production '{split: {weights: {\"on\": 50000, \"off\": 50000}}}'";

/// New percentages.
#[derive(Args, Clone, Debug)]
pub struct RolloutArguments {
    /// The flag's key
    key: String,
    /// VARIANT=PERCENT%,…; or one variant's key
    rollout: Rollout,
    #[command(flatten)]
    target: Target,
    /// Hash this attribute
    #[arg(long, value_name = "PATH")]
    by: Option<String>,
    /// Hash with this salt; this moves people between variants
    #[arg(long)]
    salt: Option<String>,
    /// Serve this variant when the attribute is missing
    #[arg(long, value_name = "VARIANT")]
    otherwise: Option<String>,
}

/// Whose percentages.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct Target {
    /// Of the rule with this id
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Of the fallthrough
    #[arg(long)]
    fallthrough: bool,
}

/// A flag and a new fallthrough.
#[derive(Args, Clone, Debug)]
pub struct FallthroughArguments {
    /// The flag's key
    key: String,
    #[command(flatten)]
    content: Content,
}

/// Runs `vexil flag fallthrough`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn fallthrough(
    fallthrough: &FallthroughArguments,
    remote: &Remote,
    out: Output,
) -> Result<Exit, Failure> {
    let serve = fallthrough.content.read()?;
    let path = here(remote, &fallthrough.key, ["fallthrough"])?;
    let answer = remote.send(Request::put(path).json(serve.json)).await?;
    told(out, &answer, &fallthrough.key, "otherwise", &serve.value, remote)
}

/// Runs `vexil flag rollout`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn rollout(
    arguments: &RolloutArguments,
    remote: &Remote,
    out: Output,
) -> Result<Exit, Failure> {
    let (answer, serve) =
        at_revision(remote, async |revision| attempt(arguments, remote, revision).await).await?;
    let place = match &arguments.target.rule {
        Some(rule) => format!("by rule {rule}"),
        None => "otherwise".to_owned(),
    };
    told(out, &answer, &arguments.key, &place, &serve, remote)
}

async fn attempt(
    arguments: &RolloutArguments,
    remote: &Remote,
    revision: u64,
) -> Result<(Value, Value), Failure> {
    let key = &arguments.key;
    let change = Kept {
        by: arguments.by.clone(),
        salt: arguments.salt.clone(),
        otherwise: arguments.otherwise.clone(),
    };
    let configuration = remote.send(Request::get(here(remote, key, None)?)).await?;
    let (request, serve) = match &arguments.target.rule {
        None => {
            let before = configuration.get("fallthrough").unwrap_or(&Value::Null);
            let serve = arguments.rollout.serve(before, &change);
            (Request::put(here(remote, key, ["fallthrough"])?).json(&serve), serve)
        }
        Some(id) => {
            let rules = configuration.get("rules").and_then(Value::as_array);
            let named = |rule: &&Value| rule.get("id").and_then(Value::as_str) == Some(id);
            let rule = rules.into_iter().flatten().find(named);
            let mut rule = rule.and_then(Value::as_object).cloned().ok_or_else(|| {
                Failure::Missing(format!("flag `{key}` has no rule `{id}` in this environment"))
            })?;
            let before = rule.get("serve").unwrap_or(&Value::Null);
            let serve = arguments.rollout.serve(before, &change);
            rule.insert("serve".to_owned(), serve.clone());
            let path = here(remote, key, ["rules", id.as_str()])?;
            (Request::put(path).json(Value::Object(rule)), serve)
        }
    };
    Ok((remote.send(request.if_match(revision)).await?, serve))
}

fn told(
    out: Output,
    answer: &Value,
    key: &str,
    place: &str,
    serve: &Value,
    remote: &Remote,
) -> Result<Exit, Failure> {
    let (serve, environment) = (sentence::serve(serve), remote.environment()?);
    written(out, answer, &format!("flag {key} serves {serve} {place} in {environment}"))
}

/// Runs `change` at the project's revision; again when the project moved on meanwhile, unless the
/// caller of the command insists on a revision.
///
/// # Errors
/// Those of `change`.
pub(super) async fn at_revision<T>(
    remote: &Remote,
    change: impl AsyncFn(u64) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut tries = 1;
    loop {
        let project = remote.send(Request::get(["v1", "projects", remote.project()?])).await?;
        let revision = project.get("revision").and_then(Value::as_u64);
        let revision = revision.ok_or_else(|| remote.answer("the project has no revision"))?;
        match change(revision).await {
            Err(Failure::Problem(problem))
                if problem.status == 412 && remote.if_match().is_none() && tries < TRIES =>
            {
                tries += 1;
            }
            done => return done,
        }
    }
}
