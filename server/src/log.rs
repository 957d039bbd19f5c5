//! The event log: what happened to a project, in order, for ever.
//!
//! In: appends. Out: events by revision, heads, checkpoints. The log is never cut, edited or
//! reordered; a revision is given once. `docs/log.md` is its reference.
// Blank lines keep rustfmt from sorting the modules: they stand in reading order.

pub mod change;

pub mod fragment;

pub mod payload;

pub mod upcast;

pub mod summary;

pub mod event;

pub mod canonical;

pub mod seal;

pub mod store;

pub mod heads;

pub mod checkpoints;

pub mod archive;

pub mod witness;

pub mod memory;

pub mod sqlite;

pub mod verify;

#[cfg(test)]
mod conformance;
