//! The faults of one document as they are found, by the reader and by the checker.
//!
//! In: faults, and *holes*: places where the reader found nothing usable and put a stand-in. Out:
//! a bounded list of diagnostics, without those that only a stand-in caused.

use std::collections::BTreeSet;

use super::codes;
use super::pattern::Patterns;
use super::pointer::Path;
use super::suggest::nearest;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_DIAGNOSTICS, MAX_SUGGESTIONS};

/// Faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: Vec<Diagnostic>,
    /// Faults beyond `MAX_DIAGNOSTICS`, counted only.
    more: usize,
    /// Pointers at and beneath which the value read is a stand-in.
    holes: BTreeSet<String>,
    /// Pointers at which, but not beneath which, it is.
    dents: BTreeSet<String>,
    /// What patterns took so far.
    pub(crate) patterns: Patterns,
}

impl Faults {
    /// Notes a fault.
    pub(crate) fn add(&mut self, code: &'static str, at: &Path<'_>, message: impl Into<String>) {
        self.advise(code, at, message, "");
    }

    /// Notes a fault with advice; empty advice is none.
    pub(crate) fn advise(
        &mut self,
        code: &'static str,
        at: &Path<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.advise_beside(code, at, message, help, []);
    }

    /// Notes a fault with advice and other places that have a part in it: pointers, and what stands
    /// there.
    pub(crate) fn advise_beside<const N: usize>(
        &mut self,
        code: &'static str,
        at: &Path<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
        places: [(String, &str); N],
    ) {
        if self.found.len() < MAX_DIAGNOSTICS {
            let fault = Diagnostic::new(code, at.pointer(), message).help(help);
            let labelled = |fault: Diagnostic, (at, message)| fault.label(at, message);
            self.found.push(places.into_iter().fold(fault, labelled));
        } else {
            self.more += 1;
        }
    }

    /// Says that what was read at `at` is a stand-in: what the checker says of it is noise.
    pub(crate) fn hole(&mut self, at: &Path<'_>) {
        // Each hole comes with a fault, so this bound only spares memory in hopeless documents.
        if self.holes.len() < MAX_DIAGNOSTICS {
            self.holes.insert(at.pointer());
        }
    }

    /// Says that the value at `at` is not whole, though its parts are what was written.
    pub(crate) fn dent(&mut self, at: &Path<'_>) {
        if self.dents.len() < MAX_DIAGNOSTICS {
            self.dents.insert(at.pointer());
        }
    }

    /// ``did you mean `x`?`` with the candidate most like `name`, or nothing.
    pub(crate) fn suggestion<'c>(
        &self,
        name: &str,
        candidates: impl IntoIterator<Item = &'c str>,
    ) -> String {
        if self.found.len() >= MAX_SUGGESTIONS {
            return String::new();
        }
        nearest(name, candidates).map(|near| format!("did you mean `{near}`?")).unwrap_or_default()
    }

    /// Adds the faults of the checker that do not come from holes.
    pub(crate) fn absorb(&mut self, meaning: Self) {
        for fault in meaning.found {
            if self.is_noise(&fault.pointer) {
                continue;
            }
            if self.found.len() < MAX_DIAGNOSTICS {
                self.found.push(fault);
            } else {
                self.more += 1;
            }
        }
        self.more += meaning.more;
    }

    fn is_noise(&self, pointer: &str) -> bool {
        if self.holes.len() >= MAX_DIAGNOSTICS || self.dents.len() >= MAX_DIAGNOSTICS {
            return true;
        }
        let above = pointer.match_indices('/').filter_map(|(end, _)| pointer.get(..end));
        self.dents.contains(pointer)
            || self.holes.contains(pointer)
            || above.into_iter().any(|prefix| self.holes.contains(prefix))
    }

    /// How many faults of `code` there are so far, of those that are told.
    pub(crate) fn count_of(&self, code: &str) -> usize {
        self.found.iter().filter(|fault| fault.code == code).count()
    }

    /// Is nothing wrong so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All diagnostics, sorted by `order` where given, and a last one that counts those left out.
    pub(crate) fn into_diagnostics(
        mut self,
        sort: impl FnOnce(&mut [Diagnostic]),
    ) -> Vec<Diagnostic> {
        sort(&mut self.found);
        if self.more > 0 {
            let message = format!("{} more faults are not shown", self.more);
            let help = "mend the ones above first";
            self.found.push(Diagnostic::new(codes::MORE_FAULTS, "", message).help(help));
        }
        self.found
    }
}
