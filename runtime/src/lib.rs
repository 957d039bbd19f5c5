//! The Vexil host for Rust: follows a Vexil server and evaluates flags in wasmtime.
//!
//! In: announcements and modules from a server, contexts from the service. Out: values, with the
//! reason for each. This crate must never depend on the compiler or the server, never block an
//! evaluation on the network, a lock or a compilation, and never panic on what it is sent.

// A context, and how it is laid out for a guest.
pub mod context;

pub mod path;

pub mod read;

mod record;

// A module, from bytes to verdicts.
pub mod manifest;

mod inspect;

mod engine;

pub mod load;

pub mod instance;

// What all of it is bounded by.
mod limits;

#[cfg(test)]
mod fixture;

pub use context::{Context, ContextError, Value};
pub use engine::Engine;
pub use instance::{EvaluateError, Instance};
pub use load::{LoadError, Loaded, load};
pub use manifest::{FlagRow, Kind, Manifest};
