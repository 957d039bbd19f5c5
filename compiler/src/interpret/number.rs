//! Numeric attributes: numbers, and strings of the reference's decimal grammar.
//!
//! In: an attribute. Out: a double, or nothing.

use crate::context::Value;

/// `value` as a number where it is numeric; booleans are not.
pub(super) fn numeric(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::String(text) if is_decimal(text) => text.parse().ok(),
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
        numeric(&Value::String(text.to_owned()))
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
    fn booleans_and_lists_are_not_numeric() {
        assert_eq!(numeric(&Value::Bool(true)), None);
        assert_eq!(numeric(&Value::List(vec![Value::Number(1.0)])), None);
    }
}
