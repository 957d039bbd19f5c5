//! Hashes of 32 bits to buckets, without a division: that would trap on zero.

use crate::emit::code::{Code, Function, I32, I64, Var, Wasm, i32_const, i64_const};

/// `2^32 / divisor`, rounded down, for divisors from 2 on; 0 for 1, which no hash needs.
pub(in crate::emit) const fn reciprocal(divisor: u32) -> u32 {
    if divisor < 2 { 0 } else { ((1_u64 << 32) / divisor as u64) as u32 }
}

/// `(hash, reciprocal, buckets) -> i32`: the remainder of dividing by `buckets`; with a reciprocal
/// of 0 the hash as a fraction of 2^32 times `buckets` (of one bucket both are 0).
pub(super) fn reduce() -> Function {
    let mut code = Code::new();
    let [hash, reciprocal, buckets]: [Var<I32>; 3] = std::array::from_fn(|_| code.param());
    let scaled = high(hash.get(), buckets.get());
    code.give_if(reciprocal.get().eqz(), scaled);
    let (_, rest) = corrected(&mut code, hash, reciprocal.get(), buckets.get());
    code.result(rest.get())
}

/// Quotient and remainder of dividing `number` by the constant `divisor`.
pub(super) fn divided(code: &mut Code, number: I32, divisor: u32) -> (Var<I32>, Var<I32>) {
    let number = code.let_(number);
    if divisor == 1 {
        return (number, code.let_(i32_const(0)));
    }
    let reciprocal = i32_const(reciprocal(divisor) as i32);
    corrected(code, number, reciprocal, i32_const(divisor as i32))
}

/// The quotient by a reciprocal that was rounded down is right or one too small: of a number below
/// `2^32`, `number * (2^32 / divisor - reciprocal)` is below `2^32`.
fn corrected(
    code: &mut Code,
    number: Var<I32>,
    reciprocal: I32,
    divisor: I32,
) -> (Var<I32>, Var<I32>) {
    let quotient = code.let_(high(number.get(), reciprocal));
    let rest = code.let_(number.get() - quotient.get() * divisor.clone());
    let short = code.let_(rest.get().not_below(divisor.clone()));
    code.set(quotient, quotient.get() + short.get());
    code.set(rest, I32::select(short.get(), rest.get() - divisor, rest.get()));
    (quotient, rest)
}

/// The upper 32 bits of a product.
fn high(left: I32, right: I32) -> I32 {
    let product: I64 = left.extend() * right.extend();
    product.shift_right(i64_const(32)).low()
}

#[cfg(test)]
mod tests {
    use super::reciprocal;

    /// What the guest computes.
    fn remainder(number: u32, divisor: u32) -> u32 {
        let high = |left: u32, right: u32| ((u64::from(left) * u64::from(right)) >> 32) as u32;
        if divisor == 1 {
            return high(number, divisor);
        }
        let rest = number - high(number, reciprocal(divisor)) * divisor;
        if rest >= divisor { rest - divisor } else { rest }
    }

    /// Every number of buckets, and of each the hashes around multiples, where rounding shows.
    #[test]
    fn remainders_are_exact_at_every_boundary_of_every_divisor() {
        for divisor in 1..=crate::limits::MAX_BUCKETS {
            let last = u32::MAX / divisor;
            for multiple in [0, 1, 2, last / 2, last - last.min(1), last] {
                let at = multiple * divisor;
                for number in [at.wrapping_sub(1), at, at.saturating_add(1), u32::MAX] {
                    assert_eq!(remainder(number, divisor), number % divisor, "{number} {divisor}");
                }
            }
        }
        for power in 0..10 {
            let divisor = 10_u32.pow(power);
            for number in (0..u32::MAX - 65_537).step_by(65_537) {
                assert_eq!(remainder(number, divisor), number % divisor, "{number} {divisor}");
            }
        }
    }
}
