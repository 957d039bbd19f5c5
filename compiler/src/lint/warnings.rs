//! The warnings of one project as they are found.
//!
//! In: warnings. Out: a bounded list of diagnostics.

use crate::check::codes;
use crate::check::pointer::Path;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_DIAGNOSTICS;

/// Warnings found so far.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    found: Vec<Diagnostic>,
    /// Warnings beyond `MAX_DIAGNOSTICS`, counted only.
    more: usize,
}

impl Warnings {
    /// Notes a warning with advice.
    pub(super) fn add(
        &mut self,
        code: &'static str,
        at: &Path<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::warning(code, at.pointer(), message).help(help));
    }

    /// Notes a warning that is made already.
    pub(super) fn push(&mut self, warning: Diagnostic) {
        if self.found.len() < MAX_DIAGNOSTICS {
            self.found.push(warning);
        } else {
            self.more += 1;
        }
    }

    /// All warnings, and a last one that counts those left out.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        if self.more > 0 {
            let message = format!("{} more warnings are not shown", self.more);
            let last = Diagnostic::warning(codes::MORE_WARNINGS, "", message);
            self.found.push(last.help("see to the ones above first"));
        }
        self.found
    }
}
