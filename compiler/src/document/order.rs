//! The order in which faults are told: that of the document.
//!
//! In: diagnostics and the tree they point into. Out: the same, sorted. What belongs to the
//! document as a whole comes first, a part before what stands in it.

use serde_json::Value;

use crate::diagnostic::Diagnostic;

/// Sorts `found` by where it points in `value`, which stands at `pointer`.
pub(crate) fn sort(found: &mut [Diagnostic], value: &Value, pointer: &str) {
    found.sort_by_cached_key(|fault| {
        let below = fault.pointer.strip_prefix(pointer).unwrap_or_default();
        position(value, below)
    });
}

/// The indices of the steps of `pointer`, as far as they exist.
fn position(mut value: &Value, pointer: &str) -> Vec<usize> {
    let mut steps = Vec::new();
    for token in pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        let step = match value {
            Value::Array(items) => {
                name.parse().ok().and_then(|index: usize| Some((index, items.get(index)?)))
            }
            Value::Object(fields) => {
                let mut fields = fields.iter().enumerate();
                fields.find(|(_, (key, _))| **key == name).map(|(index, (_, value))| (index, value))
            }
            _ => None,
        };
        let Some((index, inner)) = step else { break };
        steps.push(index);
        value = inner;
    }
    steps
}
