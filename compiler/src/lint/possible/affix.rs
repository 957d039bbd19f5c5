//! Facts about what a text begins with, ends with or contains.
//!
//! In: facts. Out: whether some text may agree with all of them. Of each test that passes some
//! needle stands in the text; a needle that brings one of a failed test with it is ruled out, and
//! two beginnings (or two ends) of one text begin alike.

use super::attribute::Fact;
use crate::flag_set::{Place, Test};
use crate::interpret::lower;
use crate::lint::known::Steps;

/// A needle, where it stands, and whether only its lower case is told.
#[derive(Clone)]
struct Needle {
    text: String,
    place: Place,
    folded: bool,
}

/// May some text agree with all affix tests among `facts`?
pub(super) fn possible(facts: &[Fact<'_>], steps: &Steps<'_>) -> bool {
    let denied: Vec<Needle> = needles(facts, false).into_iter().flatten().collect();
    // Every text contains nothing.
    if denied.iter().any(|needle| needle.text.is_empty()) {
        return false;
    }
    let passed = needles(facts, true);
    let count: usize = passed.iter().map(Vec::len).sum();
    if !steps.take(count * (denied.len() + count)) {
        return true;
    }
    let left: Vec<Vec<Needle>> = passed
        .into_iter()
        .map(|mut needles| {
            needles.retain(|needle| !denied.iter().any(|denied| brings(needle, denied)));
            needles
        })
        .collect();
    left.iter().enumerate().all(|(index, needles)| {
        let others = left.iter().skip(index + 1);
        !needles.is_empty() && others.into_iter().all(|others| go_together(needles, others))
    })
}

/// The needles of each affix test that came out as `truth`.
fn needles(facts: &[Fact<'_>], truth: bool) -> Vec<Vec<Needle>> {
    let tests = facts.iter().filter(|fact| fact.truth == truth).filter_map(Fact::test);
    tests
        .filter_map(|test| match test {
            Test::Affix { place, needles, ignore_case } => {
                let needle = |text: &String| Needle {
                    text: if *ignore_case { lower(text) } else { text.clone() },
                    place: *place,
                    folded: *ignore_case,
                };
                Some(needles.iter().map(needle).collect())
            }
            _ => None,
        })
        .collect()
}

/// Wherever `needle` stands, `other` does too.
fn brings(needle: &Needle, other: &Needle) -> bool {
    // Of a text in lower case it is not known how it is spelt.
    if needle.folded && !other.folded {
        return false;
    }
    let text = if other.folded { lower(&needle.text) } else { needle.text.clone() };
    match (needle.place, other.place) {
        (_, Place::Anywhere) => text.contains(&other.text),
        (Place::Start, Place::Start) => text.starts_with(&other.text),
        (Place::End, Place::End) => text.ends_with(&other.text),
        _ => false,
    }
}

/// Can some needle of each list stand in one text?
fn go_together(one: &[Needle], other: &[Needle]) -> bool {
    one.iter().any(|one| other.iter().any(|other| are_compatible(one, other)))
}

fn are_compatible(one: &Needle, other: &Needle) -> bool {
    let (left, right) = match one.folded || other.folded {
        true => (lower(&one.text), lower(&other.text)),
        false => (one.text.clone(), other.text.clone()),
    };
    match (one.place, other.place) {
        (Place::Start, Place::Start) => left.starts_with(&right) || right.starts_with(&left),
        (Place::End, Place::End) => left.ends_with(&right) || right.ends_with(&left),
        _ => true,
    }
}
