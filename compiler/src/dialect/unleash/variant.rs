//! Variants: the values of a feature's second flag, and who is given which.
//!
//! In: the lists of variants of a feature and its strategies. Out: a table of the flag's variants,
//! whose values are what Unleash's clients answer, and serves that choose among them. The table has
//! two rows beside those of the lists: `disabled` when the feature is off, and one for a feature
//! that is on and has no variant to give.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::Profile;
use super::attribute;
use super::form;
use super::notes::Notes;
use super::rollout::{note, split, variant_units};
use super::wire::{Feature, Strategy, Variant};
use crate::check::names::key as check_key;

/// The key of the row of a feature that is off.
pub(super) const OFF: &str = "disabled";
/// The key of the row of a feature that is on without a variant.
pub(super) const NONE: &str = "none";

/// Rows by key.
pub(super) type Table = IndexMap<String, Value>;

/// A way to choose.
pub(super) struct Choice {
    /// Before all else: for whom, and what; a condition on the context and a serve.
    pub(super) overrides: Vec<(Value, Value)>,
    /// For everybody else.
    pub(super) serve: Value,
}

/// Has the feature or one of its strategies variants.
pub(super) fn has_variants(feature: &Feature) -> bool {
    !feature.variants.is_empty()
        || feature.strategies.iter().any(|strategy| !strategy.variants.is_empty())
}

/// The table of `feature` before anything is chosen.
pub(super) fn table() -> Table {
    let row = |on: bool| json!({ "name": OFF, "enabled": false, "feature_enabled": on });
    Table::from_iter([(OFF.to_owned(), row(false)), (NONE.to_owned(), row(true))])
}

/// Chooses among the variants of `feature`, with its own name as the group.
pub(super) fn of_feature(
    feature: &Feature,
    profile: Profile,
    table: &mut Table,
    notes: &mut Notes,
) -> Choice {
    let stickiness = feature.variants.first().and_then(|first| first.stickiness.as_deref());
    choose(&feature.variants, stickiness, &feature.name, profile, table, notes)
}

/// Chooses among the variants of `strategy`, which have its group and its stickiness.
pub(super) fn of_strategy(
    strategy: &Strategy,
    feature: &Feature,
    profile: Profile,
    table: &mut Table,
    notes: &mut Notes,
) -> Choice {
    let of_strategy = strategy.parameters.get("stickiness").map(String::as_str);
    let group = strategy.parameters.get("groupId").map(String::as_str);
    let (stickiness, group) = match profile {
        Profile::Yggdrasil => (of_strategy, group.unwrap_or(&feature.name)),
        Profile::Node => {
            let first = strategy.variants.first().and_then(|first| first.stickiness.as_deref());
            let first = first.filter(|name| !name.is_empty());
            // That client writes the word where there is no group.
            (first.or(of_strategy), group.unwrap_or("undefined"))
        }
    };
    let mut choice = choose(&strategy.variants, stickiness, group, profile, table, notes);
    if profile == Profile::Yggdrasil {
        // Its strategies have no overrides.
        choice.overrides.clear();
    }
    choice
}

fn choose(
    variants: &[Variant],
    stickiness: Option<&str>,
    group: &str,
    profile: Profile,
    table: &mut Table,
    notes: &mut Notes,
) -> Choice {
    let total: u32 = variants.iter().map(|variant| variant.weight).sum();
    if variants.is_empty() || (total == 0 && profile == Profile::Node) {
        return Choice { overrides: Vec::new(), serve: json!(NONE) };
    }
    let mut taken = BTreeSet::new();
    let keys: Vec<String> =
        variants.iter().map(|variant| row(variant, table, &mut taken)).collect();
    let overrides = variants.iter().zip(&keys).filter_map(|(variant, key)| {
        let parts = variant.overrides.iter();
        let for_whom =
            form::any(parts.map(|one| form::one_of(attribute::of(&one.context_name), &one.values)));
        (!form::is_never(&for_whom)).then(|| (for_whom, json!(key)))
    });
    let overrides = overrides.collect();
    let serve = match (keys.as_slice(), total) {
        (_, 0) => json!(NONE),
        ([only], _) => json!(only),
        _ => {
            let units = variant_units(stickiness, profile);
            if let Some(first) = variants.first() {
                note(&units, group, &first.at, notes);
            }
            let weights = variants.iter().map(|variant| variant.weight);
            let weights: Vec<(String, u32)> = keys.iter().cloned().zip(weights).collect();
            split(&units, group, &weights, profile)
        }
    };
    Choice { overrides, serve }
}

/// The key of the row of `variant`, which is added unless there is one that `taken` does not hold.
/// A split has each key once, and Unleash may list the same variant twice.
fn row(variant: &Variant, table: &mut Table, taken: &mut BTreeSet<String>) -> String {
    let mut value = json!({ "name": variant.name, "enabled": true, "feature_enabled": true });
    if let (Some(payload), Some(fields)) = (&variant.payload, value.as_object_mut()) {
        fields.insert("payload".to_owned(), payload.clone());
    }
    let same = table.iter().find(|(key, row)| **row == value && !taken.contains(*key));
    let key = same.map(|(key, _)| key.clone()).unwrap_or_else(|| {
        let key = free_key(&variant.name, table);
        table.insert(key.clone(), value);
        key
    });
    taken.insert(key.clone());
    key
}

/// The variant's name where it can be a key and is free, else one like it.
fn free_key(name: &str, table: &Table) -> String {
    let base = if check_key(name).is_ok() { name } else { "variant" };
    if !table.contains_key(base) {
        return base.to_owned();
    }
    let base = base.get(..base.floor_char_boundary(240)).unwrap_or_default();
    let numbered = (2_u32..).map(|number| format!("{base}#{number}"));
    numbered.into_iter().find(|key| !table.contains_key(key)).unwrap_or_default()
}

/// Keys of the rows whose variant has one of `names`; a row without a variant counts as
/// `with_none` says.
pub(super) fn keys_named(table: &Table, names: &[String], with_none: bool) -> Vec<String> {
    let is_named = |key: &str, row: &Value| match key {
        OFF => false,
        NONE => with_none,
        _ => row
            .get("name")
            .and_then(Value::as_str)
            .is_some_and(|name| names.iter().any(|wanted| wanted == name)),
    };
    table.iter().filter(|(key, row)| is_named(key, row)).map(|(key, _)| key.clone()).collect()
}
