//! The contract between a compiled Vexil module and its hosts (guest ABI 1).
//!
//! In: nothing. Out: the constants that the emitter writes into modules and that hosts use to
//! talk to them. This crate must never allocate, depend on another crate, or hold behaviour that
//! only one side needs.
//!
//! The byte tables stand in `ABI.md`, included below; a test ties them to the constants.
#![doc = include_str!("../ABI.md")]
#![no_std]

pub mod announcement;
pub mod export;
pub mod manifest;
pub mod record;
pub mod verdict;

/// The guest ABI that this crate describes; a module states it in its global `vexil_abi`.
pub const ABI_VERSION: i32 = 1;
