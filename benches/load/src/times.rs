//! Times that were measured, and their percentiles.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

/// Times from a microsecond to a minute, to three digits.
#[derive(Clone, Debug)]
pub struct Times(Histogram<u64>);

impl Times {
    /// None yet.
    ///
    /// # Errors
    /// Never, for these bounds.
    pub fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, 60_000_000, 3)?))
    }

    /// One more.
    pub fn add(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Those of another, too.
    ///
    /// # Errors
    /// Never, for equal bounds.
    pub fn join(&mut self, other: &Self) -> Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The same in milliseconds, for people.
    #[must_use]
    pub fn ms(&self, percent: f64) -> String {
        format!("{:.1} ms", Duration::from_micros(self.us(percent)).as_secs_f64() * 1_000.0)
    }

    /// So many microseconds at most took `percent` of a hundred.
    #[must_use]
    pub fn us(&self, percent: f64) -> u64 {
        self.0.value_at_percentile(percent)
    }
}
