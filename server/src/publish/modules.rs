//! The modules that can be fetched, by digest.
//!
//! In: modules that were published, or asked for at a revision, and of what. Out: their bytes, to
//! whoever may have a module of that. Each shelf (an environment's, or that of looked-up revisions)
//! holds its last few; a module is kept once however many shelves hold it, and goes when the last
//! one drops it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use vexil_compiler::Audience;

use super::selection::Selection;

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
    /// Of what it is, once for each shelf that holds it.
    owners: Vec<Arc<Owner>>,
}

/// Of what a module is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The project's key.
    pub project: String,
    /// The environment's name.
    pub environment: String,
    /// For whom.
    pub audience: Audience,
    /// Of which flags; `None`: of all. Who may have all may have some.
    pub selection: Option<Arc<Selection>>,
}

/// The last digests of one place, oldest first, each once for each owner.
#[derive(Debug)]
pub struct Shelf {
    digests: VecDeque<(String, Arc<Owner>)>,
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
    /// The module of this digest, if it is kept as one of something that `may` be had.
    #[must_use]
    pub fn get(&self, digest: &str, may: impl FnMut(&Owner) -> bool) -> Option<Bytes> {
        let kept = self.lock();
        let kept = kept.get(digest)?;
        kept.owners.iter().map(|owner| &**owner).any(may).then(|| kept.bytes.clone())
    }

    /// How many modules are kept, and their bytes.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let kept = self.lock();
        (kept.len(), kept.values().map(|module| module.bytes.len()).sum())
    }

    /// Puts a module on a shelf, as its newest; what falls off at the other end may be forgotten.
    pub fn put(&self, shelf: &mut Shelf, owner: &Arc<Owner>, module: &Compiled) {
        let mut kept = self.lock();
        let placed = (module.digest.clone(), Arc::clone(owner));
        if let Some(place) = shelf.digests.iter().position(|one| *one == placed) {
            shelf.digests.remove(place);
        } else {
            let entry = kept.entry(module.digest.clone());
            let new = || Kept { bytes: module.bytes.clone(), owners: Vec::new() };
            entry.or_insert_with(new).owners.push(Arc::clone(owner));
        }
        shelf.digests.push_back(placed);
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

fn drop_one(kept: &mut BTreeMap<String, Kept>, (digest, owner): &(String, Arc<Owner>)) {
    let Some(entry) = kept.get_mut(digest) else { return };
    if let Some(place) = entry.owners.iter().position(|one| one == owner) {
        entry.owners.swap_remove(place);
    }
    if entry.owners.is_empty() {
        kept.remove(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(environment: &str) -> Arc<Owner> {
        let (project, environment) = ("p".to_owned(), environment.to_owned());
        Arc::new(Owner { project, environment, audience: Audience::Server, selection: None })
    }

    fn is_kept(modules: &Modules, digest: &str) -> bool {
        modules.get(digest, |_| true).is_some()
    }

    fn module(digest: &str) -> Compiled {
        Compiled { digest: digest.into(), bytes: Bytes::copy_from_slice(digest.as_bytes()) }
    }

    #[test]
    fn a_shelf_keeps_its_newest_digests() {
        let modules = Modules::default();
        let mut shelf = Shelf::new(2);
        for digest in ["a", "b", "a", "c"] {
            modules.put(&mut shelf, &owner("e"), &module(digest));
        }
        assert!(is_kept(&modules, "a"), "it was put again after b");
        assert!(!is_kept(&modules, "b"));
        assert_eq!(modules.size(), (2, 2));
    }

    #[test]
    fn a_module_stays_while_any_shelf_holds_it() {
        let modules = Modules::default();
        let (mut one, mut other) = (Shelf::new(1), Shelf::new(1));
        modules.put(&mut one, &owner("e"), &module("a"));
        modules.put(&mut other, &owner("e"), &module("a"));
        modules.put(&mut one, &owner("e"), &module("b"));
        assert!(is_kept(&modules, "a"));
        modules.put(&mut other, &owner("e"), &module("b"));
        assert!(!is_kept(&modules, "a"));
        modules.clear(&mut one);
        assert_eq!(modules.size(), (1, 1));
        modules.clear(&mut other);
        assert_eq!(modules.size(), (0, 0));
    }

    #[test]
    fn a_module_is_had_by_those_who_may_have_one_of_its_owners() {
        let modules = Modules::default();
        let mut shelf = Shelf::new(2);
        modules.put(&mut shelf, &owner("staging"), &module("a"));
        modules.put(&mut shelf, &owner("production"), &module("a"));
        let of = |environment: &'static str| {
            modules.get("a", move |owner: &Owner| owner.environment == environment).is_some()
        };
        assert!(of("staging") && of("production") && !of("development"));
        modules.put(&mut shelf, &owner("production"), &module("b"));
        let of = |environment: &'static str| {
            modules.get("a", move |owner: &Owner| owner.environment == environment).is_some()
        };
        assert!(!of("staging") && of("production"));
    }
}
