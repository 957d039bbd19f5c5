//! Bucketing: which of 100,000 buckets a unit falls in under a salt.
//!
//! In: bytes. Out: 0–99,999. The algorithm and its published vectors stand in `docs/bucketing.md`;
//! xxh64 is Yann Collet's XXH64 with seed 0.

use xxhash_rust::xxh64::xxh64;

use crate::context::Value;

/// Integers beyond this magnitude are not exact in a double, so they name nobody.
const UNIT_INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

/// The bucket of `unit` under `salt`: 0–99,999.
#[must_use]
pub fn bucket(unit: &[u8], salt: &[u8]) -> u32 {
    let mut x = xxh64(unit, 0) ^ xxh64(salt, 0);
    // The finaliser of SplitMix64 (Steele, Lea and Flood 2014; constants of Stafford's mix 13).
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    let bucket = ((x >> 32) * 100_000) >> 32;
    bucket as u32 // below 100,000, as x >> 32 is below 2^32
}

/// The unit of an attribute: a string as it is, an integer as decimal text, else missing.
pub(crate) fn unit(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.fract() == 0.0 && number.abs() <= UNIT_INTEGER_MAX => {
            Some((*number as i64).to_string()) // -0 becomes "0"
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        let of = |number| unit(&Value::Number(number));
        assert_eq!(of(42.0).as_deref(), Some("42"));
        assert_eq!(of(-42.0).as_deref(), Some("-42"));
        assert_eq!(of(-0.0).as_deref(), Some("0"));
        assert_eq!(of(9_007_199_254_740_991.0).as_deref(), Some("9007199254740991"));
        assert_eq!(of(-9_007_199_254_740_991.0).as_deref(), Some("-9007199254740991"));
        for missing in [9_007_199_254_740_992.0, 1.5, 1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(of(missing), None, "{missing}");
        }
        assert_eq!(unit(&Value::String(String::new())).as_deref(), Some(""));
        assert_eq!(unit(&Value::Bool(true)), None);
        assert_eq!(unit(&Value::List(vec![Value::Number(1.0)])), None);
    }
}
