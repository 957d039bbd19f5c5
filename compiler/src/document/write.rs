//! Core types to documents, in one canonical form.
//!
//! In: a project or a part of one. Out: JSON that reads back as the same, with fields in the order
//! of the reference and defaults left out. Never fails: what could not be read is written as well
//! as it can be.

use serde_json::{Map, Value, json};

use super::FORMAT;
use super::definition::boolean_variants;
use super::hashing::DEFAULT_UNIT;
use crate::check::definition::word;
use crate::flag_set::{
    Configuration, Definition, FlagTest, ForeignHash, Hashing, Kind, Lifecycle, Predicate, Project,
    ProjectFlag, Rule, Segment, Serve, Split,
};

mod predicate;

/// The document of `project`.
#[must_use]
pub fn write(project: &Project) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "format", FORMAT);
    if let Some(key) = &project.key {
        put(&mut fields, "project", key.as_str());
    }
    put_list(&mut fields, "environments", &project.environments);
    put_list(&mut fields, "sensitive", &project.sensitive);
    if !project.segments.is_empty() {
        let segments = project.segments.iter();
        put(&mut fields, "segments", object(segments.map(|(k, s)| (k, write_segment(s)))));
    }
    if !project.flags.is_empty() {
        put(&mut fields, "flags", object(project.flags.iter().map(|(k, f)| (k, write_flag(f)))));
    }
    Value::Object(fields)
}

/// What is true of a flag in every environment; without `environments`.
#[must_use]
pub fn write_definition(definition: &Definition) -> Value {
    Value::Object(definition_fields(definition))
}

/// How a flag behaves in one environment. The off variant is always written: what it is by default
/// is not known here.
#[must_use]
pub fn write_configuration(configuration: &Configuration) -> Value {
    Value::Object(configuration_fields(configuration))
}

/// A named cohort.
#[must_use]
pub fn write_segment(segment: &Segment) -> Value {
    let mut fields = Map::new();
    put_text(&mut fields, "description", &segment.description);
    if let Some(when) = &segment.when {
        put(&mut fields, "when", predicate::write(when));
    }
    put_list(&mut fields, "included", &segment.included);
    put_list(&mut fields, "excluded", &segment.excluded);
    Value::Object(fields)
}

/// One rule of a flag.
#[must_use]
pub fn write_rule(rule: &Rule) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "id", rule.id.as_str());
    put_text(&mut fields, "description", &rule.description);
    if rule.when != Predicate::always() {
        put(&mut fields, "when", predicate::write(&rule.when));
    }
    put(&mut fields, "serve", write_serve(&rule.serve));
    Value::Object(fields)
}

/// What a rule or the fallthrough gives: a variant's key, or an object with a split.
#[must_use]
pub fn write_serve(serve: &Serve) -> Value {
    match serve {
        Serve::Variant(variant) => Value::from(variant.as_str()),
        Serve::Split(split) => json!({ "split": write_split(split) }),
    }
}

fn write_split(split: &Split) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "weights", object(split.weights.iter().map(|(k, &w)| (k, Value::from(w)))));
    put_unit(&mut fields, &split.by, &split.hashing);
    if let Some(otherwise) = &split.otherwise {
        put(&mut fields, "otherwise", otherwise.as_str());
    }
    Value::Object(fields)
}

fn write_flag(flag: &ProjectFlag) -> Value {
    let mut fields = definition_fields(&flag.definition);
    if !flag.environments.is_empty() {
        let off_variant = flag.definition.default_off_variant();
        let environments = flag.environments.iter().map(|(name, configuration)| {
            let mut fields = configuration_fields(configuration);
            if configuration.off_variant == off_variant {
                fields.shift_remove("off_variant");
            }
            (name, Value::Object(fields))
        });
        put(&mut fields, "environments", object(environments));
    }
    Value::Object(fields)
}

