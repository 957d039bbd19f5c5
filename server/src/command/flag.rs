//! Flags come to be, change, leave use, come back, go away.
//!
//! In: a draft and a flag. Out: the draft with the fewest changes that do it.

use serde_json::Value;
use vexil_compiler::document::read_definition;
use vexil_compiler::flag_set::{Definition, Lifecycle};

use super::Refusal;
use super::difference::same_definition;
use super::draft::{Draft, faulty, pointer};
use crate::log::change::Change;

/// Creates a flag or replaces its definition, from JSON; the lifecycle stays unless it is named.
pub(super) fn put(draft: &mut Draft<'_>, key: &str, definition: &Value) -> Result<(), Refusal> {
    let names_lifecycle = definition.get("lifecycle").is_some();
    let mut definition = read_definition(definition, &pointer(&["flags", key])).map_err(faulty)?;
    if let (Ok(flag), false) = (draft.flag(key), names_lifecycle) {
        definition.lifecycle = flag.definition.lifecycle;
    }
    define(draft, key, &definition)
}

/// Makes `definition` the definition of the flag, which is created when it does not exist.
pub(super) fn define(
    draft: &mut Draft<'_>,
    key: &str,
    definition: &Definition,
) -> Result<(), Refusal> {
    // The lifecycle has events of its own.
    let active = Definition { lifecycle: Lifecycle::Active, ..definition.clone() };
    match draft.flag(key) {
        Err(_) => draft.push(Change::FlagCreated { flag: key.to_owned(), definition: active })?,
        Ok(flag) => {
            let now = Definition { lifecycle: Lifecycle::Active, ..flag.definition.clone() };
            if !same_definition(&now, &active) {
                draft.push(Change::FlagChanged { flag: key.to_owned(), definition: active })?;
            }
        }
    }
    set_lifecycle(draft, key, definition.lifecycle)
}

/// Archives or restores a flag.
pub(super) fn set_lifecycle(
    draft: &mut Draft<'_>,
    key: &str,
    lifecycle: Lifecycle,
) -> Result<(), Refusal> {
    if draft.flag(key)?.definition.lifecycle == lifecycle {
        return Ok(());
    }
    let flag = key.to_owned();
    draft.push(match lifecycle {
        Lifecycle::Archived => Change::FlagArchived { flag },
        Lifecycle::Active => Change::FlagRestored { flag },
    })
}

/// Deletes an archived flag.
pub(super) fn delete(draft: &mut Draft<'_>, key: &str) -> Result<(), Refusal> {
    if draft.flag(key)?.definition.lifecycle != Lifecycle::Archived {
        return Err(Refusal::NotArchived(key.to_owned()));
    }
    draft.push(Change::FlagDeleted { flag: key.to_owned() })
}
