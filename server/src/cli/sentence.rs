//! Predicates and serves in words, for people.
//!
//! In: rules as they stand in documents (JSON). Out: one line such as
//! `country in DE, AT, CH → 25 % on, 75 % off`. What is not understood is shown as JSON; nothing
//! here is read back.

use serde_json::{Map, Value};

/// Operands that are shown of a long list.
const OPERANDS_SHOWN: usize = 5;

/// Parts per 100,000 as a percentage: `25 %`, `33.333 %`.
#[must_use]
pub fn percent(parts: u64) -> String {
    let (whole, rest) = (parts / 1_000, parts % 1_000);
    let fraction = format!("{rest:03}");
    match fraction.trim_end_matches('0') {
        "" => format!("{whole} %"),
        fraction => format!("{whole}.{fraction} %"),
    }
}

/// A serve: `on`, or `25 % on, 75 % off`.
#[must_use]
pub fn serve(serve: &Value) -> String {
    if let Some(variant) = serve.as_str().or_else(|| serve.get("variant")?.as_str()) {
        return variant.to_owned();
    }
    let Some(split) = serve.get("split") else { return serve.to_string() };
    let weights = split.get("weights").and_then(Value::as_object);
    let weights: Vec<String> = weights
        .into_iter()
        .flatten()
        .map(|(variant, parts)| format!("{} {variant}", percent(parts.as_u64().unwrap_or(0))))
        .collect();
    let mut text = weights.join(", ");
    match text_of(split, "by") {
        None | Some("targetingKey") => {}
        Some(by) => text.push_str(&format!(" by {by}")),
    }
    if let Some(otherwise) = text_of(split, "otherwise") {
        text.push_str(&format!(", else {otherwise}"));
    }
    if let Some(salt) = text_of(split, "salt") {
        text.push_str(&format!(" (salt {salt})"));
    }
    text
}

/// A predicate; an absent one always holds.
#[must_use]
pub fn predicate(predicate: Option<&Value>) -> String {
    match predicate {
        None => "always".to_owned(),
        Some(predicate) => words(predicate, false),
    }
}

fn words(predicate: &Value, inside: bool) -> String {
    let Some(object) = predicate.as_object() else { return predicate.to_string() };
    let first = object.keys().next().map(String::as_str).unwrap_or_default();
    match (first, object.get(first)) {
        ("all", Some(Value::Array(parts))) => joined(parts, " and ", "always", inside),
        ("any", Some(Value::Array(parts))) => joined(parts, " or ", "never", inside),
        ("not", Some(part)) => format!("not ({})", words(part, false)),
        ("segment", Some(key)) => format!("in segment {}", scalar(key)),
        ("bucket", Some(bucket)) => self::bucket(bucket),
        _ if object.contains_key("attribute") => attribute(object),
        _ if object.contains_key("flag") => {
            let key = object.get("flag").map(scalar).unwrap_or_default();
            format!("flag {key} serves {}", variants(object))
        }
        _ => predicate.to_string(),
    }
}

fn joined(parts: &[Value], link: &str, none: &str, inside: bool) -> String {
    match parts {
        [] => none.to_owned(),
        [one] => words(one, inside),
        many => {
            let many: Vec<String> = many.iter().map(|part| words(part, true)).collect();
            let text = many.join(link);
            if inside { format!("({text})") } else { text }
        }
    }
}

/// The variants of a prerequisite or of a flag predicate: `on`, `a or b`.
#[must_use]
pub fn variants(test: &Map<String, Value>) -> String {
    match (test.get("variant"), test.get("variants")) {
        (Some(one), _) => scalar(one),
        (None, Some(Value::Array(many))) => {
            many.iter().map(scalar).collect::<Vec<_>>().join(" or ")
        }
        _ => "?".to_owned(),
    }
}

fn bucket(bucket: &Value) -> String {
    let parts = |name, default| bucket.get(name).and_then(Value::as_u64).unwrap_or(default);
    let by = text_of(bucket, "by").unwrap_or("targetingKey");
    let mut text =
        format!("{by} in the buckets {}–{}", percent(parts("from", 0)), percent(parts("to", 0)));
    if let Some(salt) = text_of(bucket, "salt") {
        text.push_str(&format!(" (salt {salt})"));
    }
    text
}

