//! `MessagePack` that anybody may have written, decoded within bounds.
//!
//! In: the content of a custom section. Out: what it says, or why it is refused. All of it is
//! walked once before anything is built, without recursion and without keeping anything: a value
//! of one byte takes a hundred in memory, and whoever builds nested values recurses.

use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::limits::{MAX_MANIFEST_DEPTH, MAX_MANIFEST_VALUES, MAX_MODULE_BYTES};

/// Why bytes are not decoded.
#[derive(Debug, Error)]
pub enum PackedError {
    /// There is more than one value.
    #[error("there are bytes behind its end")]
    Behind,
    /// A value goes on behind the last byte.
    #[error("it ends in the middle of a value")]
    Cut,
    /// Arrays and maps are nested too deeply.
    #[error("it nests more than {MAX_MANIFEST_DEPTH} arrays and maps")]
    TooDeep,
    /// There are too many values.
    #[error("it holds more than {MAX_MANIFEST_VALUES} values")]
    TooMany,
    /// A flag names a list that is not there.
    #[error("a flag has {what} number {number}, which are not there")]
    NoSuchList {
        /// What is listed.
        what: &'static str,
        /// The number.
        number: u32,
    },
    /// Lists that flags have in common are longer than any module, each written out.
    #[error("the variants, rules and reads of all flags take more than {MAX_MODULE_BYTES} bytes")]
    Expanded,
    /// It says something else than what is asked for.
    #[error(transparent)]
    Shape(#[from] rmp_serde::decode::Error),
}

/// Decodes one value, which `bytes` have to be.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, PackedError> {
    walk(bytes)?;
    Ok(rmp_serde::from_slice(bytes)?)
}

/// Checks that `bytes` are one value within bounds.
pub(super) fn walk(bytes: &[u8]) -> Result<(), PackedError> {
    let mut rest = bytes;
    let mut values = 0;
    // Values that are still to come, of each array and map that is open.
    let mut open = vec![1u64];
    while let Some(left) = open.pop() {
        let Some(left) = left.checked_sub(1) else { continue };
        open.push(left);
        values += 1;
        if values > MAX_MANIFEST_VALUES {
            return Err(PackedError::TooMany);
        }
        let inside = value(&mut rest)?;
        if inside > 0 {
            // The first of them is the whole itself.
            if open.len() > MAX_MANIFEST_DEPTH {
                return Err(PackedError::TooDeep);
            }
            open.push(inside);
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(PackedError::Behind) }
}

/// Takes a value's head and its bytes; how many values stand inside it.
fn value(rest: &mut &[u8]) -> Result<u64, PackedError> {
    let marker = u8::try_from(number(rest, 1)?).unwrap_or_default();
    let low = u64::from(marker & 0x0F);
    let (bytes, inside) = match marker {
        // Small integers, nil, booleans; 0xC1 is never used, and nobody decodes it.
        0x00..=0x7F | 0xC0..=0xC3 | 0xE0..=0xFF => (0, 0),
        0x80..=0x8F => (0, 2 * low),
        0x90..=0x9F => (0, low),
        0xA0..=0xBF => (u64::from(marker & 0x1F), 0),
        // Bytes, then bytes of a kind of their own.
        0xC4..=0xC6 => (number(rest, 1 << (marker - 0xC4))?, 0),
        0xC7..=0xC9 => (number(rest, 1 << (marker - 0xC7))? + 1, 0),
        // Floats, then integers.
        0xCA | 0xCB => (4 << (marker - 0xCA), 0),
        0xCC..=0xCF => (1 << (marker - 0xCC), 0),
        0xD0..=0xD3 => (1 << (marker - 0xD0), 0),
        0xD4..=0xD8 => ((1 << (marker - 0xD4)) + 1, 0),
        0xD9..=0xDB => (number(rest, 1 << (marker - 0xD9))?, 0),
        0xDC | 0xDD => (0, number(rest, 2 << (marker - 0xDC))?),
        0xDE | 0xDF => (0, 2 * number(rest, 2 << (marker - 0xDE))?),
    };
    take(rest, bytes)?;
    Ok(inside)
}

fn take<'a>(rest: &mut &'a [u8], bytes: u64) -> Result<&'a [u8], PackedError> {
    let bytes = usize::try_from(bytes).map_err(|_| PackedError::Cut)?;
    let (taken, left) = rest.split_at_checked(bytes).ok_or(PackedError::Cut)?;
    *rest = left;
    Ok(taken)
}

