//! Alternatives on one attribute become one set, and what is asked twice is asked once.
//!
//! `any` of `equals "a"` and `equals "b"` on the same slot is one membership, which costs a probe;
//! of equal operands of an `all` or `any` one is enough, and of two that contradict each other the
//! result is known.

use crate::program::{Leaf, Over, Pred, Program, Set, Test};

/// Longer lists are not searched for what stands in them twice: that takes quadratic time.
const SEARCHED: usize = 64;

/// Merges in every flag and segment.
pub(super) fn merge(mut program: Program) -> Program {
    for segment in &mut program.segments {
        merge_pred(&mut segment.when);
    }
    for rule in program.flags.iter_mut().flat_map(|flag| &mut flag.body.rules) {
        merge_pred(&mut rule.when);
    }
    program
}

fn merge_pred(pred: &mut Pred) {
    match pred {
        Pred::Not(inner) => merge_pred(inner),
        Pred::All(inner) => {
            inner.iter_mut().for_each(merge_pred);
            *pred = distinct(std::mem::take(inner), true);
        }
        Pred::Any(inner) => {
            inner.iter_mut().for_each(merge_pred);
            *pred = distinct(united(std::mem::take(inner)), false);
        }
        _ => {}
    }
}

/// Memberships of one slot united, each where the first of them stood.
fn united(inner: Vec<Pred>) -> Vec<Pred> {
    let mut kept: Vec<Pred> = Vec::new();
    for pred in inner {
        if let Pred::Leaf(Leaf { slot, over, test: Test::In(set) }) = &pred
            && let Some(found) = kept.iter_mut().find_map(|known| same(known, *over, *slot, set))
        {
            unite(found, set);
        } else {
            kept.push(pred);
        }
    }
    kept
}

/// The set of `known`, if it is asked of the same slot in the same way.
fn same<'a>(
    known: &'a mut Pred,
    over: Over,
    slot: crate::program::SlotId,
    set: &Set,
) -> Option<&'a mut Set> {
    match known {
        Pred::Leaf(Leaf { slot: its, over: its_over, test: Test::In(found) })
            if *its == slot && *its_over == over && alike(found, set) =>
        {
            Some(found)
        }
        _ => None,
    }
}

/// Strings of both are compared alike, where both have some.
fn alike(left: &Set, right: &Set) -> bool {
    left.fold == right.fold || left.strings.is_empty() || right.strings.is_empty()
}

fn unite(into: &mut Set, from: &Set) {
    into.fold |= from.fold;
    into.is_cohort |= from.is_cohort;
    into.strings.extend(from.strings.iter().cloned());
    into.strings.sort_unstable();
    into.strings.dedup();
    into.numbers.extend(&from.numbers);
    into.numbers.sort_by(f64::total_cmp);
    into.numbers.dedup();
    into.has_false |= from.has_false;
    into.has_true |= from.has_true;
}

/// `inner` without repetitions; a predicate beside its negation decides.
fn distinct(inner: Vec<Pred>, neutral: bool) -> Pred {
    if inner.len() > SEARCHED {
        return Pred::joined(inner, neutral);
    }
    let mut kept: Vec<Pred> = Vec::new();
    for pred in inner {
        if kept.iter().any(|known| is_negation(known, &pred)) {
            return Pred::Const(!neutral);
        }
        if !kept.contains(&pred) {
            kept.push(pred);
        }
    }
    Pred::joined(kept, neutral)
}

fn is_negation(left: &Pred, right: &Pred) -> bool {
    matches!(left, Pred::Not(inner) if **inner == *right)
        || matches!(right, Pred::Not(inner) if **inner == *left)
}
