//! The command line: `vexil serve`, and everything that a server can be asked.
//!
//! In: words and environment variables. Out: text for people, JSON for programs, one exit code per
//! kind of ending. The grammar is in `arguments`; each command has a file of its own; commands that
//! talk to a server do so through `remote`. Nothing here decides what flags mean.
// Blank lines keep rustfmt from sorting the modules: they stand in reading order.

use std::process::ExitCode;

mod arguments;

mod exit;

mod failure;

mod problem;

mod fault;

mod place;

mod output;

mod wrap;

mod source;

mod request;

mod remote;

mod written;

mod sentence;

mod rollout;

mod selected;

mod serve;

mod status;

mod apply;

mod export;

mod flag;

mod segment;

mod project;

mod key;

mod log;

mod backup;

mod head;

mod deltas;

mod fleet;

mod module;

mod compile;

mod codegen;

mod import;

mod explain;

mod eval;

mod inspect;

mod subset;

mod trust;

use arguments::{Action, Cli};
use exit::Exit;
use failure::Failure;
use module::ModuleCommand;
use output::Output;
use remote::Remote;

/// Reads the command line and does what it says.
#[must_use]
pub fn run() -> ExitCode {
    let cli = arguments::parse();
    let out = Output { json: cli.json };
    match dispatch(&cli, out) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.show(cli.json);
            failure.exit().into()
        }
    }
}

fn dispatch(cli: &Cli, out: Output) -> Result<Exit, Failure> {
    let environment = cli.connection.environment.as_deref();
    match &cli.action {
        Action::Serve(serve) => serve::run(serve, out),
        Action::CheckConfig(serve) => serve::check(serve, out),
        Action::Check(check) => compile::check(check, environment, out),
        Action::Explain(explain) => explain::run(explain, out),
        Action::Compile(compile) => compile::run(compile, environment, out),
        Action::Codegen(command) => codegen::run(command, &cli.connection, out),
        Action::Import(import) => import::run(import, &cli.connection, out),
        Action::Eval(eval) => eval::run(eval, environment, out),
        Action::Inspect(inspect) => inspect::run(inspect, out),
        Action::Subset(subset) => subset::run(subset, out),
        Action::Trust(command) => trust::run(command, out),
        Action::Restore(restore) => backup::restore(restore, out),
        Action::Module(module::Module { command: Some(ModuleCommand::Verify(verify)), .. }) => {
            module::verify::run(verify, out)
        }
        Action::Completions { shell } => completions(*shell),
        action => {
            let remote = Remote::new(&cli.connection)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime?.block_on(ask(action, &remote, out))
        }
    }
}

/// Commands that talk to a server.
async fn ask(action: &Action, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    match action {
        Action::Status => status::run(remote, out).await,
        Action::Apply(apply) => apply::run(apply, remote, out).await,
        Action::Export(export) => export::run(export, remote, out).await,
        Action::Flag(command) => flag::run(command, remote, out).await,
        Action::Segment(command) => segment::run(command, remote, out).await,
        Action::Project(command) => project::run(command, remote, out).await,
        Action::Environment(command) => project::run_environment(command, remote, out).await,
        Action::Key(command) => key::run(command, remote, out).await,
        Action::Log(command) => log::run(command, remote, out).await,
        Action::Backup(backup) => backup::run(backup, remote, out).await,
        Action::Head(head) => head::run(head, remote, out).await,
        Action::Deltas(deltas) => deltas::run(deltas, remote, out).await,
        Action::Fleet(fleet) => fleet::run(fleet, remote, out).await,
        Action::Module(module) => module::run(&module.fetch, remote, out).await,
        Action::Serve(_)
        | Action::CheckConfig(_)
        | Action::Restore(_)
        | Action::Trust(_)
        | Action::Check(_)
        | Action::Explain(_)
        | Action::Compile(_)
        | Action::Codegen(_)
        | Action::Import(_)
        | Action::Eval(_)
        | Action::Inspect(_)
        | Action::Subset(_)
        | Action::Completions { .. } => Ok(Exit::Success), // done by `dispatch`
    }
}

/// Writes a completion script; into memory first, because clap panics on a closed pipe.
fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut arguments::command(), "vexil", &mut script);
    std::io::Write::write_all(&mut std::io::stdout(), &script)?;
    Ok(Exit::Success)
}
