//! Constraints that compare numbers, versions and times.
//!
//! In: a constraint with one operand. Out: a predicate. What is compared is decided by the text of
//! the operand in yggdrasil, and by the operator in the Node client.

use serde_json::{Value, json};

use super::Profile;
use super::attribute::NOW;
use super::constraint::constant;
use super::form::{self, all, any, attribute, modified, never};
use super::notes::{Broken, Notes};
use super::operand::{self, Operand, neighbours};
use super::script;
use super::wire::Constraint;
use crate::check::codes;
use crate::check::names::quoted;
use crate::document::number::of as written;
use crate::document::time;

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What `operator` says that it compares, and how; `None` if it is no such operator.
fn parts(operator: &str) -> Option<(&'static str, Order)> {
    Some(match operator {
        "NUM_EQ" => ("numbers", Order::Equal),
        "NUM_LT" => ("numbers", Order::Less),
        "NUM_LTE" => ("numbers", Order::LessOrEqual),
        "NUM_GT" => ("numbers", Order::Greater),
        "NUM_GTE" => ("numbers", Order::GreaterOrEqual),
        "SEMVER_EQ" => ("versions", Order::Equal),
        "SEMVER_LT" => ("versions", Order::Less),
        "SEMVER_LTE" => ("versions", Order::LessOrEqual),
        "SEMVER_GT" => ("versions", Order::Greater),
        "SEMVER_GTE" => ("versions", Order::GreaterOrEqual),
        "DATE_BEFORE" => ("times", Order::Less),
        "DATE_AFTER" => ("times", Order::Greater),
        _ => return None,
    })
}

/// Yggdrasil's answer to a version that begins with `v`: the constraint does not hold, even
/// inverted.
pub(super) fn of_a_v(
    constraint: &Constraint,
    profile: Profile,
    notes: &mut Notes,
) -> Option<Value> {
    let is_version = constraint.operator.starts_with("SEMVER_");
    let value = constraint.value.as_deref().filter(|value| value.starts_with('v'))?;
    if profile != Profile::Yggdrasil || !is_version || parts(&constraint.operator).is_none() {
        return None;
    }
    let message = format!("{} begins with `v`, which no version does", quoted(value));
    let help = "the constraint never holds, whether inverted or not, as in Unleash";
    notes.add(codes::CONSTRAINT_CONSTANT, &constraint.at, message, help);
    Some(never())
}

/// The predicate of `constraint` before it is inverted; `None` if its operator is none of these.
///
/// # Errors
/// Yggdrasil cannot read the operand.
pub(super) fn predicate(
    path: &str,
    constraint: &Constraint,
    profile: Profile,
    notes: &mut Notes,
) -> Result<Option<Value>, Broken> {
    let Some((noun, order)) = parts(&constraint.operator) else { return Ok(None) };
    let operand = match profile {
        Profile::Yggdrasil => inferred(noun, constraint, notes)?,
        Profile::Node => {
            let text = constraint.value.as_deref().unwrap_or_default();
            let Some(operand) = script::operand(noun, text) else {
                let message = format!("{} cannot be compared with {noun}", quoted(text));
                constant(constraint, message, notes);
                return Ok(Some(never()));
            };
            operand
        }
    };
    Ok(Some(match (operand, profile) {
        (Operand::Time(ms), Profile::Yggdrasil) => moment(path, order, ms),
        // The Node client asks the clock whatever the field is called.
        (Operand::Time(ms), Profile::Node) => moment(NOW, order, ms),
        (Operand::Version(text), _) => version(path, order, &text),
        (Operand::Number(value), _) if path == NOW => {
            // The clock is a number here and a text there.
            all([form::is_text(NOW), number(path, order, value, profile)])
        }
        (Operand::Number(value), _) => number(path, order, value, profile),
    }))
}

/// The operand as its text tells.
fn inferred(
    noun: &'static str,
    constraint: &Constraint,
    notes: &mut Notes,
) -> Result<Operand, Broken> {
    let broken = |why: String| Broken { at: constraint.at.clone(), why };
    let Some(text) = constraint.value.as_deref() else {
        return Err(broken(format!("`{}` has no value", constraint.operator)));
    };
    let read = operand::read(text);
    let operand = read.map_err(|why| broken(format!("the value {} {why}", quoted(text))))?;
    if operand.noun() != noun {
        let found = operand.noun();
        let message =
            format!("`{}` with {} compares {found}, not {noun}", constraint.operator, quoted(text));
        let help = "so it does in Unleash, where the text of the value decides";
        notes.add(codes::INFERRED, &constraint.at, message, help);
    }
    Ok(operand)
}

fn moment(path: &str, order: Order, ms: f64) -> Value {
    let test = |test: &str, ms: f64| {
        let operand = time::format(ms).map_or_else(|| json!(ms), Value::from);
        attribute(path, test, operand)
    };
    match order {
        Order::Less => test("before", ms),
        Order::Greater => test("after", ms),
        Order::LessOrEqual => test("before", ms.next_up()),
        Order::GreaterOrEqual => test("after", ms.next_down()),
        Order::Equal => all([test("after", ms.next_down()), test("before", ms.next_up())]),
    }
}

fn version(path: &str, order: Order, text: &str) -> Value {
    let test = match order {
        Order::Equal => "semver_eq",
        Order::Less => "semver_lt",
        Order::LessOrEqual => "semver_lte",
        Order::Greater => "semver_gt",
        Order::GreaterOrEqual => "semver_gte",
    };
    modified(path, test, text, [("dialect", "strict".into())])
}

fn number(path: &str, order: Order, operand: f64, profile: Profile) -> Value {
    let test =
        |test: &str, operand: Value| modified(path, test, operand, [("dialect", "float".into())]);
    if operand.is_infinite() {
        return beyond(order, operand > 0.0, test);
    }
    match order {
        Order::Equal => {
            let (low, high) = match profile {
                Profile::Yggdrasil => neighbours(operand),
                Profile::Node => (operand, operand),
            };
            test("between", json!([written(low), written(high)]))
        }
        Order::Less => test("lt", written(operand)),
        Order::LessOrEqual => test("lte", written(operand)),
        Order::Greater => test("gt", written(operand)),
        Order::GreaterOrEqual => test("gte", written(operand)),
    }
}

/// Compares with an infinity, which a document cannot hold: beyond the last double there is
/// nothing else. Nothing equals an infinity, because a difference of infinities is no number.
fn beyond(order: Order, is_positive: bool, test: impl Fn(&str, Value) -> Value) -> Value {
    let is_infinite = match is_positive {
        true => test("gt", json!(f64::MAX)),
        false => test("lt", json!(f64::MIN)),
    };
    let is_before = match is_positive {
        true => test("lte", json!(f64::MAX)),
        false => test("gte", json!(f64::MIN)),
    };
    match (order, is_positive) {
        (Order::Equal, _) | (Order::Greater, true) | (Order::Less, false) => never(),
        (Order::GreaterOrEqual, true) | (Order::LessOrEqual, false) => is_infinite,
        (Order::Less, true) | (Order::Greater, false) => is_before,
        (Order::LessOrEqual, true) | (Order::GreaterOrEqual, false) => {
            any([is_before, is_infinite])
        }
    }
}
