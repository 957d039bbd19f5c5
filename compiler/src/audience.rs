//! For whom flags are compiled, and which flags are compiled for them.
//!
//! In: a checked flag set. Out: for browsers, the flags that they may see and those that these
//! need. What stands in a module of them is decided by `compile`.

use std::collections::BTreeSet;

use crate::flag_set::{Flag, FlagSet};

/// Who evaluates a module, and so what may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Audience {
    /// Services of one's own: all flags, and constants as they are fastest.
    #[default]
    Server,
    /// Browsers and other places where anybody can read the module: the flags that are
    /// `client_visible`, and sets of strings as digests (see `docs/audiences.md`).
    Browser,
}

impl Audience {
    /// As requests and documents write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Browser => "browser",
        }
    }
}

/// Keys of the flags that browsers may see, in order.
pub(crate) fn client_visible(flag_set: &FlagSet) -> Vec<&str> {
    let flags = flag_set.flags.iter().filter(|(_, flag)| flag.definition.client_visible);
    flags.map(|(key, _)| key.as_str()).collect()
}

/// The flags with these keys, and those that they need; so a change of any other cannot change
/// what is compiled of them.
pub(crate) fn with_needed(flag_set: &FlagSet, keys: &[&str]) -> FlagSet {
    let mut waiting: Vec<&str> = keys.to_vec();
    let mut kept = BTreeSet::new();
    while let Some(key) = waiting.pop() {
        if kept.insert(key) {
            waiting.extend(flag_set.flags.get(key).into_iter().flat_map(needs));
        }
    }
    let flags = flag_set.flags.iter().filter(|(key, _)| kept.contains(key.as_str()));
    let flags = flags.map(|(key, flag)| (key.clone(), flag.clone())).collect();
    FlagSet { segments: flag_set.segments.clone(), flags }
}

/// Keys of the flags that a flag names.
fn needs(flag: &Flag) -> Vec<&str> {
    let configuration = &flag.configuration;
    let prerequisites = configuration.prerequisites.iter().map(|test| test.flag.as_str());
    prerequisites.chain(configuration.rules.iter().flat_map(|rule| rule.when.flags())).collect()
}
