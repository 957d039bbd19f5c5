//! Facts about an attribute that is a text.
//!
//! In: facts. Out: whether some text agrees with all of them. Where the attribute has to be one of
//! a list, the texts of the list are tried. Otherwise a text reads as a decimal, as a time or as
//! neither (none reads as both), and the facts are looked at family by family: numbers, times,
//! versions, affixes. A text that fits each family may fit no two together, which is not noticed.

use std::collections::BTreeSet;

use super::attribute::{Asked, Fact, candidates, text_of};
use super::{affix, number, version};
use crate::context::Value;
use crate::flag_set::{NumberDialect, Place, Test};
use crate::interpret::lower;
use crate::lint::known::Steps;

/// May some text agree with all of `facts`?
pub(super) fn possible(facts: &[Fact<'_>], steps: &Steps<'_>) -> bool {
    if let Some(texts) = candidates(facts, true) {
        let questions: Vec<Question<'_>> = facts.iter().map(Question::of).collect();
        let cost: usize = facts.iter().map(cost_prepared).sum();
        return texts.into_iter().any(|text| {
            !steps.take(cost) || questions.iter().all(|question| question.agrees(text))
        });
    }
    if let Some(texts) = candidates(facts, false) {
        let questions: Vec<Question<'_>> = facts.iter().map(Question::of).collect();
        let cost: usize = facts.iter().map(cost_prepared).sum();
        return texts.into_iter().map(lower).any(|text| {
            !steps.take(cost) || questions.iter().all(|question| question.agrees_folded(&text))
        });
    }
    facts.iter().all(agrees_with_any_text)
        && affix::possible(facts, steps)
        && is_readable(facts, steps)
}

/// Some way of reading the text fits.
fn is_readable(facts: &[Fact<'_>], steps: &Steps<'_>) -> bool {
    // A text can be a number in one dialect and none in another: not known is possible.
    if facts.iter().filter_map(Fact::test).any(reads_floats) {
        return true;
    }
    let denied = |which: fn(&Test) -> bool| {
        facts.iter().filter(|fact| fact.test().is_some_and(which)).all(|fact| !fact.truth)
    };
    let no_numbers = denied(|test| matches!(test, Test::Number { .. } | Test::Between { .. }));
    let no_times = denied(|test| matches!(test, Test::Time { .. }));
    let no_versions = denied(|test| matches!(test, Test::Version { .. }));
    let decimal = || no_times && number::possible_reading(facts, false, steps);
    // A time has colons, which no version has.
    let time = || no_numbers && no_versions && number::possible_reading(facts, true, steps);
    let neither = no_numbers && no_times;
    ((neither || decimal()) && version::possible(facts, steps)) || time()
}

fn reads_floats(test: &Test) -> bool {
    let (Test::Number { dialect, .. } | Test::Between { dialect, .. }) = test else { return false };
    *dialect == NumberDialect::Float
}

/// Facts on which every text fares the same: may they be so?
fn agrees_with_any_text(fact: &Fact<'_>) -> bool {
    match (fact.asked, fact.test()) {
        (Asked::Unit, _) => fact.truth,
        (_, Some(Test::Exists(_) | Test::List { .. })) => {
            fact.agrees(Some(&Value::String(String::new())))
        }
        _ => true,
    }
}

/// A fact made ready to be asked of many texts.
struct Question<'a> {
    fact: &'a Fact<'a>,
    /// The texts listed, where that is what is asked; in lower case if `folds`.
    listed: Option<BTreeSet<String>>,
    folds: bool,
}

impl<'a> Question<'a> {
    fn of(fact: &'a Fact<'a>) -> Self {
        match fact.asked {
            Asked::Listed(keys) => {
                Self { fact, listed: Some(keys.iter().cloned().collect()), folds: false }
            }
            Asked::Test(Test::In { values, ignore_case }) => {
                let texts = values.iter().filter_map(text_of);
                let texts = texts.map(|text| if *ignore_case { lower(text) } else { text.into() });
                Self { fact, listed: Some(texts.collect()), folds: *ignore_case }
            }
            _ => Self { fact, listed: None, folds: false },
        }
    }

    /// The fact, if the attribute is `text`.
    fn agrees(&self, text: &str) -> bool {
        let Some(listed) = &self.listed else {
            return self.fact.agrees(Some(&Value::String(text.to_owned())));
        };
        let is = if self.folds { listed.contains(&lower(text)) } else { listed.contains(text) };
        is == self.fact.truth
    }

    /// May the fact be so, if the attribute is some text whose lower case is `text`?
    fn agrees_folded(&self, text: &str) -> bool {
        if let Some(listed) = &self.listed {
            return !self.folds || listed.contains(text) == self.fact.truth;
        }
        let value = || Value::String(text.to_owned());
        match self.fact.test() {
            Some(Test::Affix { ignore_case: true, .. } | Test::Exists(_) | Test::List { .. }) => {
                self.fact.agrees(Some(&value()))
            }
            Some(Test::Affix { place, needles, .. }) if self.fact.truth => {
                // Lower case is taken character by character, so it keeps what stands in what.
                needles.iter().any(|needle| stands(*place, text, &lower(needle)))
            }
            Some(Test::Affix { needles, .. }) => needles.iter().all(|needle| !needle.is_empty()),
            _ => true,
        }
    }
}

fn stands(place: Place, text: &str, needle: &str) -> bool {
    match place {
        Place::Anywhere => text.contains(needle),
        Place::Start => text.starts_with(needle),
        Place::End => text.ends_with(needle),
    }
}

/// What it costs to ask a fact that is made ready.
fn cost_prepared(fact: &Fact<'_>) -> usize {
    match fact.asked {
        Asked::Listed(_) | Asked::Test(Test::In { .. }) => 1,
        _ => fact.cost(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `agrees_folded` relies on.
    #[test]
    fn lower_case_of_lower_case_is_the_same() {
        for character in '\0'..=char::MAX {
            let once = lower(&character.to_string());
            assert_eq!(lower(&once), once, "{character:?}");
        }
    }
}
