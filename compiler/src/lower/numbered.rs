//! Things numbered in the order in which they are met, each once.

use std::collections::BTreeMap;

/// Things by number.
pub(super) struct Numbered<T>(BTreeMap<T, u32>);

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord> Numbered<T> {
    /// The number of `thing`: that which it has, or the next one.
    pub(super) fn number(&mut self, thing: T) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(thing).or_insert(next)
    }

    /// All things in the order of their numbers.
    pub(super) fn in_order(self) -> Vec<T> {
        let mut things: Vec<(T, u32)> = self.0.into_iter().collect();
        things.sort_unstable_by_key(|(_, number)| *number);
        things.into_iter().map(|(thing, _)| thing).collect()
    }
}
