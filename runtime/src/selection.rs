//! Selections: which flags of its environment a client follows.
//!
//! In: keys and tags, as the builder is given them, or as an announcement says them. Out: one form
//! for all that mean the same, for requests, for the cache's file and for comparison.

use std::collections::BTreeSet;
use std::fmt;

use ring::digest;
use serde::{Deserialize, Serialize};
use vexil_abi::announcement::{SELECTION_BYTES_MAX, SELECTION_NAMES_MAX};

/// Some flags of an environment: those that are named, and those that carry one of the tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Selection {
    /// Keys of flags.
    pub flags: BTreeSet<String>,
    /// Tags.
    pub tags: BTreeSet<String>,
}

/// Why a client cannot follow what it was told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// Nothing is named.
    #[error(
        "no flag and no tag is named; leave `.flags(…)` and `.tags(…)` out to follow all flags"
    )]
    Nothing,
    /// A name is empty.
    #[error("the key of a flag or a tag that is named is empty")]
    Empty,
    /// More is named than a server takes.
    #[error(
        "at most {SELECTION_NAMES_MAX} flags and tags can be named, of {SELECTION_BYTES_MAX} bytes \
         together; tag the flags, or follow all"
    )]
    TooLarge,
}

impl Selection {
    pub(crate) fn check(&self) -> Result<(), SelectionError> {
        let names = || self.flags.iter().chain(&self.tags);
        let bytes: usize = names().map(String::len).sum();
        match names().count() {
            0 => Err(SelectionError::Nothing),
            _ if names().any(String::is_empty) => Err(SelectionError::Empty),
            count if count > SELECTION_NAMES_MAX || bytes > SELECTION_BYTES_MAX => {
                Err(SelectionError::TooLarge)
            }
            _ => Ok(()),
        }
    }

    /// Query parameters that ask for it, not percent-encoded.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'static str, String)> {
        let lists = [("flags", &self.flags), ("tags", &self.tags)].into_iter();
        lists.filter(|(_, names)| !names.is_empty()).map(|(name, names)| (name, list(names)))
    }

    /// A short name for files, of 32 hexadecimal digits.
    pub(crate) fn file_name(&self) -> String {
        // Commas in names are escaped and no name is empty: different selections differ here.
        let text = format!("{}\n{}", list(&self.flags), list(&self.tags));
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A list as servers read it: a comma of a name is written `\,` and a backslash `\\`.
fn list(names: &BTreeSet<String>) -> String {
    let escaped = names.iter().map(|name| name.replace('\\', r"\\").replace(',', r"\,"));
    escaped.collect::<Vec<_>>().join(",")
}

/// For people.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &BTreeSet<String>| {
            names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
        };
        match (self.flags.is_empty(), self.tags.is_empty()) {
            (_, true) => write!(f, "{}", list(&self.flags)),
            (true, false) => write!(f, "tagged {}", list(&self.tags)),
            (false, false) => write!(f, "{}; tagged {}", list(&self.flags), list(&self.tags)),
        }
    }
}

/// What a module is of, for people.
pub(crate) fn described(selection: Option<&Selection>) -> String {
    selection.map_or_else(|| "all flags".to_owned(), |some| format!("some flags ({some})"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(flags: &[&str], tags: &[&str]) -> Selection {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Selection { flags: set(flags), tags: set(tags) }
    }

    #[test]
    fn commas_of_names_are_escaped() {
        let selection = of(&["b", "a,b", r"c\"], &[]);
        let parameters: Vec<_> = selection.parameters().collect();
        assert_eq!(parameters, [("flags", r"a\,b,b,c\\".to_owned())]);
        assert_ne!(of(&["a,b"], &[]).file_name(), of(&["a", "b"], &[]).file_name());
        assert_ne!(of(&["a"], &[]).file_name(), of(&[], &["a"]).file_name());
    }

    #[test]
    fn what_cannot_be_asked_for_is_refused() {
        assert_eq!(of(&[], &[]).check(), Err(SelectionError::Nothing));
        assert_eq!(of(&["a", ""], &[]).check(), Err(SelectionError::Empty));
        let long = "x".repeat(SELECTION_BYTES_MAX);
        assert_eq!(of(&[&long], &[]).check(), Ok(()));
        assert_eq!(of(&[&long], &["t"]).check(), Err(SelectionError::TooLarge));
    }
}
