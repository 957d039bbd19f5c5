//! Times as operands: RFC 3339 to milliseconds and back, in integers.
//!
//! In: text by the grammar in `docs/flag-language.md`. Out: milliseconds since the Unix epoch. The
//! calendar is the proleptic Gregorian one; days are counted by Howard Hinnant's
//! `days_from_civil` and `civil_from_days` (public domain).

const MS_PER_DAY: i64 = 86_400_000;
/// 0000-01-01T00:00:00Z.
const FIRST_MS: i64 = -62_167_219_200_000;
/// 9999-12-31T23:59:59.999Z.
const LAST_MS: i64 = 253_402_300_799_999;

/// Milliseconds since the Unix epoch at `text`, a whole number; `None` if it is not a time.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    one_of(&mut rest, b"-")?;
    let month = digits(&mut rest, 2).filter(|month| (1..=12).contains(month))?;
    one_of(&mut rest, b"-")?;
    let day = digits(&mut rest, 2).filter(|day| (1..=days_in(year, month)).contains(day))?;
    one_of(&mut rest, b"Tt ")?;
    let hour = digits(&mut rest, 2).filter(|&hour| hour <= 23)?;
    one_of(&mut rest, b":")?;
    let minute = digits(&mut rest, 2).filter(|&minute| minute <= 59)?;
    one_of(&mut rest, b":")?;
    // 60 is the first second of the next minute; the sum below makes it so.
    let second = digits(&mut rest, 2).filter(|&second| second <= 60)?;
    let ms = fraction(&mut rest)?;
    let offset_minutes = offset(&mut rest)?;
    if !rest.is_empty() {
        return None;
    }
    let seconds = (hour * 60 + minute - offset_minutes) * 60 + second;
    let total = days_from_civil(year, month, day) * MS_PER_DAY + seconds * 1_000 + ms;
    // Below 2^53, so exact.
    Some(total as f64)
}

/// `ms` as RFC 3339 in UTC, when it is a whole millisecond of the years 0–9999.
pub(crate) fn format(ms: f64) -> Option<String> {
    if ms.fract() != 0.0 || !(FIRST_MS as f64..=LAST_MS as f64).contains(&ms) {
        return None;
    }
    let total = ms as i64;
    let (year, month, day) = civil_from_days(total.div_euclid(MS_PER_DAY));
    let of_day = total.rem_euclid(MS_PER_DAY);
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, ms) = (of_day / 1_000 % 60, of_day % 1_000);
    let fraction = if ms == 0 { String::new() } else { format!(".{ms:03}") };
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"))
}

fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (number, after) = rest.split_at_checked(count)?;
    *rest = after;
    number.iter().try_fold(0, |value, digit| {
        digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0'))
    })
}

fn one_of(rest: &mut &[u8], allowed: &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    allowed.contains(first).then_some(*first)
}

/// The milliseconds of a fraction, 0 without one; digits after the third are ignored.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let Some(after) = rest.strip_prefix(b".") else { return Some(0) };
    let count = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, after) = after.split_at_checked(count)?;
    *rest = after;
    let padded = digits.iter().copied().chain([b'0', b'0']).take(3);
    (count > 0).then(|| padded.fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0')))
}

/// Minutes that the clock there is ahead of UTC.
fn offset(rest: &mut &[u8]) -> Option<i64> {
    let sign = match one_of(rest, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(0),
    };
    let hours = digits(rest, 2).filter(|&hours| hours <= 23)?;
    one_of(rest, b":")?;
    let minutes = digits(rest, 2).filter(|&minutes| minutes <= 59)?;
    Some(sign * (hours * 60 + minutes))
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = (shifted + 2) % 12 + 1;
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_follow_the_grammar() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0.0),
            ("1970-01-01t00:00:00z", 0.0),
            ("1970-01-01 00:00:00.0009Z", 0.0),
            ("1970-01-01T00:00:00.5Z", 500.0),
            ("1970-01-01T01:00:00.123456789+01:00", 123.0),
            ("1969-12-31T23:59:60Z", 0.0),
            ("1969-12-31T23:59:59.999Z", -1.0),
            ("2000-02-29T12:00:00-23:59", 951_911_940_000.0),
            ("2026-11-23T08:00:00Z", 1_795_420_800_000.0),
            ("0000-01-01T00:00:00Z", FIRST_MS as f64),
            ("9999-12-31T23:59:59.999Z", LAST_MS as f64),
        ] {
            assert_eq!(parse(text), Some(ms), "{text}");
        }
        for text in [
            "",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-01-01T00:00Z",
            "1970-1-1T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "1970-13-01T00:00:00Z",
            "1970-00-01T00:00:00Z",
            "1970-04-31T00:00:00Z",
            "1970-01-00T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:60:00Z",
            "1970-01-01T00:00:61Z",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00+24:00",
            "1970-01-01T00:00:00+00:60",
            "1970-01-01T00:00:00+0000",
            "1970-01-01T00:00:00Z ",
            " 1970-01-01T00:00:00Z",
            "1970-01-01_00:00:00Z",
            "+1970-01-01T00:00:00Z",
            "0",
            "1795420800000",
            "1970-01-01T00:00:00,5Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_ten_thousand_years_comes_back() {
        let mut ms = FIRST_MS + 43_199_007;
        while ms <= LAST_MS {
            let text = format(ms as f64).unwrap();
            assert_eq!(parse(&text), Some(ms as f64), "{text}");
            ms += MS_PER_DAY;
        }
    }

    #[test]
    fn what_has_no_text_stays_a_number() {
        for ms in [0.5, LAST_MS as f64 + 1.0, FIRST_MS as f64 - 1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(format(ms), None);
        }
        assert_eq!(format(-0.0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(format(1.0).as_deref(), Some("1970-01-01T00:00:00.001Z"));
    }
}
