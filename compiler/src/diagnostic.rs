//! Faults and warnings about a user's flags: where, what, and what to do.
//!
//! In: made by `document`, `check` and `lint`. Out: shown by the command line and sent by the
//! server. All faults of a document come at once; nothing here is an error of ours.

use std::fmt;

use serde::Serialize;

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The flags are refused.
    Error,
    /// The flags are good, and do something that can hardly be meant.
    Warning,
}

impl Severity {
    /// Its word in JSON and on terminals.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One fault in a flag document, or one warning about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable code, `VX` and four digits.
    pub code: &'static str,
    /// Are the flags refused for it.
    pub severity: Severity,
    /// Where: a JSON pointer (RFC 6901) into the document; empty for the document itself.
    pub pointer: String,
    /// What is wrong, in lower case, user text in backticks.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
    /// Other places that have a part in it; mostly none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
}

/// A place beside the one where a diagnostic points, and what it has to do with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// A JSON pointer into the same document.
    pub pointer: String,
    /// What stands there, in lower case, user text in backticks.
    pub message: String,
}

impl Diagnostic {
    /// A fault of `code` at `pointer`.
    pub fn new(code: &'static str, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            pointer: pointer.into(),
            message: message.into(),
            help: String::new(),
            labels: Vec::new(),
        }
    }

    /// A warning of `code` at `pointer`.
    pub fn warning(
        code: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::new(code, pointer, message) }
    }

    /// The same fault with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// The same with another place that has a part in it.
    #[must_use]
    pub fn label(mut self, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        self.labels.push(Label { pointer: pointer.into(), message: message.into() });
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "(document)" } else { &self.pointer };
        write!(f, "{} {}: {}", self.code, OneLine(pointer), OneLine(&self.message))?;
        if !self.help.is_empty() {
            write!(f, " ({})", OneLine(&self.help))?;
        }
        for label in &self.labels {
            write!(f, " [{}: {}]", OneLine(&label.pointer), OneLine(&label.message))?;
        }
        Ok(())
    }
}

/// Text with its control characters escaped: a key from a document must not break a line, nor
/// command a terminal.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_debug())?;
            } else {
                fmt::Write::write_char(f, character)?;
            }
        }
        Ok(())
    }
}
