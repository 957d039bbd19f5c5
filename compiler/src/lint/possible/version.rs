//! Facts about a text as a version.
//!
//! In: facts. Out: whether some version, or a text that is none, may agree with all of them; each
//! dialect of versions by itself, for what is a version in one may be none in another. The
//! operands in order of precedence divide all versions into those equal to one, and those between
//! two neighbours; of the latter there may be none, which is not noticed.

use std::cmp::Ordering;

use super::attribute::Fact;
use crate::flag_set::{Test, VersionDialect, VersionOrder};
use crate::interpret::Version;
use crate::lint::known::Steps;

/// May some text agree with all version tests among `facts`?
pub(super) fn possible(facts: &[Fact<'_>], steps: &Steps<'_>) -> bool {
    VersionDialect::ALL.into_iter().all(|dialect| is_possible(facts, dialect, steps))
}

fn is_possible(facts: &[Fact<'_>], dialect: VersionDialect, steps: &Steps<'_>) -> bool {
    let tests: Vec<(VersionOrder, &str, bool)> = facts
        .iter()
        .filter_map(|fact| match fact.test()? {
            // Written out, so that a field that changes what is a version is noticed here.
            Test::Version { order, operand, dialect: written } => {
                (*written == dialect).then_some((*order, operand.as_str(), fact.truth))
            }
            _ => None,
        })
        .collect();
    // A text that is no version fails all of them.
    if tests.iter().all(|(_, _, truth)| !truth) || !steps.take(tests.len() * tests.len()) {
        return true;
    }
    let mut operands: Vec<Version<'_>> =
        tests.iter().filter_map(|(_, operand, _)| Version::parse(operand, dialect)).collect();
    operands.sort_by(Version::compare);
    operands.dedup_by(|one, other| one.compare(other) == Ordering::Equal);
    // Even places lie between operands, odd ones are operands.
    (0..=2 * operands.len()).any(|place| {
        tests.iter().all(|(order, operand, truth)| {
            let Some(operand) = Version::parse(operand, dialect) else { return !truth };
            let index = operands.iter().position(|other| other.compare(&operand).is_eq());
            let Some(index) = index else { return true };
            in_order(*order, place.cmp(&(2 * index + 1))) == *truth
        })
    })
}

fn in_order(order: VersionOrder, compared: Ordering) -> bool {
    match order {
        VersionOrder::Equal => compared.is_eq(),
        VersionOrder::Less => compared.is_lt(),
        VersionOrder::LessOrEqual => compared.is_le(),
        VersionOrder::Greater => compared.is_gt(),
        VersionOrder::GreaterOrEqual => compared.is_ge(),
    }
}
