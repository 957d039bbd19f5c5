//! Drops segments, slots and units that nothing asks for any more, so that no host writes them.

use std::collections::BTreeMap;

use crate::program::{Bucketing, Pred, Program, SegmentId, Serve, SlotId, UnitId};

/// Renumbers what is left, in the order it had.
pub(super) fn prune(mut program: Program) -> Program {
    prune_segments(&mut program);
    prune_units(&mut program);
    prune_slots(&mut program);
    program
}

fn prune_segments(program: &mut Program) {
    let mut waiting = Vec::new();
    let mut note = |place: Place<'_>| {
        if let Place::Segment(id) = place {
            waiting.push(*id);
        }
    };
    visit_flags(program, &mut note);
    let mut used = BTreeMap::new();
    while let Some(id) = waiting.pop() {
        if used.insert(id, id).is_none()
            && let Some(segment) = program.segments.get_mut(id.index())
        {
            visit_pred(&mut segment.when, &mut |place| {
                if let Place::Segment(id) = place {
                    waiting.push(*id);
                }
            });
        }
    }
    keep(&mut program.segments, &mut used, SegmentId);
    visit(program, &mut |place| {
        if let Place::Segment(id) = place {
            *id = used.get(id).copied().unwrap_or(*id);
        }
    });
}

fn prune_units(program: &mut Program) {
    let mut used = BTreeMap::new();
    visit(program, &mut |place| {
        if let Place::Unit(id) = place {
            used.insert(*id, *id);
        }
    });
    keep(&mut program.units, &mut used, UnitId);
    visit(program, &mut |place| {
        if let Place::Unit(id) = place {
            *id = used.get(id).copied().unwrap_or(*id);
        }
    });
}

fn prune_slots(program: &mut Program) {
    let mut used = BTreeMap::new();
    let mut note = |place: Place<'_>| {
        if let Place::Slot(id) = place {
            used.insert(*id, *id);
        }
    };
    visit(program, &mut note);
    program.units.iter_mut().flat_map(|unit| &mut unit.slots).for_each(|s| note(Place::Slot(s)));
    keep(&mut program.slots, &mut used, SlotId);
    let mut renumber = |place: Place<'_>| {
        if let Place::Slot(id) = place {
            *id = used.get(id).copied().unwrap_or(*id);
        }
    };
    visit(program, &mut renumber);
    program
        .units
        .iter_mut()
        .flat_map(|unit| &mut unit.slots)
        .for_each(|s| renumber(Place::Slot(s)));
}

/// Keeps what is used, and notes its new number.
fn keep<T, Id: Ord + Copy>(all: &mut Vec<T>, used: &mut BTreeMap<Id, Id>, id: impl Fn(u32) -> Id) {
    let mut next = 0;
    let kept = std::mem::take(all).into_iter().zip(0..).filter_map(|(one, old)| {
        let place = used.get_mut(&id(old))?;
        *place = id(next);
        next += 1;
        Some(one)
    });
    *all = kept.collect();
}

/// Where a program names something that is numbered.
enum Place<'a> {
    Slot(&'a mut SlotId),
    Unit(&'a mut UnitId),
    Segment(&'a mut SegmentId),
}

/// Shows every place of flags and segments to `see`.
fn visit(program: &mut Program, see: &mut dyn FnMut(Place<'_>)) {
    for segment in &mut program.segments {
        visit_pred(&mut segment.when, see);
    }
    visit_flags(program, see);
}

fn visit_flags(program: &mut Program, see: &mut dyn FnMut(Place<'_>)) {
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
        Pred::Const(_) | Pred::Flag(_) => {}
        Pred::Segment(id) => see(Place::Segment(id)),
        Pred::Not(inner) => visit_pred(inner, see),
        Pred::All(inner) | Pred::Any(inner) => {
            inner.iter_mut().for_each(|pred| visit_pred(pred, see));
        }
        Pred::Leaf(leaf) => see(Place::Slot(&mut leaf.slot)),
        Pred::Bucket(bucketing, _) => visit_bucketing(bucketing, see),
    }
}
