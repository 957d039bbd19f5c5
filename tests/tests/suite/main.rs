//! The tests of the whole system, in one binary so that wasmtime is linked once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod browser;
mod cases;
mod chains;
mod cost;
mod crash;
mod cut;
mod determinism;
mod flight;
mod fuzz;
mod largest;
mod lints;
mod ofrep;
mod property;
mod random;
mod selected;
mod signed;
mod simulation;
mod subset;
mod trust;
mod unleash;
mod yggdrasil;
