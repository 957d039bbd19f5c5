//! `vexil flag …`: flags, and how they behave in an environment.
//!
//! In: keys, and content in the flag language. Out: what the server says of them. Reading and
//! changing share these commands; what is shown is in `flag/list.rs` and `flag/show.rs`, rules are
//! in `flag/rule.rs`, serves in `flag/serve.rs`.

use clap::{Args, Subcommand};

use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::remote::Remote;
use super::request::Request;
use super::source::Content;
use super::written::written;

pub mod list;
pub mod rule;
pub mod serve;
pub mod show;

/// What to do with flags.
#[derive(Subcommand, Clone, Debug)]
pub enum FlagCommand {
    /// List the flags of the project, and where they are on
    List(list::List),
    /// Show a flag: what it is, and how it behaves in each environment (or in one)
    Show(Key),
    /// Create a flag, or change its definition
    #[command(after_help = SET_EXAMPLES)]
    Set(KeyAndContent),
    /// Switch a flag on in an environment
    On(Key),
    /// Switch a flag off in an environment: everybody gets its off variant
    Off(Key),
    /// Take a flag out of use: it leaves every module, and can come back
    Archive(Key),
    /// Bring an archived flag back
    Restore(Key),
    /// Delete an archived flag
    Delete(Key),
    /// Replace the whole configuration of a flag in an environment
    #[command(after_help = CONFIGURE_EXAMPLES)]
    Configure(KeyAndContent),
    /// Show, add, replace, remove or move the rules of a flag in an environment
    #[command(subcommand)]
    Rule(rule::RuleCommand),
    /// Set the percentages of a rule or of the fallthrough
    #[command(after_help = serve::ROLLOUT_EXAMPLES)]
    Rollout(serve::RolloutArguments),
    /// Replace the fallthrough: what is served when nothing else applies
    #[command(after_help = serve::FALLTHROUGH_EXAMPLES)]
    Fallthrough(serve::FallthroughArguments),
    /// Replace the overrides: variant → exact targeting keys
    #[command(after_help = OVERRIDES_EXAMPLES)]
    Overrides(KeyAndContent),
    /// Replace the prerequisites: flags that have to serve certain variants
    #[command(after_help = PREREQUISITES_EXAMPLES)]
    Prerequisites(KeyAndContent),
}

const SET_EXAMPLES: &str = "\
A definition holds kind, variants, description, owner, tags and client_visible.

Examples:
  vexil flag set checkout-v2 '{kind: boolean, description: The new checkout}'
  vexil flag set theme --file theme.yaml";

const CONFIGURE_EXAMPLES: &str = "\
A configuration holds enabled, off_variant, prerequisites, overrides, rules and fallthrough;
what it leaves out gets its default.

Examples:
  vexil flag configure checkout-v2 -e production '{enabled: true, fallthrough: \"on\"}'
  vexil flag configure checkout-v2 -e production --file checkout.yaml";

const OVERRIDES_EXAMPLES: &str = "\
Examples:
  vexil flag overrides checkout-v2 -e production '{\"on\": [user-1, user-2]}'
  vexil flag overrides checkout-v2 -e production '{}'        (none)";

const PREREQUISITES_EXAMPLES: &str = "\
Examples:
  vexil flag prerequisites checkout-v2 -e production '[{flag: payments, variant: \"on\"}]'
  vexil flag prerequisites checkout-v2 -e production '[]'    (none)";

/// A flag.
#[derive(Args, Clone, Debug)]
pub struct Key {
    /// The flag's key
    pub key: String,
}

/// A flag and new content for it.
#[derive(Args, Clone, Debug)]
pub struct KeyAndContent {
    /// The flag's key
    pub key: String,
    #[command(flatten)]
    content: Content,
}

/// Runs `vexil flag …`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(command: &FlagCommand, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let (request, what) = match command {
        FlagCommand::List(list) => return list::run(list, remote, out).await,
        FlagCommand::Show(Key { key }) => return show::run(key, remote, out).await,
        FlagCommand::Rule(command) => return rule::run(command, remote, out).await,
        FlagCommand::Rollout(rollout) => return serve::rollout(rollout, remote, out).await,
        FlagCommand::Fallthrough(serve) => return serve::fallthrough(serve, remote, out).await,
        FlagCommand::Set(flag) => {
            let request = Request::put(everywhere(remote, &flag.key, None)?);
            (request.json(flag.content.read()?.json), format!("flag {} is as given", flag.key))
        }
        FlagCommand::Archive(Key { key }) => {
            let path = everywhere(remote, key, Some("archive"))?;
            (Request::post(path), format!("flag {key} is archived"))
        }
        FlagCommand::Restore(Key { key }) => {
            let path = everywhere(remote, key, Some("restore"))?;
            (Request::post(path), format!("flag {key} is active"))
        }
        FlagCommand::Delete(Key { key }) => {
            (Request::delete(everywhere(remote, key, None)?), format!("flag {key} is deleted"))
        }
        FlagCommand::On(Key { key }) => {
            (Request::post(here(remote, key, Some("enable"))?), told(remote, key, "is on")?)
        }
        FlagCommand::Off(Key { key }) => {
            (Request::post(here(remote, key, Some("disable"))?), told(remote, key, "is off")?)
        }
        FlagCommand::Configure(flag) => replace(remote, flag, None, "configuration")?,
        FlagCommand::Overrides(flag) => replace(remote, flag, Some("overrides"), "overrides")?,
        FlagCommand::Prerequisites(flag) => {
            replace(remote, flag, Some("prerequisites"), "prerequisites")?
        }
    };
    written(out, &remote.send(request).await?, &what)
}

/// A request that replaces one part of a flag's configuration, and what is so afterwards.
fn replace<'a>(
    remote: &'a Remote,
    flag: &'a KeyAndContent,
    last: Option<&'a str>,
    name: &str,
) -> Result<(Request<'a>, String), Failure> {
    let path = here(remote, &flag.key, last)?;
    let request = Request::put(path).json(flag.content.read()?.json);
    Ok((request, told(remote, &flag.key, &format!("has the {name} given"))?))
}

/// `flag K … in E`.
fn told(remote: &Remote, key: &str, what: &str) -> Result<String, Failure> {
    Ok(format!("flag {key} {what} in {}", remote.environment()?))
}

/// Where a flag is.
fn everywhere<'a>(
    remote: &'a Remote,
    key: &'a str,
    last: Option<&'a str>,
) -> Result<Vec<&'a str>, Failure> {
    let path = ["v1", "projects", remote.project()?, "flags", key];
    Ok(path.into_iter().chain(last).collect())
}

/// Where a flag's configuration in the environment is.
pub(crate) fn here<'a>(
    remote: &'a Remote,
    key: &'a str,
    last: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<&'a str>, Failure> {
    let project = remote.project()?;
    let environment = remote.environment()?;
    let path = ["v1", "projects", project, "environments", environment, "flags", key];
    Ok(path.into_iter().chain(last).collect())
}
