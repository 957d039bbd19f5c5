//! The Vexil compiler: feature flags in, a specialised WebAssembly module out.
//!
//! In: a flag document, or a flag set. Out: a sealed module, or every fault of the flags. This
//! crate is pure: no I/O, clock, threads, async or hash-map iteration order; equal input gives
//! equal bytes on every machine.

// Blank lines keep rustfmt from sorting the modules: they stand in reading order.
pub mod diagnostic;

pub mod limits;

pub mod flag_set;

pub mod context;

mod network;

mod regex;

pub mod document;

pub mod check;

pub mod dialect;

pub mod lint;

pub mod interpret;

pub mod program;

mod lower;

mod passes;

mod image;

mod emit;

pub mod module;

mod audience;

mod compile;

pub mod revealed;

pub mod codegen;

pub mod probe;

pub use audience::{Audience, with_needed};
pub use compile::{compile, compile_for, compile_some, compile_with, program, program_with};
pub use module::Module;
pub use passes::Passes;
