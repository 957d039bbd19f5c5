//! Foreign flag formats: documents of other systems become documents of `vexil/1`.
//!
//! In: the text of another system's document. Out: a project's document that decides as that
//! system does, and a warning wherever it cannot, or where it will surprise. Nothing here evaluates,
//! and nothing is guessed: what has no counterpart is told.

use serde_json::Value;

use crate::diagnostic::Diagnostic;

pub mod unleash;

/// What an import gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// A document of `vexil/1` without faults, its fields in the order in which people read them.
    pub document: Value,
    /// What a person should know of it; pointers lead into the foreign document.
    pub warnings: Vec<Diagnostic>,
}
