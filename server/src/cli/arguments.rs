//! The command line's grammar: every command with its help.
//!
//! In: the words of the command line and a few environment variables. Out: a `Cli`, or clap's help
//! and complaints. What belongs to one command stands in that command's file.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::remote::{Connection, Given};
use super::{
    apply, backup, codegen, compile, deltas, eval, explain, export, flag, fleet, head, import,
    inspect, key, log, module, project, segment, serve, subset, trust,
};

const EXAMPLES: &str = "\
Examples:
  vexil serve                                       start a server on 127.0.0.1:7070
  vexil apply flags.yaml                            make a project equal to a document
  vexil flag on checkout-v2 -p storefront -e production
  vexil flag rollout checkout-v2 -p storefront -e production --fallthrough on=25%,off=75%
  vexil log show -p storefront                      who did what, and when
  vexil eval module.wasm checkout-v2 --context '{\"targetingKey\": \"user-1\"}'

Exit codes: 0 done, 1 it did not work or a check failed, 2 wrong command line, 3 faults in the
flags, 4 the project has moved on, 5 not found, 6 no server.";

/// Event-sourced feature flags, compiled to WebAssembly
#[derive(Parser, Debug)]
#[command(name = "vexil", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(disable_help_subcommand = true, subcommand_required = true)]
#[command(arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
    /// Write JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// Which server.
    #[command(flatten)]
    pub connection: Connection,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Action {
    /// Start a server
    #[command(after_help = serve::EXAMPLES)]
    Serve(serve::Serve),
    /// Say what `vexil serve` would be run with, and whether it could
    CheckConfig(serve::Serve),
    /// Say whether the server is up and ready
    Status,
    /// Make a project equal to a flag document
    #[command(after_help = apply::EXAMPLES)]
    Apply(apply::Apply),
    /// Write a project as a flag document, now or as it was
    #[command(after_help = export::EXAMPLES)]
    Export(export::Export),
    /// List, show and change flags
    #[command(subcommand)]
    Flag(flag::FlagCommand),
    /// List, show and change segments (named cohorts)
    #[command(subcommand)]
    Segment(segment::SegmentCommand),
    /// List, show and create projects
    #[command(subcommand)]
    Project(project::ProjectCommand),
    /// List and create environments, and say what holds of changes there
    #[command(subcommand)]
    Environment(project::EnvironmentCommand),
    /// List, create, rotate and revoke keys
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Show and verify what happened, and go back
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Copy the whole store of a server that runs
    #[command(after_help = backup::EXAMPLES)]
    Backup(backup::Backup),
    /// Make a store of a backup, without a server
    #[command(after_help = backup::EXAMPLES)]
    Restore(backup::Restore),
    /// Show what is announced to services in an environment
    #[command(after_help = head::EXAMPLES)]
    Head(head::Head),
    /// Show what changed in an environment since a revision
    Deltas(deltas::Deltas),
    /// Show how much of the fleet serves what is announced, and wait for the rest
    #[command(after_help = fleet::EXAMPLES)]
    Fleet(fleet::Fleet),
    /// Fetch the module of an environment, now or of an older revision, or check one
    #[command(after_help = module::EXAMPLES)]
    Module(module::Module),
    /// Look for faults in a flag document, without a server
    #[command(visible_alias = "lint", after_help = compile::CHECK_EXAMPLES)]
    Check(compile::Check),
    /// Explain the code of a fault or warning, or list all codes
    #[command(after_help = explain::EXAMPLES)]
    Explain(explain::Explain),
    /// Compile a flag document into a module, without a server
    #[command(after_help = compile::EXAMPLES)]
    Compile(compile::Compile),
    /// Make code of flags: types for TypeScript, handles for Rust
    #[command(subcommand)]
    Codegen(codegen::CodegenCommand),
    /// Make a flag document of another system's flags, without a server
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Evaluate flags for a context, without a server
    #[command(after_help = eval::EXAMPLES)]
    Eval(eval::Eval),
    /// Show what is in a module
    #[command(after_help = inspect::EXAMPLES)]
    Inspect(inspect::Inspect),
    /// Take some flags out of a module, with what they need
    #[command(after_help = subset::EXAMPLES)]
    Subset(subset::Subset),
    /// Say whose announcements are followed, without a server
    #[command(subcommand)]
    Trust(trust::TrustCommand),
    /// Write a completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  vexil completions bash > ~/.local/share/bash-completion/completions/vexil
  vexil completions fish > ~/.config/fish/completions/vexil.fish";

/// Commands that talk to no server.
const LOCAL: [&str; 11] = [
    "serve",
    "check-config",
    "check",
    "explain",
    "compile",
    "eval",
    "inspect",
    "subset",
    "trust",
    "restore",
    "completions",
];
/// Options that mean something to an import.
const OF_AN_IMPORT: [&str; 2] = ["project", "environment"];
/// Of those, the ones to which an environment still means something.
const OF_AN_ENVIRONMENT: [&str; 2] = ["compile", "eval"];

/// The grammar without the environment variables that are empty: they count as not set.
fn without_empty(command: Command) -> Command {
    let is_empty =
        |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let names: Vec<String> =
        command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let command = command.mut_args(|argument| match argument.get_env().is_some_and(is_empty) {
        true => argument.env(None::<&'static str>),
        false => argument,
    });
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, without_empty))
}

