//! Times: RFC 3339 strings, and numbers of milliseconds since the Unix epoch.
//!
//! In: an attribute. Out: milliseconds since the Unix epoch, or nothing.

use crate::context::Value;

/// Days from 0000-01-01 to 1970-01-01 in the proleptic Gregorian calendar.
const EPOCH_DAYS: i64 = 719_528;

/// `value` in milliseconds since the Unix epoch where it is a time.
pub(super) fn time_ms(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::String(text) => parse(text).map(|time_ms| time_ms as f64),
        _ => None,
    }
}

/// Reads all of `text` by `YYYY-MM-DD(T|t| )HH:MM:SS(.fraction)?(Z|z|(+|-)HH:MM)`.
fn parse(text: &str) -> Option<i64> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    one_of(&mut rest, b"-")?;
    let month = digits(&mut rest, 2)?;
    one_of(&mut rest, b"-")?;
    let day = digits(&mut rest, 2)?;
    one_of(&mut rest, b"Tt ")?;
    let hour = digits(&mut rest, 2)?;
    one_of(&mut rest, b":")?;
    let minute = digits(&mut rest, 2)?;
    one_of(&mut rest, b":")?;
    let second = digits(&mut rest, 2)?;
    let fraction_ms = fraction_ms(&mut rest)?;
    let offset_minutes = offset_minutes(&mut rest)?;
    if !rest.is_empty() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let minutes = (days_since_epoch(year, month, day)? * 24 + hour) * 60 + minute - offset_minutes;
    // A 60th second counts on into the next minute.
    Some((minutes * 60 + second) * 1000 + fraction_ms)
}

/// Takes one byte of `allowed`.
fn one_of(rest: &mut &[u8], allowed: &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    allowed.contains(first).then_some(*first)
}

/// Takes exactly `count` digits.
fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let mut number = 0;
    for _ in 0..count {
        number = number * 10 + i64::from(one_of(rest, b"0123456789")? - b'0');
    }
    Some(number)
}

/// Takes a fraction of a second where there is one; digits after the third are ignored.
fn fraction_ms(rest: &mut &[u8]) -> Option<i64> {
    if rest.first() != Some(&b'.') {
        return Some(0);
    }
    one_of(rest, b".")?;
    let (mut fraction_ms, mut worth_ms) = (digits(rest, 1)? * 100, 10);
    while rest.first().is_some_and(u8::is_ascii_digit) {
        fraction_ms += digits(rest, 1)? * worth_ms;
        worth_ms /= 10; // 10, 1, 0, 0, …
    }
    Some(fraction_ms)
}

/// Takes an offset from UTC, in minutes, east positive.
fn offset_minutes(rest: &mut &[u8]) -> Option<i64> {
    let sign = match one_of(rest, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(0),
    };
    let hours = digits(rest, 2)?;
    one_of(rest, b":")?;
    let minutes = digits(rest, 2)?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

/// The day's number, 1970-01-01 being 0; `None` for a day that does not exist.
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || day < 1 || day > days_of_month(year, month) {
        return None;
    }
    // Of the years 0 to year - 1, every fourth from 0 is a leap year, but the hundredths, …
    let leap_days = (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    let days_of_months: i64 = (1..month).map(|month| days_of_month(year, month)).sum();
    Some(year * 365 + leap_days + days_of_months + day - 1 - EPOCH_DAYS)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, expected_ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t00:00:00z", 0),
            ("1970-01-01 00:00:00Z", 0),
            ("1970-01-01T00:00:00.1Z", 100),
            ("1970-01-01T00:00:00.12Z", 120),
            ("1970-01-01T00:00:00.0019999999Z", 1),
            ("1969-12-31T23:59:59.9999Z", -1),
            ("1970-01-01T01:30:00+01:30", 0),
            ("1969-12-31T22:30:00-01:30", 0),
            ("1970-01-01T00:00:00-00:00", 0),
            ("1970-01-01T23:59:00+23:59", 0),
            ("2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("2016-12-31T23:59:60.5Z", 1_483_228_800_500),
            ("2017-01-01T00:00:00Z", 1_483_228_800_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2024-02-29T12:00:00Z", 1_709_208_000_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("0000-02-29T00:00:00Z", -62_162_121_600_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] {
            assert_eq!(parse(text), Some(expected_ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "0",
            "1700000000000",
            "2023-11-14",
            "2023-11-14T22:13Z",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:20,5Z",
            "2023-11-14T22:13:20 Z",
            "2023-11-14T22:13:20Z ",
            " 2023-11-14T22:13:20Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:60:00Z",
            "2023-11-14T22:13:61Z",
            "2023-11-14T22:13:20+24:00",
            "2023-11-14T22:13:20+01:60",
            "2023-11-14T22:13:20+0100",
            "2023-11-14T22:13:20+01",
            "2023-11-14T22:13:20UTC",
            "2023-00-14T22:13:20Z",
            "2023-13-14T22:13:20Z",
            "2023-11-00T22:13:20Z",
            "2023-11-31T22:13:20Z",
            "2023-02-29T22:13:20Z",
            "1900-02-29T22:13:20Z",
            "+2023-11-14T22:13:20Z",
            "12023-11-14T22:13:20Z",
            "2023-1-14T22:13:20Z",
            "2023-11-14_22:13:20Z",
            "2023-11-14T22:13:20−01:00",
            "２023-11-14T22:13:20Z",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_milliseconds() {
        assert_eq!(time_ms(&Value::Number(0.5)), Some(0.5));
        assert_eq!(time_ms(&Value::Bool(true)), None);
    }
}
