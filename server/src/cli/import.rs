//! `vexil import SYSTEM FILE`: another system's flags as a flag document.
//!
//! In: that system's document. Out: a document of `vexil/1` on standard output or in a file, and on
//! standard error what a person should know of it. No server takes part, and nothing is applied.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use owo_colors::OwoColorize;
use serde_json::{Value, json};
use vexil_compiler::dialect::Imported;
use vexil_compiler::dialect::unleash::{self, Options, Profile};

use super::exit::Exit;
use super::failure::{Failure, count};
use super::fault::Fault;
use super::output::{Output, plain};
use super::place::Places;
use super::remote::Connection;
use super::source;

pub(super) const UNLEASH_EXAMPLES: &str = "\
Examples:
  curl -H \"Authorization: $TOKEN\" $UNLEASH/api/client/features > unleash.json
  vexil import unleash unleash.json --project shop --environment production -o flags.yaml
  vexil import unleash unleash.json --profile node --format yaml | less
  vexil apply flags.yaml --dry-run";

/// Where flags come from.
#[derive(Subcommand, Clone, Debug)]
pub enum ImportCommand {
    /// Import what Unleash's clients fetch
    #[command(after_help = UNLEASH_EXAMPLES)]
    Unleash(Unleash),
}

/// What to import from Unleash, and where to.
#[derive(Args, Clone, Debug)]
pub struct Unleash {
    /// The answer of `/api/client/features` as JSON; `-` is standard input
    file: PathBuf,
    /// Whose semantics count where Unleash's clients differ
    #[arg(long, value_enum, default_value = "yggdrasil")]
    profile: Semantics,
    /// Write the document to a file
    #[arg(short, long, value_name = "FILE", default_value = "-", hide_default_value = true)]
    output: PathBuf,
    /// How to write it [default: by the name of the file, else json]
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// Whose semantics count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Semantics {
    /// The engine of most clients, and of Unleash Edge
    Yggdrasil,
    /// The client for Node
    Node,
}

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSON
    Json,
    /// YAML
    Yaml,
}

/// Runs `vexil import`.
///
/// # Errors
/// The document cannot be read, has faults, or cannot be written.
pub fn run(command: &ImportCommand, connection: &Connection, out: Output) -> Result<Exit, Failure> {
    let ImportCommand::Unleash(import) = command;
    let options = Options {
        profile: match import.profile {
            Semantics::Yggdrasil => Profile::Yggdrasil,
            Semantics::Node => Profile::Node,
        },
        project: connection.project.clone(),
        environment: connection.environment.clone(),
    };
    let text = source::text(&import.file)?;
    let name = source::name(&import.file);
    let imported = match unleash::import(&text, &options) {
        Ok(imported) => imported,
        Err(faults) => return Err(Failure::Flags { name, text, faults }),
    };
    finish(&imported, import, &name, &text, out)?;
    Ok(Exit::Success)
}

/// Writes the document, and tells the warnings.
fn finish(
    imported: &Imported,
    import: &Unleash,
    name: &str,
    text: &str,
    out: Output,
) -> Result<(), Failure> {
    let Imported { document, warnings } = imported;
    let to_stdout = import.output.as_os_str() == "-";
    if !(out.json && to_stdout) {
        let written = written(document, import.format.unwrap_or_else(|| by_name(&import.output)))?;
        source::write(&import.output, written.as_bytes())?;
    }
    let size =
        |part: &str| document.get(part).and_then(Value::as_object).map_or(0, |map| map.len());
    let (flags, segments) = (size("flags"), size("segments"));
    if out.json {
        let answer = if to_stdout {
            json!({
                "flags": flags, "segments": segments, "warnings": warnings, "document": document,
            })
        } else {
            json!({ "flags": flags, "segments": segments, "warnings": warnings })
        };
        return out.json(&answer);
    }
    let source = Some((name, Places::read(text)));
    for warning in warnings {
        let shown = Fault::of(warning).text(source.as_ref());
        out.note(shown.trim_end_matches('\n'));
        out.note("");
    }
    let tick = "✓".green().bold().to_string();
    let flags = count(flags, "flag");
    let warned = match warnings.len() {
        0 => "no warnings".to_owned(),
        number => count(number, "warning"),
    };
    let place = if to_stdout {
        String::new()
    } else {
        format!(", {}", plain(&source::name(&import.output)))
    };
    out.note(format_args!(
        "{tick} {}: {flags}, {}; {warned}{place}",
        plain(name),
        count(segments, "segment")
    ));
    Ok(())
}

/// The format that the name of a file asks for.
fn by_name(file: &Path) -> Format {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if matches!(ending, "yaml" | "yml") { Format::Yaml } else { Format::Json }
}

/// The text of `document`.
fn written(document: &Value, format: Format) -> Result<String, Failure> {
    match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(document).map_err(std::io::Error::from)?;
            Ok(format!("{text}\n"))
        }
        Format::Yaml => {
            let text = serde_saphyr::to_string(document);
            text.map_err(|error| Failure::Other(format!("the document is no YAML: {error}")))
        }
    }
}
