//! Payloads are what `docs/log.md` says, and read back as they were.

use vexil_compiler::document;

use super::*;

/// Every kind with a payload, as the log of a released version has it: these never change.
fn examples() -> Vec<(&'static str, Value)> {
    let here = |own: Value| {
        let mut payload = json!({ "environment": "production", "flag": "f" });
        payload.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        payload
    };
    let rule = json!({ "id": "r", "when": { "attribute": "country", "in": ["DE", 1.5] },
        "serve": { "split": { "weights": { "on": 25_000, "off": 75_000 } } } });
    vec![
        ("ProjectCreated", json!({ "project": "storefront" })),
        ("EnvironmentCreated", json!({ "environment": "production" })),
        (
            "EnvironmentChanged",
            json!({ "environment": "production", "settings": { "require_reason": true } }),
        ),
        ("FlagCreated", json!({ "flag": "f", "definition": { "kind": "boolean" } })),
        (
            "FlagChanged",
            json!({ "flag": "f", "definition": { "kind": "string", "variants": { "z": "1", "a": "2" } } }),
        ),
        ("FlagArchived", json!({ "flag": "f" })),
        ("FlagRestored", json!({ "flag": "f" })),
        ("FlagDeleted", json!({ "flag": "f" })),
        ("SegmentCreated", json!({ "segment": "s", "definition": { "included": ["user-1"] } })),
        ("SegmentChanged", json!({ "segment": "s", "definition": {} })),
        ("SegmentDeleted", json!({ "segment": "s" })),
        ("SensitiveAttributesChanged", json!({ "attributes": ["company.tax_id", "email"] })),
        ("FlagEnabled", here(json!({}))),
        ("FlagDisabled", here(json!({}))),
        (
            "ConfigurationChanged",
            here(
                json!({ "configuration": { "enabled": true, "off_variant": "off", "rules": [rule], "fallthrough": "on" } }),
            ),
        ),
        ("OffVariantChanged", here(json!({ "off_variant": "on" }))),
        (
            "PrerequisitesChanged",
            here(
                json!({ "prerequisites": [{ "flag": "g", "variant": "on" }, { "flag": "h", "variants": ["a", "b"] }] }),
            ),
        ),
        ("OverridesChanged", here(json!({ "overrides": { "on": ["user-1"], "off": ["user-2"] } }))),
        ("RuleAdded", here(json!({ "index": 0, "rule": rule }))),
        ("RuleChanged", here(json!({ "rule": rule }))),
        ("RuleRemoved", here(json!({ "rule": "r" }))),
        ("RulesReordered", here(json!({ "order": ["b", "a"] }))),
        ("FallthroughChanged", here(json!({ "fallthrough": "on" }))),
        ("Reverted", json!({ "to": 7 })),
        ("Reverted", json!({ "environment": "production", "to": 7 })),
    ]
}

fn project() -> Project {
    let flags = json!({ "f": { "kind": "boolean" } });
    let document = json!({ "format": "vexil/1", "environments": ["production"], "flags": flags });
    document::read_value(&document).unwrap()
}

#[test]
fn every_kind_reads_and_writes_the_same_text() {
    for (kind, payload) in examples() {
        let change = Change::read(kind, 1, &payload, &project()).unwrap();
        assert_eq!(change.kind(), kind);
        assert_eq!(change.payload().to_string(), payload.to_string());
    }
}

#[test]
fn every_kind_of_the_reference_is_read() {
    let reference = include_str!("../../../../docs/log.md");
    for (kind, _) in examples() {
        assert!(reference.contains(&format!("| `{kind}` |")), "{kind}");
    }
}

#[test]
fn unknown_kinds_and_schemas_are_not_guessed() {
    let read = |kind, schema| Change::read(kind, schema, &json!({ "flag": "f" }), &project());
    assert_eq!(read("FlagPainted", 1), Err(ReadError::Unknown));
    assert_eq!(read("FlagArchived", SCHEMA + 1), Err(ReadError::Unknown));
}

#[test]
fn a_payload_of_another_shape_is_an_error() {
    for (kind, payload) in examples() {
        let mut more = payload.clone();
        more.as_object_mut().unwrap().insert("colour".into(), json!("red"));
        let mut less = payload.clone();
        let fields = less.as_object_mut().unwrap();
        let last = if kind == "Reverted" {
            "to".to_owned()
        } else {
            fields.keys().next_back().unwrap().clone()
        };
        fields.shift_remove(&last);
        for bad in [more, less, json!([]), json!(null)] {
            let result = Change::read(kind, 1, &bad, &project());
            assert!(matches!(result, Err(ReadError::Malformed(_))), "{kind} {bad}: {result:?}");
        }
    }
}
