//! The event log: what happened to a project, in order, for ever.
//!
//! In: appends. Out: events by revision, heads, checkpoints. The log is never cut, edited or
//! reordered; a revision is given once. `docs/log.md` is its reference.

pub mod change;
pub mod event;
pub mod store;
pub mod summary;
