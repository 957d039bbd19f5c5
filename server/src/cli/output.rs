//! What a command writes: text and tables for people, JSON for programs.
//!
//! In: lines, tables, values. Out: standard output, with colours only where they are wanted
//! (a terminal, and no `NO_COLOR`). Text that came from elsewhere goes through `plain`, so that it
//! cannot steer the terminal. A closed pipe is an error for the caller, never a panic.

use std::fmt::Display;
use std::io::Write as _;

use anstream::{AutoStream, ColorChoice};
use comfy_table::{Attribute, Cell, ContentArrangement, Table};
use serde::Serialize;

use super::failure::Failure;

/// Where and how a command writes.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// For programs: JSON instead of tables.
    pub json: bool,
}

impl Output {
    /// A line for people.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn line(self, text: impl Display) -> Result<(), Failure> {
        Ok(writeln!(anstream::stdout(), "{text}")?)
    }

    /// A note beside the output, on standard error; silent for programs.
    pub fn note(self, text: impl Display) {
        if !self.json {
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// A value for programs, indented.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn json(self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(std::io::Error::from)?;
        Ok(writeln!(std::io::stdout(), "{text}")?)
    }

    /// A value for programs on one line, for output that is a sequence of values.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn json_line(self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(std::io::Error::from)?;
        Ok(writeln!(std::io::stdout(), "{text}")?)
    }

    /// A table for people.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn table(self, mut table: Table) -> Result<(), Failure> {
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        // `anstream` would take the colours away too, but leave the blanks before them.
        if AutoStream::choice(&std::io::stdout()) != ColorChoice::Never {
            table.enforce_styling();
        }
        for line in table.lines() {
            self.line(line.trim_end())?;
        }
        Ok(())
    }
}

/// Columns of the terminal that is written to; `None` when there is none, and then lines are as
/// long as they are.
#[must_use]
pub fn terminal_width() -> Option<usize> {
    let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    // Some that are none say that they have no columns.
    width.filter(|width| *width > 0)
}

/// An empty table with `columns` as its head.
#[must_use]
pub fn table(columns: &[&str]) -> Table {
    let mut table = pairs();
    table.set_header(columns.iter().map(|name| Cell::new(name).add_attribute(Attribute::Dim)));
    table
}

/// An empty table of names and what they stand for; no rules or boxes.
#[must_use]
pub fn pairs() -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    // Without a terminal lines are as long as they are.
    if let Some(width) = terminal_width().and_then(|width| u16::try_from(width).ok()) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width);
    }
    table
}

/// Text from elsewhere as one harmless line: control characters are spelt out.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => plain.push_str("\\n"),
            '\t' => plain.push(' '),
            c if c.is_control() => plain.extend(c.escape_unicode()),
            // What changes the direction, breaks the line or is not seen can make a line read as
            // what it is not.
            '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}' => plain.extend(c.escape_unicode()),
            c => plain.push(c),
        }
    }
    plain
}

/// `text` cut to at most `most` characters, with an ellipsis where it was cut.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// At most `most` of `items`, and how many there are if not all are shown.
#[must_use]
pub fn some(items: &[&str], most: usize) -> String {
    let shown = items.iter().take(most).copied().collect::<Vec<_>>().join(", ");
    if items.len() > most { format!("{shown}, … {} in all", items.len()) } else { shown }
}
