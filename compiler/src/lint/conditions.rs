//! Conditions that never hold, or always (`VX12…`).
//!
//! In: the conditions of rules and segments, and nothing about what flags serve. Out: a warning at
//! the smallest part that is at fault. A condition that is written to hold always (`all` of
//! nothing) is let be, and so are segments and flags that are named: `segments` and `references`
//! tell of those.

use super::environment::Reading;
use super::known::Known;
use super::possible::{Claim, possible};
use super::warnings::Warnings;
use crate::check::codes;
use crate::check::names::grouped;
use crate::check::pointer::Path;
use crate::flag_set::{Bucket, Configuration, Predicate};

/// Warns about the conditions of the rules of `reading`, whose configuration stands at `at`.
pub(super) fn of_configuration<'a>(
    known: &Known<'a>,
    reading: &Reading<'a>,
    at: &Path<'_>,
    warnings: &mut Warnings,
) {
    let Configuration { rules, .. } = reading.configuration;
    let list = at.field("rules");
    for (index, rule) in rules.iter().enumerate() {
        let place = list.item(index);
        lint(known, &rule.when, reading.key, &place.field("when"), warnings);
    }
}

/// Warns about `predicate`, which stands at `at` in the flag or segment `owner`.
pub(super) fn lint<'a>(
    known: &Known<'a>,
    predicate: &'a Predicate,
    owner: &'a str,
    at: &Path<'_>,
    warnings: &mut Warnings,
) {
    let may_be = |truth| possible(known, vec![Claim::Holds { predicate, owner, truth }]);
    match predicate {
        Predicate::Segment(_) | Predicate::Flag(_) => {}
        Predicate::All(parts) if parts.is_empty() => {}
        Predicate::Bucket(range) if range.from >= range.to => empty_buckets(range, at, warnings),
        _ if !may_be(false) => {
            let help = "take it out, or correct it";
            warnings.add(codes::ALWAYS_HOLDS, at, "this condition always holds", help);
        }
        _ if may_be(true) => lint_parts(known, predicate, owner, at, warnings),
        // It never holds. A part that alone is to blame is told instead.
        Predicate::All(parts) if parts.iter().any(|part| !may_hold(known, part, owner)) => {
            lint_parts(known, predicate, owner, at, warnings);
        }
        Predicate::Any(parts) if !parts.is_empty() => {
            lint_parts(known, predicate, owner, at, warnings);
        }
        _ => never_holds(predicate, at, warnings),
    }
}

fn lint_parts<'a>(
    known: &Known<'a>,
    predicate: &'a Predicate,
    owner: &'a str,
    at: &Path<'_>,
    warnings: &mut Warnings,
) {
    let (list, parts) = match predicate {
        Predicate::All(parts) => (at.field("all"), parts),
        Predicate::Any(parts) => (at.field("any"), parts),
        Predicate::Not(part) => return lint(known, part, owner, &at.field("not"), warnings),
        _ => return,
    };
    for (index, part) in parts.iter().enumerate() {
        lint(known, part, owner, &list.item(index), warnings);
    }
}

fn may_hold<'a>(known: &Known<'a>, predicate: &'a Predicate, owner: &'a str) -> bool {
    possible(known, vec![Claim::Holds { predicate, owner, truth: true }])
}

fn never_holds(predicate: &Predicate, at: &Path<'_>, warnings: &mut Warnings) {
    let (message, help) = match predicate {
        Predicate::Any(_) => {
            ("this condition never holds: `any` of nothing", "list what it is to hold for")
        }
        Predicate::All(_) => (
            "this condition never holds: its parts contradict each other",
            "if one of them is enough, write `any` for `all`",
        ),
        Predicate::Attribute { .. } => (
            "this condition never holds: the attribute never has such a value",
            "ask for another attribute, or take the condition out",
        ),
        _ => ("this condition never holds", "take it out, or correct it"),
    };
    warnings.add(codes::NEVER_HOLDS, at, message, help);
}

fn empty_buckets(range: &Bucket, at: &Path<'_>, warnings: &mut Warnings) {
    let message = format!("no bucket lies from {} to {}", grouped(range.from), grouped(range.to));
    let help = "the end of a range is outside of it; take the range out, or move its end";
    warnings.add(codes::EMPTY_BUCKETS, &at.field("bucket"), message, help);
}
