//! Numeric attributes: numbers, and strings of the reference's grammars.
//!
//! In: an attribute. Out: a double, or nothing.

use crate::context::Value;
use crate::flag_set::NumberDialect;

/// `value` as a number where it is numeric; booleans are not.
pub(super) fn numeric(value: &Value, dialect: NumberDialect) -> Option<f64> {
    match (value, dialect) {
        (Value::Number(number), _) => Some(*number),
        (Value::String(text), NumberDialect::Decimal) if is_decimal(text) => text.parse().ok(),
        // The dialect's grammar is that of Rust's `f64::from_str`, without its not-a-number.
        (Value::String(text), NumberDialect::Float) => {
            text.parse().ok().filter(|number: &f64| !number.is_nan())
        }
        _ => None,
    }
}

/// Does all of `text` match `[+-]?[0-9]+(\.[0-9]+)?`?
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(unsigned),
    }
}

/// Is `text` one or more of `0-9`?
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]

    use super::*;

    fn of(text: &str) -> Option<f64> {
        numeric(&Value::String(text.to_owned()), NumberDialect::Decimal)
    }

    #[test]
    fn decimal_strings_are_the_nearest_double() {
        assert_eq!(of("12"), Some(12.0));
        assert_eq!(of("+12.50"), Some(12.5));
        assert_eq!(of("-007"), Some(-7.0));
        assert_eq!(of("0.1"), Some(0.1));
        assert_eq!(of("9007199254740993"), Some(9_007_199_254_740_992.0)); // ties to even
        assert_eq!(of(&"9".repeat(400)), Some(f64::INFINITY));
        assert_eq!(of(&format!("0.{}1", "0".repeat(400))), Some(0.0));
    }

    #[test]
    fn other_strings_are_not_numeric() {
        for text in [
            "", " 12", "12 ", "1e3", ".5", "5.", "NaN", "inf", "infinity", "+", "-", "+-1", "--1",
            "1.2.3", "1,5", "0x10", "1_000", "٣", "12\n", "−1",
        ] {
            assert_eq!(of(text), None, "{text:?}");
        }
    }

    #[test]
    fn floats_are_strings_that_rust_reads() {
        let of = |text: &str| numeric(&Value::String(text.to_owned()), NumberDialect::Float);
        for (text, expected) in [
            ("12", 12.0),
            ("1e3", 1_000.0),
            ("+1.5E-3", 0.0015),
            (".5", 0.5),
            ("-5.", -5.0),
            ("5.e1", 50.0),
            ("1e999", f64::INFINITY),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(of(text), Some(expected), "{text}");
        }
        for text in
            ["", ".", "e5", "1e", "1e+", "NaN", "+nan", "infinit", " 1", "1_0", "0x1", "1,5"]
        {
            assert_eq!(of(text), None, "{text:?}");
        }
    }

    #[test]
    fn booleans_and_lists_are_not_numeric() {
        assert_eq!(numeric(&Value::Bool(true), NumberDialect::Float), None);
        let list = Value::List(vec![Value::Number(1.0)]);
        assert_eq!(numeric(&list, NumberDialect::Float), None);
    }
}
