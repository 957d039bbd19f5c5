//! What the lints know while they look at one environment: segments, what other flags serve, and
//! how much work is left.
//!
//! In: the segments of a project; outcomes as they are found. Out: answers for `possible`. The
//! steps are counted, not timed, so that equal projects get equal warnings everywhere.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::flag_set::Segment;
use crate::limits::{MAX_LINT_STEPS, MAX_LINT_STEPS_PROJECT};

/// What a flag can come to in one environment. Each is an upper bound: what is not in it never
/// happens, what is in it may.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcomes<'a> {
    /// Variants that it serves to somebody.
    pub(super) served: BTreeSet<&'a str>,
    /// Variants with which a prerequisite can be met: served, and not because it is switched off.
    pub(super) meeting: BTreeSet<&'a str>,
}

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) segments: &'a BTreeMap<String, Segment>,
    /// Flag → what it can come to here, as far as that has been found out.
    outcomes: RefCell<BTreeMap<&'a str, Outcomes<'a>>>,
    /// Steps left.
    steps: Cell<u64>,
}

impl<'a> Known<'a> {
    /// Nothing about flags yet, and half the steps of a project: conditions are looked at without
    /// what is known of flags, rules with it.
    pub(super) fn new(segments: &'a BTreeMap<String, Segment>) -> Self {
        let steps = Cell::new(MAX_LINT_STEPS_PROJECT / 2);
        Self { segments, outcomes: RefCell::default(), steps }
    }

    /// Another environment begins: what flags serve there is not known.
    pub(super) fn forget_outcomes(&self) {
        self.outcomes.borrow_mut().clear();
    }

    /// Notes what the flag `key` can come to.
    pub(super) fn learn(&self, key: &'a str, outcomes: Outcomes<'a>) {
        self.outcomes.borrow_mut().insert(key, outcomes);
    }

    /// With which variants the flag `key` can meet a prerequisite; `None`: not known.
    pub(super) fn meeting(&self, key: &str) -> Option<BTreeSet<&'a str>> {
        self.outcomes.borrow().get(key).map(|outcomes| outcomes.meeting.clone())
    }

    /// The steps that one question may take, taken from what is left.
    pub(super) fn question(&self) -> Steps<'_> {
        let left = self.steps.get().min(MAX_LINT_STEPS);
        self.steps.set(self.steps.get() - left);
        Steps { of: &self.steps, left: Cell::new(left) }
    }
}

/// The steps of one question; those not taken go back.
#[derive(Debug)]
pub(super) struct Steps<'k> {
    of: &'k Cell<u64>,
    left: Cell<u64>,
}

impl Steps<'_> {
    /// Takes `count` steps; false when there are not that many, and then there are none.
    pub(super) fn take(&self, count: usize) -> bool {
        let after = self.left.get().checked_sub(count as u64);
        self.left.set(after.unwrap_or(0));
        after.is_some()
    }
}

impl Drop for Steps<'_> {
    fn drop(&mut self) {
        self.of.set(self.of.get() + self.left.get());
    }
}
