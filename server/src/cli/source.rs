//! Where a command reads from: a file, standard input, or the command line itself.
//!
//! In: paths (`-` is standard input) and inline text. Out: text, or JSON read from JSON or YAML.
//! Reads at most as much as a request may carry.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;
use vexil_compiler::check::codes::SYNTAX;
use vexil_compiler::diagnostic::Diagnostic;

use super::failure::Failure;

/// The most that is read from one file: what the server accepts as a body (8 MiB), or a module;
/// more is a mistake (a disk image piped in), not a flag document.
const SOURCE_BYTES_MAX: u64 = 64 << 20;

/// A piece of configuration, inline or from a file.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct Content {
    /// The content itself, as JSON or YAML
    #[arg(value_name = "CONTENT")]
    pub inline: Option<String>,
    /// Read the content (JSON or YAML) from a file; `-` is standard input
    #[arg(short = 'f', long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Content that was read.
#[derive(Clone, Debug)]
pub struct Body {
    /// As JSON text: what was given, where that is JSON, so that the server sees its faults too.
    pub json: String,
    /// As a value.
    pub value: Value,
}

impl Content {
    /// Reads the content.
    ///
    /// # Errors
    /// The file cannot be read, or its text is neither JSON nor YAML.
    pub fn read(&self) -> Result<Body, Failure> {
        let (name, text) = match (&self.inline, &self.file) {
            (Some(text), _) => ("the content".to_owned(), text.clone()),
            (None, Some(path)) => (name(path), text(path)?),
            (None, None) => return Err(Failure::Usage("give some content, or a file".into())),
        };
        body(name, text)
    }
}

/// What a file is called in messages.
#[must_use]
pub fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() }
}

/// The bytes of a file; `-` is standard input.
///
/// # Errors
/// It cannot be read, or is larger than any file should be.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |source| Failure::File { action: "read", path: name(path), source };
    let mut bytes = Vec::new();
    let limit = SOURCE_BYTES_MAX + 1;
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    if read.map_err(fail)? as u64 > SOURCE_BYTES_MAX {
        return Err(fail(std::io::Error::other("it has more than 64 MiB")));
    }
    Ok(bytes)
}

/// The text of a file; `-` is standard input.
///
/// # Errors
/// As [`bytes`], and when it is not UTF-8.
pub fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes(path)?).map_err(|error| Failure::File {
        action: "read",
        path: name(path),
        source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
    })
}

/// `text` as JSON, or else as YAML as flag documents have it. `name` is for the message.
fn body(name: String, text: String) -> Result<Body, Failure> {
    let json = match serde_json::from_str(&text) {
        Ok(value) => return Ok(Body { json: text, value }),
        Err(error) => error,
    };
    // `on` is a text and no boolean, and so on: the options of `vexil_compiler::document`.
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    let yaml = match serde_saphyr::from_str_with_options::<Value>(&text, options) {
        Ok(value) => return Ok(Body { json: value.to_string(), value }),
        Err(error) => error,
    };
    let mut start = text.chars().filter(|c| !c.is_whitespace());
    let is_json = matches!((start.next(), start.next()), (Some('{' | '['), Some('"' | '{')));
    let message = if is_json {
        let (line, column) = (json.line(), json.column());
        let message = json.to_string().replace(&format!(" at line {line} column {column}"), "");
        format!("not JSON at line {line}, column {column}: {message}")
    } else {
        let place = yaml.location().map(|at| (at.line(), at.column()));
        let message = yaml.without_snippet().to_string();
        match place {
            Some((line, column)) => {
                let message = message.replace(&format!(" at line {line}, column {column}"), "");
                format!("not YAML at line {line}, column {column}: {message}")
            }
            None => format!("not YAML: {message}"),
        }
    };
    Err(Failure::Flags { name, text, faults: vec![Diagnostic::new(SYNTAX, "", message)] })
}

/// Writes `bytes` to a file; `-` is standard output.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        return Ok(std::io::Write::write_all(&mut std::io::stdout(), bytes)?);
    }
    let fail = |source| Failure::File { action: "write", path: name(path), source };
    std::fs::write(path, bytes).map_err(fail)
}
