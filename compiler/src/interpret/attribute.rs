//! The tests on an attribute: the rows of the table *Tests* in `docs/flag-language.md`.
//!
//! In: an attribute, or that it is missing, and a test. Out: whether it passes. Anything mistyped
//! fails; nothing here is an error.

use std::cmp::Ordering;

use super::network::contains;
use super::number::numeric;
use super::time::time_ms;
use super::version::Version;
use crate::context::Value;
use crate::flag_set::{Order, Place, Quantifier, Scalar, Test, VersionDialect, VersionOrder};

/// Does `attribute` pass `test`? A missing one passes `exists: false` only.
pub(super) fn passes(test: &Test, attribute: Option<&Value>) -> bool {
    let Some(value) = attribute else { return *test == Test::Exists(false) };
    match test {
        Test::Exists(expected) => *expected,
        Test::In { values, ignore_case } => {
            values.iter().any(|operand| equal(value, operand, *ignore_case))
        }
        Test::Affix { place, needles, ignore_case } => {
            needles.iter().any(|needle| stands(*place, value, needle, *ignore_case))
        }
        Test::Number { order, operand, dialect } => {
            numeric(value, *dialect).is_some_and(|number| in_order(*order, number, *operand))
        }
        Test::Between { low, high, dialect } => {
            numeric(value, *dialect).is_some_and(|number| *low <= number && number <= *high)
        }
        Test::Matches { patterns, ignore_case } => {
            patterns.iter().any(|pattern| is_found(pattern, value, *ignore_case))
        }
        Test::Cidr { nets } => {
            matches!(value, Value::String(text) if nets.iter().any(|net| contains(net, text)))
        }
        Test::Version { order, operand, dialect } => {
            passes_version(*order, value, operand, *dialect)
        }
        Test::Time { after, operand_ms } => time_ms(value).is_some_and(|time_ms| match after {
            true => time_ms > *operand_ms,
            false => time_ms < *operand_ms,
        }),
        Test::List { quantifier, values, ignore_case } => {
            passes_list(*quantifier, value, values, *ignore_case)
        }
    }
}

/// Equality never converts: a string is not a number, and lists and objects equal nothing.
fn equal(value: &Value, operand: &Scalar, ignore_case: bool) -> bool {
    match (value, operand) {
        (Value::String(text), Scalar::String(operand)) if ignore_case => {
            lower(text) == lower(operand)
        }
        (Value::String(text), Scalar::String(operand)) => text == operand,
        (Value::Number(number), Scalar::Number(operand)) => number == operand,
        (Value::Bool(boolean), Scalar::Boolean(operand)) => boolean == operand,
        _ => false,
    }
}

/// Lower case character by character, without the final sigma of `str::to_lowercase`.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// `contains`, `starts_with`, `ends_with` of one needle.
fn stands(place: Place, value: &Value, needle: &str, ignore_case: bool) -> bool {
    let Value::String(text) = value else { return false };
    let (text, needle) = match ignore_case {
        true => (lower(text), lower(needle)),
        false => (text.clone(), needle.to_owned()),
    };
    match place {
        Place::Anywhere => text.contains(&needle),
        Place::Start => text.starts_with(&needle),
        Place::End => text.ends_with(&needle),
    }
}

/// Is a match of `pattern` anywhere in the text? Never of a pattern that is malformed.
fn is_found(pattern: &str, value: &Value, ignore_case: bool) -> bool {
    let Value::String(text) = value else { return false };
    let regex = regex::RegexBuilder::new(pattern).case_insensitive(ignore_case).build();
    regex.is_ok_and(|regex| regex.is_match(text))
}

/// Not-a-number is in no order.
fn in_order(order: Order, number: f64, operand: f64) -> bool {
    match order {
        Order::Less => number < operand,
        Order::LessOrEqual => number <= operand,
        Order::Greater => number > operand,
        Order::GreaterOrEqual => number >= operand,
    }
}

fn passes_version(
    order: VersionOrder,
    value: &Value,
    operand: &str,
    dialect: VersionDialect,
) -> bool {
    let Value::String(text) = value else { return false };
    let versions = (Version::parse(text, dialect), Version::parse(operand, dialect));
    let (Some(version), Some(operand)) = versions else {
        return false;
    };
    let compared = version.compare(&operand);
    match order {
        VersionOrder::Equal => compared == Ordering::Equal,
        VersionOrder::Less => compared == Ordering::Less,
        VersionOrder::LessOrEqual => compared != Ordering::Greater,
        VersionOrder::Greater => compared == Ordering::Greater,
        VersionOrder::GreaterOrEqual => compared != Ordering::Less,
    }
}

fn passes_list(
    quantifier: Quantifier,
    value: &Value,
    operands: &[Scalar],
    ignore_case: bool,
) -> bool {
    let Value::List(elements) = value else { return false };
    let holds = |operand: &Scalar| elements.iter().any(|value| equal(value, operand, ignore_case));
    match quantifier {
        Quantifier::AnyOf => operands.iter().any(holds),
        Quantifier::AllOf => operands.iter().all(holds),
        Quantifier::NoneOf => !operands.iter().any(holds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flag_set::NumberDialect;

    #[test]
    fn lower_case_has_no_context() {
        assert_eq!(lower("ΌΣΟΣ"), "όσοσ");
        assert_eq!(lower("İ"), "i\u{307}");
        assert_eq!(lower("ẞß"), "ßß");
        assert_eq!(lower("Ⱥ"), "ⱥ");
        assert_eq!(lower("Ꭰ"), "ꭰ");
    }

    fn number(order: Order, operand: f64) -> Test {
        Test::Number { order, operand, dialect: NumberDialect::Decimal }
    }

    #[test]
    fn not_a_number_passes_nothing() {
        let nan = Value::Number(f64::NAN);
        let values = || vec![Scalar::Number(f64::NAN)];
        for test in [
            Test::In { values: values(), ignore_case: false },
            number(Order::LessOrEqual, 0.0),
            number(Order::GreaterOrEqual, 0.0),
            Test::Between { low: f64::MIN, high: f64::MAX, dialect: NumberDialect::Float },
            Test::Time { after: true, operand_ms: 0.0 },
            Test::Time { after: false, operand_ms: 0.0 },
        ] {
            assert!(!passes(&test, Some(&nan)), "{test:?}");
        }
        let list = Value::List(vec![nan]);
        let test = |quantifier| Test::List { quantifier, values: values(), ignore_case: false };
        assert!(!passes(&test(Quantifier::AnyOf), Some(&list)));
        assert!(passes(&test(Quantifier::NoneOf), Some(&list)));
    }

    #[test]
    fn infinities_compare() {
        let infinity = Value::Number(f64::INFINITY);
        let greater = number(Order::Greater, f64::MAX);
        assert!(passes(&greater, Some(&infinity)));
        assert!(passes(&Test::Time { after: true, operand_ms: 0.0 }, Some(&infinity)));
    }
}
