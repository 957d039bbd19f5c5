//! Which facts each flag needs, so that one flag of many can be evaluated on its own.
//!
//! In: an image. Out: for each flag that hosts see a run of rows of facts, given as numbers of
//! rows: either rows that stand side by side in the table of all facts, or rows of a copy. What a
//! flag needs is what it asks itself and what the flags and segments ask that it asks.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{Fact, Image, Ref, Word};

/// A flag that needs more rows works all facts out: lists of that length would be long for others,
/// too, and what they save is little.
const LISTED_ROWS: u32 = 64;

/// What flags need, as rows of facts.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// First row and end, by number of the flag. Rows beyond those of all facts are copies.
    pub(super) flags: Vec<(u32, u32)>,
    /// Which facts are copied, in order.
    pub(super) copies: Vec<u32>,
    /// Rows of the table of all facts.
    pub(super) rows: u32,
    /// Rows of the copies.
    pub(super) copied_rows: u32,
}

/// Facts by number; `None`: so many that all are taken.
type Set = Option<Rc<BTreeSet<u32>>>;

impl Needs {
    pub(super) fn of(image: &Image) -> Self {
        let mut starts = Vec::with_capacity(image.facts.len());
        let mut all = 0;
        for fact in &image.facts {
            starts.push(all);
            all += fact.rows();
        }
        let mut collected = Collected::of(image);
        let mut known: BTreeMap<Rc<BTreeSet<u32>>, (u32, u32)> = BTreeMap::new();
        let mut needs = Self { rows: all, ..Self::default() };
        for number in 0..image.flags.len() as u32 {
            let run = match collected.flag(number) {
                None => (0, all),
                Some(set) => {
                    *known.entry(set).or_insert_with_key(|set| needs.run(image, &starts, set))
                }
            };
            needs.flags.push(run);
        }
        needs
    }

    /// The run of rows of a set, copied unless it stands side by side.
    fn run(&mut self, image: &Image, starts: &[u32], set: &BTreeSet<u32>) -> (u32, u32) {
        let size = |fact: &u32| image.facts.get(*fact as usize).map_or(0, Fact::rows);
        let total = set.iter().map(size).sum::<u32>();
        let (Some(first), Some(last)) = (set.first(), set.last()) else { return (0, 0) };
        if (last - first + 1) as usize == set.len() {
            let start = starts.get(*first as usize).copied().unwrap_or(0);
            return (start, start + total);
        }
        let start = self.rows + self.copied_rows;
        self.copied_rows += total;
        self.copies.extend(set);
        (start, start + total)
    }
}

/// Sets of flags and segments, worked out once each.
struct Collected<'a> {
    image: &'a Image,
    flags: BTreeMap<u32, Set>,
    segments: BTreeMap<u32, Set>,
}

impl<'a> Collected<'a> {
    const fn of(image: &'a Image) -> Self {
        Self { image, flags: BTreeMap::new(), segments: BTreeMap::new() }
    }

    /// Recurses along chains of flags, which are short (see `chain`).
    fn flag(&mut self, number: u32) -> Set {
        if let Some(known) = self.flags.get(&number) {
            return known.clone();
        }
        let refs = self.image.flags.get(number as usize).map(|flag| flag.refs.as_slice());
        let set = self.refs(refs.unwrap_or_default());
        self.flags.insert(number, set.clone());
        set
    }

    fn segment(&mut self, number: u32) -> Set {
        if let Some(known) = self.segments.get(&number) {
            return known.clone();
        }
        let refs = self.image.segments.get(number as usize).map(|segment| segment.refs.as_slice());
        let set = self.refs(refs.unwrap_or_default());
        self.segments.insert(number, set.clone());
        set
    }

    fn refs(&mut self, refs: &[Ref]) -> Set {
        let mut facts = BTreeSet::new();
        for reference in refs {
            let Some(record) = self.image.record(*reference) else { continue };
            for (word, value) in reference.kind.words().iter().zip(record) {
                match word {
                    Word::Fact => drop(facts.insert(*value)),
                    Word::Flag => facts.extend(self.flag(*value)?.iter()),
                    Word::Segment => facts.extend(self.segment(*value)?.iter()),
                    Word::Plain | Word::Blob | Word::Slot | Word::Place => {}
                }
            }
        }
        let total: u32 = facts
            .iter()
            .filter_map(|fact| self.image.facts.get(*fact as usize))
            .map(Fact::rows)
            .sum();
        (total <= LISTED_ROWS).then(|| Rc::new(facts))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::image::{Column, FlagRecord, Kind};

    fn flag(refs: Vec<Ref>) -> FlagRecord {
        FlagRecord {
            shape: 0,
            refs,
            thresholds: Vec::new(),
            variants: Vec::new(),
            place: None,
            hidden: false,
        }
    }

    /// Records of a kind whose words are all zero but facts, which are as given.
    fn column(kind: Kind, facts: &[u32]) -> Column {
        let record = |fact: &u32| {
            let word = |word: &Word| if matches!(word, Word::Fact) { *fact } else { 0 };
            kind.words().iter().map(word).collect()
        };
        Column {
            kind,
            records: facts.iter().map(record).collect(),
            batched: 0,
            batch: None,
            answers: 0,
            cost: Default::default(),
        }
    }

    #[test]
    fn neighbours_are_taken_where_they_stand_and_others_are_copied_once() {
        let asks = |kind: &Kind| kind.words().iter().any(|word| matches!(word, Word::Fact));
        let kind = Kind::ALL.iter().copied().find(asks).unwrap();
        let reference = |index| Ref { kind, index };
        let image = Image {
            facts: vec![
                Fact::Unit { slots: vec![0, 1], hashed: true },
                Fact::Time { slot: 2 },
                Fact::Address { slot: 3 },
            ],
            columns: vec![column(kind, &[0, 1, 2])],
            flags: vec![
                flag(vec![]),
                flag(vec![reference(1)]),
                flag(vec![reference(1), reference(0)]),
                flag(vec![reference(2), reference(0)]),
                flag(vec![reference(0), reference(2)]),
            ],
            ..Image::default()
        };
        let needs = Needs::of(&image);
        assert_eq!(needs.flags, [(0, 0), (2, 3), (0, 3), (4, 7), (4, 7)]);
        assert_eq!((needs.rows, needs.copied_rows, needs.copies), (4, 3, vec![0, 2]));
    }
}
