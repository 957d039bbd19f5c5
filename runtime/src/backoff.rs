//! Pauses between attempts: exponential, with full jitter.
//!
//! In: attempts, hints of the server, a source of randomness. Out: how long to wait. Full jitter
//! spreads clients that lost the same server at the same instant evenly over the whole pause
//! (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).

use std::time::Duration;

use rand::{Rng, RngExt};

use crate::options::Options;

/// Counts attempts and says how long to wait before the next.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    floor: Duration,
    base: Duration,
    max: Duration,
    attempts: u32,
}

impl Backoff {
    pub(crate) fn new(options: &Options) -> Self {
        let floor = options.backoff_base;
        Self { floor, base: floor, max: options.backoff_max, attempts: 0 }
    }

    /// Takes the server's `retry:` hint as the new base, between the floor and the most.
    pub(crate) fn hint(&mut self, hint: Duration) {
        self.base = hint.min(self.max).max(self.floor);
    }

    /// The last attempt went well: the next pause is a first one.
    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// A pause between nothing and `min(max, base · 2^attempts)`; counts one attempt.
    pub(crate) fn pause(&mut self, rng: &mut impl Rng) -> Duration {
        let ceiling = self.ceiling();
        self.attempts = self.attempts.saturating_add(1);
        up_to(ceiling, rng)
    }

    fn ceiling(&self) -> Duration {
        let factor = 1_u32.checked_shl(self.attempts).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.max)
    }
}

/// Evenly distributed from nothing to `ceiling`.
pub(crate) fn up_to(ceiling: Duration, rng: &mut impl Rng) -> Duration {
    ceiling.mul_f64(rng.random_range(0.0..=1.0))
}

/// Evenly distributed from half of `middle` to one and a half of it.
pub(crate) fn around(middle: Duration, rng: &mut impl Rng) -> Duration {
    middle.mul_f64(rng.random_range(0.5..=1.5))
}

/// Evenly distributed from half of `longest` to all of it.
pub(crate) fn upper_half(longest: Duration, rng: &mut impl Rng) -> Duration {
    longest.mul_f64(rng.random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The least and the most of 2,000 pauses at each of the first attempts.
    fn bounds(backoff: &Backoff, attempts: usize) -> Vec<(Duration, Duration)> {
        let mut rng = StdRng::seed_from_u64(7);
        let mut bounds = vec![(Duration::MAX, Duration::ZERO); attempts];
        for _ in 0..2_000 {
            let mut backoff = backoff.clone();
            for (least, most) in &mut bounds {
                let pause = backoff.pause(&mut rng);
                (*least, *most) = ((*least).min(pause), (*most).max(pause));
            }
        }
        bounds
    }

    #[track_caller]
    fn check(backoff: &Backoff, ceilings_s: &[u64]) {
        for ((least, most), ceiling_s) in bounds(backoff, ceilings_s.len()).iter().zip(ceilings_s) {
            let ceiling = SECOND * u32::try_from(*ceiling_s).unwrap_or(u32::MAX);
            assert!(*most <= ceiling, "{most:?} of at most {ceiling:?}");
            assert!(*most > ceiling.mul_f64(0.98), "{most:?}: the whole range is used");
            assert!(*least < ceiling.mul_f64(0.02), "{least:?}: jitter is full");
        }
    }

    #[test]
    fn pauses_double_up_to_the_most_with_full_jitter() {
        let backoff = Backoff::new(&Options::default());
        check(&backoff, &[1, 2, 4, 8, 16, 30, 30, 30]);
        let mut reset = backoff.clone();
        bounds(&reset, 3);
        reset.attempts = 40;
        check(&reset, &[30]);
        reset.reset();
        check(&reset, &[1, 2]);
    }

    #[test]
    fn hints_lengthen_within_bounds_and_never_shorten() {
        let mut backoff = Backoff::new(&Options::default());
        backoff.hint(Duration::from_millis(3));
        check(&backoff, &[1, 2]);
        backoff.hint(SECOND * 5);
        check(&backoff, &[5, 10, 20, 30]);
        backoff.hint(SECOND * 1_000_000);
        check(&backoff, &[30, 30]);
    }

    #[test]
    fn the_mean_is_half_the_ceiling() {
        let mut rng = StdRng::seed_from_u64(1);
        let mean = |mut draw: Box<dyn FnMut(&mut StdRng) -> Duration>, rng: &mut StdRng| {
            (0..10_000).map(|_| draw(rng)).sum::<Duration>() / 10_000
        };
        let near = |mean: Duration, s: f64| (mean.as_secs_f64() - s).abs() < 0.3;
        assert!(near(mean(Box::new(|rng| up_to(SECOND * 30, rng)), &mut rng), 15.0));
        assert!(near(mean(Box::new(|rng| around(SECOND * 30, rng)), &mut rng), 30.0));
        assert!(near(mean(Box::new(|rng| upper_half(SECOND * 30, rng)), &mut rng), 22.5));
    }
}
