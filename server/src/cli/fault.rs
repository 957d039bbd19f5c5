//! One fault or warning about flags, shown as compilers show theirs.
//!
//! In: a diagnostic, found here or told by the server, and the document where it is at hand. Out:
//! code, message, place with the line itself, other places that have a part in it, and advice. On a
//! terminal lines are as wide as it is.

use std::fmt::Write as _;

use owo_colors::{OwoColorize, Style};
use vexil_compiler::diagnostic::{Diagnostic, Severity};

use super::output::{plain, terminal_width};
use super::place::{Place, Places};
use super::wrap;

/// Characters of a line that are shown; longer ones (a document on one line) are cut around the
/// fault.
const LINE_SHOWN: usize = 100;
/// The least that is shown, however narrow the terminal is.
const LINE_SHOWN_MIN: usize = 30;

/// A diagnostic, whether found here or told by the server.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Fault {
    /// `VX` and four digits.
    pub code: String,
    /// `error` or `warning`; nothing counts as an error.
    pub severity: String,
    /// JSON pointer.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
    /// Other places that have a part in it.
    pub labels: Vec<Label>,
}

/// A place beside the fault's own.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Label {
    /// JSON pointer.
    pub pointer: String,
    /// What it has to do with the fault.
    pub message: String,
}

/// `found` in the document `name` of text `text`, one under another, and how to learn more.
#[must_use]
pub fn listed(name: &str, text: &str, found: &[Diagnostic]) -> String {
    let source = Some((name, Places::read(text)));
    let mut shown: String =
        found.iter().map(|found| Fault::of(found).text(source.as_ref())).collect();
    if let Some(first) = found.first() {
        let more = format!("`vexil explain {}` says more", first.code);
        let _ = write!(shown, "{} {more}", "help:".cyan().bold());
    }
    shown
}

impl Fault {
    /// A diagnostic of the compiler.
    #[must_use]
    pub fn of(diagnostic: &Diagnostic) -> Self {
        let label = |label: &vexil_compiler::diagnostic::Label| Label {
            pointer: label.pointer.clone(),
            message: label.message.clone(),
        };
        Self {
            code: diagnostic.code.to_owned(),
            severity: diagnostic.severity.word().to_owned(),
            pointer: diagnostic.pointer.clone(),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            labels: diagnostic.labels.iter().map(label).collect(),
        }
    }

