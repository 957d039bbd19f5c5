//! Predicates as documents write them, in their simplest form.
//!
//! In: parts. Out: predicates as JSON, with what is always or never true folded away, so that
//! people read no more than there is.

use serde_json::{Map, Value, json};

/// The predicate that always holds.
pub(super) fn always() -> Value {
    json!({ "all": [] })
}

/// The predicate that never holds.
pub(super) fn never() -> Value {
    json!({ "any": [] })
}

/// Does `predicate` always hold.
pub(super) fn is_always(predicate: &Value) -> bool {
    operands(predicate, "all").is_some_and(|parts| parts.is_empty())
}

/// Does `predicate` never hold.
pub(super) fn is_never(predicate: &Value) -> bool {
    operands(predicate, "any").is_some_and(|parts| parts.is_empty())
}

/// Every one of `parts` holds.
pub(super) fn all(parts: impl IntoIterator<Item = Value>) -> Value {
    let mut kept = Vec::new();
    for part in parts {
        if is_never(&part) {
            return part;
        }
        gather(part, "all", &mut kept);
    }
    joined(kept, "all")
}

/// Some one of `parts` holds.
pub(super) fn any(parts: impl IntoIterator<Item = Value>) -> Value {
    let mut kept = Vec::new();
    for part in parts {
        if is_always(&part) {
            return part;
        }
        gather(part, "any", &mut kept);
    }
    joined(kept, "any")
}

/// `part` does not hold.
pub(super) fn not(part: Value) -> Value {
    if is_always(&part) {
        return never();
    }
    if is_never(&part) {
        return always();
    }
    match part {
        Value::Object(mut fields) if fields.len() == 1 && fields.contains_key("not") => {
            fields.swap_remove("not").unwrap_or_default()
        }
        other => json!({ "not": other }),
    }
}

/// The attribute `path` passes `test` with `operand`.
pub(super) fn attribute(path: &str, test: &str, operand: impl Into<Value>) -> Value {
    modified(path, test, operand, [])
}

/// The attribute `path` passes `test` with `operand`, with modifiers beside it.
pub(super) fn modified<const N: usize>(
    path: &str,
    test: &str,
    operand: impl Into<Value>,
    modifiers: [(&str, Value); N],
) -> Value {
    let mut fields = Map::new();
    fields.insert("attribute".to_owned(), path.into());
    fields.insert(test.to_owned(), operand.into());
    fields.extend(modifiers.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(fields)
}

/// The string attribute `path` is one of `texts`.
pub(super) fn one_of(path: &str, texts: &[String]) -> Value {
    match texts {
        [] => never(),
        [text] => attribute(path, "equals", text.as_str()),
        several => attribute(path, "in", several),
    }
}

/// The attribute `path` is a string.
pub(super) fn is_text(path: &str) -> Value {
    attribute(path, "contains", "")
}

fn operands<'a>(predicate: &'a Value, form: &str) -> Option<&'a Vec<Value>> {
    match predicate {
        Value::Object(fields) if fields.len() == 1 => fields.get(form)?.as_array(),
        _ => None,
    }
}

/// Adds `part`, or where it is of the same form its parts.
fn gather(part: Value, form: &str, kept: &mut Vec<Value>) {
    match operands(&part, form) {
        Some(inner) => kept.extend(inner.iter().cloned()),
        None => kept.push(part),
    }
}

fn joined(mut parts: Vec<Value>, form: &str) -> Value {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            parts.push(last);
            json!({ form: parts })
        }
        (_, None) => json!({ form: [] }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_constant_is_folded_away() {
        let x = attribute("x", "exists", true);
        assert_eq!(all([always(), x.clone()]), x);
        assert_eq!(all([x.clone(), never()]), never());
        assert_eq!(any([never(), x.clone()]), x);
        assert_eq!(any([x.clone(), always()]), always());
        assert_eq!(all([]), always());
        assert_eq!(any([]), never());
        assert_eq!(not(always()), never());
        assert_eq!(not(not(x.clone())), x);
        let y = attribute("y", "exists", true);
        let nested = all([all([x.clone(), y.clone()]), y.clone()]);
        assert_eq!(nested, json!({ "all": [x, y, y] }));
    }
}
