//! Vexil, its peers and hand-written Rust on the same flags and contexts.
//!
//! In: the workloads of `vexil-benches` and a few of its own. Out: rows, which all answer the same
//! questions, and a check that they answer them the same way. `benches/contest.rs` measures time,
//! `bin/footprint.rs` loading and memory; `cargo xtask bench` runs both and writes the record.
//! Nothing here may be measured that has not been checked.
//!
//! Vexil's rows and the peers' are built apart, by the features `vexil` and `peers`, so that neither
//! gets what the other asks of crates that both use. The first writes the questions with the
//! interpreter's answers to a file, the second reads them.
//!
//! To add an evaluator, write a file in `rows/` like those that are there and name it in `rows.rs`.

#[cfg(all(feature = "vexil", feature = "peers"))]
compile_error!(
    "the peers are measured without what Vexil asks of their crates: choose one feature"
);

// Blank lines keep rustfmt from sorting the modules: they stand in reading order.

// What is asked.
pub mod subject;

pub mod rules;

pub mod workloads;

// Who answers.
pub mod row;

pub mod rows;

// Whether the answers are right.
pub mod check;

// Both, where they are made and where they are read.
pub mod questions;
