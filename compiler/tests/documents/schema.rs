//! `docs/schema/vexil-1.json` agrees with the reader: it takes every good document and every
//! document we write, and refuses, at the same place or above it, whatever has a fault of shape.

use std::path::Path;

use jsonschema::Validator;
use serde_json::Value;
use vexil_compiler::check::codes::{CODES, Stage};
use vexil_compiler::document;

use super::{documents, text_of};

/// The schema, as the documentation has it.
pub fn validator() -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema/vexil-1.json");
    let schema: Value = serde_json::from_str(&text_of(&path)).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// The faults the schema finds, as `pointer: message`.
pub fn faults_of(validator: &Validator, document: &Value) -> Vec<String> {
    let faults = validator.iter_errors(document);
    faults.map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}

#[test]
fn the_schema_takes_good_documents_and_what_we_write_of_them() {
    let validator = validator();
    for path in documents("good") {
        let text = text_of(&path);
        assert_eq!(faults_of(&validator, &tree(&text).unwrap()), [""; 0], "{path:?}");
        let written = document::write(&document::read(&text).unwrap());
        assert_eq!(faults_of(&validator, &written), [""; 0], "{path:?}");
    }
}

#[test]
fn the_flags_of_the_storefront_example_are_good_by_reader_and_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/storefront/flags.yaml");
    let text = text_of(&path);
    assert_eq!(document::read(&text).err(), None);
    assert_eq!(faults_of(&validator(), &tree(&text).unwrap()), [""; 0]);
}

#[test]
fn the_schema_refuses_every_fault_of_shape() {
    let validator = validator();
    let mut seen = 0;
    for path in documents("bad") {
        let text = text_of(&path);
        let Some(tree) = tree(&text) else { continue };
        let refused: Vec<String> =
            validator.iter_errors(&tree).map(|fault| fault.instance_path().to_string()).collect();
        for fault in document::read(&text).unwrap_err() {
            if stage(fault.code) == Stage::Shape {
                seen += 1;
                let above = |place: &String| fault.pointer.starts_with(place.as_str());
                assert!(refused.iter().any(above), "{path:?}: the schema takes {fault}");
            }
        }
    }
    assert!(seen > 100, "only {seen} faults of shape in all bad documents");
}

#[test]
fn every_field_is_described() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema/vexil-1.json");
    let schema: Value = serde_json::from_str(&text_of(&path)).unwrap();
    let mut bare = Vec::new();
    undescribed(&schema, "", &mut bare);
    assert_eq!(bare, [""; 0]);
}

fn undescribed(schema: &Value, pointer: &str, bare: &mut Vec<String>) {
    let Some(fields) = schema.as_object() else { return };
    for (name, inner) in fields {
        let here = format!("{pointer}/{name}");
        match (name.as_str(), inner) {
            ("properties", Value::Object(properties))
                if !pointer.contains("/if") && !pointer.contains("/then") =>
            {
                for (field, property) in properties {
                    let described =
                        property.get("description").is_some() || property.get("$ref").is_some();
                    if !described {
                        bare.push(format!("{here}/{field}"));
                    }
                    undescribed(property, &format!("{here}/{field}"), bare);
                }
            }
            (_, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    undescribed(item, &format!("{here}/{index}"), bare);
                }
            }
            _ => undescribed(inner, &here, bare),
        }
    }
}

fn stage(code: &str) -> Stage {
    CODES.iter().find(|row| row.code == code).map(|row| row.stage).unwrap()
}

/// The tree of a text that other parsers than ours can read.
fn tree(text: &str) -> Option<Value> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).ok();
    }
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).ok()
}
