//! TypeScript: an interface that names each flag with the type of its values.
//!
//! In: flags. Out: the text of a module, for `createClient<Flags>` of the browser's client. A text
//! is one of the flag's values and no other, so that a wrong default does not compile.

use std::fmt::Write as _;

use serde_json::Value;

use super::escape::literal;
use super::{Told, comment};
use crate::flag_set::{Definition, Kind};

/// Text of a type that is written out; beyond it JSON is any JSON.
const JSON_BYTES_MAX: usize = 1_024;

/// JSON that is not written out.
const JSON: &str = "Json";

pub(super) fn file(flags: &[Told<'_>], made_by: &str) -> String {
    let typed: Vec<(&Told<'_>, String)> =
        flags.iter().map(|told| (told, type_of(told.1))).collect();
    let mut text =
        format!("// Made by `{made_by}`. Do not edit: change the flags, and make it anew.\n\n");
    if typed.iter().any(|(_, of)| of == JSON) {
        text.push_str("import type { Json } from \"vexil-browser\";\n\n");
    }
    text.push_str("/** Keys of flags, and the types of their values. */\n");
    text.push_str("export interface Flags {\n");
    for (told, of) in typed {
        text.push_str("  /**\n");
        for line in comment::lines(told, plain) {
            let _ = writeln!(text, "{}", format!("   * {line}").trim_end());
        }
        let _ = writeln!(text, "   */\n  readonly {}: {of};", literal(told.0));
    }
    text.push_str("}\n\n/** The key of a flag. */\nexport type FlagKey = keyof Flags;\n");
    text
}

/// A line without a tag, which would mean something to tools.
fn plain(line: &str) -> String {
    if line.starts_with('@') { format!("\\{line}") } else { line.to_owned() }
}

/// The type of a flag's values.
fn type_of(flag: &Definition) -> String {
    let values = || flag.variants.values().map(type_of_value);
    match flag.kind {
        Kind::Boolean => "boolean".to_owned(),
        Kind::String => union(values()),
        Kind::Number => union(values()),
        Kind::Json => {
            let union = union(values());
            // Of texts alone it would be taken for the type of a flag of texts, and so on.
            let is_plain = |same: fn(&Value) -> bool| flag.variants.values().all(same);
            let plain = is_plain(Value::is_string)
                || is_plain(Value::is_number)
                || is_plain(Value::is_boolean);
            if plain || union.len() > JSON_BYTES_MAX { JSON.to_owned() } else { union }
        }
    }
}

/// Each type once, in the order of the variants.
fn union(types: impl Iterator<Item = String>) -> String {
    let mut union: Vec<String> = Vec::new();
    for one in types {
        if !union.contains(&one) {
            union.push(one);
        }
    }
    union.join(" | ")
}

/// The type of one value and of no other.
fn type_of_value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number_type(number.as_f64()),
        Value::String(text) => literal(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(type_of_value).collect();
            format!("readonly [{}]", items.join(", "))
        }
        // `{}` would be any value.
        Value::Object(members) if members.is_empty() => {
            "{ readonly [name: string]: never }".to_owned()
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                format!("readonly {}: {}", literal(name), type_of_value(value))
            };
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{ {} }}", members.join("; "))
        }
    }
}

fn number_type(number: Option<f64>) -> String {
    match number.filter(|number| number.is_finite()) {
        None => "number".to_owned(),
        // The two zeros are the same type.
        Some(0.0) => "0".to_owned(),
        Some(number) => number.to_string(),
    }
}
