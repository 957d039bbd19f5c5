//! How long flags and segments ask each other.
//!
//! In: an image that anybody may have written. Out: how many stand on its longest chain, or that
//! a chain closes. Evaluation and costs recurse along chains; this does not, whatever it is given.

use super::{Image, Kind, Ref};

impl Image {
    /// Flags and segments on the longest chain; `None` when one asks for itself in the end.
    pub(super) fn longest_chain(&self) -> Option<usize> {
        let asked = self.asked();
        let mut waits_for = vec![0usize; asked.len()];
        for node in asked.iter().flatten() {
            if let Some(count) = waits_for.get_mut(*node) {
                *count += 1;
            }
        }
        let free = waits_for.iter().enumerate().filter(|(_, count)| **count == 0);
        let mut ready: Vec<usize> = free.map(|(node, _)| node).collect();
        let mut lengths = vec![1usize; asked.len()];
        let (mut done, mut longest) = (0, 0);
        while let Some(node) = ready.pop() {
            done += 1;
            let length = lengths.get(node).copied().unwrap_or(0);
            longest = longest.max(length);
            for next in asked.get(node).into_iter().flatten() {
                let (Some(its), Some(count)) = (lengths.get_mut(*next), waits_for.get_mut(*next))
                else {
                    continue;
                };
                *its = (*its).max(length + 1);
                *count -= 1;
                if *count == 0 {
                    ready.push(*next);
                }
            }
        }
        (done == asked.len()).then_some(longest)
    }

    /// What each flag asks, then what each segment asks; segments are numbered behind flags.
    fn asked(&self) -> Vec<Vec<usize>> {
        let flags = self.flags.iter().map(|flag| self.nodes(&flag.refs));
        let segments = self.segments.iter().map(|segment| self.nodes(&segment.refs));
        flags.chain(segments).collect()
    }

    fn nodes(&self, refs: &[Ref]) -> Vec<usize> {
        let nodes = refs.iter().filter_map(|reference| {
            let first = *self.record(*reference)?.first()? as usize;
            match reference.kind {
                Kind::FlagIs => Some(first),
                Kind::Segment => Some(self.flags.len() + first),
                _ => None,
            }
        });
        nodes.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Column, Image, Kind, Ref, SegmentRecord, TableIndex};

    /// Segments that each ask those with these numbers.
    fn image(asked: &[&[u32]]) -> Image {
        let segment = |asked: &&[u32]| SegmentRecord {
            decide: TableIndex(0),
            refs: asked.iter().map(|index| Ref { kind: Kind::Segment, index: *index }).collect(),
        };
        let records = (0..asked.len() as u32).map(|number| vec![number, 0]).collect();
        let column = Column {
            kind: Kind::Segment,
            records,
            batched: 0,
            batch: None,
            answers: 0,
            cost: Default::default(),
        };
        let segments = asked.iter().map(segment).collect();
        Image { segments, columns: vec![column], ..Image::default() }
    }

    #[test]
    fn the_longest_chain_is_found() {
        assert_eq!(image(&[]).longest_chain(), Some(0));
        assert_eq!(image(&[&[], &[0], &[1, 0], &[1, 1, 1]]).longest_chain(), Some(3));
    }

    #[test]
    fn a_closed_chain_has_no_length() {
        assert_eq!(image(&[&[0]]).longest_chain(), None);
        assert_eq!(image(&[&[], &[2, 0], &[1]]).longest_chain(), None);
    }

    #[test]
    fn a_very_long_chain_is_followed_without_recursion() {
        let asked: Vec<Vec<u32>> =
            (0..200_000u32).map(|n| n.checked_sub(1).into_iter().collect()).collect();
        let asked: Vec<&[u32]> = asked.iter().map(Vec::as_slice).collect();
        assert_eq!(image(&asked).longest_chain(), Some(200_000));
    }
}
