//! Sets as bytes: lists that are short enough to be looked through, perfect hashes of the others.
//!
//! In: strings or numbers, sorted and distinct. Out: a blob that the routines of
//! `routine/membership.rs` read. All offsets are from the start of the blob, so that it can move.
//!
//! A set of strings begins with its form:
//!
//! | form | then |
//! |--:|---|
//! | 0: short strings | `u32` count, then `u64` bytes × count, then `u8` length × count |
//! | 1: any strings | `u32` count, then (`u32` offset, `u32` length) × count, then bytes, 8-aligned, zeros behind |
//! | 2: digests | `u32` zero, `u64` key × 2, then a table |
//!
//! A set of numbers is a table of their bits.
//!
//! A table is a perfect hash in the manner of `PTHash` (Pibiri and Trani 2021): `u32` slots,
//! `u32` buckets, `u64` digest × slots, `u16` pilot × buckets, zeros. A digest falls in a bucket,
//! and its bucket's pilot sends it to a slot that no other member is sent to. Membership is one
//! look at one slot, whatever the size.

use std::hash::Hasher as _;

use sha2::{Digest as _, Sha256};
use siphasher::sip::SipHasher13;

/// More strings than this become digests; so many are looked through in the same time.
const LISTED: usize = 8;
/// Strings of at most this many bytes are short.
const SHORT: usize = 8;
/// Members to a bucket, on average. A bucket of four finds its pilot after some hundred tries even
/// when three quarters of the slots are taken; `u8` pilots would be too few.
const BUCKET: usize = 4;

/// Forms of sets of strings.
pub(super) mod form {
    pub(crate) const SHORT: u32 = 0;
    pub(crate) const ANY: u32 = 1;
    #[allow(dead_code)] // what is neither of the others
    pub(crate) const DIGESTS: u32 = 2;
}

/// Multiplier that spreads a digest by its bucket's pilot.
pub(super) const PILOT: u64 = 0x9E37_79B9_7F4A_7C15;
/// Multiplier that sends it to a slot.
pub(super) const SPREAD: u64 = 0xBF58_476D_1CE4_E5B9;

/// A set of strings; with `conceal` always as digests, so that nobody can read them there.
pub(super) fn strings(strings: &[String], conceal: bool) -> Vec<u8> {
    if conceal || strings.len() > LISTED {
        return digests(strings);
    }
    let mut out = Words::default();
    if strings.iter().all(|string| string.len() <= SHORT) {
        out.word(form::SHORT);
        out.word(strings.len() as u32);
        for string in strings {
            // The empty string takes its word, too.
            let mut word = [0; SHORT];
            word.iter_mut().zip(string.bytes()).for_each(|(to, from)| *to = from);
            out.0.extend_from_slice(&word);
        }
        out.0.extend(strings.iter().map(|string| string.len() as u8));
        return out.0;
    }
    out.word(form::ANY);
    rows(&mut out, strings);
    out.0
}

/// Needles: `u32` zero, then as a set of any strings.
pub(super) fn needles(needles: &[String]) -> Vec<u8> {
    let mut out = Words::default();
    out.word(0);
    rows(&mut out, needles);
    out.0
}

/// `u32` count, then (`u32` offset, `u32` length) × count, then the bytes.
fn rows(out: &mut Words, strings: &[String]) {
    out.word(strings.len() as u32);
    let mut offset = 8 + 8 * strings.len();
    for string in strings {
        out.word(offset as u32);
        out.word(string.len() as u32);
        offset += string.len().next_multiple_of(8);
    }
    strings.iter().for_each(|string| out.padded(string.as_bytes()));
}

/// A set of numbers, by the bits of each; zero has no sign.
pub(super) fn numbers(numbers: &[f64]) -> Vec<u8> {
    let digests: Vec<u64> = numbers.iter().map(|number| mixed((number + 0.0).to_bits())).collect();
    // A table of few members may need more room, but always finds its pilots in the end.
    (0..).find_map(|attempt| table(&digests, attempt)).unwrap_or_default()
}

/// `SplitMix64`'s finaliser: one to one, so that equal digests are equal numbers.
const fn mixed(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn digests(strings: &[String]) -> Vec<u8> {
    let found = (0..).find_map(|attempt| {
        let key = key(strings, attempt);
        let mut digests: Vec<u64> = strings.iter().map(|string| digest(string, key)).collect();
        digests.sort_unstable();
        let distinct = digests.windows(2).all(|pair| pair.first() != pair.last());
        let table = if distinct { table(&digests, attempt)? } else { return None };
        let mut out = Words::default();
        out.word(2);
        out.word(0);
        out.long(key.0);
        out.long(key.1);
        out.0.extend_from_slice(&table);
        Some(out.0)
    });
    found.unwrap_or_default()
}

/// `SipHash`-1-3 (Aumasson and Bernstein 2012).
fn digest(string: &str, key: (u64, u64)) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(key.0, key.1);
    hasher.write(string.as_bytes());
    hasher.finish()
}

