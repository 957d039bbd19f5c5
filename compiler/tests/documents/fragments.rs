//! Parts of documents, as the server's commands and events hold them.

use serde_json::{Value, json};
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::document;

fn lines<T>(read: Result<T, Vec<Diagnostic>>) -> Vec<String> {
    read.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_definition_has_no_environments() {
    let value = json!({ "kind": "boolean", "environments": {} });
    assert_eq!(
        lines(document::read_definition(&value, "/definition")),
        [
            "VX0103 /definition/environments: the field `environments` is not known here (known here: \
          `kind`, `variants`, `description`, `owner`, `tags`, `client_visible`, `lifecycle`)"
        ]
    );
    let value = json!({ "kind": "string", "variants": { "a": 1 } });
    assert_eq!(
        lines(document::read_definition(&value, "")),
        ["VX0204 /variants/a: the flag is of kind `string`, the value is a number (change the \
          value, or the flag's `kind`)"]
    );
}

#[test]
fn a_configuration_knows_its_flag_and_not_the_project() {
    let definition = document::read_definition(&json!({ "kind": "boolean" }), "").unwrap();
    let good = json!({
        "prerequisites": [{ "flag": "elsewhere", "variant": "any" }],
        "rules": [{ "id": "r", "when": { "segment": "elsewhere" }, "serve": "on" }]
    });
    let configuration = document::read_configuration(&good, "", &definition).unwrap();
    assert_eq!(configuration.off_variant, "off");
    let written = document::write_configuration(&configuration);
    assert_eq!(written.get("off_variant"), Some(&json!("off")));
    let again = document::read_configuration(&written, "", &definition).unwrap();
    assert_eq!(again, configuration);
    let bad = json!({ "fallthrough": "maybe" });
    assert_eq!(
        lines(document::read_configuration(&bad, "/configuration", &definition)),
        ["VX0301 /configuration/fallthrough: `maybe` is not a variant of this flag (its variants \
          are `on`, `off`)"]
    );
}

#[test]
fn faults_of_a_rule_are_in_the_order_of_the_rule() {
    let rule = json!({
        "serve": { "split": { "weights": { "on": 5 } } },
        "when": { "attribute": "$x", "semver_lt": "x" },
        "id": ""
    });
    assert_eq!(
        lines(document::read_rule(&rule, "/rules/3")),
        [
            "VX0401 /rules/3/serve/split/weights: the weights sum to 5, not to 100,000 (99,995 are \
             missing)",
            "VX0502 /rules/3/when: `x` is not a version (write it like `1.2.3`, `v1.2` or \
             `2.0.0-rc.1`)",
            "VX0201 /rules/3/when/attribute: the attribute path `$x` begins with `$`; of those \
             only `$now` and `$random` are known",
            "VX0201 /rules/3/id: the rule's id `` is empty",
        ]
    );
}

#[test]
fn parts_come_back_as_they_were_written() {
    let segment = json!({ "description": "d", "when": { "segment": "other" }, "included": ["a"] });
    let read = document::read_segment(&segment, "").unwrap();
    assert_eq!(document::write_segment(&read), segment);
    let rule = json!({ "id": "r", "when": { "flag": "f", "variants": ["a", "b"] }, "serve": "v" });
    assert_eq!(document::write_rule(&document::read_rule(&rule, "").unwrap()), rule);
    for serve in [
        json!("v"),
        json!({ "split": { "weights": { "b": 1, "a": 99999 }, "by": "x", "salt": "", "otherwise": "a" } }),
    ] {
        let written = document::write_serve(&document::read_serve(&serve, "").unwrap());
        assert_eq!(written.to_string(), serve.to_string());
    }
}

#[test]
fn a_segment_names_no_flags() {
    let segment = json!({ "when": { "not": { "flag": "f", "variant": "on" } } });
    let told = lines(document::read_segment(&segment, "/segments/s"));
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("VX0307 /segments/s/when/not: "), "{}", told[0]);
}

#[test]
fn what_is_no_object_at_all_is_one_fault() {
    for value in [Value::Null, json!(1), json!("x"), json!([])] {
        assert_eq!(lines(document::read_value(&value)).len(), 1, "{value}");
        assert_eq!(lines(document::read_definition(&value, "")).len(), 1, "{value}");
        assert_eq!(lines(document::read_segment(&value, "")).len(), 1, "{value}");
        assert_eq!(lines(document::read_rule(&value, "")).len(), 1, "{value}");
    }
}
