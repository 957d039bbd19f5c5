//! Tags: attributes found by a few bytes of their names.
//!
//! In: names. Out: a [`Tag`] that tells most names apart by two words, a [`Brief`] of it in one byte,
//! and [`Briefs`], eight of which are compared at once. All of it is on the way of an evaluation.

use crate::word;

/// Attributes of a context that has no order.
pub(super) const LINEAR: usize = 16;

/// The length of a name, its first bytes and its last: two names with different tags differ, and
/// two short ones with the same tag are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// The length in the highest byte, then the first seven bytes, or, of fewer than eight, the
    /// first four and three of them again.
    head: u64,
    /// The last eight bytes; the last four twice when there are fewer; 0 when there are fewer than
    /// four.
    tail: u64,
}

impl Tag {
    /// A name of at most this many bytes is known by its tag.
    const BYTES: usize = 15;

    /// The tag of a name. Names come in any order, so there is only one branch by length: a
    /// processor that guesses wrong loses more than a tag takes.
    #[inline(always)]
    pub(crate) fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let length = bytes.len();
        let (head, tail) = match bytes {
            // Four reads, of which two and two are the same below eight bytes.
            [_, _, _, _, ..] => {
                let step = if length < 8 { 0 } else { 4 };
                let [first, second, third, last] =
                    [0, step, length - 4 - step, length - 4].map(|at| word::four(bytes, at));
                (first | second << 32, third | last << 32)
            }
            [first, ..] => {
                let [middle, last] = [length / 2, length - 1].map(|at| bytes.get(at));
                let [middle, last] =
                    [middle, last].map(|byte| byte.map_or(0, |byte| u64::from(*byte)));
                (u64::from(*first) | middle << 8 | last << 16, 0)
            }
            [] => (0, 0),
        };
        let length = (length.min(255) as u64) << 56;
        Self { head: head & (u64::MAX >> 8) | length, tail }
    }

    /// Is a name with this tag known by it?
    #[inline(always)]
    pub(crate) const fn is_all(self) -> bool {
        self.head >> 56 <= Self::BYTES as u64
    }

    /// A byte of a tag that is seldom that of another, and never 0.
    #[inline]
    pub(crate) const fn brief(self) -> Brief {
        // Any odd number whose bits are in disorder.
        let both = self.head ^ self.tail.rotate_left(23);
        let mixed = (both.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8;
        Brief(if mixed == 0 { 1 } else { mixed as u64 } * ONES)
    }
}

/// 1 in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The brief of a name, in all bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Brief(u64);

/// The briefs of the first [`LINEAR`] attributes, a byte each, by place; 0: there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Briefs(pub(super) [u64; LINEAR / 8]);

impl Briefs {
    pub(super) const NONE: Self = Self([0; LINEAR / 8]);

    /// Is there a place for the brief of the attribute at `at`? Then it is kept.
    #[inline]
    pub(super) fn keep(&mut self, at: usize, brief: Brief) -> bool {
        let Some(word) = self.0.get_mut(at / 8) else { return false };
        *word |= (brief.0 & 0xff) << (8 * (at % 8));
        true
    }
}

/// Which bytes of a word are this brief: their highest bit, and by chance that of some above one
/// that is.
#[inline(always)]
pub(super) const fn alike(word: u64, brief: Brief) -> u64 {
    let differences = word ^ brief.0;
    differences.wrapping_sub(ONES) & !differences & (ONES << 7)
}
