//! Facts about one attribute: does some value, or none, make them all true?
//!
//! In: tests of one attribute and how they came out. Out: whether they can come out so together.
//! Values are tried kind by kind. For most kinds a few values stand for all; what a test says of
//! such a value is asked of the interpreter, which fixes the meaning of the language. A test that
//! this file does not know may come out any way.

use std::collections::BTreeMap;

use super::{list, number, text};
use crate::context::Value;
use crate::flag_set::{Scalar, Test};
use crate::interpret::{passes, unit};
use crate::lint::known::Steps;

/// What is asked of an attribute.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked<'a> {
    /// A test of the language.
    Test(&'a Test),
    /// Is it one of these strings.
    Listed(&'a [String]),
    /// Is it a unit of bucketing.
    Unit,
}

/// A question and its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact<'a> {
    pub(super) asked: Asked<'a>,
    pub(super) truth: bool,
}

impl<'a> Fact<'a> {
    /// The answer, if `value` is the attribute, is the one given.
    pub(super) fn agrees(&self, value: Option<&Value>) -> bool {
        let answer = match (self.asked, value) {
            (Asked::Test(test), _) => passes(test, value),
            (Asked::Listed(keys), Some(Value::String(text))) => keys.contains(text),
            (Asked::Listed(_), _) | (Asked::Unit, None) => false,
            (Asked::Unit, Some(value)) => unit(value).is_some(),
        };
        answer == self.truth
    }

    /// The test, when it is one that these files know.
    pub(super) fn test(&self) -> Option<&'a Test> {
        match self.asked {
            Asked::Test(test) if is_known(test) => Some(test),
            _ => None,
        }
    }

    /// Asks something that these files do not know.
    pub(super) fn is_strange(&self) -> bool {
        matches!(self.asked, Asked::Test(test) if !is_known(test))
    }

    /// What it costs to ask, in steps.
    pub(super) fn cost(&self) -> usize {
        match self.asked {
            Asked::Listed(keys) => keys.len(),
            Asked::Unit => 1,
            Asked::Test(Test::In { values, .. } | Test::List { values, .. }) => values.len(),
            Asked::Test(Test::Affix { needles, .. }) => needles.len(),
            Asked::Test(test) if is_known(test) => 1,
            Asked::Test(_) => STRANGE_COST,
        }
    }
}

/// A test that is not known may cost anything.
const STRANGE_COST: usize = 1_000;

fn is_known(test: &Test) -> bool {
    matches!(
        test,
        Test::Exists(_)
            | Test::In { .. }
            | Test::Affix { .. }
            | Test::Number { .. }
            | Test::Between { .. }
            | Test::Version { .. }
            | Test::Time { .. }
            | Test::List { .. }
    )
}

/// May one value of the attribute `path`, or that it is missing, agree with all of `facts`?
pub(super) fn possible(path: &str, facts: &[Fact<'_>], steps: &Steps<'_>) -> bool {
    use vexil_abi::manifest::{NOW, TARGETING_KEY};
    // Without steps nothing is known.
    if !steps.take(1 + facts.iter().map(Fact::cost).sum::<usize>()) {
        return true;
    }
    if facts.iter().any(|fact| fact.is_strange() && is_denied(fact, facts)) {
        return false;
    }
    // The clock is there, whatever the context holds.
    if path != NOW && facts.iter().all(|fact| fact.agrees(None)) {
        return true;
    }
    let is = |value: Value| facts.iter().all(|fact| fact.agrees(Some(&value)));
    // The targeting key is a string or missing.
    if path != TARGETING_KEY {
        let object = Value::Object(BTreeMap::new());
        if is(Value::Bool(true)) || is(Value::Bool(false)) || is(object) {
            return true;
        }
        if list::possible(facts, steps) || number::possible(facts, steps) {
            return true;
        }
    }
    text::possible(facts, steps)
}

/// The shortest list of texts of which the attribute has to be one, if it is a text; `exact` tells
/// whether the texts are meant as they are, or in lower case.
pub(super) fn candidates<'a>(facts: &[Fact<'a>], exact: bool) -> Option<Vec<&'a str>> {
    let lists = facts.iter().filter(|fact| fact.truth).filter_map(|fact| match fact.asked {
        Asked::Listed(keys) if exact => Some(keys.iter().map(String::as_str).collect()),
        Asked::Test(Test::In { values, ignore_case }) if *ignore_case != exact => {
            Some(values.iter().filter_map(text_of).collect())
        }
        _ => None,
    });
    lists.min_by_key(Vec::len)
}

/// The operand, if it is a text.
pub(super) fn text_of(scalar: &Scalar) -> Option<&str> {
    match scalar {
        Scalar::String(text) => Some(text),
        Scalar::Number(_) | Scalar::Boolean(_) => None,
    }
}

/// Is the same test said to come out the other way?
fn is_denied(fact: &Fact<'_>, facts: &[Fact<'_>]) -> bool {
    let Asked::Test(test) = fact.asked else { return false };
    let denies = |other: &Fact<'_>| {
        other.truth != fact.truth && matches!(other.asked, Asked::Test(same) if same == test)
    };
    facts.iter().any(denies)
}
