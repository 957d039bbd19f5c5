//! `--flags` and `--tags`: some flags of an environment.
//!
//! In: two lists. Out: a selection, as the server reads it; and one for people.

use clap::Args;
use serde::Deserialize as _;
use serde_json::Value;

use super::failure::Failure;
use super::output::plain;
use super::request::Request;
use crate::publish::selection::Selection;

/// Which flags; without either all.
#[derive(Args, Clone, Debug)]
pub struct Selected {
    /// Only these flags, such as `a,b`; a comma of a key is `\,`
    #[arg(long, value_name = "FLAGS")]
    flags: Option<String>,
    /// Only flags with one of these tags, beside those of `--flags`
    #[arg(long, value_name = "TAGS")]
    tags: Option<String>,
}

impl Selected {
    /// The selection.
    ///
    /// # Errors
    /// A list is not one, or they are too long.
    pub fn selection(&self) -> Result<Option<Selection>, Failure> {
        let selection = Selection::of_lists(self.flags.as_deref(), self.tags.as_deref());
        selection.map_err(|error| Failure::Usage(error.to_string()))
    }

    /// A request for it.
    pub fn ask<'r>(&self, request: Request<'r>) -> Request<'r> {
        let request = request.query_some("flags", self.flags.as_ref());
        request.query_some("tags", self.tags.as_ref())
    }
}

/// Which flags a module is of, as an answer of a server has it; `None`: all.
pub fn told(selection: Option<&Value>) -> Option<String> {
    let selection = Selection::deserialize(selection?).ok()?;
    Some(plain(&selection.to_string()))
}
