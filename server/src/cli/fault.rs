//! One fault in flags, shown as compilers show theirs.
//!
//! In: a diagnostic, found here or told by the server, and the document where it is at hand. Out:
//! code, message, place with the line itself, and advice.

use std::fmt::Write as _;

use owo_colors::OwoColorize;
use vexil_compiler::diagnostic::Diagnostic;

use super::output::plain;
use super::place::{Place, Places};

/// Characters of a line that are shown; longer ones (a document on one line) are cut around the
/// fault.
const LINE_SHOWN: usize = 100;

/// A diagnostic, whether found here or told by the server.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Fault {
    /// `VX` and four digits.
    pub code: String,
    /// JSON pointer.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
}

impl Fault {
    /// A diagnostic of the compiler.
    #[must_use]
    pub fn of(diagnostic: &Diagnostic) -> Self {
        Self {
            code: diagnostic.code.to_owned(),
            pointer: diagnostic.pointer.clone(),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
        }
    }

    /// For people, as an error; `source` is the document's name and text.
    #[must_use]
    pub fn text(&self, source: Option<&(&str, Places<'_>)>) -> String {
        let label = format!("error{}", self.bracketed()).red().bold().to_string();
        self.labelled(&label, source)
    }

    /// For people, as a warning.
    #[must_use]
    pub fn as_warning(&self, source: Option<&(&str, Places<'_>)>) -> String {
        let label = format!("warning{}", self.bracketed()).yellow().bold().to_string();
        self.labelled(&label, source)
    }

    fn bracketed(&self) -> String {
        if self.code.is_empty() { String::new() } else { format!("[{}]", self.code) }
    }

    fn labelled(&self, label: &str, source: Option<&(&str, Places<'_>)>) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{label}{} {}", ":".bold(), plain(&self.message).bold());
        let pointer = plain(if self.pointer.is_empty() { "(document)" } else { &self.pointer });
        let arrow = "-->".blue().bold().to_string();
        let place = source.and_then(|(name, places)| {
            let place = places.find(&self.pointer, &self.message)?;
            Some((*name, place, places.line(place.line)?))
        });
        match (place, source) {
            (Some((name, place, line)), _) => {
                let Place { line: number, column, .. } = place;
                let pointer = if self.pointer.is_empty() { "" } else { &format!("  {pointer}") };
                let _ = writeln!(text, "  {arrow} {}:{number}:{column}{pointer}", plain(name));
                text.push_str(&excerpt(place, line));
            }
            (None, Some((name, _))) => {
                let _ = writeln!(text, "  {arrow} {}: {pointer}", plain(name));
            }
            (None, None) => {
                let _ = writeln!(text, "  {arrow} {pointer}");
            }
        }
        for line in self.help.lines() {
            let _ = writeln!(text, "   {} {} {}", "=".blue().bold(), "help:".bold(), plain(line));
        }
        text.push('\n');
        text
    }
}

/// The line with what is meant underlined.
fn excerpt(place: Place, line: &str) -> String {
    let number = place.line.to_string();
    let before = place.column.saturating_sub(1);
    // So much of a long line is left out at its beginning that the fault can be seen.
    let skipped = if before > LINE_SHOWN / 2 { before - LINE_SHOWN / 4 } else { 0 };
    let shown: String = line.chars().skip(skipped).take(LINE_SHOWN).collect();
    let length = place.length.min(LINE_SHOWN.saturating_sub(before - skipped)).max(1);
    let marks = format!("{}{}", " ".repeat(before - skipped), "^".repeat(length));
    let gutter = " ".repeat(number.len());
    let bar = "|".blue().bold().to_string();
    format!(
        "{gutter} {bar}\n{} {bar} {}\n{gutter} {bar} {}\n",
        number.blue().bold(),
        plain(&shown),
        marks.red().bold(),
    )
}
