//! Named cohorts: their lists and their condition.
//!
//! In: a segment and the project around it. Out: faults, at pointers beneath it. Circles of
//! segments are `graph`'s business.

use std::collections::BTreeSet;

use super::faults::Faults;
use super::names::quoted;
use super::pointer::Path;
use super::{Scope, codes, configuration, predicate};
use crate::flag_set::Segment;

/// Every fault of `segment`, which stands at `at`.
pub(crate) fn check(scope: &Scope<'_>, segment: &Segment, at: &Path<'_>, faults: &mut Faults) {
    if let Some(when) = &segment.when {
        predicate::check(scope, when, &at.field("when"), faults);
    }
    configuration::targeting_keys(&segment.included, &at.field("included"), faults);
    let list = at.field("excluded");
    configuration::targeting_keys(&segment.excluded, &list, faults);
    let included: BTreeSet<&String> = segment.included.iter().collect();
    for (index, subject) in segment.excluded.iter().enumerate() {
        if included.contains(subject) {
            let message =
                format!("the targeting key {} is both included and excluded", quoted(subject));
            let help = "leave it in one of the two lists";
            faults.advise(codes::INCLUDED_AND_EXCLUDED, &list.item(index), message, help);
        }
    }
}
