//! LaunchDarkly's fractions in single precision → exact thresholds of the 60 bits they come from.
//!
//! A hash `n` stands at the fraction `n as f32 / 0xFFFFFFFFFFFFFFF as f32`, which never falls when
//! `n` grows; so every comparison with a bound is one with the first `n` at or beyond it. It is
//! found by bisection, with the very arithmetic that it replaces.

/// Above all hashes.
const END: u64 = 1 << 60;
/// Parts of a whole in its weights.
const WHOLE: f32 = 100_000.0;

/// Where each arm of a split ends, by its weight: the first hash that is not in it.
pub(super) fn ends(weights: &[u32]) -> Vec<u64> {
    let mut cumulative = 0.0;
    let last = weights.iter().rposition(|weight| *weight > 0);
    let ends = weights.iter().enumerate().map(|(arm, weight)| {
        cumulative += *weight as f32 / WHOLE;
        // What rounding leaves over goes to the last arm with a weight.
        if last.is_some_and(|last| arm >= last) { END } else { first_at(cumulative) }
    });
    ends.collect()
}

/// The hashes from bucket `from` on and before bucket `to`, as first and end.
pub(super) fn range(from: u32, to: u32) -> (u64, u64) {
    if from >= to {
        return (0, 0);
    }
    let first = first_at(from as f32 / WHOLE);
    let end = if to as f32 >= WHOLE { END } else { first_at(to as f32 / WHOLE) };
    (first, end.max(first))
}

/// The first hash whose fraction is not below `bound`; [`END`] if there is none.
fn first_at(bound: f32) -> u64 {
    let fraction = |hash: u64| hash as f32 / (END - 1) as f32;
    let (mut low, mut high) = (0, END);
    while low < high {
        let middle = low + (high - low) / 2;
        if fraction(middle) < bound {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_where_the_fraction_reaches_the_bound() {
        for bound in [1, 2, 3, 333, 33_333, 50_000, 66_667, 99_999] {
            let bound = bound as f32 / WHOLE;
            let at = first_at(bound);
            assert!(at as f32 / (END - 1) as f32 >= bound, "{bound}");
            assert!(((at - 1) as f32 / (END - 1) as f32) < bound, "{bound}");
        }
        assert_eq!(first_at(0.0), 0);
        assert_eq!(first_at(1.5), END);
    }

    #[test]
    fn the_last_arm_with_a_weight_takes_what_is_left() {
        assert_eq!(ends(&[100_000, 0]), [END, END]);
        assert_eq!(ends(&[0, 100_000]), [0, END]);
        let thirds = ends(&[33_333, 33_333, 33_334, 0]);
        assert!(thirds.is_sorted() && thirds[2..] == [END, END], "{thirds:?}");
        assert_eq!(range(0, 100_000), (0, END));
        assert_eq!(range(7, 7), (0, 0));
    }
}
