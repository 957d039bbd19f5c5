//! What the whole-system tests share: random flag sets and contexts, and contexts for every host.
//!
//! In: seeds and case files. Out: flag sets, contexts, and comparable outcomes. No test asserts a
//! time, and every seed is printed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod cases;
pub mod fuel;
pub mod fuzz;
pub mod generate;
pub mod hosts;
pub mod http;
pub mod processes;
pub mod record;
pub mod unleash;
