//! Flags that serve the same to everybody.
//!
//! In: a flag set, a key, a value. Out: the flag set in which that flag serves the value. Variants
//! that are there stay, because other flags may name them.

use indexmap::IndexMap;
use serde_json::Value;
use vexil_compiler::flag_set::{Configuration, Definition, Flag, FlagSet, Kind, Lifecycle, Serve};

use crate::TestError;

/// Key of a variant that a test added.
const VARIANT: &str = "fixed-by-test";

pub(crate) fn serve(flags: &mut FlagSet, key: &str, value: Value) -> Result<(), TestError> {
    let flag = flags.flags.entry(key.to_owned()).or_insert_with(|| new(kind(&value)));
    let kind = flag.definition.kind;
    if !holds(kind, &value) {
        let (flag, kind, value) = (key.to_owned(), name(kind), value.to_string());
        return Err(TestError::Kind { flag, kind, value });
    }
    let variants = &mut flag.definition.variants;
    let known = variants.iter().find(|(_, known)| **known == value).map(|(key, _)| key.clone());
    let variant = known.unwrap_or_else(|| {
        variants.insert(VARIANT.to_owned(), value);
        VARIANT.to_owned()
    });
    flag.configuration = Configuration {
        enabled: true,
        off_variant: variant.clone(),
        prerequisites: Vec::new(),
        overrides: IndexMap::new(),
        rules: Vec::new(),
        fallthrough: Serve::Variant(variant),
    };
    Ok(())
}

fn new(kind: Kind) -> Flag {
    let definition = Definition {
        kind,
        variants: IndexMap::new(),
        description: String::new(),
        owner: String::new(),
        tags: Vec::new(),
        client_visible: false,
        lifecycle: Lifecycle::Active,
    };
    let configuration = Configuration::default_for(&definition);
    Flag { definition, configuration }
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Bool(_) => Kind::Boolean,
        Value::String(_) => Kind::String,
        Value::Number(_) => Kind::Number,
        Value::Null | Value::Array(_) | Value::Object(_) => Kind::Json,
    }
}

fn holds(kind: Kind, value: &Value) -> bool {
    kind == Kind::Json || kind == self::kind(value)
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "boolean",
        Kind::String => "string",
        Kind::Number => "number",
        Kind::Json => "json",
    }
}
