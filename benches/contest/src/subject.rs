//! Subjects as a service has them before it asks any evaluator: maps of strings.
//!
//! In: contexts of the shared workloads, as JSON. Out: a [`StringMap`] each, from which every row
//! makes its own context. One input type for all: it is what headers, claims and query parameters
//! come as. Numbers are text; a row whose evaluator compares numbers has to read them.

use std::collections::HashMap;

use serde_json::Value;

/// The name under which the targeting key stands in a [`StringMap`].
pub const TARGETING_KEY: &str = "targetingKey";

/// The one attribute that is a number.
pub const AGE: &str = "age";

/// A subject: the targeting key and five attributes, by name.
pub type StringMap = HashMap<String, String>;

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading<'m> {
    /// Text.
    Text(&'m str),
    /// A number.
    Number(f64),
}

/// The targeting key.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn key(map: &StringMap) -> &str {
    &map[TARGETING_KEY]
}

/// The attributes without the targeting key, numbers read.
///
/// # Panics
///
/// When the age is no number.
pub fn readings(map: &StringMap) -> impl Iterator<Item = (&str, Reading<'_>)> {
    map.iter().filter(|(name, _)| *name != TARGETING_KEY).map(|(name, text)| match name.as_str() {
        AGE => (AGE, Reading::Number(text.parse().expect("an age is a number"))),
        name => (name, Reading::Text(text)),
    })
}

/// A context of the shared workloads as a map of strings; lists are left out, as no flag here
/// asks for one.
///
/// # Panics
///
/// When `json` is no object.
#[must_use]
pub fn string_map(json: &Value) -> StringMap {
    let members = json.as_object().expect("a context is an object");
    let texts = members.iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name.clone(), text.clone())),
        Value::Number(number) => Some((name.clone(), number.to_string())),
        _ => None,
    });
    texts.collect()
}
