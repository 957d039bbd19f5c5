//! Sabotage: a client that is wrong on purpose, for tests of what is to find it out.
//!
//! In: nothing. Out: what is broken. Nothing but a test switches it on.

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Whatever is announced is applied, also what is older than what is served.
    TakesOlder,
}
