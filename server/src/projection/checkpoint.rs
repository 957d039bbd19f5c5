//! Checkpoints: states as JSON, so that a start need not replay the whole log.
//!
//! In: a state, or a checkpoint from the store. Out: the other. What cannot be read back, bit for
//! bit and as a sound document, is refused; the caller then replays the log, which is the truth.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::document;

use super::State;
use crate::log::change::Settings;
use crate::log::store::Checkpoint;

/// Why a checkpoint is not used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Bits of it have changed.
    #[error("the checkpoint at {0} is damaged")]
    Damaged(crate::log::event::Revision),
    /// It is not of this version's shape.
    #[error("the checkpoint is of another shape")]
    Shape(#[from] serde_json::Error),
    /// Its document is faulty.
    #[error("the document of the checkpoint has {} faults", .0.len())]
    Faults(Vec<Diagnostic>),
    /// It is of another project.
    #[error("the checkpoint is of project `{0}`")]
    OtherProject(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    time_ms: i64,
    document: Value,
    #[serde(default)]
    settings: BTreeMap<String, Settings>,
}

/// The checkpoint of `state`.
#[must_use]
pub fn write(state: &State) -> Checkpoint {
    let document = document::write(&state.project);
    let mut body = json!({ "time_ms": state.time_ms, "document": document });
    if let (false, Some(body)) = (state.settings.is_empty(), body.as_object_mut()) {
        body.insert("settings".to_owned(), json!(state.settings));
    }
    Checkpoint::new(state.revision, state.hash, body.to_string())
}

/// The state of the project `key` in `checkpoint`.
///
/// # Errors
/// The checkpoint is of no use.
pub fn read(key: &str, checkpoint: &Checkpoint) -> Result<State, CheckpointError> {
    if !checkpoint.is_whole() {
        return Err(CheckpointError::Damaged(checkpoint.revision));
    }
    let Body { time_ms, document, settings } = serde_json::from_str(&checkpoint.body)?;
    let project = document::read_value(&document).map_err(CheckpointError::Faults)?;
    if project.key.as_deref() != Some(key) {
        return Err(CheckpointError::OtherProject(project.key.unwrap_or_default()));
    }
    let Checkpoint { revision, hash, .. } = *checkpoint;
    Ok(State { key: key.to_owned(), revision, time_ms, hash, project, settings })
}
