//! What the operand of an ordering constraint is: a time, a version or a number.
//!
//! In: the text of `value`. Out: what Unleash's engine takes it for. The engine asks the text, not
//! the operator: `NUM_GT` with `1.2.3` compares versions. Where the text is none of the three it
//! cannot read the feature at all.

use semver::Version;

use crate::document::time;

/// An operand.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// Milliseconds since the Unix epoch. A leap second lies between the milliseconds around it.
    Time(f64),
    /// As written; it is SemVer 2.0.
    Version(String),
    /// A double; infinite where the text is beyond the largest.
    Number(f64),
}

impl Operand {
    /// What it is, for messages.
    pub(super) const fn noun(&self) -> &'static str {
        match self {
            Self::Time(_) => "times",
            Self::Version(_) => "versions",
            Self::Number(_) => "numbers",
        }
    }
}

/// What `text` is; blanks around it do not count.
///
/// # Errors
/// What is wrong, in words that follow "the value".
pub(super) fn read(text: &str) -> Result<Operand, String> {
    let text = text.trim_matches([' ', '\t']);
    if is_time(text) {
        return time(text).map(Operand::Time).ok_or_else(|| "is no time that exists".to_owned());
    }
    if is_version(text) {
        return match Version::parse(text) {
            Ok(_) => Ok(Operand::Version(text.to_owned())),
            Err(error) => Err(format!("is no version: {error}")),
        };
    }
    if is_number(text)
        && let Ok(number) = text.parse()
    {
        return Ok(Operand::Number(number));
    }
    Err("is no number, no version and no time".to_owned())
}

/// The engine keeps a leap second apart from the second after it.
fn time(text: &str) -> Option<f64> {
    let ms = time::parse(text)?;
    let is_leap_second = text.get(17..19) == Some("60");
    Some(if is_leap_second { (ms - ms.rem_euclid(1_000.0)).next_down() } else { ms })
}

/// `dddd-dd-ddTdd:dd:dd(.ddd)?(Z|±dd:dd)`
fn is_time(text: &str) -> bool {
    let Some((moment, zone)) = text.split_at_checked(19) else { return false };
    let zone = match zone.strip_prefix('.') {
        Some(fraction) => match fraction.split_at_checked(3) {
            Some((digits, zone)) if fits(digits, "ddd") => zone,
            _ => return false,
        },
        None => zone,
    };
    let is_zone = zone == "Z" || fits(zone, "+dd:dd") || fits(zone, "-dd:dd");
    fits(moment, "dddd-dd-ddTdd:dd:dd") && is_zone
}

/// Is `text` as `shape` is, with a digit for each `d`.
fn fits(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

/// `N.N.N(-PARTS)?(+PARTS)?`, before anything is asked of the parts.
fn is_version(text: &str) -> bool {
    let (text, build) = split_off(text, '+');
    let (core, pre) = split_off(text, '-');
    let are_parts = |parts: Option<&str>| {
        parts.is_none_or(|parts| {
            parts.split('.').all(|part| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
        })
    };
    core.split('.').count() == 3
        && core.split('.').all(is_digits)
        && are_parts(pre)
        && are_parts(build)
}

fn split_off(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// `[+-]?d+(\.d*)?([eE][+-]?d+)?`
fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = split_off(unsigned(mantissa), '.');
    is_digits(whole)
        && fraction.is_none_or(|digits| digits.is_empty() || is_digits(digits))
        && exponent.is_none_or(|digits| is_digits(unsigned(digits)))
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The least and the greatest double that the engine's `NUM_EQ` takes for `number`: those whose
/// difference is below the epsilon of doubles, which are several where the number is below 2.
pub(super) fn neighbours(number: f64) -> (f64, f64) {
    let is_near = |other: f64| (other - number).abs() < f64::EPSILON;
    // One more is never near, but beyond 2^53 it is the same number.
    let below = (number - 1.0).min(number.next_down());
    let above = (number + 1.0).max(number.next_up());
    (last(number, below, is_near), last(number, above, is_near))
}

/// The double farthest from `start` towards `end` of which `holds` is true; it is true of `start`,
/// and from somewhere before `end` on it is not.
fn last(start: f64, end: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut good, mut bad) = (ordered(start.to_bits()), ordered(end.to_bits()));
    while good.abs_diff(bad) > 1 {
        let middle = good.midpoint(bad);
        match holds(f64::from_bits(bits(middle))) {
            true => good = middle,
            false => bad = middle,
        }
    }
    f64::from_bits(bits(good))
}

/// The bits of doubles as integers in the order of the doubles.
const fn ordered(bits: u64) -> i64 {
    let signed = bits.cast_signed();
    if signed < 0 { signed ^ i64::MAX } else { signed }
}

/// The way back.
const fn bits(ordered: i64) -> u64 {
    (if ordered < 0 { ordered ^ i64::MAX } else { ordered }).cast_unsigned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]

    use super::*;

    #[test]
    fn the_text_decides_what_an_operand_is() {
        for text in ["0", "-1", "+5", "5.", "12.50", "1e3", "1.5E-3", " 7\t"] {
            assert!(matches!(read(text), Ok(Operand::Number(_))), "{text}");
        }
        for text in ["1.2.3", "1.2.3-rc.1", "1.2.3+build", "0.0.0--"] {
            assert_eq!(read(text), Ok(Operand::Version(text.to_owned())));
        }
        for text in ["2022-01-29T13:00:00Z", "2022-01-29T13:00:00.000+01:00"] {
            assert!(matches!(read(text), Ok(Operand::Time(_))), "{text}");
        }
        for text in [
            "",
            " ",
            "x",
            ".5",
            "inf",
            "NaN",
            "1_000",
            "0x10",
            "1.2.3.4",
            "01.2.3",
            "1.2.3-",
            "1.2.3-01",
            "v1.2.3",
            "2022-01-29",
            "2022-01-29T13:00:00.0Z",
            "2022-01-29 13:00:00Z",
            "2022-13-29T13:00:00Z",
            "2022-01-29T13:00Z",
            "5 or true",
            "1.2.3-é",
            "٣",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_have_their_neighbours() {
        assert_eq!(neighbours(2.0), (2.0, 2.0));
        for number in [-1e300, f64::MAX, f64::MIN, 9_007_199_254_740_993.0] {
            assert_eq!(neighbours(number), (number, number));
        }
        assert_eq!(neighbours(1.0), (1.0 - f64::EPSILON / 2.0, 1.0));
        let (low, high) = neighbours(0.0);
        assert_eq!((low, high), (-f64::EPSILON.next_down(), f64::EPSILON.next_down()));
        for number in [0.1, 0.3, 1e-17, 1e-300, 0.5, 1.999, -0.7, f64::EPSILON, -f64::EPSILON] {
            let (low, high) = neighbours(number);
            assert!((low..=high).contains(&number));
            assert!((high - number).abs() < f64::EPSILON);
            assert!((high.next_up() - number).abs() >= f64::EPSILON);
            assert!((low - number).abs() < f64::EPSILON);
            assert!((low.next_down() - number).abs() >= f64::EPSILON);
        }
    }

    #[test]
    fn a_leap_second_lies_before_the_next_minute() {
        let Ok(Operand::Time(leap)) = read("2022-01-29T12:59:60.500Z") else { unreachable!() };
        assert!(leap < 1_643_461_200_000.0 && leap > 1_643_461_199_999.0, "{leap}");
    }
}
