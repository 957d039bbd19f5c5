//! The modules that can be fetched, by digest.
//!
//! In: modules that were published, or asked for at a revision. Out: their bytes. Each shelf (an
//! environment's, or that of looked-up revisions) holds its last few digests; a module is kept once
//! however many shelves hold it, and goes when the last one drops it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// A compiled module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// SHA-256 of `bytes`: 64 lower-case hexadecimal digits.
    pub digest: String,
    /// The module.
    pub bytes: Bytes,
}

/// All modules that can be fetched.
#[derive(Debug, Default)]
pub struct Modules {
    kept: Mutex<BTreeMap<String, Kept>>,
}

#[derive(Debug)]
struct Kept {
    bytes: Bytes,
    shelves: usize,
}

/// The last digests of one owner, oldest first, each once.
#[derive(Debug)]
pub struct Shelf {
    digests: VecDeque<String>,
    digests_max: usize,
}

impl Shelf {
    /// An empty shelf for at most `digests_max` modules.
    #[must_use]
    pub const fn new(digests_max: usize) -> Self {
        Self { digests: VecDeque::new(), digests_max }
    }
}

impl Modules {
    /// The module of this digest, if it is kept.
    #[must_use]
    pub fn get(&self, digest: &str) -> Option<Bytes> {
        self.lock().get(digest).map(|kept| kept.bytes.clone())
    }

    /// How many modules are kept, and their bytes.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let kept = self.lock();
        (kept.len(), kept.values().map(|module| module.bytes.len()).sum())
    }

    /// Puts a module on a shelf, as its newest; what falls off at the other end may be forgotten.
    pub fn put(&self, shelf: &mut Shelf, module: &Compiled) {
        let mut kept = self.lock();
        if let Some(place) = shelf.digests.iter().position(|digest| *digest == module.digest) {
            shelf.digests.remove(place);
        } else {
            let entry = kept.entry(module.digest.clone());
            let bytes = &module.bytes;
            entry.or_insert_with(|| Kept { bytes: bytes.clone(), shelves: 0 }).shelves += 1;
        }
        shelf.digests.push_back(module.digest.clone());
        while shelf.digests.len() > shelf.digests_max {
            let Some(oldest) = shelf.digests.pop_front() else { break };
            drop_one(&mut kept, &oldest);
        }
    }

    /// Takes everything off a shelf.
    pub fn clear(&self, shelf: &mut Shelf) {
        let mut kept = self.lock();
        shelf.digests.drain(..).for_each(|digest| drop_one(&mut kept, &digest));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Kept>> {
        // The map is whole between any two of its operations, so a poisoned lock is none the worse.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn drop_one(kept: &mut BTreeMap<String, Kept>, digest: &str) {
    let Some(entry) = kept.get_mut(digest) else { return };
    entry.shelves -= 1;
    if entry.shelves == 0 {
        kept.remove(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(digest: &str) -> Compiled {
        Compiled { digest: digest.into(), bytes: Bytes::copy_from_slice(digest.as_bytes()) }
    }

    #[test]
    fn a_shelf_keeps_its_newest_digests() {
        let modules = Modules::default();
        let mut shelf = Shelf::new(2);
        for digest in ["a", "b", "a", "c"] {
            modules.put(&mut shelf, &module(digest));
        }
        assert!(modules.get("a").is_some(), "it was put again after b");
        assert!(modules.get("b").is_none());
        assert_eq!(modules.size(), (2, 2));
    }

    #[test]
    fn a_module_stays_while_any_shelf_holds_it() {
        let modules = Modules::default();
        let (mut one, mut other) = (Shelf::new(1), Shelf::new(1));
        modules.put(&mut one, &module("a"));
        modules.put(&mut other, &module("a"));
        modules.put(&mut one, &module("b"));
        assert!(modules.get("a").is_some());
        modules.put(&mut other, &module("b"));
        assert!(modules.get("a").is_none());
        modules.clear(&mut one);
        assert_eq!(modules.size(), (1, 1));
        modules.clear(&mut other);
        assert_eq!(modules.size(), (0, 0));
    }
}
