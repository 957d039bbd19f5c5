//! The evaluation context: who asks, and what is known of them.
//!
//! In: JSON as OpenFeature SDKs send it, or fields set by a caller. Out: attributes by path, for
//! the interpreter. Nothing here may read a clock: the time is a parameter.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value as Json;
use vexil_abi::manifest::{NOW, RANDOM, TARGETING_KEY};

use crate::limits::MAX_CONTEXT_DEPTH;

/// The subject of one evaluation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// Names the subject; `None`: missing. An attribute named `targetingKey` is not consulted.
    pub targeting_key: Option<String>,
    /// Top-level attributes by name; a name may hold dots.
    pub attributes: BTreeMap<String, Value>,
    /// What the caller drew for this context: the value of `$random` unless an attribute has that
    /// name; `None`: then it is missing.
    pub random: Option<u32>,
}

/// An attribute's value. There is no null: null is the same as missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A double; a caller may give not-a-number and infinities, JSON cannot.
    Number(f64),
    /// Text.
    String(String),
    /// A list; its elements are mostly scalars, as others equal nothing.
    List(Vec<Value>),
    /// Attributes by name; walked by dotted paths.
    Object(BTreeMap<String, Value>),
}

impl Context {
    /// A context from a JSON object whose member `targetingKey` is the targeting key and whose
    /// other members are attributes; null members and elements are dropped.
    ///
    /// # Errors
    /// Text for the user when `json` is no object, when `targetingKey` is neither a string nor
    /// null, or when lists and objects nest more than 64 deep in an attribute.
    pub fn from_json(json: &Json) -> Result<Self, String> {
        let Json::Object(members) = json else {
            return Err(format!("a context is an object, not {}", kind_of(json)));
        };
        let mut context = Self::default();
        for (name, member) in members {
            match member {
                Json::Null => {}
                Json::String(key) if name == TARGETING_KEY => {
                    context.targeting_key = Some(key.clone());
                }
                other if name == TARGETING_KEY => {
                    return Err(format!("`targetingKey` is a string, not {}", kind_of(other)));
                }
                other => {
                    let value = read_value(other, MAX_CONTEXT_DEPTH).map_err(|TooDeep| {
                        format!("attribute `{name}` nests more than {MAX_CONTEXT_DEPTH} deep")
                    })?;
                    context.attributes.extend(value.map(|value| (name.clone(), value)));
                }
            }
        }
        Ok(context)
    }

    /// The attribute that `path` names, or `None` when it is missing. `now_ms` is the value of
    /// `$now` (milliseconds since the Unix epoch) unless an attribute has that name.
    #[must_use]
    pub fn attribute(&self, path: &str, now_ms: f64) -> Option<Cow<'_, Value>> {
        if path == TARGETING_KEY {
            return self.targeting_key.clone().map(|key| Cow::Owned(Value::String(key)));
        }
        // A top-level attribute whose name is the whole path is meant first, …
        if let Some(value) = self.attributes.get(path) {
            return Some(Cow::Borrowed(value));
        }
        if path == NOW {
            return Some(Cow::Owned(Value::Number(now_ms)));
        }
        if path == RANDOM {
            return self.random.map(|draw| Cow::Owned(Value::Number(f64::from(draw))));
        }
        // … otherwise the path is split at its dots and walked through objects, never lists.
        let mut steps = path.split('.');
        let mut value = self.attributes.get(steps.next()?)?;
        for step in steps {
            let Value::Object(members) = value else { return None };
            value = members.get(step)?;
        }
        Some(Cow::Borrowed(value))
    }
}

struct TooDeep;

