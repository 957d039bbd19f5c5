//! Random flag sets and contexts that meet each other: both draw from the same small pools, so
//! that rules match often, and miss by little.
//!
//! In: a seed. Out: the same flag set and contexts on every machine. Flag sets pass every check.

mod contexts;
mod flags;
mod pools;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

pub use contexts::context;
pub use flags::flag_set;

/// A seeded source of choices.
pub struct Dice(StdRng);

impl Dice {
    /// The choices of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `pool`.
    pub fn one_of<'a, T>(&mut self, pool: &'a [T]) -> &'a T {
        &pool[self.below(pool.len())]
    }

    /// `from..=to` draws.
    pub fn several<T>(
        &mut self,
        from: usize,
        to: usize,
        mut draw: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let count = from + self.below(to - from + 1);
        (0..count).map(|_| draw(self)).collect()
    }
}
