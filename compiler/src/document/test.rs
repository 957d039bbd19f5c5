//! What is asked of an attribute: `{"attribute": path, test: operand}`.
//!
//! In: the object of such a predicate. Out: the predicate, or a stand-in with a hole when any part
//! of it cannot be read.

use serde_json::Value;

use super::cursor::{Cursor, Object};
use super::hashing::word;
use super::time;
use crate::check::codes;
use crate::check::faults::Faults;
use crate::check::names::quoted;
use crate::flag_set::{
    NumberDialect, Order, Place, Predicate, Quantifier, Scalar, Test, VersionDialect, VersionOrder,
};

/// Every field of such an object: the path, the modifiers, then the tests.
const FIELDS: [&str; 26] = [
    "attribute",
    "ignore_case",
    "dialect",
    "exists",
    "equals",
    "in",
    "contains",
    "starts_with",
    "ends_with",
    "matches",
    "cidr",
    "lt",
    "lte",
    "gt",
    "gte",
    "between",
    "semver_eq",
    "semver_lt",
    "semver_lte",
    "semver_gt",
    "semver_gte",
    "before",
    "after",
    "any_of",
    "all_of",
    "none_of",
];

/// The path and the modifiers.
const NOT_TESTS: usize = 3;

/// Does `object` have a test, so that it is meant as a predicate on an attribute.
pub(crate) fn is_among(object: &Object<'_, '_>) -> bool {
    !tests_in(object).is_empty()
}

/// The predicate in `object`.
pub(crate) fn read(object: &Object<'_, '_>, faults: &mut Faults) -> Predicate {
    object.only(&FIELDS, faults);
    let path = object.required("attribute", faults).map(|field| field.text_or_hole(faults));
    match read_test(object, faults) {
        Some(test) => Predicate::Attribute { path: path.unwrap_or_default(), test },
        None => {
            object.hole(faults);
            Predicate::always()
        }
    }
}

fn tests_in(object: &Object<'_, '_>) -> Vec<&'static str> {
    FIELDS.into_iter().skip(NOT_TESTS).filter(|name| object.has(name)).collect()
}

fn read_test(object: &Object<'_, '_>, faults: &mut Faults) -> Option<Test> {
    let given = tests_in(object);
    let &[name] = given.as_slice() else {
        not_one(object, &given, faults);
        return None;
    };
    let ignore_case = match object.field("ignore_case") {
        None => false,
        Some(field) => {
            if !allows_ignore_case(name) {
                has_no_meaning("ignore_case", name, &field, faults);
            }
            field.boolean(faults)?
        }
    };
    let operand = object.field(name)?;
    let dialect = object.field("dialect");
    if let Some(order) = version_order(name) {
        let dialect = match dialect {
            None => VersionDialect::default(),
            Some(field) => {
                word("dialect", &field, &VersionDialect::ALL, VersionDialect::word, faults)?
            }
        };
        return version(order, dialect, &operand, faults);
    }
    let is_numeric = name == "between" || number_order(name).is_some();
    let dialect = match dialect {
        Some(field) if is_numeric => {
            word("dialect", &field, &NumberDialect::ALL, NumberDialect::word, faults)?
        }
        Some(field) => {
            has_no_meaning("dialect", name, &field, faults);
            field.text(faults)?;
            NumberDialect::default()
        }
        None => NumberDialect::default(),
    };
    if let Some(order) = number_order(name) {
        let operand = operand.number(faults)? + 0.0;
        return Some(Test::Number { order, operand, dialect });
    }
    if name == "between" {
        return between(dialect, &operand, faults);
    }
    read_operand(name, &operand, ignore_case, faults)
}

fn number_order(test: &str) -> Option<Order> {
    Some(match test {
        "lt" => Order::Less,
        "lte" => Order::LessOrEqual,
        "gt" => Order::Greater,
        "gte" => Order::GreaterOrEqual,
        _ => return None,
    })
}

fn has_no_meaning(modifier: &str, test: &str, field: &Cursor<'_, '_>, faults: &mut Faults) {
    let message = format!("`{modifier}` has no meaning beside `{test}`");
    faults.advise(codes::UNKNOWN_FIELD, &field.at, message, "take it out");
}

fn version_order(test: &str) -> Option<VersionOrder> {
    Some(match test {
        "semver_eq" => VersionOrder::Equal,
        "semver_lt" => VersionOrder::Less,
        "semver_lte" => VersionOrder::LessOrEqual,
        "semver_gt" => VersionOrder::Greater,
        "semver_gte" => VersionOrder::GreaterOrEqual,
        _ => return None,
    })
}

fn not_one(object: &Object<'_, '_>, given: &[&str], faults: &mut Faults) {
    if given.is_empty() {
        // A misspelt test has been faulted as an unknown field; that is fault enough.
        if object.names().all(|name| FIELDS.contains(&name)) {
            let help = "give one, like `equals` or `in`";
            object.fault(codes::NOT_ONE, "no test is given for the attribute", help, faults);
        }
        return;
    }
    let names: Vec<String> = given.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("an attribute passes one test, not {}", names.join(" and "));
    let help = "combine predicates with `all` or `any`";
    object.fault(codes::NOT_ONE, message, help, faults);
}

fn allows_ignore_case(test: &str) -> bool {
    matches!(
        test,
        "equals"
            | "in"
            | "contains"
            | "starts_with"
            | "ends_with"
            | "matches"
            | "any_of"
            | "all_of"
            | "none_of"
    )
}

