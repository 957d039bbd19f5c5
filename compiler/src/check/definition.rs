//! What is true of a flag everywhere: its variants, their values, its labels.
//!
//! In: a definition. Out: faults, at pointers beneath the flag's.

use serde_json::Value;

use super::codes;
use super::faults::Faults;
use super::names::{grouped, key, quoted};
use super::pointer::Path;
use crate::flag_set::{Definition, Kind};
use crate::limits::{MAX_VALUE_BYTES, MAX_VALUE_DEPTH, MAX_VARIANTS};

/// Every fault of `definition`, which stands at `at`.
pub(crate) fn check(definition: &Definition, at: &Path<'_>, faults: &mut Faults) {
    let map = at.field("variants");
    let count = definition.variants.len();
    if count == 0 {
        faults.advise(codes::NO_VARIANTS, &map, "the flag has no variants", "give at least one");
    }
    if count > MAX_VARIANTS {
        let most = grouped(MAX_VARIANTS as u64);
        let message = format!("{} variants, more than {most}", grouped(count as u64));
        faults.add(codes::TOO_MANY, &map, message);
    }
    for (variant, value) in &definition.variants {
        let place = map.field(variant);
        if let Err(wrong) = key(variant) {
            let message = format!("the variant's key {} {wrong}", quoted(variant));
            faults.add(codes::BAD_KEY, &place, message);
        }
        check_value(definition.kind, value, &place, faults);
    }
}

fn check_value(kind: Kind, value: &Value, at: &Path<'_>, faults: &mut Faults) {
    let fits = match kind {
        Kind::Boolean => value.is_boolean(),
        Kind::String => value.is_string(),
        Kind::Number => value.is_number(),
        Kind::Json => true,
    };
    if !fits {
        let message = format!("the flag is of kind `{}`, the value is {}", word(kind), noun(value));
        let help = "change the value, or the flag's `kind`";
        faults.advise(codes::WRONG_KIND, at, message, help);
        return;
    }
    if exceeds_depth(value, MAX_VALUE_DEPTH) {
        let message = format!("the value is nested more than {MAX_VALUE_DEPTH} levels deep");
        faults.add(codes::TOO_DEEP, at, message);
        return;
    }
    let bytes = match (kind, value) {
        (Kind::String, Value::String(text)) => text.len(),
        (Kind::Json, value) => value.to_string().len(),
        _ => 0,
    };
    if bytes > MAX_VALUE_BYTES {
        let (bytes, most) = (grouped(bytes as u64), grouped(MAX_VALUE_BYTES as u64));
        let message = format!("the value has {bytes} bytes, more than {most}");
        faults.add(codes::TOO_LONG, at, message);
    }
}

/// The word of a kind in documents.
pub(crate) fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "boolean",
        Kind::String => "string",
        Kind::Number => "number",
        Kind::Json => "json",
    }
}

fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Are lists and objects nested more than `most` levels deep; looks no deeper than that.
fn exceeds_depth(value: &Value, most: usize) -> bool {
    let deeper = |inner: &Value| match most.checked_sub(1) {
        Some(rest) => exceeds_depth(inner, rest),
        None => true,
    };
    match value {
        Value::Array(items) => most == 0 || items.iter().any(deeper),
        Value::Object(fields) => most == 0 || fields.values().any(deeper),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn depth_counts_lists_and_objects_inside_one_another() {
        assert!(!exceeds_depth(&json!(1), 0));
        assert!(exceeds_depth(&json!([]), 0));
        assert!(!exceeds_depth(&json!([1]), 1));
        assert!(exceeds_depth(&json!([{}]), 1));
        assert!(!exceeds_depth(&json!([{"a": [2]}]), 3));
        assert!(exceeds_depth(&json!([{"a": [2]}]), 2));
    }
}
