//! For whom flags are compiled, and which flags are compiled for them.
//!
//! In: a checked flag set. Out: for browsers, the flags that they may see; of some flags, those and
//! what they need. What stands in a module of them is decided by `compile`.

use std::collections::{BTreeMap, BTreeSet};

use crate::flag_set::{Flag, FlagSet, Predicate};

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

/// The flags with these keys, the flags and segments that they need, and nothing else; so a change
/// of any other cannot change what is compiled of them. A key that is not there is passed over.
#[must_use]
pub fn with_needed(flag_set: &FlagSet, keys: &[&str]) -> FlagSet {
    let flags = reached(keys, |key| flag_set.flags.get(key).map(needs).unwrap_or_default());
    let flags = flag_set.flags.iter().filter(|(key, _)| flags.contains(key.as_str()));
    let flags: BTreeMap<_, _> = flags.map(|(key, flag)| (key.clone(), flag.clone())).collect();
    let rules = flags.values().flat_map(|flag| &flag.configuration.rules);
    let named: Vec<&str> = rules.flat_map(|rule| rule.when.segments()).collect();
    let segments = reached(&named, |key| {
        let when = flag_set.segments.get(key).and_then(|segment| segment.when.as_ref());
        when.map(Predicate::segments).unwrap_or_default()
    });
    let segments = flag_set.segments.iter().filter(|(key, _)| segments.contains(key.as_str()));
    let segments = segments.map(|(key, segment)| (key.clone(), segment.clone())).collect();
    FlagSet { segments, flags }
}

/// What is named by these, by what they name, and so on.
fn reached<'f>(from: &[&'f str], names: impl Fn(&str) -> Vec<&'f str>) -> BTreeSet<&'f str> {
    let mut waiting: Vec<&str> = from.to_vec();
    let mut reached = BTreeSet::new();
    while let Some(key) = waiting.pop() {
        if reached.insert(key) {
            waiting.extend(names(key));
        }
    }
    reached
}

/// Keys of the flags that a flag names.
fn needs(flag: &Flag) -> Vec<&str> {
    let configuration = &flag.configuration;
    let prerequisites = configuration.prerequisites.iter().map(|test| test.flag.as_str());
    prerequisites.chain(configuration.rules.iter().flat_map(|rule| rule.when.flags())).collect()
}