    /// For people, as an error; `source` is the document's name and text.
    #[must_use]
    pub fn text(&self, source: Option<&(&str, Places<'_>)>) -> String {
        let mut text = self.head();
        let pointer = plain(if self.pointer.is_empty() { "(document)" } else { &self.pointer });
        let arrow = "-->".blue().bold().to_string();
        match (find(&self.pointer, &self.message, source), source) {
            (Some((name, place, line)), _) => {
                let Place { line: number, column, .. } = place;
                let pointer = if self.pointer.is_empty() { "" } else { &format!("  {pointer}") };
                let _ = writeln!(text, "  {arrow} {}:{number}:{column}{pointer}", plain(name));
                text.push_str(&excerpt(place, line, "^", self.style(), ""));
            }
            (None, Some((name, _))) => {
                let _ = writeln!(text, "  {arrow} {}: {pointer}", plain(name));
            }
            (None, None) => {
                let _ = writeln!(text, "  {arrow} {pointer}");
            }
        }
        for label in &self.labels {
            text.push_str(&label.text(source));
        }
        self.advice(&mut text);
        text.push('\n');
        text
    }

    /// Severity, code and message.
    fn head(&self) -> String {
        let severity = if self.is_warning() { Severity::Warning } else { Severity::Error };
        let code = if self.code.is_empty() { String::new() } else { format!("[{}]", self.code) };
        let label = format!("{}{code}", severity.word());
        let message = plain(&self.message);
        let before = label.chars().count() + 2;
        let mut lines = match terminal_width() {
            Some(width) => wrap_after(before, &message, width, 2),
            None => vec![message],
        }
        .into_iter();
        let first = lines.next().unwrap_or_default();
        let label = label.style(self.style()).to_string();
        let mut text = format!("{label}{} {}\n", ":".bold(), first.bold());
        for line in lines {
            let _ = writeln!(text, "  {}", line.bold());
        }
        text
    }

    fn advice(&self, text: &mut String) {
        const INDENT: usize = "   = help: ".len();
        for line in self.help.lines() {
            let line = plain(line);
            let lines = match terminal_width() {
                Some(width) => wrap::lines(&line, width.saturating_sub(INDENT).max(20)),
                None => vec![line],
            };
            for (index, line) in lines.iter().enumerate() {
                let _ = match index {
                    0 => writeln!(text, "   {} {} {line}", "=".blue().bold(), "help:".bold()),
                    _ => writeln!(text, "{:INDENT$}{line}", ""),
                };
            }
        }
    }

    fn is_warning(&self) -> bool {
        self.severity == Severity::Warning.word()
    }

    fn style(&self) -> Style {
        if self.is_warning() { Style::new().yellow().bold() } else { Style::new().red().bold() }
    }
}

impl Label {
    fn text(&self, source: Option<&(&str, Places<'_>)>) -> String {
        let dots = ":::".blue().bold().to_string();
        let message = plain(&self.message);
        match find(&self.pointer, "", source) {
            Some((name, place, line)) => {
                let Place { line: number, column, .. } = place;
                let style = Style::new().blue().bold();
                let shown = excerpt(place, line, "-", style, &message);
                format!("  {dots} {}:{number}:{column}\n{shown}", plain(name))
            }
            None => format!("  {dots} {}: {message}\n", plain(&self.pointer)),
        }
    }
}

/// `text` in lines, the first of which follows `before` characters; the others `indent` blanks.
fn wrap_after(before: usize, text: &str, width: usize, indent: usize) -> Vec<String> {
    // A word of the length of what stands before keeps its place.
    let padded = format!("{} {text}", "x".repeat(before.saturating_sub(1).max(1)));
    let mut lines = wrap::lines(&padded, width.max(LINE_SHOWN_MIN));
    if let Some(first) = lines.first_mut() {
        *first = first.split_once(' ').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
    }
    let rest = lines.split_off(1).join(" ");
    if !rest.is_empty() {
        lines.extend(wrap::lines(&rest, width.saturating_sub(indent).max(LINE_SHOWN_MIN)));
    }
    lines
}

/// The place in the source, with the source's name and the line.
fn find<'s>(
    pointer: &str,
    message: &str,
    source: Option<&'s (&str, Places<'_>)>,
) -> Option<(&'s str, Place, &'s str)> {
    let (name, places) = source?;
    let place = places.find(pointer, message)?;
    Some((name, place, places.line(place.line)?))
}

/// The line with what is meant underlined, and `label` behind the marks.
fn excerpt(place: Place, line: &str, mark: &str, style: Style, label: &str) -> String {
    let number = place.line.to_string();
    // Number, bar and blanks stand before the line, and an ellipsis may stand after it.
    let room = terminal_width().map(|width| width.saturating_sub(number.len() + 4));
    let most = room.map_or(LINE_SHOWN, |room| room.clamp(LINE_SHOWN_MIN, LINE_SHOWN));
    let before = place.column.saturating_sub(1);
    // So much of a long line is left out at its beginning that the fault can be seen.
    let end = before + place.length.min(most / 2);
    let skipped = if end > most { before.saturating_sub(most / 4) } else { 0 };
    let mut shown: String = line.chars().skip(skipped).take(most).collect();
    if line.chars().count() > skipped + most {
        shown.truncate(shown.trim_end().len());
        shown.push('…');
    }
    if skipped > 0 {
        shown = shown.chars().skip(1).collect();
        shown.insert(0, '…');
    }
    let length = place.length.min(most.saturating_sub(before - skipped)).max(1);
    let marks = format!("{} {label}", mark.repeat(length));
    let gutter = " ".repeat(number.len());
    let bar = "|".blue().bold().to_string();
    format!(
        "{gutter} {bar}\n{} {bar} {}\n{gutter} {bar} {}{}\n",
        number.blue().bold(),
        plain(&shown),
        " ".repeat(before - skipped),
        marks.trim_end().style(style),
    )
}
