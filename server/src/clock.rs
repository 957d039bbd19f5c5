//! The wall clock: the one place of this crate that reads it, through the runtime, which lets a
//! simulation set it.
//!
//! In: nothing. Out: milliseconds since the Unix epoch, and their RFC 3339 text for people. Time
//! is for display and for the guest's `$now`; nothing here or elsewhere orders events by it (the
//! revision is the only order).

/// Now, in milliseconds since the Unix epoch; negative when the clock stands before it.
#[must_use]
pub fn now_ms() -> i64 {
    vexil_runtime::simulated::now_ms()
}

/// `time_ms` as RFC 3339 in UTC with milliseconds; the bare number when it is out of range.
#[must_use]
pub fn rfc3339(time_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(time_ms)
        .map_or_else(|_| time_ms.to_string(), |time| format!("{time:.3}"))
}

/// The time that an RFC 3339 text names, in milliseconds since the Unix epoch.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_milliseconds() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_790_000_000_123), "2026-09-21T14:13:20.123Z");
        assert_eq!(rfc3339(i64::MAX), i64::MAX.to_string());
        assert_eq!(parse("2026-09-21T16:13:20.123+02:00"), Some(1_790_000_000_123));
        assert_eq!(parse("tomorrow"), None);
    }
}
