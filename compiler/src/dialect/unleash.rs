//! Unleash: features as its clients fetch them become flags that decide alike.
//!
//! In: the answer of `/api/client/features` (or `/api/client/delta`) as text, and whose client is
//! followed. Out: a document of `vexil/1` and warnings, or every fault of the text. The way of a
//! document: `read` makes parts of it, `strategy` and `constraint` make predicates of those,
//! `rollout` puts everybody into the bucket where Unleash has them, `variant`, `dependency` and `flag`
//! make flags, `assemble` puts them together and has the result checked. Nothing is evaluated here,
//! and no feature is known by its name.

use serde_json::Value;

use crate::check::faults::Faults;
use crate::check::names;
use crate::diagnostic::Diagnostic;
use crate::document::{order, text};
use notes::Notes;

use super::Imported;

mod notes;
mod wire;

mod delta;
mod read;

mod attribute;
mod form;
mod script;
mod wording;

mod constraint;
mod network;
mod operand;
mod ordering;
mod pattern;

mod rollout;
mod strategy;

mod dependency;
mod flag;
mod variant;

mod assemble;

mod context;

pub use context::context;

/// Whose client is followed where Unleash's clients differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// The engine `yggdrasil`, which most clients have, and Unleash Edge.
    #[default]
    Yggdrasil,
    /// The client for Node, which has an engine of its own.
    Node,
}

impl Profile {
    /// Every profile, the default first.
    pub const ALL: [Self; 2] = [Self::Yggdrasil, Self::Node];

    /// Its word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yggdrasil => "yggdrasil",
            Self::Node => "node",
        }
    }
}

/// What to make of a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Whose client is followed.
    pub profile: Profile,
    /// The key of the project; the document names none when `None`.
    pub project: Option<String>,
    /// The environment; when `None` the one that the document names, else `production`.
    pub environment: Option<String>,
}

/// Makes a document of `vexil/1` of the Unleash document `text` (JSON, or the same in YAML).
///
/// # Errors
/// Every fault: what Unleash does not write, and what `vexil/1` cannot hold. Pointers lead into
/// `text`.
pub fn import(text: &str, options: &Options) -> Result<Imported, Vec<Diagnostic>> {
    let mut faults = Faults::default();
    let Some(value) = text::parse(text, &mut faults) else {
        return Err(faults.into_diagnostics(|_| ()));
    };
    import_tree(&value, options, faults)
}

/// Makes a document of `vexil/1` of an Unleash document that is parsed already.
///
/// # Errors
/// As [`import`].
pub fn import_value(value: &Value, options: &Options) -> Result<Imported, Vec<Diagnostic>> {
    import_tree(value, options, Faults::default())
}

fn import_tree(
    value: &Value,
    options: &Options,
    mut faults: Faults,
) -> Result<Imported, Vec<Diagnostic>> {
    let in_order = |found: &mut [Diagnostic]| order::sort(found, value, "");
    let mut notes = Notes::default();
    let export = read::read(value, &mut notes, &mut faults);
    if !faults.is_empty() {
        return Err(faults.into_diagnostics(in_order));
    }
    let named = export.environment.as_deref().filter(|name| names::name(name).is_ok());
    let environment = options.environment.as_deref().or(named).unwrap_or("production");
    let document = assemble::document(&export, options, environment, &mut notes, &mut faults);
    if !faults.is_empty() {
        return Err(faults.into_diagnostics(in_order));
    }
    let mut warnings = notes.found;
    in_order(&mut warnings);
    Ok(Imported { document, warnings })
}
