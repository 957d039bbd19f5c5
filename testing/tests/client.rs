//! What a test of a service can do with a test client.

#![allow(clippy::unwrap_used)]

use std::sync::mpsc;

use serde_json::json;
use vexil_runtime::{Client, Context, Flag, State};
use vexil_testing::{TestClient, TestError};

const FLAGS: &str = "
format: vexil/1
environments: [production, staging]
flags:
  checkout:
    kind: boolean
    variants: { on: true, off: false }
    environments:
      production:
        enabled: true
        rules: [{ id: germans, when: { attribute: country, equals: DE }, serve: 'on' }]
        fallthrough: 'off'
  banner:
    kind: string
    variants: { plain: Hi, loud: HI }
    environments:
      production:
        enabled: true
        prerequisites: [{ flag: checkout, variant: 'on' }]
        off_variant: plain
        fallthrough: loud
";

static CHECKOUT: Flag<bool> = Flag::new("checkout");

/// What a service does with its client.
fn is_new(client: &Client, country: &str) -> bool {
    client.bool(&CHECKOUT, &Context::new().set("country", country), false)
}

#[test]
fn fixed_values_of_every_kind_are_served() {
    let client = TestClient::builder()
        .value("checkout", true)
        .value("title", "Hallo")
        .value("limit", 2.5)
        .value("theme", json!({ "dark": true }))
        .build()
        .unwrap();
    let nobody = Context::new();
    assert!(is_new(&client, "FR"));
    assert_eq!(client.string("title", &nobody, ""), "Hallo");
    assert_eq!(client.number("limit", &nobody, 0.0), 2.5);
    assert_eq!(client.json("theme", &nobody, json!(null)), json!({ "dark": true }));
    assert!(!client.bool("unknown", &nobody, false));
    assert_eq!(client.state(), State::Ready);
}

#[test]
fn a_flag_file_is_evaluated_by_its_rules_until_a_value_is_set() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), FLAGS).unwrap();
    let client = TestClient::from_file(file.path(), "production").unwrap();
    assert!(is_new(&client, "DE") && !is_new(&client, "FR"));
    client.set("checkout", true).unwrap();
    assert!(is_new(&client, "FR"));
    // Others go on asking for it.
    assert_eq!(client.string("banner", &Context::new(), ""), "HI");
    client.set("banner", "ho").unwrap();
    client.set("checkout", false).unwrap();
    assert_eq!(client.string("banner", &Context::new(), ""), "ho");
    assert!(!is_new(&client, "DE"));
}

#[test]
fn listeners_hear_what_was_set() {
    let client = TestClient::from_document(FLAGS, "production").unwrap();
    let (sender, heard) = mpsc::channel();
    let _subscription = client.on_change(move |change| sender.send(change.clone()).unwrap());
    client.set("checkout", true).unwrap();
    let change = heard.try_recv().unwrap();
    assert!(change.changed.contains(&"checkout".to_owned()));
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let client = TestClient::from_document(FLAGS, "production").unwrap();
    let refused = client.set("checkout", "yes").unwrap_err().to_string();
    assert_eq!(refused, "flag `checkout` is of kind boolean; \"yes\" is not");
    assert!(is_new(&client, "DE") && !is_new(&client, "FR"));
    assert!(matches!(client.set("", true), Err(TestError::Flags(_))));

    let other = TestClient::from_document(FLAGS, "test").unwrap_err().to_string();
    assert_eq!(other, "there is no environment `test`; there are: production, staging");
    let missing = TestClient::from_file("no/such/file.yaml", "x").unwrap_err().to_string();
    assert!(missing.starts_with("`no/such/file.yaml` cannot be read: "), "{missing}");
    assert!(matches!(TestClient::from_document("flags: 7", "x"), Err(TestError::Flags(_))));
}
