//! Drops slots and units that nothing asks for any more, so that no host writes them.

use std::collections::BTreeMap;

use crate::program::{Bucketing, Pred, Program, Serve, SlotId, UnitId};

/// Renumbers what is left, in the order it had.
pub(super) fn prune(mut program: Program) -> Program {
    let mut used = Used::default();
    visit(&mut program, &mut |place| used.note(place));
    let units = kept(program.units.len(), |unit| used.units.contains_key(&UnitId(unit)));
    for (old, new) in kept_ids(&units) {
        used.units.insert(UnitId(old), UnitId(new));
    }
    program.units = select(program.units, &units);
    for slot in &program.units {
        used.slots.insert(*slot, *slot);
    }
    let slots = kept(program.slots.len(), |slot| used.slots.contains_key(&SlotId(slot)));
    for (old, new) in kept_ids(&slots) {
        used.slots.insert(SlotId(old), SlotId(new));
    }
    program.slots = select(program.slots, &slots);
    for slot in &mut program.units {
        used.renumber(Place::Slot(slot));
    }
    visit(&mut program, &mut |place| used.renumber(place));
    program
}

/// Where a program names a slot or a unit.
enum Place<'a> {
    Slot(&'a mut SlotId),
    Unit(&'a mut UnitId),
}

/// What is used, and its new number.
#[derive(Default)]
struct Used {
    slots: BTreeMap<SlotId, SlotId>,
    units: BTreeMap<UnitId, UnitId>,
}

impl Used {
    fn note(&mut self, place: Place<'_>) {
        match place {
            Place::Slot(slot) => drop(self.slots.insert(*slot, *slot)),
            Place::Unit(unit) => drop(self.units.insert(*unit, *unit)),
        }
    }

    fn renumber(&self, place: Place<'_>) {
        match place {
            Place::Slot(slot) => *slot = self.slots.get(slot).copied().unwrap_or(*slot),
            Place::Unit(unit) => *unit = self.units.get(unit).copied().unwrap_or(*unit),
        }
    }
}

fn kept(count: usize, is_used: impl Fn(u32) -> bool) -> Vec<bool> {
    (0..count as u32).map(is_used).collect()
}

/// Old and new numbers of what is kept.
fn kept_ids(kept: &[bool]) -> impl Iterator<Item = (u32, u32)> + '_ {
    let old = kept.iter().zip(0u32..).filter(|(kept, _)| **kept).map(|(_, old)| old);
    old.zip(0u32..)
}

fn select<T>(all: Vec<T>, kept: &[bool]) -> Vec<T> {
    all.into_iter().zip(kept).filter(|(_, kept)| **kept).map(|(one, _)| one).collect()
}

/// Shows every place of flags and segments to `see`.
fn visit(program: &mut Program, see: &mut dyn FnMut(Place<'_>)) {
    for segment in &mut program.segments {
        visit_pred(&mut segment.when, see);
    }
    for flag in &mut program.flags {
        for rule in &mut flag.body.rules {
            visit_pred(&mut rule.when, see);
            visit_serve(&mut rule.serve, see);
        }
        visit_serve(&mut flag.body.last, see);
    }
}

fn visit_serve(serve: &mut Serve, see: &mut dyn FnMut(Place<'_>)) {
    if let Serve::Split(split) = serve {
        visit_bucketing(&mut split.bucketing, see);
    }
}

fn visit_bucketing(bucketing: &mut Bucketing, see: &mut dyn FnMut(Place<'_>)) {
    see(Place::Unit(&mut bucketing.unit));
}

fn visit_pred(pred: &mut Pred, see: &mut dyn FnMut(Place<'_>)) {
    match pred {
        Pred::Const(_) | Pred::Segment(_) | Pred::Flag(_) => {}
        Pred::Not(inner) => visit_pred(inner, see),
        Pred::All(inner) | Pred::Any(inner) => {
            inner.iter_mut().for_each(|pred| visit_pred(pred, see));
        }
        Pred::Leaf(leaf) => see(Place::Slot(&mut leaf.slot)),
        Pred::Bucket(bucketing, _) => visit_bucketing(bucketing, see),
    }
}
