//! The hash functions of other systems, as their definitions have them.
//!
//! In: text and a foreign hash's family, seed and encoding. Out: the hash, of 32 bits (of SHA-1 60).
//! The emitter has these functions of its own in WebAssembly, and shares none of this.

use md5::{Digest, Md5};
use sha1::Sha1;

use crate::flag_set::{Encoding, Family, ForeignHash};

/// The hash of `text`; `None` for a family that cannot hash the encoding asked for.
pub(super) fn of(text: &str, hash: &ForeignHash) -> Option<u64> {
    Some(match (hash.family, hash.encoding) {
        (Family::Murmur3, Encoding::Utf8) => murmur3(text.as_bytes(), hash.seed).into(),
        (Family::Murmur3, Encoding::Latin1) => {
            let bytes: Vec<u8> = text.encode_utf16().map(|unit| unit as u8).collect();
            murmur3(&bytes, hash.seed).into()
        }
        (Family::Fnv1a, Encoding::Utf8) => fnv1a(text.bytes().map(u32::from)).into(),
        (Family::Fnv1a, Encoding::Utf16) => fnv1a(text.encode_utf16().map(u32::from)).into(),
        (Family::Fnv1aTwice, Encoding::Utf8) => again(fnv1a(text.bytes().map(u32::from))).into(),
        (Family::Fnv1aTwice, Encoding::Utf16) => {
            again(fnv1a(text.encode_utf16().map(u32::from))).into()
        }
        (Family::Md5, Encoding::Utf8) => leading(&Md5::digest(text), 4),
        // The first 15 of 40 hexadecimal digits.
        (Family::Sha1, Encoding::Utf8) => leading(&Sha1::digest(text), 8) >> 4,
        _ => return None,
    })
}

/// MurmurHash3_x86_32 (Austin Appleby, public domain).
fn murmur3(bytes: &[u8], seed: u32) -> u32 {
    let scramble = |k: u32| k.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let little_endian =
        |bytes: &[u8]| bytes.iter().rev().fold(0, |k, byte| k << 8 | u32::from(*byte));
    let mut h = seed;
    for block in bytes.chunks(4) {
        h ^= scramble(little_endian(block));
        if block.len() == 4 {
            h = h.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
        }
    }
    h ^= bytes.len() as u32;
    h = (h ^ h >> 16).wrapping_mul(0x85eb_ca6b);
    h = (h ^ h >> 13).wrapping_mul(0xc2b2_ae35);
    h ^ h >> 16
}

/// FNV-1a of 32 bits (Fowler, Noll and Vo). JavaScript's versions hash code units, not bytes.
fn fnv1a(units: impl Iterator<Item = u32>) -> u32 {
    units.fold(0x811c_9dc5, |h, unit| (h ^ unit).wrapping_mul(0x0100_0193))
}

/// FNV-1a of a hash's decimal text.
fn again(hash: u32) -> u32 {
    fnv1a(hash.to_string().bytes().map(u32::from))
}

/// The first `count` bytes as a big-endian number.
fn leading(digest: &[u8], count: usize) -> u64 {
    digest.iter().take(count).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Vectors of SMHasher's author and of Wikipedia's article.
    #[test]
    fn murmur3_has_its_published_values() {
        for (text, seed, expected) in [
            ("", 0, 0),
            ("", 1, 0x514e_28b7),
            ("", 0xffff_ffff, 0x81f1_6f39),
            ("test", 0, 0xba6b_d213),
            ("test", 0x9747_b28c, 0x704b_81dc),
            ("Hello, world!", 0, 0xc036_3e43),
            ("Hello, world!", 0x9747_b28c, 0x2488_4cba),
            ("The quick brown fox jumps over the lazy dog", 0, 0x2e4f_f723),
            ("The quick brown fox jumps over the lazy dog", 0x9747_b28c, 0x2fa8_26cd),
        ] {
            assert_eq!(murmur3(text.as_bytes(), seed), expected, "{text:?} {seed:x}");
        }
    }

    /// Vectors of the IETF draft on FNV.
    #[test]
    fn fnv1a_has_its_published_values() {
        for (text, expected) in [("", 0x811c_9dc5), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
            assert_eq!(fnv1a(text.bytes().map(u32::from)), expected, "{text:?}");
        }
    }

    /// Vectors of RFC 1321 and RFC 3174.
    #[test]
    fn md5_and_sha1_have_their_published_values() {
        let of = |family, text| of(text, &ForeignHash::of(family)).unwrap();
        assert_eq!(of(Family::Md5, ""), 0xd41d_8cd9);
        assert_eq!(of(Family::Md5, "abc"), 0x9001_5098);
        assert_eq!(of(Family::Sha1, "abc"), 0x0a99_93e3_6470_6816);
        assert_eq!(of(Family::Sha1, ""), 0x0da3_9a3e_e5e6_b4b0);
    }
}
