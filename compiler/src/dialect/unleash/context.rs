//! Contexts of Unleash's clients as contexts of ours.
//!
//! In: a context as Unleash's clients have it. Out: the same as an object of attributes, for tests
//! and for services on the move. Fields come before properties of the same name, which is how
//! Unleash's clients look them up.

use serde_json::{Map, Value};

use super::attribute::{self, SUBJECT};

/// The fields of a context that are no properties.
const FIELDS: [&str; 6] =
    ["userId", "sessionId", "environment", "appName", "currentTime", "remoteAddress"];

/// The context `unleash` as one that the flags of an import can be asked with: `userId` is
/// `targetingKey`, `currentTime` is `$now`, other fields and `properties` are attributes of their own
/// names. A property with the name of a field stands for the field where that is missing. Numbers
/// and booleans become texts, as they do in Unleash; nulls, lists and objects are no values there.
///
/// # Errors
/// Text for the user when `unleash`, or its `properties`, is no object.
pub fn context(unleash: &Value) -> Result<Value, String> {
    let Value::Object(fields) = unleash else {
        return Err("a context of Unleash is an object".to_owned());
    };
    let mut attributes = Map::new();
    match fields.get("properties") {
        None | Some(Value::Null) => {}
        Some(Value::Object(properties)) => {
            properties.iter().for_each(|(name, value)| set(&mut attributes, name, value));
        }
        Some(_) => return Err("`properties` of a context of Unleash is an object".to_owned()),
    }
    for (name, value) in fields.iter().filter(|(name, _)| *name != "properties") {
        // Clients take texts beside the fields for properties, and nothing else.
        if FIELDS.contains(&name.as_str()) || value.is_string() {
            set(&mut attributes, name, value);
        }
    }
    Ok(attributes.into())
}

fn set(attributes: &mut Map<String, Value>, name: &str, value: &Value) {
    // No flag of an import asks for a property whose name is reserved here.
    if name == SUBJECT || name.starts_with('$') {
        return;
    }
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(boolean) => boolean.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return,
    };
    attributes.insert(attribute::of(name).to_owned(), text.into());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn fields_come_before_properties_of_their_name() {
        let given = json!({
            "userId": "u", "currentTime": "2022-01-29T13:00:00Z", "remoteAddress": null,
            "plan": "pro", "other": 7,
            "properties": {
                "userId": "ignored", "remoteAddress": "::1", "age": 42, "is": true, "plan": "free",
                "targetingKey": "ignored", "$now": "ignored", "list": [1], "nothing": null
            }
        });
        let expected = json!({
            "targetingKey": "u", "$now": "2022-01-29T13:00:00Z", "remoteAddress": "::1",
            "age": "42", "is": "true", "plan": "pro"
        });
        assert_eq!(context(&given).unwrap(), expected);
    }

    #[test]
    fn what_is_no_context_is_refused() {
        assert!(context(&json!([])).is_err());
        assert!(context(&json!({ "properties": 1 })).is_err());
        assert_eq!(context(&json!({})).unwrap(), json!({}));
    }
}