/// `json` as a value, `None` for null; `nesting` is how many lists and objects it may still open.
fn read_value(json: &Json, nesting: usize) -> Result<Option<Value>, TooDeep> {
    Ok(Some(match json {
        Json::Null => return Ok(None),
        Json::Bool(boolean) => Value::Bool(*boolean),
        // Every JSON number has a nearest double; `None` only under a serde_json feature not used.
        Json::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(elements) => {
            let nesting = nesting.checked_sub(1).ok_or(TooDeep)?;
            let elements = elements.iter().filter_map(|json| read_value(json, nesting).transpose());
            Value::List(elements.collect::<Result<_, _>>()?)
        }
        Json::Object(members) => {
            let nesting = nesting.checked_sub(1).ok_or(TooDeep)?;
            let mut object = BTreeMap::new();
            for (name, json) in members {
                object.extend(read_value(json, nesting)?.map(|value| (name.clone(), value)));
            }
            Value::Object(object)
        }
    }))
}

fn kind_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use serde_json::json;

    use super::*;

    /// What `path` reads in `context`, shown as text.
    fn check(context: &Json, path: &str, expected: Option<Value>) {
        let context = Context::from_json(context).unwrap();
        let got = context.attribute(path, 42.0).map(Cow::into_owned);
        assert_eq!(got, expected, "path {path}");
    }

    fn text(text: &str) -> Option<Value> {
        Some(Value::String(text.to_owned()))
    }

    #[test]
    fn a_path_is_a_whole_name_first_and_steps_second() {
        check(&json!({"a.b": "whole", "a": {"b": "walked"}}), "a.b", text("whole"));
        check(&json!({"a.b": null, "a": {"b": "walked"}}), "a.b", text("walked"));
        check(&json!({"a": {"b": {"c": "walked"}}}), "a.b.c", text("walked"));
        check(&json!({"a.b": {"c": "mixed"}}), "a.b.c", None);
        check(&json!({"a": {"b.c": "mixed"}}), "a.b.c", None);
        check(&json!({"a": {"": {"b": "empty step"}}}), "a..b", text("empty step"));
        check(&json!({"a": [{"b": "in a list"}]}), "a.0.b", None);
        check(&json!({"a": "scalar"}), "a.b", None);
        check(&json!({"a": {"b": null}}), "a.b", None);
    }

    #[test]
    fn special_paths() {
        check(&json!({"targetingKey": "u"}), "targetingKey", text("u"));
        check(&json!({"targetingKey": ""}), "targetingKey", text(""));
        check(&json!({"targetingKey": null}), "targetingKey", None);
        check(&json!({"targetingKey": "u"}), "targetingKey.x", None);
        check(&json!({}), "$now", Some(Value::Number(42.0)));
        check(&json!({"$now": null}), "$now", Some(Value::Number(42.0)));
        check(&json!({"$now": 7}), "$now", Some(Value::Number(7.0)));
    }

    #[test]
    fn a_draw_is_random_unless_an_attribute_is() {
        let drawn = |json, random| {
            let context = Context { random, ..Context::from_json(&json).unwrap() };
            context.attribute("$random", 42.0).map(Cow::into_owned)
        };
        assert_eq!(drawn(json!({}), None), None);
        assert_eq!(drawn(json!({}), Some(u32::MAX)), Some(Value::Number(4_294_967_295.0)));
        assert_eq!(drawn(json!({"$random": null}), Some(7)), Some(Value::Number(7.0)));
        assert_eq!(drawn(json!({"$random": "x"}), Some(7)), text("x"));
    }

    #[test]
    fn nulls_are_dropped_everywhere() {
        check(&json!({"a": null}), "a", None);
        check(&json!({"a": [null]}), "a", Some(Value::List(Vec::new())));
        check(&json!({"a": {"b": null}}), "a", Some(Value::Object(BTreeMap::new())));
    }

    #[test]
    fn what_is_no_context_is_refused() {
        let refusal = |json| Context::from_json(&json).unwrap_err();
        assert_eq!(refusal(json!([])), "a context is an object, not a list");
        let number = json!({"targetingKey": 7});
        assert_eq!(refusal(number), "`targetingKey` is a string, not a number");
        let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        assert!(Context::from_json(&json!({ "a": nested(64) })).is_ok());
        assert_eq!(refusal(json!({ "a": nested(65) })), "attribute `a` nests more than 64 deep");
    }
}
