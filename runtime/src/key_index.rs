//! From a flag's key to its number, in about the time that hashing the key takes.
//!
//! In: the keys of a module's flags. Out: an index that is never more than half full, whose
//! entries hold half of the key's hash, so that a look-up reads one entry, seldom two, and compares
//! one key. Who writes the keys is whoever writes the flags, so the hash need not resist attacks:
//! keys that collide make the look-up of their own slower.

use foldhash::fast::FixedState;
use std::hash::{BuildHasher as _, Hasher as _};

/// Numbers by key. Empty until it is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyIndex {
    /// Half of a key's hash, and one more than its number; 0: nobody. As many as a power of two.
    entries: Vec<(u32, u32)>,
}

/// Any number: equal modules give equal indexes.
const SEED: u64 = 0x7665_7869_6c2f_3031;

#[inline]
fn hash(key: &str) -> u64 {
    let mut hasher = FixedState::with_seed(SEED).build_hasher();
    hasher.write(key.as_bytes());
    hasher.finish()
}

impl KeyIndex {
    /// Of all keys, by number.
    pub(crate) fn of<'a>(keys: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let mut entries = vec![(0, 0); (2 * keys.len()).next_power_of_two()];
        let last = entries.len() - 1;
        for (key, number) in keys.zip(1..) {
            let hash = hash(key);
            let mut at = hash as usize & last;
            while entries.get(at).is_some_and(|(_, taken)| *taken != 0) {
                at = (at + 1) & last;
            }
            if let Some(entry) = entries.get_mut(at) {
                *entry = ((hash >> 32) as u32, number);
            }
        }
        Self { entries }
    }

    /// What `known` says of the numbers that the key may have, the first that it knows.
    #[inline(always)]
    pub(crate) fn find<T>(&self, key: &str, known: impl Fn(u32) -> Option<T>) -> Option<T> {
        let last = self.entries.len().checked_sub(1)?;
        let hash = hash(key);
        let mut at = hash as usize & last;
        loop {
            let (half, number) = self.entries.get(at)?;
            // Half of the entries are nobody's, so this ends.
            let number = number.checked_sub(1)?;
            if *half == (hash >> 32) as u32
                && let Some(found) = known(number)
            {
                return Some(found);
            }
            at = (at + 1) & last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_and_no_other() {
        let keys: Vec<String> = (0..1_000).map(|number| format!("flag-{number}")).collect();
        let index = KeyIndex::of(keys.iter().map(String::as_str));
        let find = |key: &str| {
            index.find(key, |number| (keys.get(number as usize)? == key).then_some(number))
        };
        for (number, key) in (0..).zip(&keys) {
            assert_eq!(find(key), Some(number));
            assert_eq!(find(&format!("{key}x")), None);
        }
    }

    #[test]
    fn without_keys_nothing_is_found() {
        let none = KeyIndex::of([].into_iter());
        assert_eq!(none.find("x", Some), None);
        assert_eq!(KeyIndex::default().find("x", Some), None);
    }
}
