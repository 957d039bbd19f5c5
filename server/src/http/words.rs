//! What is wrong with a body, in the words of JSON.
//!
//! In: messages of serde and `serde_json`, which speak of Rust's types. Out: the same for whoever
//! writes requests in any language. A message that is not known here stays as it is.

use serde_json::Value;

/// What was expected: serde's words and ours.
const EXPECTED: &[(&str, &str)] = &[
    ("u64", "a whole number of 0 or more"),
    ("usize", "a whole number of 0 or more"),
    ("i64", "a whole number"),
    ("f64", "a number"),
    ("a sequence", "a list"),
    ("a map", "an object"),
    ("a boolean", "`true` or `false`"),
    ("option", "a value or `null`"),
];

/// What was given: how serde begins, and how we do.
const GIVEN: &[(&str, &str)] = &[
    ("sequence", "a list"),
    ("map", "an object"),
    ("unit value", "`null`"),
    ("null", "`null`"),
    ("integer ", "the number "),
    ("floating point ", "the number "),
    ("boolean ", ""),
    ("string ", "the text "),
];

/// How `serde_json` begins to say what is wrong with a text, and how we do.
const SYNTAX: &[(&str, &str)] = &[
    ("EOF while parsing ", "the text ends within "),
    ("expected ident", "expected a value"),
    ("recursion limit exceeded", "it is nested too deeply"),
];

/// What a value is.
#[must_use]
pub fn of(value: &Value) -> &'static str {
    match value {
        Value::Null => "`null`",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A message of serde about a value of another shape.
#[must_use]
pub fn of_shape(message: &str) -> String {
    let given = message.strip_prefix("invalid type: ");
    let given = given.or_else(|| message.strip_prefix("invalid value: "));
    // What was given may hold any text, what was expected may not: the last comma is serde's.
    let Some((given, expected)) = given.and_then(|given| given.rsplit_once(", expected ")) else {
        return message.to_owned();
    };
    let known = EXPECTED.iter().find(|(serde, _)| *serde == expected);
    let expected = known.map_or(expected, |(_, ours)| ours);
    format!("expected {expected}, not {}", begun_anew(given, GIVEN))
}

/// A message of `serde_json` about a text that is not JSON.
#[must_use]
pub fn of_syntax(message: &str) -> String {
    begun_anew(message, SYNTAX)
}

fn begun_anew(message: &str, table: &[(&str, &str)]) -> String {
    let begun = |(theirs, ours): &(&str, &str)| {
        message.strip_prefix(theirs).map(|rest| format!("{ours}{rest}"))
    };
    table.iter().find_map(begun).unwrap_or_else(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;

    fn shape<T: DeserializeOwned>(value: Value) -> String {
        of_shape(&serde_json::from_value::<T>(value).err().unwrap().to_string())
    }

    #[test]
    fn rust_is_not_spoken() {
        let whole = "expected a whole number of 0 or more, not ";
        assert_eq!(shape::<u64>(json!("x")), format!("{whole}the text \"x\""));
        assert_eq!(shape::<u64>(json!(-1)), format!("{whole}the number `-1`"));
        assert_eq!(shape::<u64>(json!(1.5)), format!("{whole}the number `1.5`"));
        assert_eq!(shape::<u64>(json!(null)), format!("{whole}`null`"));
        assert_eq!(shape::<Vec<String>>(json!({})), "expected a list, not an object");
        assert_eq!(shape::<Vec<String>>(json!([true])), "expected a string, not `true`");
        assert_eq!(shape::<String>(json!([])), "expected a string, not a list");
        assert_eq!(
            shape::<u64>(json!("a, expected u64")),
            format!("{whole}the text \"a, expected u64\"")
        );
        assert_eq!(of_shape("missing field `to`"), "missing field `to`");
    }
}
