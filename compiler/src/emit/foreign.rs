//! Hashes of other systems as bytes: what stands before a unit is hashed at compile time.
//!
//! In: a foreign hash. Out: a blob that the routines `murmur`, `fnv`, `md5` and `sha1` go on from:
//! the state after all whole blocks of the prefix, what is left of it, and the suffix. Blobs are
//! position independent. The interpreter hashes everything anew, with functions of its own.

use super::routine::{self, fnv_layout, layout};
use crate::flag_set::{Encoding, Family, ForeignHash};

/// The layout of `hash`.
pub(super) fn layout_of(hash: &ForeignHash) -> Vec<u8> {
    let bytes = |text: &str| match hash.encoding {
        Encoding::Latin1 => text.encode_utf16().map(|unit| unit as u8).collect(),
        _ => text.as_bytes().to_vec(),
    };
    let (prefix, suffix) = (bytes(&hash.prefix), bytes(&hash.suffix));
    match hash.family {
        Family::Fnv1a | Family::Fnv1aTwice => fnv(hash),
        Family::Murmur3 => message(&prefix, &suffix, 4, &[hash.seed], murmur_word),
        Family::Md5 => message(&prefix, &suffix, 64, &routine::MD5_START, md5_block),
        Family::Sha1 => message(&prefix, &suffix, 64, &routine::SHA1_START, sha1_block),
    }
}

/// See `emit/routine/message.rs`.
fn message(
    prefix: &[u8],
    suffix: &[u8],
    block: usize,
    start: &[u32],
    add: impl Fn(&mut [u32], &[u8]),
) -> Vec<u8> {
    let mut state = start.to_vec();
    let blocks = prefix.chunks_exact(block);
    let head = blocks.remainder();
    blocks.for_each(|block| add(&mut state, block));
    let before = prefix.len() - head.len();
    let tail_at = layout::BYTES as usize + head.len().next_multiple_of(8);
    let mut out = Vec::new();
    for word in [before, head.len(), suffix.len(), tail_at] {
        out.extend((word as u32).to_le_bytes());
    }
    state.resize((layout::BYTES - layout::STATE) as usize / 4, 0);
    out.extend(state.iter().flat_map(|word| word.to_le_bytes()));
    out.extend(head);
    out.resize(tail_at, 0);
    out.extend(suffix);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}

/// See `emit/routine/fnv.rs`.
fn fnv(hash: &ForeignHash) -> Vec<u8> {
    let units = |text: &str| -> Vec<u32> {
        match hash.encoding {
            Encoding::Utf16 => text.encode_utf16().map(u32::from).collect(),
            _ => text.bytes().map(u32::from).collect(),
        }
    };
    let step = |state: u32, unit: &u32| (state ^ unit).wrapping_mul(routine::FNV_PRIME);
    let state = units(&hash.prefix).iter().fold(routine::FNV_BASIS, step);
    let mut tail = Vec::new();
    for unit in units(&hash.suffix) {
        let width = if hash.encoding == Encoding::Utf16 { 2 } else { 1 };
        tail.extend(unit.to_le_bytes().into_iter().take(width));
    }
    let again = u32::from(hash.family == Family::Fnv1aTwice);
    let mut out = Vec::new();
    for word in [state, again, tail.len() as u32, 0] {
        out.extend(word.to_le_bytes());
    }
    debug_assert_eq!(out.len(), fnv_layout::BYTES as usize, "the bytes follow the words");
    out.extend(&tail);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}

fn words<const N: usize>(block: &[u8], of: fn([u8; 4]) -> u32) -> [u32; N] {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = of(bytes.try_into().unwrap_or_default());
    }
    words
}

