//! Networks → ranges that ascend and do not touch.

use crate::network::{Network, parse};
use crate::program::Test;

/// The test of `nets`; what is no network (no checked flag set has any) holds nobody.
pub(super) fn in_networks(nets: &[String]) -> Test {
    let (mut four, mut six) = (Vec::new(), Vec::new());
    for net in nets {
        match parse(net) {
            Ok(Network::V4 { first, last }) => four.push((first, last)),
            Ok(Network::V6 { first, last }) => six.push((first, last)),
            Err(_) => {}
        }
    }
    let next = |last: u32| last.checked_add(1);
    let next_six = |last: u128| last.checked_add(1);
    Test::InNetworks { four: merged(four, next), six: merged(six, next_six) }
}

/// Ranges that overlap or touch as one. `next` is the number behind another, unless that is the
/// last.
fn merged<N: Ord + Copy>(mut ranges: Vec<(N, N)>, next: impl Fn(N) -> Option<N>) -> Vec<(N, N)> {
    ranges.sort_unstable();
    let mut merged: Vec<(N, N)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if next(*end).is_none_or(|behind| first <= behind) => {
                *end = last.max(*end);
            }
            _ => merged.push((first, last)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_overlap_or_touch_are_one() {
        let next = |last: u32| last.checked_add(1);
        assert_eq!(merged(vec![(5, 6), (1, 2), (3, 3)], next), [(1, 3), (5, 6)]);
        assert_eq!(merged(vec![(0, 9), (2, 3), (9, 12), (14, 15)], next), [(0, 12), (14, 15)]);
        assert_eq!(merged(vec![(7, u32::MAX), (8, 9), (0, 0)], next), [(0, 0), (7, u32::MAX)]);
        assert_eq!(merged(Vec::new(), next), []);
    }
}
