//! The evaluation context: who or what a flag is evaluated for.
//!
//! In: a targeting key and attributes, set one by one or read from JSON. Out: a [`Context`] that
//! `record` writes for the guest. A context never holds null: an attribute that is null is absent.

use std::collections::BTreeMap;

use vexil_abi::manifest::TARGETING_KEY;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A double; not-a-number and infinities are allowed.
    Number(f64),
    /// Text.
    String(String),
    /// A list; only its scalar elements can match anything.
    List(Vec<Value>),
    /// An object, whose members dotted paths reach.
    Object(BTreeMap<String, Value>),
}

/// Lists and objects nest at most this deep in an attribute read from JSON.
const NESTING_MAX: usize = 64;

struct TooDeep;

impl Value {
    /// Reads JSON; `None` for null. `nesting` is how many lists and objects it may still open.
    fn read(json: &serde_json::Value, nesting: usize) -> Result<Option<Self>, TooDeep> {
        use serde_json::Value as Json;
        Ok(Some(match json {
            Json::Null => return Ok(None),
            Json::Bool(bool) => Self::Bool(*bool),
            Json::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::String(text.clone()),
            Json::Array(items) => {
                let nesting = nesting.checked_sub(1).ok_or(TooDeep)?;
                let items = items.iter().filter_map(|item| Self::read(item, nesting).transpose());
                Self::List(items.collect::<Result<_, _>>()?)
            }
            Json::Object(members) => {
                let nesting = nesting.checked_sub(1).ok_or(TooDeep)?;
                let mut object = BTreeMap::new();
                for (name, member) in members {
                    object.extend(Self::read(member, nesting)?.map(|value| (name.clone(), value)));
                }
                Self::Object(object)
            }
        }))
    }
}

/// The subject of an evaluation: OpenFeature's evaluation context.
///
/// ```
/// use vexil_runtime::Context;
///
/// let context = Context::with_key("user-7").set("country", "DE").set("age", 41);
/// assert_eq!(context.targeting_key(), Some("user-7"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    targeting_key: Option<String>,
    attributes: BTreeMap<String, Value>,
}

/// Why JSON is not an evaluation context.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// The context is not an object.
    #[error("an evaluation context is a JSON object, not {found}")]
    NotAnObject {
        /// What was found instead.
        found: &'static str,
    },
    /// `targetingKey` is neither a string nor null.
    #[error("`targetingKey` is a string, not {found}")]
    TargetingKeyNotAString {
        /// What was found instead.
        found: &'static str,
    },
    /// Lists and objects nest more than 64 deep in an attribute.
    #[error("attribute `{name}` nests more than {NESTING_MAX} deep")]
    TooDeep {
        /// The attribute's name.
        name: String,
    },
}

impl Context {
    /// A context without targeting key and attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A context with a targeting key.
    #[must_use]
    pub fn with_key(key: impl Into<String>) -> Self {
        Self { targeting_key: Some(key.into()), attributes: BTreeMap::new() }
    }

    /// Sets an attribute. `targetingKey` sets the targeting key, which is a string or absent:
    /// a value of another kind removes it.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let (name, value) = (name.into(), value.into());
        if name == TARGETING_KEY {
            self.targeting_key = match value {
                Value::String(key) => Some(key),
                _ => None,
            };
        } else {
            self.attributes.insert(name, value);
        }
        self
    }

    /// Reads OpenFeature's JSON form: an object whose member `targetingKey` is the targeting key
    /// and whose other members are the attributes. Null members and list elements are left out.
    ///
    /// # Errors
    ///
    /// When the JSON is not an object, `targetingKey` is neither a string nor null, or an
    /// attribute nests too deep.
    pub fn from_json(json: &serde_json::Value) -> Result<Self, ContextError> {
        let serde_json::Value::Object(members) = json else {
            return Err(ContextError::NotAnObject { found: kind_of(json) });
        };
        let mut context = Self::new();
        for (name, member) in members {
            let value = Value::read(member, NESTING_MAX)
                .map_err(|TooDeep| ContextError::TooDeep { name: name.clone() })?;
            match value {
                None => {}
                Some(Value::String(key)) if name == TARGETING_KEY => {
                    context.targeting_key = Some(key);
                }
                Some(_) if name == TARGETING_KEY => {
                    return Err(ContextError::TargetingKeyNotAString { found: kind_of(member) });
                }
                Some(value) => {
                    context.attributes.insert(name.clone(), value);
                }
            }
        }
        Ok(context)
    }

    /// The targeting key.
    #[must_use]
    pub fn targeting_key(&self) -> Option<&str> {
        self.targeting_key.as_deref()
    }

    /// The top-level attribute with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.attributes.get(name)
    }

    /// The top-level attributes, by name.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value))
    }
}

fn kind_of(json: &serde_json::Value) -> &'static str {
    match json {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "an object",
    }
}

macro_rules! value_from {
    ($($from:ty => |$it:ident| $into:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($it: $from) -> Self {
                $into
            }
        }
    )*};
}

value_from! {
    bool => |it| Self::Bool(it);
    f64 => |it| Self::Number(it);
    f32 => |it| Self::Number(f64::from(it));
    i32 => |it| Self::Number(f64::from(it));
    u32 => |it| Self::Number(f64::from(it));
    // The nearest double, as JSON numbers are read.
    i64 => |it| Self::Number(it as f64);
    u64 => |it| Self::Number(it as f64);
    usize => |it| Self::Number(it as f64);
    &str => |it| Self::String(it.to_owned());
    String => |it| Self::String(it);
    &String => |it| Self::String(it.clone());
    BTreeMap<String, Value> => |it| Self::Object(it);
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn json_null_is_absent_everywhere() {
        let json = json!({"targetingKey": null, "a": null, "l": [1, null, "x"], "o": {"n": null}});
        let context = Context::from_json(&json).unwrap();
        let expected = Context::new()
            .set("l", Value::List(vec![1.into(), "x".into()]))
            .set("o", BTreeMap::new());
        assert_eq!(context, expected);
    }

    #[test]
    fn json_targeting_key_is_the_targeting_key() {
        let context = Context::from_json(&json!({"targetingKey": "u", "plan": "pro"})).unwrap();
        assert_eq!(context, Context::with_key("u").set("plan", "pro"));
        assert_eq!(context.get(TARGETING_KEY), None);
    }

    #[test]
    fn setting_targeting_key_by_name_sets_the_key() {
        assert_eq!(Context::new().set("targetingKey", "u"), Context::with_key("u"));
        assert_eq!(Context::with_key("u").set("targetingKey", 7), Context::new());
    }

    #[test]
    fn json_that_is_no_context_is_refused_with_what_was_found() {
        let refused = |json| Context::from_json(&json).unwrap_err().to_string();
        assert_eq!(refused(json!([])), "an evaluation context is a JSON object, not a list");
        assert_eq!(refused(json!({"targetingKey": 1})), "`targetingKey` is a string, not a number");
    }

    #[test]
    fn json_nests_at_most_64_deep() {
        let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        assert!(Context::from_json(&json!({"a": nested(64)})).is_ok());
        let refused = Context::from_json(&json!({"a": nested(65)})).unwrap_err().to_string();
        assert_eq!(refused, "attribute `a` nests more than 64 deep");
    }
}