fn murmur_word(state: &mut [u32], block: &[u8]) {
    let [word] = words(block, u32::from_le_bytes);
    let scrambled = word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    for hash in state {
        *hash = (*hash ^ scrambled).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
}

fn md5_block(state: &mut [u32], block: &[u8]) {
    let words: [u32; 16] = words(block, u32::from_le_bytes);
    let &mut [mut a, mut b, mut c, mut d] = state else { return };
    for (step, sine) in (0..).zip(routine::MD5_SINES) {
        let (mixed, word) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
            2 => (b ^ c ^ d, (3 * step + 5) % 16),
            _ => (c ^ (b | !d), 7 * step % 16),
        };
        let word = words.get(word as usize).copied().unwrap_or(0);
        let sum = a.wrapping_add(mixed).wrapping_add(word).wrapping_add(sine);
        (a, d, c) = (d, c, b);
        b = b.wrapping_add(sum.rotate_left(routine::md5_rotation(step)));
    }
    add(state, &[a, b, c, d]);
}

fn sha1_block(state: &mut [u32], block: &[u8]) {
    let mut schedule = words::<16>(block, u32::from_be_bytes).to_vec();
    for step in 16..80 {
        let word = |back: usize| schedule.get(step - back).copied().unwrap_or(0);
        schedule.push((word(3) ^ word(8) ^ word(14) ^ word(16)).rotate_left(1));
    }
    let &mut [mut a, mut b, mut c, mut d, mut e] = state else { return };
    for (step, word) in schedule.iter().enumerate() {
        let mixed = match step / 20 {
            0 => (b & c) | (!b & d),
            2 => (b & c) | (b & d) | (c & d),
            _ => b ^ c ^ d,
        };
        let constant = routine::SHA1_CONSTANTS.get(step / 20).copied().unwrap_or(0);
        let sum = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e).wrapping_add(constant);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, sum.wrapping_add(*word));
    }
    add(state, &[a, b, c, d, e]);
}

fn add(state: &mut [u32], words: &[u32]) {
    for (sum, word) in state.iter_mut().zip(words) {
        *sum = sum.wrapping_add(*word);
    }
}

#[cfg(test)]
mod tests {
    use md5::Digest as _;

    use super::*;

    /// `text` with the padding of a digest.
    fn padded(text: &str, length: fn(u64) -> [u8; 8]) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0x80);
        bytes.resize((bytes.len() + 8).next_multiple_of(64) - 8, 0);
        bytes.extend(length(8 * text.len() as u64));
        bytes
    }

    #[test]
    fn blocks_are_those_of_the_published_functions() {
        for text in ["", "abc", &"x".repeat(55), &"y".repeat(56), &"z".repeat(300)] {
            let mut state = routine::MD5_START.to_vec();
            padded(text, u64::to_le_bytes).chunks(64).for_each(|one| md5_block(&mut state, one));
            let digest: Vec<u8> = state.iter().flat_map(|word| word.to_le_bytes()).collect();
            assert_eq!(digest, md5::Md5::digest(text).as_slice(), "{text}");
            let mut state = routine::SHA1_START.to_vec();
            padded(text, u64::to_be_bytes).chunks(64).for_each(|one| sha1_block(&mut state, one));
            let digest: Vec<u8> = state.iter().flat_map(|word| word.to_be_bytes()).collect();
            assert_eq!(digest, sha1::Sha1::digest(text).as_slice(), "{text}");
        }
    }

    #[test]
    fn what_is_left_of_a_prefix_stands_before_the_suffix() {
        let mut hash = ForeignHash::of(Family::Sha1);
        hash.prefix = format!("{}rest", "p".repeat(128));
        hash.suffix = "s".to_owned();
        let bytes = layout_of(&hash);
        let word =
            |at: u32| u32::from_le_bytes(bytes[at as usize..at as usize + 4].try_into().unwrap());
        assert_eq!(word(layout::BEFORE), 128);
        assert_eq!(word(layout::HEAD), 4);
        assert_eq!(word(layout::TAIL), 1);
        assert_eq!(word(layout::TAIL_AT), 48);
        assert_eq!(&bytes[40..], b"rest\0\0\0\0s\0\0\0\0\0\0\0");
    }
}
