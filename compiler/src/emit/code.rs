//! A small structured assembler: typed expressions and statements → WebAssembly instructions.
//!
//! In: built by the emitters with Rust operators. Out: encoded function bodies, and what they can
//! cost. The types [`I32`], [`I64`] and [`F64`] keep operand types apart, so that what is built
//! validates. There is no way to write an instruction that traps on its operands, and a loop
//! cannot be written without saying what bounds it.

mod cost;
mod expression;
mod statement;

pub(crate) use cost::Cost;
pub(super) use expression::{Expr, F64, I32, I64, Wasm, byte, i32_const, i64_const};
pub(super) use statement::{Bound, Code, Function, Signature, Var};

/// A function of the module under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FunctionId(pub(super) u32);

/// Type index of functions that decide something of a record: `(ctx, record) -> i32`.
pub(super) const DECIDE_TYPE: u32 = 0;
/// Type index of functions that answer many records: `(ctx, first, end, to) -> ()`.
pub(super) const BATCH_TYPE: u32 = 1;

/// The signature of [`DECIDE_TYPE`].
pub(super) fn decide_signature() -> Signature {
    use wasm_encoder::ValType::I32;
    (vec![I32; 2], Some(I32))
}

/// The signature of [`BATCH_TYPE`].
pub(super) fn batch_signature() -> Signature {
    (vec![wasm_encoder::ValType::I32; 4], None)
}
