//! Faults in a user's flags: where, what, and what to do.
//!
//! In: made by `document` and `check`. Out: shown by the command line and sent by the server. All
//! faults of a document come at once; nothing here is an error of ours.

use std::fmt;

use serde::Serialize;

/// One fault in a flag document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable code, `VX` and four digits.
    pub code: &'static str,
    /// Where: a JSON pointer (RFC 6901) into the document; empty for the document itself.
    pub pointer: String,
    /// What is wrong, in lower case, user text in backticks.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
}

impl Diagnostic {
    /// A fault of `code` at `pointer`.
    pub fn new(code: &'static str, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, pointer: pointer.into(), message: message.into(), help: String::new() }
    }

    /// The same fault with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
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
