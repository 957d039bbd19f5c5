//! Equal constants once: blobs, records, facts.
//!
//! In: what the emitters ask for. Out: ids, and at the end the image's columns. Ids are given in
//! the order of asking, so that equal programs give equal images.

use std::collections::BTreeMap;

use crate::image::{BlobId, Fact, Kind, Ref};

/// Constants of the module under construction.
#[derive(Debug, Default)]
pub(super) struct Interned {
    blobs: Table<Vec<u8>>,
    records: BTreeMap<Kind, Table<Vec<u32>>>,
    facts: Table<Fact>,
}

/// All constants of a module, by number.
pub(super) struct Constants {
    /// Constants of many bytes.
    pub(super) blobs: Vec<Vec<u8>>,
    /// Records as words, by kind.
    pub(super) records: Vec<(Kind, Vec<Vec<u32>>)>,
    /// What `bind` works out.
    pub(super) facts: Vec<Fact>,
}

/// Things by the order of their first mention.
#[derive(Debug)]
struct Table<T> {
    known: BTreeMap<T, u32>,
    all: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { known: BTreeMap::new(), all: Vec::new() }
    }
}

impl<T: Ord + Clone> Table<T> {
    fn id(&mut self, one: T) -> u32 {
        if let Some(id) = self.known.get(&one) {
            return *id;
        }
        let id = self.all.len() as u32;
        self.known.insert(one.clone(), id);
        self.all.push(one);
        id
    }
}

impl Interned {
    /// A constant of many bytes.
    pub(super) fn blob(&mut self, bytes: Vec<u8>) -> BlobId {
        BlobId(self.blobs.id(bytes) + 1)
    }

    /// A string, behind which zeros follow up to a multiple of 8.
    pub(super) fn text(&mut self, text: &str) -> BlobId {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        self.blob(bytes)
    }

    /// A record of a kind, as the words that [`Kind::words`] names.
    pub(super) fn record(&mut self, kind: Kind, words: Vec<u32>) -> Ref {
        debug_assert_eq!(words.len(), kind.words().len(), "{}", kind.name());
        Ref { kind, index: self.records.entry(kind).or_default().id(words) }
    }

    /// Something that `bind` works out.
    pub(super) fn fact(&mut self, fact: Fact) -> u32 {
        self.facts.id(fact)
    }

    /// All blobs, records and facts.
    pub(super) fn finish(self) -> Constants {
        let records = self.records.into_iter().map(|(kind, table)| (kind, table.all));
        Constants { blobs: self.blobs.all, records: records.collect(), facts: self.facts.all }
    }
}
