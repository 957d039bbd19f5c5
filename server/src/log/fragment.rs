//! Parts of a configuration as JSON, for events and commands that replace one part only.
//!
//! In: a part as it stands in a document. Out: core types, read by the reader of documents, so that
//! a part means the same wherever it stands; and back.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::document::read_configuration;
use vexil_compiler::flag_set::{Configuration, Definition, FlagTest};

/// The prerequisites in `list`, of the flag of `definition`; `pointer` is its configuration's.
///
/// # Errors
/// Every fault.
pub fn read_prerequisites(
    list: &Value,
    pointer: &str,
    definition: &Definition,
) -> Result<Vec<FlagTest>, Vec<Diagnostic>> {
    Ok(read_field("prerequisites", list, pointer, definition)?.prerequisites)
}

/// The overrides in `map`, of the flag of `definition`; `pointer` is its configuration's.
///
/// # Errors
/// Every fault.
pub fn read_overrides(
    map: &Value,
    pointer: &str,
    definition: &Definition,
) -> Result<IndexMap<String, Vec<String>>, Vec<Diagnostic>> {
    Ok(read_field("overrides", map, pointer, definition)?.overrides)
}

/// Reads a configuration of one field.
fn read_field(
    name: &str,
    value: &Value,
    pointer: &str,
    definition: &Definition,
) -> Result<Configuration, Vec<Diagnostic>> {
    let fields = Map::from_iter([(name.to_owned(), value.clone())]);
    read_configuration(&Value::Object(fields), pointer, definition)
}

/// Prerequisites as they stand in a document.
#[must_use]
pub fn write_prerequisites(prerequisites: &[FlagTest]) -> Value {
    let write = |test: &FlagTest| match test.variants.as_slice() {
        [variant] => json!({ "flag": test.flag, "variant": variant }),
        variants => json!({ "flag": test.flag, "variants": variants }),
    };
    prerequisites.iter().map(write).collect()
}

/// Overrides as they stand in a document.
#[must_use]
pub fn write_overrides(overrides: &IndexMap<String, Vec<String>>) -> Value {
    json!(overrides)
}
