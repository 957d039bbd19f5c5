//! What is said of an import.
//!
//! In: pointers into the Unleash document, and words. Out: warnings; and the reason why the old
//! system cannot read a feature.

use crate::diagnostic::Diagnostic;

/// Warnings so far.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) found: Vec<Diagnostic>,
}

impl Notes {
    /// Notes that something is not as it seems.
    pub(super) fn add(
        &mut self,
        code: &'static str,
        at: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.found.push(Diagnostic::warning(code, at, message).help(help));
    }
}

/// Yggdrasil compiles a feature as a whole; this is what it stumbles over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// Where.
    pub(super) at: String,
    /// What is wrong, in lower case.
    pub(super) why: String,
}
