//! Features that depend on others.
//!
//! In: a feature's dependencies. Out: what has to hold first, in terms of other flags; or that it
//! never can. A parent that is missing, or depends on something itself, makes the feature false.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Profile;
use super::flag::Asked;
use super::form::not;
use super::notes::Notes;
use super::strategy::depends_on_name;
use super::variant::{OFF, Table, has_variants, keys_named};
use super::wire::{Dependency, Export, Feature};
use crate::check::codes;
use crate::check::names::quoted;

/// What has to hold before a feature's strategies are asked.
#[derive(Default)]
pub(super) struct Gate {
    /// Prerequisites of the flag.
    pub(super) prerequisites: Vec<Value>,
    /// Conditions of each of its rules.
    pub(super) conditions: Vec<Value>,
}

/// Flags of a parent that are made for what depends on it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Aide {
    /// The parent.
    pub(super) parent: String,
    /// The name under which it is asked for: its own, or its child's.
    pub(super) asked_as: String,
    /// Is it its choice of a variant alone, whether it is on or not.
    pub(super) is_choice: bool,
}

impl Aide {
    /// The key of the flag that is on or off, or of the choice.
    pub(super) fn key(&self) -> String {
        let Self { parent, asked_as, is_choice } = self;
        let base =
            if parent == asked_as { parent.clone() } else { format!("{parent}.for.{asked_as}") };
        if *is_choice { format!("{base}.choice") } else { base }
    }
}

/// Gives the table of the flag of a feature's variants.
pub(super) type TableOf<'a> = &'a dyn Fn(&Feature, Asked) -> Table;

/// The key of the flag that gives the variants of the feature with the key `base`.
pub(super) fn variant_key(base: &str) -> String {
    format!("{base}.variant")
}

/// What has to hold before `feature`; `table_of` gives the table of a parent's variants. Flags that
/// have to be made for it are put into `aides`.
///
/// # Errors
/// It never can: where, and why.
pub(super) fn gate(
    feature: &Feature,
    export: &Export,
    profile: Profile,
    table_of: TableOf<'_>,
    aides: &mut BTreeSet<Aide>,
    notes: &mut Notes,
) -> Result<Gate, (String, String)> {
    let mut gate = Gate::default();
    for dependency in &feature.dependencies {
        let never = |why: String| (dependency.at.clone(), why);
        let name = quoted(&dependency.feature);
        let parent = export.features.get(&dependency.feature);
        let parent = parent.ok_or_else(|| never(format!("the document has no feature {name}")))?;
        if !parent.dependencies.is_empty() {
            return Err(never(format!("{name}, on which it depends, depends on others itself")));
        }
        let aide = aide(feature, parent, profile, dependency, notes);
        add(&mut gate, dependency, parent, &aide, profile, table_of, aides).map_err(never)?;
        aides.insert(aide);
    }
    Ok(gate)
}

/// The flag to ask: the parent's own unless it falls differently when asked for by `feature`.
fn aide(
    feature: &Feature,
    parent: &Feature,
    profile: Profile,
    dependency: &Dependency,
    notes: &mut Notes,
) -> Aide {
    let is_copy = parent.strategies.iter().any(|strategy| depends_on_name(strategy, profile));
    let asked_as = if is_copy { &feature.name } else { &parent.name };
    let aide = Aide { parent: parent.name.clone(), asked_as: asked_as.clone(), is_choice: false };
    if is_copy {
        let (name, key) = (quoted(&parent.name), quoted(&aide.key()));
        let message = format!(
            "{name} has a rollout without a group, which falls differently for what depends on it"
        );
        let help = format!(
            "{key} is {name} as this feature sees it; change both alike, or give the rollout a \
             `groupId` in Unleash"
        );
        notes.add(codes::COPIED, &dependency.at, message, help);
    }
    aide
}

fn add(
    gate: &mut Gate,
    dependency: &Dependency,
    parent: &Feature,
    aide: &Aide,
    profile: Profile,
    table_of: TableOf<'_>,
    aides: &mut BTreeSet<Aide>,
) -> Result<(), String> {
    let key = aide.key();
    let names = &dependency.variants;
    let is_on = json!({ "flag": key, "variant": "on" });
    // For yggdrasil no variant is as good as the right one; the Node client asks for its name.
    let none_will_do = profile == Profile::Yggdrasil || names.iter().any(|name| name == OFF);
    let keys = |asked| keys_named(&table_of(parent, asked), names, none_will_do);
    let asks_variants = !names.is_empty();
    let wanted = names.first().map(|name| quoted(name)).unwrap_or_default();
    let lacking = || format!("{} has no variant {wanted}", quoted(&parent.name));
    if dependency.wants_on {
        if !asks_variants || (!has_variants(parent) && none_will_do) {
            gate.prerequisites.push(is_on);
            return Ok(());
        }
        let keys = keys(Asked::ForWhomItIsOn);
        if keys.is_empty() || !has_variants(parent) {
            return Err(lacking());
        }
        gate.prerequisites.push(variants_test(&variant_key(&key), keys));
        return Ok(());
    }
    gate.conditions.push(not(is_on));
    if asks_variants && has_variants(parent) && profile == Profile::Yggdrasil {
        let choice = Aide { is_choice: true, ..aide.clone() };
        let keys = keys(Asked::Always);
        if keys.is_empty() {
            return Err(lacking());
        }
        gate.conditions.push(variants_test(&choice.key(), keys));
        aides.insert(choice);
    }
    Ok(())
}

/// The flag `key` serves one of `variants`.
fn variants_test(key: &str, variants: Vec<String>) -> Value {
    match variants.as_slice() {
        [variant] => json!({ "flag": key, "variant": variant }),
        _ => json!({ "flag": key, "variants": variants }),
    }
}
