//! A small structured assembler: typed expressions and statements → WebAssembly instructions.
//!
//! In: built by the emitters with Rust operators. Out: encoded function bodies. The types
//! [`I32`], [`I64`] and [`F64`] keep operand types apart, so that what is built validates; the
//! trees stay inspectable until they are encoded.

mod expression;
mod statement;

pub(super) use expression::{Expr, F64, I32, I64, Wasm, byte, i32_const, i64_const, lower_buffer};
pub(super) use statement::{Code, Function, Signature, Var};

/// A function of the module under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FunctionId(pub(super) u32);

/// What is known only when the whole module is laid out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layout {
    /// Address of the buffer for lower-cased strings.
    pub(super) lower_buffer: i32,
    /// Type index of flag functions, for indirect calls.
    pub(super) flag_type: u32,
}