/// The key comes from the members themselves: equal sets have equal bytes, and nobody who does not
/// know the whole set can make a string that is taken for a member.
fn key(strings: &[String], attempt: u32) -> (u64, u64) {
    let mut sha = Sha256::new();
    sha.update(b"vexil set");
    sha.update(attempt.to_le_bytes());
    for string in strings {
        sha.update((string.len() as u64).to_le_bytes());
        sha.update(string.as_bytes());
    }
    let hash: [u8; 32] = sha.finalize().into();
    let word = |at: usize| {
        let mut word = [0; 8];
        word.iter_mut().zip(hash.iter().skip(at)).for_each(|(to, from)| *to = *from);
        u64::from_le_bytes(word)
    };
    (word(0), word(8))
}

/// A perfect hash of distinct digests; `None` when some bucket finds no pilot, which with more
/// slots (each attempt has some more) becomes ever less likely.
fn table(digests: &[u64], attempt: u32) -> Option<Vec<u8>> {
    let slots = digests.len() + digests.len() / 19 + 1 + attempt as usize;
    let buckets = digests.len().div_ceil(BUCKET);
    let mut members: Vec<Vec<u64>> = vec![Vec::new(); buckets];
    for digest in digests {
        members.get_mut(bucket(*digest, buckets))?.push(*digest);
    }
    let mut order: Vec<usize> = (0..buckets).collect();
    order.sort_by_key(|bucket| std::cmp::Reverse(members.get(*bucket).map_or(0, Vec::len)));
    let mut table: Vec<Option<u64>> = vec![None; slots];
    let mut pilots = vec![0u16; buckets];
    for bucket in order {
        let members = members.get(bucket)?;
        let pilot = (0..=u16::MAX).find(|pilot| place(&mut table, members, *pilot))?;
        *pilots.get_mut(bucket)? = pilot;
    }
    let mut out = Words::default();
    out.word(slots as u32);
    out.word(buckets as u32);
    for (index, digest) in table.iter().enumerate() {
        // An empty slot holds a digest that is never sent there.
        let elsewhere = |digest: &u64| {
            let pilot = pilots.get(bucket(*digest, buckets)).copied().unwrap_or(0);
            slot(*digest, pilot, slots) != index
        };
        out.long(digest.or_else(|| (0..).find(elsewhere)).unwrap_or(0));
    }
    pilots.iter().for_each(|pilot| out.0.extend_from_slice(&pilot.to_le_bytes()));
    Some(out.0)
}

/// Sends all members of a bucket to free slots, or none.
fn place(table: &mut [Option<u64>], members: &[u64], pilot: u16) -> bool {
    let slots = table.len();
    for (done, digest) in members.iter().enumerate() {
        match table.get_mut(slot(*digest, pilot, slots)) {
            Some(free @ None) => *free = Some(*digest),
            _ => {
                for placed in members.iter().take(done) {
                    if let Some(taken) = table.get_mut(slot(*placed, pilot, slots)) {
                        *taken = None;
                    }
                }
                return false;
            }
        }
    }
    true
}

fn bucket(digest: u64, buckets: usize) -> usize {
    (((digest >> 32) * buckets as u64) >> 32) as usize
}

fn slot(digest: u64, pilot: u16, slots: usize) -> usize {
    let spread = (digest ^ u64::from(pilot).wrapping_mul(PILOT)).wrapping_mul(SPREAD);
    (((spread >> 32) * slots as u64) >> 32) as usize
}

/// Bytes under construction.
#[derive(Default)]
struct Words(Vec<u8>);

impl Words {
    fn word(&mut self, word: u32) {
        self.0.extend_from_slice(&word.to_le_bytes());
    }

    fn long(&mut self, word: u64) {
        self.0.extend_from_slice(&word.to_le_bytes());
    }

    /// Bytes, and zeros up to a multiple of 8.
    fn padded(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(8), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::{mixed, table};

    /// Otherwise compiling a large set would take minutes: each attempt has one slot more.
    #[test]
    fn the_first_attempt_finds_a_perfect_hash_whatever_the_size() {
        for members in (9..200).chain([1_000, 5_000, 20_000, 90_000, 100_000]) {
            for seed in 1..4u64 {
                let digests: Vec<u64> =
                    (0..members).map(|number| mixed(seed << 32 | number)).collect();
                let bytes = table(&digests, 0).map(|table| table.len() as u64);
                let slots = members + members / 19 + 1;
                assert_eq!(bytes, Some(8 + 8 * slots + 2 * members.div_ceil(4)), "{members}");
            }
        }
    }
}