fn read_operand(
    name: &str,
    operand: &Cursor<'_, '_>,
    ignore_case: bool,
    faults: &mut Faults,
) -> Option<Test> {
    Some(match name {
        "exists" => Test::Exists(operand.boolean(faults)?),
        "equals" => Test::In { values: vec![scalar(operand, faults)?], ignore_case },
        "in" => Test::In { values: scalars(operand, faults)?, ignore_case },
        "contains" => affix(Place::Anywhere, operand, ignore_case, faults)?,
        "starts_with" => affix(Place::Start, operand, ignore_case, faults)?,
        "ends_with" => affix(Place::End, operand, ignore_case, faults)?,
        "matches" => Test::Matches { patterns: texts(operand, faults)?, ignore_case },
        "cidr" => Test::Cidr { nets: texts(operand, faults)? },
        "before" => Test::Time { after: false, operand_ms: moment(operand, faults)? },
        "after" => Test::Time { after: true, operand_ms: moment(operand, faults)? },
        "any_of" => list(Quantifier::AnyOf, operand, ignore_case, faults)?,
        "all_of" => list(Quantifier::AllOf, operand, ignore_case, faults)?,
        _ => list(Quantifier::NoneOf, operand, ignore_case, faults)?,
    })
}

fn scalar(operand: &Cursor<'_, '_>, faults: &mut Faults) -> Option<Scalar> {
    match operand.value {
        Value::String(text) => Some(Scalar::String(text.clone())),
        Value::Bool(boolean) => Some(Scalar::Boolean(*boolean)),
        // `-0` equals `0`; adding 0 makes them one.
        Value::Number(_) => Some(Scalar::Number(operand.number(faults)? + 0.0)),
        _ => {
            operand.unexpected("a string, number or boolean", faults);
            None
        }
    }
}

fn scalars(operand: &Cursor<'_, '_>, faults: &mut Faults) -> Option<Vec<Scalar>> {
    if !operand.value.is_array() {
        operand.unexpected("a list of strings, numbers or booleans", faults);
        return None;
    }
    let items: Vec<_> = operand.items(faults).collect();
    // Each item is read before the first fault counts, so that all of them are found.
    let read: Vec<Option<Scalar>> = items.iter().map(|item| scalar(item, faults)).collect();
    read.into_iter().collect()
}

fn list(
    quantifier: Quantifier,
    operand: &Cursor<'_, '_>,
    ignore_case: bool,
    faults: &mut Faults,
) -> Option<Test> {
    Some(Test::List { quantifier, values: scalars(operand, faults)?, ignore_case })
}

fn affix(
    place: Place,
    operand: &Cursor<'_, '_>,
    ignore_case: bool,
    faults: &mut Faults,
) -> Option<Test> {
    Some(Test::Affix { place, needles: texts(operand, faults)?, ignore_case })
}

/// A string alone, or those of a list.
fn texts(operand: &Cursor<'_, '_>, faults: &mut Faults) -> Option<Vec<String>> {
    match operand.value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(_) => {
            let items: Vec<_> = operand.items(faults).collect();
            let read: Vec<Option<&str>> = items.iter().map(|item| item.text(faults)).collect();
            read.into_iter().map(|text| text.map(str::to_owned)).collect()
        }
        _ => {
            operand.unexpected("a string, or a list of strings", faults);
            None
        }
    }
}

fn between(dialect: NumberDialect, operand: &Cursor<'_, '_>, faults: &mut Faults) -> Option<Test> {
    let bounds = operand.value.as_array().filter(|bounds| bounds.len() == 2);
    if bounds.is_none() {
        operand.unexpected("a list of two numbers, the lower one first", faults);
        return None;
    }
    let items: Vec<_> = operand.items(faults).collect();
    let read: Vec<Option<f64>> = items.iter().map(|item| item.number(faults)).collect();
    match read.as_slice() {
        [Some(low), Some(high)] => {
            Some(Test::Between { low: low + 0.0, high: high + 0.0, dialect })
        }
        _ => None,
    }
}

fn version(
    order: VersionOrder,
    dialect: VersionDialect,
    operand: &Cursor<'_, '_>,
    faults: &mut Faults,
) -> Option<Test> {
    let text = operand.value.as_str();
    if text.is_none() {
        // YAML and JSON alike read an unquoted 1.10 as the number 1.1.
        operand.unexpected("a version as a string, in quotes", faults);
    }
    Some(Test::Version { order, operand: text?.to_owned(), dialect })
}

/// Milliseconds since the Unix epoch.
fn moment(operand: &Cursor<'_, '_>, faults: &mut Faults) -> Option<f64> {
    match operand.value {
        Value::Number(_) => operand.number(faults).map(|ms| ms + 0.0),
        Value::String(text) => {
            let ms = time::parse(text);
            if ms.is_none() {
                let message = format!("{} is not a time", quoted(text));
                let help = "write it like `2026-11-23T08:00:00Z` or `2026-11-23T08:00:00+01:00`, \
                            or as milliseconds since 1970";
                faults.advise(codes::BAD_TIME, &operand.at, message, help);
            }
            ms
        }
        _ => {
            operand.unexpected("a time: a string in RFC 3339, or a number", faults);
            None
        }
    }
}
