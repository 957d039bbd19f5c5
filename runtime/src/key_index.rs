//! From a flag's key to its number, in about the time that reading the key takes.
//!
//! In: the keys of a module's flags. Out: an index that is never more than half full, whose
//! entries hold a key of up to sixteen bytes themselves, so that finding it reads one entry, seldom
//! two, and nothing else. Of a longer key they hold its hash, and the key is compared. Who writes
//! the keys is whoever writes the flags, so the hash need not resist attacks: keys that collide
//! make the look-up of their own slower.

use foldhash::fast::FixedState;
use std::hash::{BuildHasher as _, Hasher as _};

use crate::word;

/// Numbers by key. Empty until it is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyIndex {
    /// As many as a power of two.
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry {
    print: Print,
    /// One more than the key's number; 0: nobody's.
    number: u32,
}

/// What stands for a key: two short keys with the same print are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Print {
    low: u64,
    high: u64,
    /// Length of the key.
    len: u32,
}

/// Bytes of a key that is short.
const SHORT: usize = 16;

/// Any number: equal modules give equal indexes.
const SEED: u64 = 0x7665_7869_6c2f_3031;

/// Any other number with about as many ones as zeros.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Print {
    #[inline(always)]
    fn of(key: &str) -> Self {
        match key.len() <= SHORT {
            true => Self::of_short(key.as_bytes()),
            false => Self::of_long(key.as_bytes()),
        }
    }

    #[inline(never)]
    fn of_long(bytes: &[u8]) -> Self {
        let mut hasher = FixedState::with_seed(SEED).build_hasher();
        hasher.write(bytes);
        // Keys are shorter than 4 GiB: a module is.
        Self { low: hasher.finish(), high: 0, len: bytes.len() as u32 }
    }

    #[inline(always)]
    fn of_short(bytes: &[u8]) -> Self {
        let len = bytes.len() as u32;
        let whole = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |word| u64::from_le_bytes(*word));
        let [low, high] = match bytes.len() {
            0..8 => [word::short(bytes), 0],
            _ => [whole(bytes.first_chunk()), whole(bytes.last_chunk())],
        };
        Self { low, high, len }
    }

    /// A hash, of which all bits are good: both halves of a product.
    #[inline(always)]
    const fn hash(self) -> usize {
        let product = (self.low ^ SEED) as u128 * (self.high ^ SPREAD ^ self.len as u64) as u128;
        // Where one factor is 0, the other half still tells keys apart.
        let halves = product as u64 ^ (product >> 64) as u64;
        halves.wrapping_add(self.high.wrapping_mul(SPREAD)).wrapping_add(self.low) as usize
    }
}

impl KeyIndex {
    /// Of all keys, by number.
    pub(crate) fn of<'a>(keys: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let mut entries = vec![Entry::default(); (2 * keys.len()).next_power_of_two()];
        let last = entries.len() - 1;
        for (key, number) in keys.zip(1..) {
            let print = Print::of(key);
            let mut at = print.hash() & last;
            while entries.get(at).is_some_and(|entry| entry.number != 0) {
                at = (at + 1) & last;
            }
            if let Some(entry) = entries.get_mut(at) {
                *entry = Entry { print, number };
            }
        }
        Self { entries }
    }

    /// The number of a key; `is` says whether a long key is that of a number.
    #[inline(always)]
    pub(crate) fn find(&self, key: &str, is: impl Fn(u32) -> bool) -> Option<u32> {
        let last = self.entries.len().checked_sub(1)?;
        let print = Print::of(key);
        let mut at = print.hash() & last;
        loop {
            let entry = self.entries.get(at)?;
            // Half of the entries are nobody's, so this ends.
            let number = entry.number.checked_sub(1)?;
            if entry.print == print && (key.len() <= SHORT || is(number)) {
                return Some(number);
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
        let numbered = (0..1_000).map(|number| format!("flag-{number}"));
        let long = (0..30).map(|number| format!("{}{number:02}{}", "x".repeat(9), "y".repeat(9)));
        let of_every_length = (0..30).map(|length| "z".repeat(length));
        let keys: Vec<String> = numbered.chain(long).chain(of_every_length).collect();
        let index = KeyIndex::of(keys.iter().map(String::as_str));
        let find =
            |key: &str| index.find(key, |number| keys.get(number as usize) == Some(&key.into()));
        for (number, key) in (0..).zip(&keys) {
            assert_eq!(find(key), Some(number));
            assert_eq!(find(&format!("{key}!")), None);
        }
    }

    #[test]
    fn without_keys_nothing_is_found() {
        let none = KeyIndex::of([].into_iter());
        assert_eq!(none.find("x", |_| true), None);
        assert_eq!(KeyIndex::default().find("x", |_| true), None);
    }
}
