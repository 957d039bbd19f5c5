//! Can one context meet all of some claims? The one question that every lint asks.
//!
//! In: claims: a predicate holds or does not, a targeting key is listed or not, a unit is there or
//! not. Out: `false` only when no context can meet them all; `true` also when that is not known, as
//! when the steps run out. So "this never holds" is "possible(it) is false", "this always holds" is
//! "possible(not it) is false", and "a implies b" is "possible(a and not b) is false".
//!
//! The procedure is a tableau (Smullyan, *First-Order Logic*, 1968, chapter II) with theories at its
//! leaves: claims are taken apart until facts about single attributes, buckets and flags are left;
//! where a claim holds in one of several ways, each is tried in a branch of its own. A branch is
//! closed when the facts on one attribute (`attribute`), one bucketing (`bucket`) or one flag
//! (`flag`) contradict each other. Attributes are taken to be independent, which they may not be;
//! that only keeps branches open. Before branches are made, ways that the facts rule out are
//! dropped, so that a claim with one way left is a fact.

mod affix;
mod attribute;
mod branch;
mod bucket;
mod flag;
mod list;
mod number;
mod text;
mod version;

use super::known::{Known, Steps};
use super::unit::Paths;
use crate::flag_set::{FlagTest, Predicate};
use crate::limits::MAX_LINT_CHOICES;
use branch::Branch;

/// Something claimed of a context.
#[derive(Clone, Debug)]
pub(super) enum Claim<'a> {
    /// The predicate holds, or does not. `owner` is the key of the flag or segment it stands in.
    Holds { predicate: &'a Predicate, owner: &'a str, truth: bool },
    /// The flag serves one of the variants as prerequisites want it, or does not.
    Serves(&'a FlagTest, bool),
    /// The targeting key stands in the list, or does not.
    Listed(&'a [String], bool),
    /// There is a unit at one of the paths, or at none.
    Unit(Paths<'a>, bool),
    /// One of these; none: never.
    OneOf(Vec<Claim<'a>>),
    /// All of these.
    All(Vec<Claim<'a>>),
}

/// May one context meet all of `claims`? See the head of this file.
pub(super) fn possible<'a>(known: &Known<'a>, claims: Vec<Claim<'a>>) -> bool {
    let steps = known.question();
    explore(known, &steps, Branch::of(claims), MAX_LINT_CHOICES)
}

fn explore<'a>(known: &Known<'a>, steps: &Steps<'_>, mut branch: Branch<'a>, depth: usize) -> bool {
    loop {
        if !branch.take_apart(known, steps) || !branch.is_consistent(known, steps) {
            return false;
        }
        match branch.drop_ways(known, steps) {
            branch::Dropped::Closed => return false,
            branch::Dropped::Facts => {}
            branch::Dropped::Nothing => break,
        }
    }
    let Some(choice) = branch.smallest_choice() else { return true };
    let Some(depth) = depth.checked_sub(1) else { return true };
    choice.into_iter().any(|way| {
        // A branch is copied for each way.
        !steps.take(1 + branch.size()) || explore(known, steps, branch.with(way), depth)
    })
}
