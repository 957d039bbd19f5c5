//! Flag documents (format `vexil/1`): JSON or YAML to the core types and back.
//!
//! In: text, or parsed JSON. Out: a project (or a part of one), or every fault at once, those of
//! shape and those of meaning. The way of a document: `text` parses it into a tree (`tree` notices
//! what parsers forgive), `project` and the files beneath it read the tree through `cursor`,
//! `crate::check` finds what makes no sense, `order` sorts the faults. `write` goes back.
//! Nothing here evaluates or compiles.

use serde_json::Value;

use crate::check::faults::Faults;
use crate::check::pointer::Path;
use crate::check::{self, Scope};
use crate::diagnostic::Diagnostic;
use crate::flag_set::{Configuration, Definition, Project, Rule, Segment, Serve};

pub(crate) mod text;
mod tree;

pub(crate) mod cursor;
mod project;

mod configuration;
mod definition;
mod hashing;
mod predicate;
mod segment;
mod serve;
mod test;

pub(crate) mod number;
pub(crate) mod time;

pub(crate) mod order;
mod write;

pub use write::{
    write, write_configuration, write_definition, write_rule, write_segment, write_serve,
};

use cursor::Cursor;

/// The format that documents name.
pub const FORMAT: &str = "vexil/1";

/// Reads a document: JSON if its first character other than white space is `{`, else YAML.
///
/// # Errors
/// Every fault of shape and meaning, in the order of the document.
pub fn read(text: &str) -> Result<Project, Vec<Diagnostic>> {
    let mut faults = Faults::default();
    let Some(value) = text::parse(text, &mut faults) else {
        return Err(faults.into_diagnostics(|_| ()));
    };
    read_project(&value, faults)
}

/// Reads a document that is parsed already. Names that stood twice are not noticed any more.
///
/// # Errors
/// Every fault of shape and meaning, in the order of the document.
pub fn read_value(value: &Value) -> Result<Project, Vec<Diagnostic>> {
    read_project(value, Faults::default())
}

fn read_project(value: &Value, faults: Faults) -> Result<Project, Vec<Diagnostic>> {
    read_part(value, "", faults, project::read, |project, _, faults| {
        check::project_into(project, faults);
    })
}

/// Reads what is true of a flag in every environment; `environments` is not a field of it.
/// `pointer` is where `value` stands, the prefix of the pointers of faults.
///
/// # Errors
/// Every fault of shape and meaning.
pub fn read_definition(value: &Value, pointer: &str) -> Result<Definition, Vec<Diagnostic>> {
    read_part(value, pointer, Faults::default(), definition::read, check::definition::check)
}

/// Reads how the flag of `definition` behaves in one environment. Whether the flags and segments
/// it names exist is not known here, and left to [`check::project`].
///
/// # Errors
/// Every fault of shape and of the meaning that can be told.
pub fn read_configuration(
    value: &Value,
    pointer: &str,
    definition: &Definition,
) -> Result<Configuration, Vec<Diagnostic>> {
    let read = |cursor: &Cursor<'_, '_>, faults: &mut Faults| {
        configuration::read(cursor, definition, faults)
    };
    let scope = Scope::of_definition(definition);
    read_part(value, pointer, Faults::default(), read, |configuration, at, faults| {
        check::configuration::check(&scope, configuration, at, faults);
    })
}

/// Reads a segment. Whether the segments it names exist is left to [`check::project`].
///
/// # Errors
/// Every fault of shape and of the meaning that can be told.
pub fn read_segment(value: &Value, pointer: &str) -> Result<Segment, Vec<Diagnostic>> {
    let scope = Scope::of_lone_segment();
    read_part(value, pointer, Faults::default(), segment::read, |segment, at, faults| {
        check::segment::check(&scope, segment, at, faults);
    })
}

/// Reads a rule. Whether the variants, flags and segments it names exist is left to
/// [`check::project`].
///
/// # Errors
/// Every fault of shape and of the meaning that can be told.
pub fn read_rule(value: &Value, pointer: &str) -> Result<Rule, Vec<Diagnostic>> {
    let scope = Scope::default();
    read_part(value, pointer, Faults::default(), configuration::read_rule, |rule, at, faults| {
        check::configuration::check_rule(&scope, rule, at, faults);
    })
}

/// Reads what a rule or the fallthrough gives. Whether its variants exist is left to
/// [`check::project`].
///
/// # Errors
/// Every fault of shape and of the meaning that can be told.
pub fn read_serve(value: &Value, pointer: &str) -> Result<Serve, Vec<Diagnostic>> {
    let scope = Scope::default();
    read_part(value, pointer, Faults::default(), serve::read, |serve, at, faults| {
        check::serve::check(&scope, serve, at, faults);
    })
}

/// Reads the shape, checks the meaning, and gives either the part or all faults of both.
fn read_part<T>(
    value: &Value,
    pointer: &str,
    mut faults: Faults,
    read: impl FnOnce(&Cursor<'_, '_>, &mut Faults) -> T,
    check: impl FnOnce(&T, &Path<'_>, &mut Faults),
) -> Result<T, Vec<Diagnostic>> {
    let at = Path::Root(pointer);
    let part = read(&Cursor { value, at }, &mut faults);
    let mut meaning = Faults::default();
    check(&part, &at, &mut meaning);
    faults.absorb(meaning);
    if faults.is_empty() {
        return Ok(part);
    }
    Err(faults.into_diagnostics(|found| order::sort(found, value, pointer)))
}
