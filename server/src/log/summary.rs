//! Summaries: one line for people on what an event says.
//!
//! In: an event's kind and payload. Out: a line such as "rule `dach` of `checkout-v2` added in
//! production". It reads what it finds and never fails: a kind it does not know is named as it is.

use serde_json::Value;

/// What an event says, in one line.
#[must_use]
pub fn summary(kind: &str, payload: &Value) -> String {
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    let (environment, flag) = (text("environment"), text("flag"));
    match kind {
        "ProjectCreated" => format!("project `{}` created", text("project")),
        "EnvironmentCreated" => format!("environment `{environment}` created"),
        "EnvironmentChanged" => {
            let required = payload.pointer("/settings/require_reason").and_then(Value::as_bool);
            let need = if required == Some(true) { "need a reason" } else { "need no reason" };
            format!("changes in {environment} {need}")
        }
        "FlagCreated" => format!("flag `{flag}` created"),
        "FlagChanged" => format!("definition of `{flag}` changed"),
        "FlagArchived" => format!("flag `{flag}` archived"),
        "FlagRestored" => format!("flag `{flag}` restored"),
        "FlagDeleted" => format!("flag `{flag}` deleted"),
        "SegmentCreated" => format!("segment `{}` created", text("segment")),
        "SegmentChanged" => format!("segment `{}` changed", text("segment")),
        "SegmentDeleted" => format!("segment `{}` deleted", text("segment")),
        "SensitiveAttributesChanged" => sensitive(payload),
        "FlagEnabled" => format!("`{flag}` enabled in {environment}"),
        "FlagDisabled" => format!("`{flag}` disabled in {environment}"),
        "ConfigurationChanged" => format!("configuration of `{flag}` replaced in {environment}"),
        "OffVariantChanged" => {
            format!("off variant of `{flag}` set to `{}` in {environment}", text("off_variant"))
        }
        "PrerequisitesChanged" => format!("prerequisites of `{flag}` changed in {environment}"),
        "OverridesChanged" => format!("overrides of `{flag}` changed in {environment}"),
        "RuleAdded" => format!("rule `{}` of `{flag}` added in {environment}", rule_id(payload)),
        "RuleChanged" => {
            format!("rule `{}` of `{flag}` changed in {environment}", rule_id(payload))
        }
        "RuleRemoved" => {
            format!("rule `{}` of `{flag}` removed in {environment}", rule_id(payload))
        }
        "RulesReordered" => format!("rules of `{flag}` reordered in {environment}"),
        "FallthroughChanged" => format!("fallthrough of `{flag}` changed in {environment}"),
        "KeyCreated" => {
            format!("key `{}` ({} {}) created", text("name"), text("kind"), text("key"))
        }
        "KeyRotated" => format!("key {} rotated", text("key")),
        "KeyRevoked" => format!("key {} revoked", text("key")),
        "Reverted" => reverted(payload),
        other => other.to_owned(),
    }
}

fn sensitive(payload: &Value) -> String {
    let attributes = payload.get("attributes").and_then(Value::as_array);
    let attributes = attributes.into_iter().flatten().filter_map(Value::as_str);
    let attributes: Vec<String> = attributes.map(|path| format!("`{path}`")).collect();
    match attributes.as_slice() {
        [] => "no attribute is sensitive".to_owned(),
        [one] => format!("the sensitive attribute is {one}"),
        [most @ .., last] => {
            format!("the sensitive attributes are {} and {last}", most.join(", "))
        }
    }
}

fn reverted(payload: &Value) -> String {
    let to = payload.get("to").cloned().unwrap_or_default();
    match payload.get("environment").and_then(Value::as_str) {
        Some(environment) => format!("{environment} reverted to revision {to}"),
        None => format!("project reverted to revision {to}"),
    }
}

/// The rule's id: it stands alone, or in the whole rule.
fn rule_id(payload: &Value) -> String {
    let rule = payload.get("rule");
    let id = rule.and_then(|rule| rule.get("id").or(Some(rule))).and_then(Value::as_str);
    id.unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_summary_is_one_line_for_people() {
        let rule =
            json!({"environment": "production", "flag": "checkout-v2", "rule": {"id": "dach"}});
        assert_eq!(summary("RuleAdded", &rule), "rule `dach` of `checkout-v2` added in production");
        let removed = json!({"environment": "production", "flag": "f", "rule": "dach"});
        assert_eq!(summary("RuleRemoved", &removed), "rule `dach` of `f` removed in production");
        assert_eq!(summary("Reverted", &json!({"to": 7})), "project reverted to revision 7");
        let sensitive =
            |paths| summary("SensitiveAttributesChanged", &json!({"attributes": paths}));
        assert_eq!(sensitive(json!(["email"])), "the sensitive attribute is `email`");
        assert_eq!(sensitive(json!(["a", "b"])), "the sensitive attributes are `a` and `b`");
        assert_eq!(sensitive(json!([])), "no attribute is sensitive");
        let part = json!({"environment": "staging", "to": 7});
        assert_eq!(summary("Reverted", &part), "staging reverted to revision 7");
    }

    #[test]
    fn an_unknown_kind_or_shape_is_still_named() {
        assert_eq!(summary("FlagPainted", &json!({})), "FlagPainted");
        assert_eq!(summary("FlagEnabled", &json!(null)), "`?` enabled in ?");
    }
}
