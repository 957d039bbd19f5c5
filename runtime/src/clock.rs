//! The one place where this crate reads the wall clock.
//!
//! In: nothing. Out: milliseconds since the Unix epoch. Durations are measured elsewhere with
//! monotonic clocks; nothing may order events by what this file returns.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in milliseconds since the Unix epoch; negative before 1970.
#[must_use]
pub(crate) fn now_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}
