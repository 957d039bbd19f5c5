//! Selections: which flags of an environment a subscriber follows.
//!
//! In: lists of flags and tags, as a query has them. Out: one form for all that mean the same, and
//! the flags that it stands for in a flag set. A flag need not exist: it may come to be. A tag
//! stands for the flags that carry it, whenever that is asked.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vexil_abi::announcement::{SELECTION_BYTES_MAX, SELECTION_NAMES_MAX};
use vexil_compiler::Audience;
use vexil_compiler::flag_set::FlagSet;

use crate::limits::SELECTIONS_MAX;

/// Some flags of an environment: those that are named, and those that carry one of the tags.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Keys of flags.
    pub flags: BTreeSet<String>,
    /// Tags.
    pub tags: BTreeSet<String>,
}

/// Why lists select nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A name is empty, or there is none.
    #[error(
        "`{0}` names something empty; it is a list such as `a,b`, in which a comma of a name is \
         written `\\,` and a backslash `\\\\`"
    )]
    Empty(&'static str),
    /// A backslash stands before something else than a comma or a backslash.
    #[error("in `{0}` a backslash stands before a comma or a backslash only")]
    Escape(&'static str),
    /// Neither a flag nor a tag is named.
    #[error("a selection names a flag or a tag")]
    Nothing,
    /// Too many names.
    #[error(
        "a selection names at most {SELECTION_NAMES_MAX} flags and tags, of {SELECTION_BYTES_MAX} \
         bytes together; follow the whole environment, or tag the flags"
    )]
    TooLarge,
}

/// Room for the selections of a server: pages, which anybody may open, take none of services.
#[derive(Debug)]
pub struct Places {
    services: Arc<Semaphore>,
    pages: Arc<Semaphore>,
}

impl Default for Places {
    fn default() -> Self {
        let places = || Arc::new(Semaphore::new(SELECTIONS_MAX));
        Self { services: places(), pages: places() }
    }
}

impl Places {
    /// A place, until it is dropped; `None` when all are taken.
    #[must_use]
    pub fn take(&self, audience: Audience) -> Option<OwnedSemaphorePermit> {
        let places = match audience {
            Audience::Server => &self.services,
            Audience::Browser => &self.pages,
        };
        Arc::clone(places).try_acquire_owned().ok()
    }
}

impl Selection {
    /// What two lists select; `None` without any.
    ///
    /// # Errors
    /// A list is not one, or they are too long.
    pub fn of_lists(
        flags: Option<&str>,
        tags: Option<&str>,
    ) -> Result<Option<Self>, SelectionError> {
        if flags.is_none() && tags.is_none() {
            return Ok(None);
        }
        let list = |name, text: Option<&str>| text.map_or(Ok(BTreeSet::new()), |it| list(name, it));
        Self { flags: list("flags", flags)?, tags: list("tags", tags)? }.checked().map(Some)
    }

    /// The same, unless it is one that nobody may ask for.
    ///
    /// # Errors
    /// It names nothing, something empty, or too much.
    pub fn checked(self) -> Result<Self, SelectionError> {
        let names = || self.flags.iter().chain(&self.tags);
        for (list, names) in [("flags", &self.flags), ("tags", &self.tags)] {
            if names.contains("") {
                return Err(SelectionError::Empty(list));
            }
        }
        let bytes: usize = names().map(String::len).sum();
        match names().count() {
            0 => Err(SelectionError::Nothing),
            count if count > SELECTION_NAMES_MAX || bytes > SELECTION_BYTES_MAX => {
                Err(SelectionError::TooLarge)
            }
            _ => Ok(self),
        }
    }

    /// Keys of the flags in `flag_set` that it stands for and that the audience may see, in order.
    #[must_use]
    pub fn keys<'f>(&self, flag_set: &'f FlagSet, audience: Audience) -> Vec<&'f str> {
        let chosen = flag_set.flags.iter().filter(|(key, flag)| {
            let definition = &flag.definition;
            let may = audience == Audience::Server || definition.client_visible;
            let is_tagged = || definition.tags.iter().any(|tag| self.tags.contains(tag));
            may && (self.flags.contains(*key) || is_tagged())
        });
        chosen.map(|(key, _)| key.as_str()).collect()
    }
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

/// The names in a list. Commas are looked for after percent-decoding, because most HTTP clients
/// encode them; so a comma in a name needs a sign of its own.
fn list(name: &'static str, text: &str) -> Result<BTreeSet<String>, SelectionError> {
    let mut names = BTreeSet::new();
    let mut current = String::new();
    let mut letters = text.chars();
    loop {
        match letters.next() {
            Some('\\') => match letters.next() {
                Some(letter @ (',' | '\\')) => current.push(letter),
                _ => return Err(SelectionError::Escape(name)),
            },
            Some(letter) if letter != ',' => current.push(letter),
            end => {
                if current.is_empty() {
                    return Err(SelectionError::Empty(name));
                }
                names.insert(std::mem::take(&mut current));
                if end.is_none() {
                    return Ok(names);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(flags: &str) -> Result<Vec<String>, SelectionError> {
        let selection = Selection::of_lists(Some(flags), None)?;
        Ok(selection.unwrap().flags.into_iter().collect())
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        assert_eq!(of("b,a,b").unwrap(), ["a", "b"]);
        assert_eq!(of(r"a\,b,c\\,d").unwrap(), ["a,b", r"c\", "d"]);
        assert_eq!(Selection::of_lists(None, None), Ok(None));
        let both = Selection::of_lists(Some("a"), Some("y,x")).unwrap().unwrap();
        assert_eq!(both.to_string(), "a; tagged x, y");
        let json = serde_json::to_string(&both).unwrap();
        assert_eq!(json, r#"{"flags":["a"],"tags":["x","y"]}"#);
    }

    #[test]
    fn lists_that_are_none_are_refused() {
        for empty in ["", ",", "a,", ",a", "a,,b"] {
            assert_eq!(of(empty), Err(SelectionError::Empty("flags")), "{empty}");
        }
        for escape in [r"a\", r"\a"] {
            assert_eq!(of(escape), Err(SelectionError::Escape("flags")), "{escape}");
        }
        let numbers =
            |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert_eq!(of(&numbers(SELECTION_NAMES_MAX)).unwrap().len(), SELECTION_NAMES_MAX);
        assert_eq!(of(&numbers(SELECTION_NAMES_MAX + 1)), Err(SelectionError::TooLarge));
        assert_eq!(of(&"x".repeat(SELECTION_BYTES_MAX + 1)), Err(SelectionError::TooLarge));
        let nothing = Selection { flags: BTreeSet::new(), tags: BTreeSet::new() };
        assert_eq!(nothing.checked(), Err(SelectionError::Nothing));
    }
}
