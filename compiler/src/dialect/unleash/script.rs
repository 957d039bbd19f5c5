//! Operands and percentages as JavaScript reads them, for the Node client.
//!
//! In: texts. Out: numbers, versions and times, or nothing where JavaScript has not-a-number or an
//! invalid date. Dates are read in ISO's forms; what else an engine of JavaScript may accept is
//! nowhere laid down.

use semver::Version;

use super::operand::Operand;
use crate::document::time;

/// `text` as what is compared: `numbers`, `versions` or `times`.
pub(super) fn operand(noun: &str, text: &str) -> Option<Operand> {
    match noun {
        "numbers" => number(text).map(Operand::Number),
        "versions" => {
            let bare = text.trim().trim_start_matches(['=', 'v']);
            Version::parse(bare).ok().map(|_| Operand::Version(bare.to_owned()))
        }
        _ => {
            let day = (text.len() == 10).then(|| time::parse(&format!("{text}T00:00:00Z")));
            day.flatten().or_else(|| time::parse(text)).map(Operand::Time)
        }
    }
}

/// `Number(text)`.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0.0);
    }
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let is_digit = |c: char| c.is_digit(radix);
            let value = digits.chars().all(is_digit).then(|| u64::from_str_radix(digits, radix));
            return value?.ok().map(|value| value as f64);
        }
    }
    match text {
        "Infinity" | "+Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust knows words for infinities and not-a-number that JavaScript does not.
        _ if text.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')) => None,
        _ => text.parse().ok(),
    }
}

/// The buckets of a hundred that lie within the percentage `text`.
pub(super) fn percentage(text: Option<&str>) -> Option<u32> {
    let number = number(text?)?;
    // In range after the clamp, so the conversion only drops the fraction.
    Some(number.clamp(0.0, 100.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_javascript_has_them() {
        for (text, expected) in [
            ("", Some(0.0)),
            (" 12\n", Some(12.0)),
            ("0x10", Some(16.0)),
            ("1e3", Some(1000.0)),
            (".5", Some(0.5)),
            ("Infinity", Some(f64::INFINITY)),
            ("inf", None),
            ("NaN", None),
            ("1,5", None),
            ("12px", None),
            ("-0b1", None),
        ] {
            assert_eq!(number(text), expected, "{text:?}");
        }
        assert_eq!(percentage(Some("50.5")), Some(50));
        assert_eq!(percentage(Some("-1")), Some(0));
        assert_eq!(percentage(Some("101")), Some(100));
        assert_eq!(percentage(Some("x")), None);
    }

    #[test]
    fn versions_and_times_as_javascript_has_them() {
        let version = Some(Operand::Version("1.2.3".to_owned()));
        assert_eq!(operand("versions", "v1.2.3"), version);
        assert_eq!(operand("versions", "1.2"), None);
        assert_eq!(operand("times", "1970-01-02"), Some(Operand::Time(86_400_000.0)));
        assert_eq!(operand("times", "yesterday"), None);
    }
}
