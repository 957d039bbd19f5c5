//! Reads: how an attribute becomes the content of a slot.
//!
//! In: what a path found, and one of guest-abi's four reads. Out: the slot's `Content`, exactly
//! as `ABI.md`, "Reads", says. Reading never allocates.

use vexil_abi::manifest::read;

use crate::context::Value;
use crate::path::Found;

/// How a module wants an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// As it is.
    Value,
    /// A number, or a string that is a whole decimal number, as a number.
    Number,
    /// A string, or an integer as its decimal text, as a string.
    Unit,
    /// A number, or a string that Rust reads as a double, as a number.
    Float,
}

impl Read {
    pub(crate) fn from_number(number: u64) -> Option<Self> {
        match u8::try_from(number).ok()? {
            read::VALUE => Some(Self::Value),
            read::NUMBER => Some(Self::Number),
            read::UNIT => Some(Self::Unit),
            read::FLOAT => Some(Self::Float),
            _ => None,
        }
    }
}

/// What a slot is to hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Content<'a> {
    Missing,
    Boolean(bool),
    Number(f64),
    Text(&'a str),
    /// The decimal text of this integer.
    Decimal(i64),
    List(&'a [Value<'a>]),
    Opaque,
}

/// The largest magnitude of an integer that is a unit: beyond it doubles skip integers.
const UNIT_MAX: f64 = 9_007_199_254_740_991.0;

#[inline]
pub(crate) fn read(found: Found<'_>, how: Read) -> Content<'_> {
    let content = match found {
        Found::Missing => Content::Missing,
        Found::TargetingKey(key) => Content::Text(key),
        Found::Pseudo(number) => Content::Number(number),
        Found::Attribute(Value::List(items)) => Content::List(items),
        Found::Attribute(value) => element(value),
    };
    match how {
        Read::Value => content,
        Read::Number => as_number(content, decimal),
        Read::Float => as_number(content, float),
        Read::Unit => as_unit(content),
    }
}

/// The content of a list element: scalars as they are, everything else opaque.
#[inline]
pub(crate) fn element<'a>(value: &'a Value<'a>) -> Content<'a> {
    match value {
        Value::Bool(bool) => Content::Boolean(*bool),
        Value::Number(number) => Content::Number(*number),
        Value::String(text) => Content::Text(text),
        Value::List(_) | Value::Object(_) => Content::Opaque,
    }
}

#[inline]
fn as_number(content: Content<'_>, parse: impl Fn(&str) -> Option<f64>) -> Content<'_> {
    match content {
        Content::Number(_) => content,
        Content::Text(text) => parse(text).map_or(Content::Missing, Content::Number),
        _ => Content::Missing,
    }
}

#[inline]
fn as_unit(content: Content<'_>) -> Content<'_> {
    match content {
        Content::Text(_) => content,
        Content::Number(number) if number.fract() == 0.0 && number.abs() <= UNIT_MAX => {
            Content::Decimal(number as i64)
        }
        _ => Content::Missing,
    }
}

/// The nearest double of a text that matches `[+-]?[0-9]+(\.[0-9]+)?` as a whole.
///
/// The grammar is checked here because `f64::from_str` accepts more (`1e3`, `.5`, `inf`); within
/// the grammar it rounds correctly, and overflows to infinity as the ABI asks.
fn decimal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match all_digits(whole) && fraction.is_none_or(all_digits) {
        true => text.parse().ok(),
        false => None,
    }
}

/// The double of a text in the grammar of `f64::from_str`, which the ABI takes over, without its
/// not-a-number.
fn float(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| !number.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: impl Into<Value<'static>>) -> Option<f64> {
        match read(Found::Attribute(&value.into()), Read::Number) {
            Content::Number(number) => Some(number),
            content => {
                assert_eq!(content, Content::Missing);
                None
            }
        }
    }

    #[test]
    fn numeric_texts_are_whole_decimals() {
        let accepted = [
            ("12", 12.0),
            ("+12", 12.0),
            ("-12.50", -12.5),
            ("007", 7.0),
            ("0.1", 0.1),
            ("-0", -0.0),
            ("9007199254740993", 9_007_199_254_740_992.0),
        ];
        for (text, expected) in accepted {
            assert_eq!(number(text).map(f64::to_bits), Some(f64::to_bits(expected)), "{text}");
        }
        for text in [
            "", " 12", "12 ", "1e3", ".5", "5.", "NaN", "inf", "--1", "+-1", "+", "-", ".",
            "1.2.3", "1_000", "0x10", "١",
        ] {
            assert_eq!(number(text), None, "{text:?}");
        }
        assert_eq!(number("9".repeat(400)), Some(f64::INFINITY));
        assert_eq!(number(format!("-{}", "9".repeat(400))), Some(f64::NEG_INFINITY));
    }

    #[test]
    fn only_numbers_and_numeric_texts_are_numbers() {
        assert_eq!(number(1.5), Some(1.5));
        assert!(number(f64::NAN).is_some_and(f64::is_nan));
        assert_eq!(number(true), None);
        assert_eq!(number(vec![1]), None);
        assert_eq!(read(Found::TargetingKey("7"), Read::Number), Content::Number(7.0));
        assert_eq!(read(Found::Pseudo(7.0), Read::Number), Content::Number(7.0));
        assert_eq!(read(Found::Missing, Read::Number), Content::Missing);
    }

    #[test]
    fn units_are_texts_and_exact_integers() {
        let unit = |value: f64| read(Found::Attribute(&value.into()), Read::Unit).decimal();
        assert_eq!(unit(7.0), Some(7));
        assert_eq!(unit(-0.0), Some(0));
        assert_eq!(unit(9_007_199_254_740_991.0), Some(9_007_199_254_740_991));
        assert_eq!(unit(-9_007_199_254_740_991.0), Some(-9_007_199_254_740_991));
        for not in [9_007_199_254_740_992.0, 0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(unit(not), None, "{not}");
        }
        assert_eq!(read(Found::TargetingKey(""), Read::Unit), Content::Text(""));
        assert_eq!(read(Found::Attribute(&true.into()), Read::Unit), Content::Missing);
        assert_eq!(read(Found::Attribute(&vec!["x"].into()), Read::Unit), Content::Missing);
    }

    impl Content<'_> {
        fn decimal(self) -> Option<i64> {
            match self {
                Content::Decimal(integer) => Some(integer),
                content => {
                    assert_eq!(content, Content::Missing);
                    None
                }
            }
        }
    }

    #[test]
    fn values_are_read_as_they_are() {
        let object = Value::Object(Default::default());
        let cases = [
            (Value::from(true), Content::Boolean(true)),
            (Value::from(1), Content::Number(1.0)),
            (Value::from("12"), Content::Text("12")),
            (object.clone(), Content::Opaque),
        ];
        for (value, expected) in &cases {
            assert_eq!(read(Found::Attribute(value), Read::Value), *expected);
        }
        let list = Value::List(vec![object]);
        assert!(matches!(read(Found::Attribute(&list), Read::Value), Content::List([_])));
        assert_eq!(element(&list), Content::Opaque);
    }
}
