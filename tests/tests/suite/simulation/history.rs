//! What happened in a world, for people.
//!
//! In: sentences, as things happen. Out: lines with the milliseconds of the world's clock. Lines of
//! one millisecond are sorted: in which order the runtime wakes tasks is not part of a history.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The lines so far.
pub struct History {
    began: Instant,
    lines: Mutex<Vec<(Duration, String)>>,
}

impl History {
    /// It begins now.
    pub fn new() -> Self {
        Self { began: Instant::now(), lines: Mutex::default() }
    }

    /// For how long the world has been there.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Notes what happens.
    pub fn note(&self, line: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push((self.began.elapsed(), line));
    }

    /// All lines.
    pub fn told(&self) -> Vec<String> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone();
        lines.sort();
        let line = |(at, line): &(Duration, String)| format!("{:>9.3} s  {line}", at.as_secs_f64());
        lines.iter().map(line).collect()
    }
}
