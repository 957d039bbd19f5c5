//! Facts about what one other flag serves.
//!
//! In: tests of the flag, and with which variants it can meet one. Out: whether one outcome fits
//! them all.

use std::collections::BTreeSet;

use crate::flag_set::FlagTest;
use crate::lint::known::Steps;

/// May one outcome make every test in `facts` what it is said to be? `meeting` is `None` when it is
/// not known what the flag serves.
pub(super) fn possible(
    facts: &[(&FlagTest, bool)],
    meeting: Option<&BTreeSet<&str>>,
    steps: &Steps<'_>,
) -> bool {
    let named: usize = facts.iter().map(|(test, _)| test.variants.len()).sum();
    // A flag that is off, or fails, meets no test.
    if facts.iter().all(|(_, truth)| !truth) || !steps.take(named) {
        return true;
    }
    let Some((first, _)) = facts.iter().find(|(_, truth)| *truth) else { return true };
    let can_serve = |variant: &str| meeting.is_none_or(|meeting| meeting.contains(variant));
    let mut variants = first.variants.iter().filter(|variant| can_serve(variant));
    variants
        .any(|variant| facts.iter().all(|(test, truth)| test.variants.contains(variant) == *truth))
}