/// The whole grammar.
#[must_use]
pub fn command() -> Command {
    let mut command = without_empty(Cli::command());
    for name in LOCAL {
        let hidden = connection_arguments(|argument| {
            let shown = argument.get_id() == "environment" && OF_AN_ENVIRONMENT.contains(&name);
            let argument = argument.clone().hide(!shown);
            if shown { argument.help_heading(None::<&str>) } else { argument }
        });
        command = command.mut_subcommand(name, |local| local.args(hidden));
    }
    let of_an_import = || {
        connection_arguments(|argument| {
            let shown = OF_AN_IMPORT.contains(&argument.get_id().as_str());
            let argument = argument.clone().hide(!shown);
            if shown { argument.help_heading(None::<&str>) } else { argument }
        })
    };
    command = command.mut_subcommand("import", |import| {
        import.args(of_an_import()).mut_subcommand("unleash", |one| one.args(of_an_import()))
    });
    let hidden = connection_arguments(|argument| argument.clone().hide(true));
    command = command
        .mut_subcommand("module", |module| module.mut_subcommand("verify", |one| one.args(hidden)));
    let filters = connection_arguments(|argument| match argument.get_id().as_str() {
        "actor" => filter(argument, "Only what this actor did"),
        "environment" => filter(argument, "Only what happened in this environment"),
        _ => argument.clone(),
    });
    command.mut_subcommand("log", |log| log.mut_subcommand("show", |show| show.args(filters)))
}

fn filter(argument: &Arg, help: &'static str) -> Arg {
    argument.clone().help(help).help_heading(None::<&str>).hide_env(true)
}

/// The server options, each changed; what a subcommand declares itself is not inherited.
fn connection_arguments(change: impl Fn(&Arg) -> Arg) -> Vec<Arg> {
    Connection::augment_args(Command::new("")).get_arguments().map(change).collect()
}

/// Reads the command line; shows help and complaints itself, and then ends the process.
#[must_use]
pub fn parse() -> Cli {
    let matches = command().get_matches();
    let parsed = Cli::from_arg_matches(&matches);
    let mut cli = parsed.unwrap_or_else(|error| error.format(&mut command()).exit());
    cli.connection.given = given(&matches);
    cli
}

fn given(matches: &ArgMatches) -> Given {
    let named = |id| {
        let mut level = Some(matches);
        std::iter::from_fn(|| {
            let this = level?;
            level = this.subcommand().map(|(_, below)| below);
            Some(this)
        })
        .any(|level| level.value_source(id) == Some(ValueSource::CommandLine))
    };
    Given { actor: named("actor"), environment: named("environment") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_has_no_contradictions() {
        command().debug_assert();
    }

    #[test]
    fn server_options_stand_before_and_after_the_command() {
        for words in ["vexil -p a flag list -e b", "vexil flag -e b list -p a"] {
            let matches = command().try_get_matches_from(words.split(' '));
            let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
            let connection = cli.map(|cli| cli.connection);
            assert!(
                matches!(connection, Ok(Connection { project: Some(p), environment: Some(e), .. })
                if p == "a" && e == "b")
            );
        }
    }
}
