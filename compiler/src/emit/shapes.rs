//! Shapes: flags grouped by structure.
//!
//! In: the flags of a program. Out: each structure once, and each flag's record. Which structures
//! are worth a batch is decided here: those that enough flags share.

use std::collections::{BTreeMap, BTreeSet};

use super::Emitter;
use super::batch;
use super::structure::Structure;
use crate::image::{BlobId, FlagRecord, Kind, Shape};
use crate::program::FlagIndex;

/// Flags by structure.
pub(super) struct Shapes {
    /// Structures in the order of their first flag.
    pub(super) structures: Vec<(Structure, Known)>,
    /// Flags by number.
    pub(super) flags: Vec<FlagRecord>,
}

/// What flags of a shape have in common besides their structure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Known {
    /// Verdicts without variants, by answer.
    pub(super) verdicts: Vec<u64>,
    /// Whether their verdicts are remembered.
    remembered: bool,
    /// Whether they are decided in a batch; known when all are counted.
    pub(super) batch: bool,
}

impl Shapes {
    /// Groups the flags of the emitter's program.
    pub(super) fn of(emitter: &mut Emitter<'_>, batch: bool) -> Self {
        let program = emitter.program;
        let mut numbers: BTreeMap<(Structure, Known), u32> = BTreeMap::new();
        let mut structures = Vec::new();
        let mut flags = Vec::with_capacity(program.flags.len());
        let mut members: Vec<usize> = Vec::new();
        for (number, flag) in (0..).zip(&program.flags) {
            let (structure, constants) = emitter.take_apart(&flag.body);
            let place = emitter.memo.flag(FlagIndex(number));
            let verdicts = constants.verdicts;
            let known = Known { verdicts, remembered: place.is_some(), batch: false };
            let next = structures.len() as u32;
            let shape = *numbers.entry((structure, known)).or_insert_with_key(|key| {
                structures.push(key.clone());
                members.push(0);
                next
            });
            if let Some(count) = members.get_mut(shape as usize) {
                *count += 1;
            }
            let thresholds =
                constants.thresholds.iter().flat_map(|number| number.to_le_bytes()).collect();
            let (variants, hidden) = (constants.variants, false);
            flags.push(FlagRecord {
                shape,
                refs: constants.refs,
                thresholds,
                variants,
                place,
                hidden,
            });
        }
        for ((structure, known), members) in structures.iter_mut().zip(members) {
            known.batch = batch
                && !known.remembered
                && members >= batch::SHARED_BY
                && batch::is_batchable(structure);
        }
        Self { structures, flags }
    }
}

/// The records that batches ask for, by kind.
pub(super) fn batched(
    structures: &[(Structure, Known)],
    flags: &[FlagRecord],
) -> BTreeMap<Kind, BTreeSet<u32>> {
    let asked: Vec<_> = structures
        .iter()
        .map(|(structure, known)| known.batch.then(|| batch::columns(structure)))
        .collect();
    let mut records: BTreeMap<Kind, BTreeSet<u32>> = BTreeMap::new();
    for flag in flags {
        let Some(Some(asked)) = asked.get(flag.shape as usize) else { continue };
        for (kind, question) in asked {
            if let Some(reference) = flag.refs.get(*question as usize) {
                records.entry(*kind).or_default().insert(reference.index);
            }
        }
    }
    records
}

/// Records with those in `first` before the others; the new place of each.
pub(super) fn sorted(
    records: Vec<Vec<u32>>,
    first: Option<&BTreeSet<u32>>,
) -> (Vec<Vec<u32>>, Vec<u32>) {
    let mut order: Vec<u32> = (0..records.len() as u32).collect();
    order.sort_by_key(|index| !first.is_some_and(|first| first.contains(index)));
    let mut places = vec![0; records.len()];
    for (place, index) in (0..).zip(&order) {
        if let Some(slot) = places.get_mut(*index as usize) {
            *slot = place;
        }
    }
    let mut records: Vec<Option<Vec<u32>>> = records.into_iter().map(Some).collect();
    let sorted = order.iter().filter_map(|index| records.get_mut(*index as usize)?.take());
    (sorted.collect(), places)
}

impl Emitter<'_> {
    /// The code of a shape; its verdicts are put in later.
    pub(super) fn shape(&mut self, structure: &Structure, known: &Known, kinds: &[Kind]) -> Shape {
        let decide = self.decide(structure);
        let decide = self.table.index(decide);
        let batch = known.batch.then(|| {
            let function = self.flags(structure, known.verdicts.len() as u32, kinds);
            self.table.index(function)
        });
        Shape { decide, batch, verdicts: BlobId::default() }
    }
}
