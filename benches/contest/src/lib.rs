//! Vexil, its peers and hand-written Rust on the same flags and contexts.
//!
//! In: the workloads of `vexil-benches` and a few of its own. Out: rows, which all answer the same
//! questions, and a check that they answer them the same way. `benches/contest.rs` measures time,
//! `bin/footprint.rs` loading and memory; `cargo xtask bench` runs both and writes the record.
//! Nothing here may be measured that has not been checked.
//!
//! To add an evaluator, write a file in `rows/` like those that are there and name it in `rows.rs`.
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
