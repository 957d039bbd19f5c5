//! `vexil codegen ts|rust`: flags as code.
//!
//! In: a flag document, or the project of a server. Out: a file that names each flag with its type,
//! or word that a file is not what would be written. Nothing is changed at the server.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use vexil_compiler::codegen::{Language, codegen, flags};
use vexil_compiler::document;
use vexil_compiler::flag_set::Project;

use super::apply;
use super::compile::Audience;
use super::exit::Exit;
use super::failure::{Failure, count};
use super::output::{Output, plain};
use super::remote::{Connection, Remote};
use super::request::Request;
use super::source;

pub(super) const TS_EXAMPLES: &str = "\
Examples:
  vexil codegen ts flags.yaml -o src/flags.ts
  vexil codegen ts -p storefront -o src/flags.ts          of the project at the server
  vexil codegen ts flags.yaml --check src/flags.ts        for a pipeline: is it still right?

The types are for `createClient<Flags>` of the browser's client. Of the flags, those are named that
are `client_visible`; `--audience server` names all.";

pub(super) const RUST_EXAMPLES: &str = "\
Examples:
  vexil codegen rust flags.yaml -o src/flags.rs
  vexil codegen rust -p storefront -e production -o src/flags.rs    with a server key
  vexil codegen rust flags.yaml --check src/flags.rs                for a pipeline

Each flag is a `static` of type `vexil_runtime::Flag`.";

/// Lines that are shown of a file that is not as it would be.
const LINES_SHOWN: usize = 10;

/// Make code of flags.
#[derive(Subcommand, Clone, Debug)]
pub enum CodegenCommand {
    /// TypeScript: an interface of flags and the types of their values
    #[command(after_help = TS_EXAMPLES)]
    Ts(Codegen),
    /// Rust: a handle for each flag
    #[command(after_help = RUST_EXAMPLES)]
    Rust(Codegen),
}

/// Of which flags, and where to.
#[derive(Args, Clone, Debug)]
pub struct Codegen {
    /// A flag document in YAML or JSON; `-` is standard input [default: the project at the server]
    file: Option<PathBuf>,
    /// Who asks for the flags [default: browser for TypeScript, server for Rust]
    #[arg(long, value_enum)]
    audience: Option<Audience>,
    /// Write to a file
    #[arg(short, long, value_name = "FILE", default_value = "-", hide_default_value = true)]
    output: PathBuf,
    /// Write nothing; say whether this file is what would be written
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    check: Option<PathBuf>,
}

/// Runs `vexil codegen`.
///
/// # Errors
/// The document cannot be read or has faults, the server is out of reach or refuses, a file cannot
/// be written, or the one that was to be checked says something else.
pub fn run(
    command: &CodegenCommand,
    connection: &Connection,
    out: Output,
) -> Result<Exit, Failure> {
    let (language, arguments) = match command {
        CodegenCommand::Ts(arguments) => (Language::TypeScript, arguments),
        CodegenCommand::Rust(arguments) => (Language::Rust, arguments),
    };
    let project = match &arguments.file {
        Some(file) => apply::read(file)?.1,
        None => {
            let remote = Remote::new(connection)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime?.block_on(fetched(&remote))?
        }
    };
    let audience = arguments.audience.map_or(language.audience(), Into::into);
    let text = codegen(&project, language, audience);
    let flags = flags(&project, audience);
    if flags == 0 {
        let none = match audience {
            vexil_compiler::Audience::Browser => "no flag is `client_visible`",
            vexil_compiler::Audience::Server => "there is no flag",
        };
        out.note(format_args!("{none}: the code names none"));
    }
    if let Some(file) = &arguments.check {
        return check(file, &text, flags, out);
    }
    source::write(&arguments.output, text.as_bytes())?;
    if arguments.output.as_os_str() != "-" {
        let name = source::name(&arguments.output);
        match out.json {
            true => out.json(&json!({ "file": name, "flags": flags }))?,
            false => {
                out.line(format_args!("{} written, with {}", plain(&name), count(flags, "flag")))?;
            }
        }
    }
    Ok(Exit::Success)
}

/// The project at the server; of an environment, as services read it.
async fn fetched(remote: &Remote) -> Result<Project, Failure> {
    let project = remote.project()?;
    let document = match remote.named_environment() {
        None => remote.send(Request::get(["v1", "projects", project, "document"])).await?,
        Some(environment) => {
            let path = ["v1", "projects", project, "environments", environment, "flags"];
            let set = remote.send(Request::get(path)).await?;
            let member = |name: &str| set.get(name).cloned().unwrap_or(Value::Null);
            json!({
                "format": document::FORMAT, "environments": [environment],
                "segments": member("segments"), "flags": member("flags"),
            })
        }
    };
    let read = document::read_value(&document);
    read.map_err(|faults| match faults.first() {
        Some(fault) => remote.answer(&fault.to_string()),
        None => remote.answer("its flags cannot be read"),
    })
}

/// Says whether a file is what would be written.
fn check(file: &Path, text: &str, flags: usize, out: Output) -> Result<Exit, Failure> {
    let name = source::name(file);
    let written = source::text(file)?;
    // An end of a line is as the file's system has it.
    if written.lines().eq(text.lines()) {
        match out.json {
            true => out.json(&json!({ "file": name, "flags": flags, "differs": false }))?,
            false => out.line(format_args!("{} is up to date", plain(&name)))?,
        }
        return Ok(Exit::Success);
    }
    let (line, gone, new) = difference(&written, text);
    if out.json {
        out.json(&json!({
            "file": name, "flags": flags, "differs": true, "line": line, "has": gone, "would": new,
        }))?;
        return Ok(Exit::Failure);
    }
    for (mark, lines) in [("-", &gone), ("+", &new)] {
        for line in lines.iter().take(LINES_SHOWN) {
            out.line(format_args!("{mark} {}", plain(line)))?;
        }
        match lines.len().saturating_sub(LINES_SHOWN) {
            0 => {}
            more => out.line(format_args!("{mark} … and {}", count(more, "more line")))?,
        }
    }
    Err(Failure::Other(format!(
        "{name} differs from what would be written, from line {line} on; write it anew with \
         `--output {name}`"
    )))
}

/// What stands between the lines that are alike at the beginning and at the end: the number of the
/// first line that is not, the lines of `old`, and those of `new`.
fn difference<'t>(old: &'t str, new: &'t str) -> (usize, Vec<&'t str>, Vec<&'t str>) {
    let (mut old, mut new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let alike = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    old.drain(..alike);
    new.drain(..alike);
    while let (Some(last), Some(other)) = (old.last(), new.last())
        && last == other
    {
        old.pop();
        new.pop();
    }
    (alike + 1, old, new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_what_stands_between_equal_ends() {
        assert_eq!(difference("a\nb\nc", "a\nx\ny\nc"), (2, vec!["b"], vec!["x", "y"]));
        assert_eq!(difference("a\na", "a"), (2, vec!["a"], vec![]));
        assert_eq!(difference("", "a"), (1, vec![], vec!["a"]));
    }
}