/// A number of at most four bytes, big-endian.
fn number(rest: &mut &[u8], bytes: u64) -> Result<u64, PackedError> {
    Ok(take(rest, bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{PackedError, decode, walk};
    use crate::limits::{MAX_MANIFEST_DEPTH, MAX_MANIFEST_VALUES};

    /// One value in every form that `MessagePack` has for its size.
    fn samples() -> Vec<Value> {
        let mut samples = vec![json!(null), json!(true), json!(0.5)];
        for shift in 0..64 {
            samples.extend([json!(1u64 << shift), json!(-1i64 << shift)]);
        }
        for length in [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
            samples.push(json!("x".repeat(length)));
            samples.push(json!(vec![7; length]));
            let members = (0..length).map(|n| (n.to_string(), json!([n])));
            samples.push(Value::Object(members.collect()));
        }
        samples
    }

    #[test]
    fn what_is_within_bounds_is_decoded_and_no_cut_of_it() {
        for sample in samples() {
            let bytes = rmp_serde::to_vec(&sample).unwrap();
            assert_eq!(decode::<Value>(&bytes).unwrap(), sample);
            let half = &bytes[..bytes.len() / 2];
            assert!(matches!(walk(half), Err(PackedError::Cut)));
            let longer = [bytes.as_slice(), &[0xC0]].concat();
            assert!(matches!(walk(&longer), Err(PackedError::Behind)));
        }
    }

    #[test]
    fn rare_forms_have_their_lengths() {
        for (form, bytes) in [
            (&[0xC4, 2, 0, 0][..], 4),
            (&[0xC5, 0, 1, 0], 4),
            (&[0xC7, 1, 9, 0], 4),
            (&[0xCA, 0, 0, 0, 0], 5),
            (&[0xD4, 9, 0], 3),
            (&[0xD8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 18),
        ] {
            assert_eq!(form.len(), bytes);
            assert!(walk(form).is_ok(), "{form:?}");
            assert!(matches!(walk(&form[..bytes - 1]), Err(PackedError::Cut)), "{form:?}");
        }
    }

    #[test]
    fn nesting_is_bounded_whatever_the_stack() {
        let nested = |depth: usize| [vec![0x91; depth], vec![0xC0]].concat();
        assert!(walk(&nested(MAX_MANIFEST_DEPTH)).is_ok());
        assert!(matches!(walk(&nested(MAX_MANIFEST_DEPTH + 1)), Err(PackedError::TooDeep)));
        assert!(matches!(walk(&vec![0x91; 10_000_000]), Err(PackedError::TooDeep)));
        assert!(matches!(walk(&vec![0x81; 10_000_000]), Err(PackedError::TooDeep)));
    }

    #[test]
    fn lying_counts_and_floods_are_refused() {
        let many = u32::try_from(MAX_MANIFEST_VALUES).unwrap().to_be_bytes();
        let flood = [&[0xDD], &many[..], &vec![0xC0; MAX_MANIFEST_VALUES]].concat();
        assert!(matches!(walk(&flood), Err(PackedError::TooMany)));
        for lie in [[0xDD; 5], [0xDF; 5], [0xDB; 5], [0xC9; 5]] {
            assert!(matches!(walk(&lie), Err(PackedError::Cut)));
        }
    }
}
