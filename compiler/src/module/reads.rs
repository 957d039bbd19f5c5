//! Which slots a flag may read, directly, through segments, or through other flags.

use std::collections::BTreeSet;

use crate::program::{Bucketing, Flag, FlagIndex, Pred, Program, Segment, Serve, Split};

/// Slots by flag and segment, computed once each.
pub(super) struct Reads<'a> {
    program: &'a Program,
    flags: Vec<Option<BTreeSet<u32>>>,
    segments: Vec<Option<BTreeSet<u32>>>,
}

impl<'a> Reads<'a> {
    pub(super) fn of(program: &'a Program) -> Self {
        Self {
            program,
            flags: vec![None; program.flags.len()],
            segments: vec![None; program.segments.len()],
        }
    }

    /// The slots of a flag, ascending.
    pub(super) fn of_flag(&mut self, index: FlagIndex) -> Vec<u32> {
        self.flag(index).into_iter().collect()
    }

    fn flag(&mut self, index: FlagIndex) -> BTreeSet<u32> {
        if let Some(Some(known)) = self.flags.get(index.index()) {
            return known.clone();
        }
        let mut slots = BTreeSet::new();
        if let Some(flag) = self.program.flags.get(index.index()) {
            self.body(flag, &mut slots);
        }
        if let Some(place) = self.flags.get_mut(index.index()) {
            *place = Some(slots.clone());
        }
        slots
    }

    fn body(&mut self, flag: &Flag, slots: &mut BTreeSet<u32>) {
        for gate in &flag.body.gates {
            slots.extend(self.flag(gate.test.flag));
        }
        for rule in &flag.body.rules {
            self.pred(&rule.when, slots);
            self.serve(&rule.serve, slots);
        }
        self.serve(&flag.body.last, slots);
    }

    fn serve(&self, serve: &Serve, slots: &mut BTreeSet<u32>) {
        if let Serve::Split(Split { bucketing, .. }) = serve {
            self.unit(bucketing, slots);
        }
    }

    fn unit(&self, bucketing: &Bucketing, slots: &mut BTreeSet<u32>) {
        let unit = self.program.units.get(bucketing.unit.index());
        slots.extend(unit.into_iter().flat_map(|unit| &unit.slots).map(|slot| slot.0));
    }

    fn pred(&mut self, pred: &Pred, slots: &mut BTreeSet<u32>) {
        match pred {
            Pred::Const(_) => {}
            Pred::Not(inner) => self.pred(inner, slots),
            Pred::All(inner) | Pred::Any(inner) => {
                inner.iter().for_each(|pred| self.pred(pred, slots));
            }
            Pred::Leaf(leaf) => {
                slots.insert(leaf.slot.0);
            }
            Pred::Segment(id) => slots.extend(self.segment(id.index())),
            Pred::Flag(test) => slots.extend(self.flag(test.flag)),
            Pred::Bucket(bucketing, _) => self.unit(bucketing, slots),
        }
    }

    fn segment(&mut self, index: usize) -> BTreeSet<u32> {
        if let Some(Some(known)) = self.segments.get(index) {
            return known.clone();
        }
        let mut slots = BTreeSet::new();
        if let Some(Segment { when, .. }) = self.program.segments.get(index) {
            self.pred(when, &mut slots);
        }
        if let Some(place) = self.segments.get_mut(index) {
            *place = Some(slots.clone());
        }
        slots
    }
}