fn definition_fields(definition: &Definition) -> Map<String, Value> {
    let mut fields = Map::new();
    put(&mut fields, "kind", word(definition.kind));
    // Variants are in order, and equality of maps is not.
    let is_default = definition.kind == Kind::Boolean
        && definition.variants.iter().eq(boolean_variants().iter());
    if !is_default {
        let variants = definition.variants.iter();
        put(&mut fields, "variants", object(variants.map(|(k, value)| (k, value.clone()))));
    }
    put_text(&mut fields, "description", &definition.description);
    put_text(&mut fields, "owner", &definition.owner);
    put_list(&mut fields, "tags", &definition.tags);
    if definition.client_visible {
        put(&mut fields, "client_visible", true);
    }
    if definition.lifecycle == Lifecycle::Archived {
        put(&mut fields, "lifecycle", "archived");
    }
    fields
}

fn configuration_fields(configuration: &Configuration) -> Map<String, Value> {
    let mut fields = Map::new();
    if configuration.enabled {
        put(&mut fields, "enabled", true);
    }
    put(&mut fields, "off_variant", configuration.off_variant.as_str());
    if !configuration.prerequisites.is_empty() {
        let prerequisites = configuration.prerequisites.iter().map(write_flag_test);
        put(&mut fields, "prerequisites", Value::from_iter(prerequisites));
    }
    if !configuration.overrides.is_empty() {
        let overrides = configuration.overrides.iter();
        let overrides = overrides.map(|(variant, keys)| (variant, Value::from(keys.as_slice())));
        put(&mut fields, "overrides", object(overrides));
    }
    if !configuration.rules.is_empty() {
        let rules = configuration.rules.iter().map(write_rule);
        put(&mut fields, "rules", Value::from_iter(rules));
    }
    if configuration.fallthrough != Serve::Variant(configuration.off_variant.clone()) {
        put(&mut fields, "fallthrough", write_serve(&configuration.fallthrough));
    }
    fields
}

/// A flag and its variants: the fields of a prerequisite and of a `flag` predicate.
fn write_flag_test(test: &FlagTest) -> Value {
    match test.variants.as_slice() {
        [variant] => json!({ "flag": test.flag, "variant": variant }),
        variants => json!({ "flag": test.flag, "variants": variants }),
    }
}

fn put(fields: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    fields.insert(name.to_owned(), value.into());
}

fn put_text(fields: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        put(fields, name, text);
    }
}

fn put_list(fields: &mut Map<String, Value>, name: &str, list: &[String]) {
    if !list.is_empty() {
        put(fields, name, list);
    }
}

fn put_unit(fields: &mut Map<String, Value>, by: &[String], hashing: &Hashing) {
    match by {
        [path] if path == DEFAULT_UNIT => {}
        [path] => put(fields, "by", path.as_str()),
        paths => put(fields, "by", paths),
    }
    match hashing {
        Hashing::Native { salt: None } => {}
        Hashing::Native { salt: Some(salt) } => put(fields, "salt", salt.as_str()),
        Hashing::Foreign(hash) => put(fields, "hash", write_hash(hash)),
    }
}

fn write_hash(hash: &ForeignHash) -> Value {
    let default = ForeignHash::of(hash.family);
    let mut fields = Map::new();
    put(&mut fields, "family", hash.family.word());
    if hash.seed != default.seed {
        put(&mut fields, "seed", hash.seed);
    }
    put_text(&mut fields, "prefix", &hash.prefix);
    put_text(&mut fields, "suffix", &hash.suffix);
    if hash.encoding != default.encoding {
        put(&mut fields, "encoding", hash.encoding.word());
    }
    if hash.reduce != default.reduce {
        put(&mut fields, "reduce", hash.reduce.word());
    }
    if hash.buckets != default.buckets {
        put(&mut fields, "buckets", hash.buckets);
    }
    Value::Object(fields)
}

fn object<'k>(fields: impl Iterator<Item = (&'k String, Value)>) -> Value {
    Value::Object(fields.map(|(name, value)| (name.clone(), value)).collect())
}
