//! Why a command did not work, and how that is shown.
//!
//! In: faults of the command line, of flags, of files, of the server, of the way to it. Out: one
//! exit code, and a text for people or a problem document for programs, always on standard error.
//! Nothing is decided here about retrying.

use std::io;

use owo_colors::OwoColorize;
use serde_json::{Value, json};
use vexil_compiler::diagnostic::{Diagnostic, Severity};

use super::exit::Exit;
use super::fault;
use super::output::plain;
use super::problem::Problem;

/// Why a command did not work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line asks for something that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The flags in `name` have faults.
    #[error("{name} has {}", tally(faults))]
    Flags {
        /// The file they were read from.
        name: String,
        /// Its text.
        text: String,
        /// All of them, and warnings with them.
        faults: Vec<Diagnostic>,
    },
    /// The server refused.
    #[error("{}", .0.title)]
    Problem(Box<Problem>),
    /// Nobody answers at `server`.
    #[error("no Vexil server answers at {server}: {reason}")]
    Unreachable {
        /// Its URL.
        server: String,
        /// What happened to the connection.
        reason: String,
    },
    /// Something answered, but not as a Vexil server does.
    #[error("{server} did not answer like a Vexil server: {reason}")]
    Answer {
        /// Its URL.
        server: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} `{path}`: {source}")]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Standard output is gone; a closed pipe is not worth a word.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// Something that was named is not there.
    #[error("{0}")]
    Missing(String),
    /// Anything else, told in full.
    #[error("{0}")]
    Other(String),
}

/// `1 fault`, `2 faults`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `1 fault`, `2 faults and 1 warning`.
fn tally(found: &[Diagnostic]) -> String {
    let warnings = found.iter().filter(|found| found.severity == Severity::Warning).count();
    let faults = count(found.len() - warnings, "fault");
    if warnings == 0 { faults } else { format!("{faults} and {}", count(warnings, "warning")) }
}

/// What to do when nobody answers, for this reason.
fn way(reason: &str) -> &'static str {
    if reason.contains("certificate") {
        "the server's certificate is not trusted on this machine: have the system trust who vouches \
         for it, or name that by SSL_CERT_FILE=FILE (PEM)"
    } else if reason.contains("invalid HTTP version") || reason.contains("corrupt message") {
        "`https://` is for servers that were started with a certificate, `http://` for the others: \
         was the other one meant?"
    } else {
        "start one with `vexil serve --dev`, or name another with `--server URL` or VEXIL_SERVER"
    }
}

impl Failure {
    /// The exit code that says it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Flags { .. } => Exit::InvalidFlags,
            Self::Problem(problem) => Exit::of_status(problem.status),
            Self::Missing(_) => Exit::NotFound,
            Self::Unreachable { .. } => Exit::Unreachable,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
            Self::Answer { .. } | Self::File { .. } | Self::Output(_) | Self::Other(_) => {
                Exit::Failure
            }
        }
    }

    /// Tells it on standard error; what cannot be written there is lost.
    pub fn show(&self, json: bool) {
        if matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            return;
        }
        let text = if json { format!("{}\n", self.document()) } else { self.text() };
        let _ = io::Write::write_all(&mut anstream::stderr(), text.as_bytes());
    }

    /// For programs: a problem document.
    fn document(&self) -> Value {
        match self {
            Self::Problem(problem) => problem.document.clone(),
            Self::Flags { name, faults, .. } => json!({
                "type": "https://vexil.dev/problems/invalid-flags",
                "title": "the flags have faults", "detail": name, "diagnostics": faults,
            }),
            other => json!({ "type": "about:blank", "title": other.to_string() }),
        }
    }

    /// For people.
    fn text(&self) -> String {
        match self {
            Self::Flags { name, text, faults } => {
                let shown = fault::listed(name, text, faults);
                format!("{shown}\n{} {}\n", "error:".red().bold(), self.to_string().bold())
            }
            Self::Problem(problem) => problem.text(),
            Self::Unreachable { reason, .. } => format!(
                "{} {}\n{} {}\n",
                "error:".red().bold(),
                plain(&self.to_string()).bold(),
                "help:".cyan().bold(),
                way(reason),
            ),
            other => {
                format!("{} {}\n", "error:".red().bold(), plain(&other.to_string()).bold())
            }
        }
    }
}
