//! Short texts as words: what a text of a few bytes is in a register.
//!
//! In: bytes. Out: a little-endian word that has zeros where the text has ended.

/// The bytes of a text of at most eight, and zeros; of a longer one nothing that means anything.
#[inline(always)]
pub(crate) fn short(text: &[u8]) -> u64 {
    match text {
        // Two reads that overlap take any length from four on.
        [a, b, c, d, ..] => {
            let low = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
            let high = text.last_chunk::<4>().map_or(0, |last| u32::from_le_bytes(*last));
            low | u64::from(high) << ((8 * (text.len() - 4)) & 63)
        }
        [a, rest @ ..] => {
            let [second, third] = [0, 1].map(|at| rest.get(at).copied().unwrap_or(0));
            u64::from(*a) | u64::from(second) << 8 | u64::from(third) << 16
        }
        [] => 0,
    }
}

/// Four bytes of a text from a place on; 0 where there are fewer.
#[inline(always)]
pub(crate) fn four(text: &[u8], at: usize) -> u64 {
    let four = text.get(at..).and_then(<[u8]>::first_chunk::<4>);
    four.map_or(0, |four| u64::from(u32::from_le_bytes(*four)))
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_word_has_the_bytes_in_order_and_zeros_behind_them() {
        for length in 0..=8 {
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(b'a'..).take(length).for_each(|(to, from)| *to = from);
            let text: Vec<u8> = bytes.iter().copied().take(length).collect();
            assert_eq!(short(&text), u64::from_le_bytes(bytes), "{length}");
        }
    }
}
