//! Facts about the bucket of one unit under one hashing.
//!
//! In: ranges in which the bucket is said to be or not. Out: whether some bucket, or none for want
//! of a unit, fits them all.

use crate::flag_set::Bucket;
use crate::lint::known::Steps;
use crate::lint::unit::buckets;

/// May one bucket lie in or outside of every range as `facts` say? `has_unit`: a missing unit, for
/// which no range holds, is ruled out.
pub(super) fn possible(facts: &[(&Bucket, bool)], has_unit: bool, steps: &Steps<'_>) -> bool {
    if !has_unit && facts.iter().all(|(_, truth)| !truth) {
        return true;
    }
    // What holds changes at bounds only, so one bucket of each stretch stands for it.
    let bounds = facts.iter().flat_map(|(range, _)| {
        [0, range.from, range.to].into_iter().filter(|&bound| bound < buckets(range))
    });
    let mut bounds: Vec<u32> = bounds.collect();
    bounds.sort_unstable();
    bounds.dedup();
    if !steps.take(bounds.len() * facts.len()) {
        return true;
    }
    let inside = |bucket: u32, range: &Bucket| range.from <= bucket && bucket < range.to;
    bounds.iter().any(|&at| facts.iter().all(|(range, truth)| inside(at, range) == *truth))
}