/// Each test and how it reads between an attribute and its operand.
const TESTS: [(&str, &str); 23] = [
    ("equals", "="),
    ("in", "in"),
    ("contains", "contains"),
    ("starts_with", "starts with"),
    ("ends_with", "ends with"),
    ("lt", "<"),
    ("lte", "≤"),
    ("gt", ">"),
    ("gte", "≥"),
    ("between", "between"),
    ("semver_eq", "= version"),
    ("semver_lt", "< version"),
    ("semver_lte", "≤ version"),
    ("semver_gt", "> version"),
    ("semver_gte", "≥ version"),
    ("before", "before"),
    ("after", "after"),
    ("any_of", "has any of"),
    ("all_of", "has all of"),
    ("none_of", "has none of"),
    ("matches", "matches"),
    ("cidr", "in network"),
    ("exists", "exists"),
];

fn attribute(object: &Map<String, Value>) -> String {
    let path = object.get("attribute").map(scalar).unwrap_or_default();
    let found = TESTS.iter().find_map(|(name, words)| Some((*words, object.get(*name)?)));
    let text = match found {
        Some(("exists", Value::Bool(false))) => format!("{path} is missing"),
        Some(("exists", _)) => format!("{path} exists"),
        Some(("between", Value::Array(ends))) => {
            let ends: Vec<String> = ends.iter().map(scalar).collect();
            format!("{path} between {}", ends.join(" and "))
        }
        Some((words, operand)) => format!("{path} {words} {}", operands(operand)),
        None => return Value::Object(object.clone()).to_string(),
    };
    let ignore_case = object.get("ignore_case").and_then(Value::as_bool) == Some(true);
    if ignore_case { format!("{text} (in any case)") } else { text }
}

fn operands(operand: &Value) -> String {
    let Some(list) = operand.as_array() else { return scalar(operand) };
    let mut text: Vec<String> = list.iter().take(OPERANDS_SHOWN).map(scalar).collect();
    if list.len() > OPERANDS_SHOWN {
        text.push(format!("… {} in all", list.len()));
    }
    text.join(", ")
}

fn scalar(value: &Value) -> String {
    match value.as_str() {
        // A blank, a comma or nothing at all would be misread.
        Some(text) if text.is_empty() || text.contains([' ', ',']) => value.to_string(),
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}

fn text_of<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn predicates_read_as_sentences() {
        for (value, words) in [
            (json!({"all": []}), "always"),
            (json!({"attribute": "country", "in": ["DE", "AT"]}), "country in DE, AT"),
            (
                json!({"all": [
                    {"attribute": "plan", "equals": "pro plus", "ignore_case": true},
                    {"any": [{"segment": "staff"}, {"attribute": "age", "gte": 18}]},
                ]}),
                "plan = \"pro plus\" (in any case) and (in segment staff or age ≥ 18)",
            ),
            (json!({"not": {"attribute": "email", "exists": false}}), "not (email is missing)"),
            (json!({"flag": "payments", "variants": ["a", "b"]}), "flag payments serves a or b"),
            (json!({"attribute": "age", "between": [1, 2.5]}), "age between 1 and 2.5"),
            (
                json!({"bucket": {"by": "company", "to": 12500}}),
                "company in the buckets 0 %–12.5 %",
            ),
            (json!({"attribute": "n", "in": [1, 2, 3, 4, 5, 6]}), "n in 1, 2, 3, 4, 5, … 6 in all"),
        ] {
            assert_eq!(predicate(Some(&value)), words);
        }
        assert_eq!(predicate(None), "always");
    }

    #[test]
    fn serves_read_as_sentences() {
        let split = json!({"split": {
            "weights": {"on": 33_333, "off": 66_667}, "by": "company", "otherwise": "off",
        }});
        assert_eq!(serve(&json!("on")), "on");
        assert_eq!(serve(&json!({"variant": "on"})), "on");
        assert_eq!(serve(&split), "33.333 % on, 66.667 % off by company, else off");
    }
}
