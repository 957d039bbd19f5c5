//! How a flag behaves in one environment, and its rules.
//!
//! In: a configuration's object and the flag's definition, for the defaults. Out: a configuration,
//! with stand-ins where something is faulty; stand-ins keep their index, so that pointers are right.

use super::cursor::Cursor;
use super::{predicate, serve};
use crate::check::faults::Faults;
use crate::flag_set::{Configuration, Definition, Predicate, Rule, Serve};

const FIELDS: &[&str] =
    &["enabled", "off_variant", "prerequisites", "overrides", "rules", "fallthrough"];

const RULE_FIELDS: &[&str] = &["id", "description", "when", "serve"];

/// The configuration at `cursor` of the flag of `definition`.
pub(crate) fn read(
    cursor: &Cursor<'_, '_>,
    definition: &Definition,
    faults: &mut Faults,
) -> Configuration {
    let mut configuration = Configuration::default_for(definition);
    let Some(object) = cursor.object(faults) else { return configuration };
    object.only(FIELDS, faults);
    configuration.enabled = object.flag("enabled", faults);
    if let Some(field) = object.field("off_variant") {
        configuration.off_variant = field.text_or_hole(faults);
    }
    configuration.fallthrough = match object.field("fallthrough") {
        Some(field) => serve::read(&field, faults),
        None => {
            // The off variant stands for it; if that is unknown, it is said there.
            faults.hole(&cursor.at.field("fallthrough"));
            Serve::Variant(configuration.off_variant.clone())
        }
    };
    if let Some(field) = object.field("prerequisites") {
        let items: Vec<_> = field.items(faults).collect();
        configuration.prerequisites =
            items.iter().map(|item| predicate::read_prerequisite(item, faults)).collect();
    }
    if let Some(field) = object.field("overrides") {
        for (variant, keys) in field.members("variant", faults) {
            configuration.overrides.insert(variant.to_owned(), keys.texts(faults));
        }
    }
    if let Some(field) = object.field("rules") {
        let items: Vec<_> = field.items(faults).collect();
        configuration.rules = items.iter().map(|item| read_rule(item, faults)).collect();
    }
    configuration
}

/// The rule at `cursor`.
pub(crate) fn read_rule(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Rule {
    let Some(object) = cursor.object(faults) else { return stand_in() };
    object.only(RULE_FIELDS, faults);
    let id = object.required("id", faults).map(|field| field.text_or_hole(faults));
    let when = object.field("when").map(|field| predicate::read(&field, 1, faults));
    let serve = object.required("serve", faults).map(|field| serve::read(&field, faults));
    Rule {
        id: id.unwrap_or_default(),
        description: object.text_or_empty("description", faults),
        when: when.unwrap_or_else(Predicate::always),
        serve: serve.unwrap_or_else(serve::stand_in),
    }
}

fn stand_in() -> Rule {
    Rule {
        id: String::new(),
        description: String::new(),
        when: Predicate::always(),
        serve: serve::stand_in(),
    }
}
