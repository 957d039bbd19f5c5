//! Facts about an attribute that is a number, or a text that reads as one.
//!
//! In: facts. Out: whether some double agrees with all of them. Tests compare a number with their
//! operands and look at nothing else, so between two neighbouring operands all doubles fare alike,
//! and the double next to an operand stands for them. That makes the answer exact.

use super::attribute::{Asked, Fact};
use crate::context::Value;
use crate::flag_set::{Scalar, Test};
use crate::lint::known::Steps;

/// May some number agree with all of `facts`?
pub(super) fn possible(facts: &[Fact<'_>], steps: &Steps<'_>) -> bool {
    // Whether a number is a unit changes between operands; tests that are not known may too.
    let listed =
        facts.iter().any(|fact| fact.truth && matches!(fact.test(), Some(Test::In { .. })));
    let asked = facts.iter().filter(|fact| listed || fact.test().is_some());
    let asked: Vec<&Fact<'_>> =
        asked.chain(facts.iter().filter(|fact| matches!(fact.asked, Asked::Listed(_)))).collect();
    let is = |number| asked.iter().all(|fact| fact.agrees(Some(&Value::Number(number))));
    some(points(facts), facts, steps, is)
}

/// May some number agree with those of `facts` that order numbers, or times if `times`? For texts
/// that read as one; no text reads as not-a-number.
pub(super) fn possible_reading(facts: &[Fact<'_>], times: bool, steps: &Steps<'_>) -> bool {
    let orders = |fact: &&Fact<'_>| match fact.test() {
        Some(Test::Time { .. }) => times,
        Some(Test::Number { .. } | Test::Between { .. }) => !times,
        _ => false,
    };
    let asked: Vec<&Fact<'_>> = facts.iter().filter(orders).collect();
    let is = |number: f64| {
        !number.is_nan() && asked.iter().all(|fact| fact.agrees(Some(&Value::Number(number))))
    };
    some(points(facts), facts, steps, is)
}

fn some(
    points: Vec<f64>,
    facts: &[Fact<'_>],
    steps: &Steps<'_>,
    mut is: impl FnMut(f64) -> bool,
) -> bool {
    let cost: usize = facts.iter().map(Fact::cost).sum();
    points.into_iter().any(|point| !steps.take(cost) || is(point))
}

/// Every operand, its neighbours, and what is beyond all operands.
fn points(facts: &[Fact<'_>]) -> Vec<f64> {
    let mut points = vec![0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    for operand in facts.iter().filter_map(Fact::test).flat_map(operands) {
        points.extend([operand, operand.next_up(), operand.next_down()]);
    }
    points.sort_by(f64::total_cmp);
    points.dedup_by(|one, other| one.to_bits() == other.to_bits());
    points
}

fn operands(test: &Test) -> Vec<f64> {
    match test {
        Test::In { values, .. } => values.iter().filter_map(number).collect(),
        Test::Number { operand, .. } => vec![*operand],
        Test::Between { low, high, .. } => vec![*low, *high],
        Test::Time { operand_ms, .. } => vec![*operand_ms],
        _ => Vec::new(),
    }
}

fn number(scalar: &Scalar) -> Option<f64> {
    match scalar {
        Scalar::Number(number) => Some(*number),
        Scalar::String(_) | Scalar::Boolean(_) => None,
    }
}
