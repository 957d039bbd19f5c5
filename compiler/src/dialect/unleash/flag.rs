//! A feature's flags: one that is on or off, and one that gives its variant.
//!
//! In: a feature, its strategies as predicates, and what has to hold first. Out: flags as documents
//! write them.

use serde_json::{Map, Value, json};

use super::Profile;
use super::dependency::Gate;
use super::form::{self, all, any, is_always};
use super::notes::Notes;
use super::variant::{self, Choice, OFF, Table};
use super::wire::{Feature, Strategy};

/// A feature and what its strategies ask.
pub(super) struct Translated<'a> {
    pub(super) feature: &'a Feature,
    /// One predicate for each strategy; none for a feature that is never on.
    pub(super) strategies: Option<Vec<Value>>,
}

/// Whom a flag of variants is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Only those for whom the feature is on.
    ForWhomItIsOn,
    /// Everybody.
    Always,
}

/// The flag that is on or off.
pub(super) fn boolean(translated: &Translated<'_>, gate: &Gate, environment: &str) -> Value {
    let feature = translated.feature;
    let mut configuration = Map::new();
    configuration.insert("enabled".to_owned(), feature.enabled.into());
    let (rules, fallthrough) = match &translated.strategies {
        None => (Vec::new(), "off"),
        Some(strategies) => {
            put_list(&mut configuration, "prerequisites", gate.prerequisites.clone());
            on_rules(feature, strategies, &gate.conditions)
        }
    };
    put_list(&mut configuration, "rules", rules);
    configuration.insert("fallthrough".to_owned(), fallthrough.into());
    let mut fields = Map::new();
    fields.insert("kind".to_owned(), "boolean".into());
    put_text(&mut fields, "description", &feature.description);
    put_list(&mut fields, "tags", tags(feature));
    fields.insert("environments".to_owned(), json!({ environment: configuration }));
    fields.into()
}

/// The rules under which a feature is on, and what it is otherwise.
fn on_rules(
    feature: &Feature,
    strategies: &[Value],
    conditions: &[Value],
) -> (Vec<Value>, &'static str) {
    let gated = |when: &Value| all(conditions.iter().chain([when]).cloned());
    if strategies.is_empty() {
        let when = gated(&form::always());
        return match is_always(&when) {
            true => (Vec::new(), "on"),
            false => (vec![rule("on", "", when, json!("on"))], "off"),
        };
    }
    let mut rules = Vec::new();
    for (index, (strategy, when)) in feature.strategies.iter().zip(strategies).enumerate() {
        let when = gated(when);
        if is_always(&when) && index + 1 == strategies.len() {
            return (rules, "on");
        }
        let id = format!("strategy-{}", index + 1);
        rules.push(rule(&id, called(strategy), when, json!("on")));
    }
    (rules, "off")
}

/// The flag that gives the variant, with its `table` of variants. Asked for those for whom the
/// feature is on, it has the flag `base` as its prerequisite.
pub(super) fn variants(
    translated: &Translated<'_>,
    asked: Asked,
    base: &str,
    environment: &str,
    profile: Profile,
    notes: &mut Notes,
) -> Value {
    let mut table = variant::table();
    let steps = steps(translated, asked, profile, &mut table, notes);
    let (rules, fallthrough) = choice_rules(&steps);
    drop_unused(&mut table, &rules, &fallthrough);
    let mut configuration = Map::new();
    configuration.insert("enabled".to_owned(), true.into());
    if asked == Asked::ForWhomItIsOn {
        let prerequisite = json!({ "flag": base, "variant": "on" });
        put_list(&mut configuration, "prerequisites", vec![prerequisite]);
    }
    put_list(&mut configuration, "rules", rules);
    configuration.insert("fallthrough".to_owned(), fallthrough);
    let name = &translated.feature.name;
    let description = match asked {
        Asked::ForWhomItIsOn => format!("The variant of {base}"),
        Asked::Always => format!("The variant that {name} would give, whether it is on or not"),
    };
    let mut fields = Map::new();
    fields.insert("kind".to_owned(), "json".into());
    fields.insert("variants".to_owned(), Value::Object(table.into_iter().collect()));
    fields.insert("description".to_owned(), description.into());
    put_list(&mut fields, "tags", tags(translated.feature));
    fields.insert("environments".to_owned(), json!({ environment: configuration }));
    fields.into()
}

/// The table of the flag that gives the variant of `feature`.
pub(super) fn table(translated: &Translated<'_>, asked: Asked, profile: Profile) -> Table {
    let mut table = variant::table();
    let steps = steps(translated, asked, profile, &mut table, &mut Notes::default());
    let (rules, fallthrough) = choice_rules(&steps);
    drop_unused(&mut table, &rules, &fallthrough);
    table
}

/// Drops the row of a feature without a variant where nobody gets it.
fn drop_unused(table: &mut Table, rules: &[Value], fallthrough: &Value) {
    let mut serves = rules.iter().filter_map(|rule| rule.get("serve")).chain([fallthrough]);
    if !serves.any(|serve| serve == variant::NONE) {
        table.shift_remove(variant::NONE);
    }
}

/// Under a condition, a choice; the first whose condition holds counts.
struct Step {
    id: String,
    description: String,
    when: Value,
    choice: Choice,
}

fn steps(
    translated: &Translated<'_>,
    asked: Asked,
    profile: Profile,
    table: &mut Table,
    notes: &mut Notes,
) -> Vec<Step> {
    let Translated { feature, strategies } = translated;
    let last = |table: &mut Table, notes: &mut Notes| Step {
        id: "variants".to_owned(),
        description: String::new(),
        when: form::always(),
        choice: variant::of_feature(feature, profile, table, notes),
    };
    let Some(strategies) = strategies else {
        return match asked {
            // It is never on, so nobody gets that far.
            Asked::ForWhomItIsOn => Vec::new(),
            Asked::Always => vec![last(table, notes)],
        };
    };
    let mut steps: Vec<Step> = Vec::new();
    let mut ends_with_feature = false;
    for (index, (strategy, when)) in feature.strategies.iter().zip(strategies).enumerate() {
        let of_feature = strategy.variants.is_empty();
        if let (true, true, Some(step)) = (of_feature, ends_with_feature, steps.last_mut()) {
            step.when = any([std::mem::take(&mut step.when), when.clone()]);
            continue;
        }
        let choice = match of_feature {
            true => variant::of_feature(feature, profile, table, notes),
            false => variant::of_strategy(strategy, feature, profile, table, notes),
        };
        ends_with_feature = of_feature;
        let description = if of_feature { "" } else { called(strategy) };
        steps.push(Step {
            id: format!("strategy-{}", index + 1),
            description: description.to_owned(),
            when: when.clone(),
            choice,
        });
    }
    match (asked, steps.last_mut()) {
        // The feature is on, so if none before holds, the last one does.
        (Asked::ForWhomItIsOn, Some(step)) => step.when = form::always(),
        _ => steps.push(last(table, notes)),
    }
    steps
}

/// The rules of `steps`, and the serve of the first that asks nothing.
fn choice_rules(steps: &[Step]) -> (Vec<Value>, Value) {
    let mut rules = Vec::new();
    for step in steps {
        for (index, (for_whom, serve)) in step.choice.overrides.iter().enumerate() {
            let id = format!("{}-override-{}", step.id, index + 1);
            let when = all([step.when.clone(), for_whom.clone()]);
            rules.push(rule(&id, "", when, serve.clone()));
        }
        if is_always(&step.when) {
            return (rules, step.choice.serve.clone());
        }
        let serve = step.choice.serve.clone();
        rules.push(rule(&step.id, &step.description, step.when.clone(), serve));
    }
    (rules, json!(OFF))
}

fn rule(id: &str, description: &str, when: Value, serve: Value) -> Value {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), id.into());
    put_text(&mut fields, "description", description);
    if !is_always(&when) {
        fields.insert("when".to_owned(), when);
    }
    fields.insert("serve".to_owned(), serve);
    fields.into()
}

/// What people call a strategy.
fn called(strategy: &Strategy) -> &str {
    if strategy.title.is_empty() { &strategy.name } else { &strategy.title }
}

/// What is known of a feature for people: its type, its project, that it is stale.
fn tags(feature: &Feature) -> Vec<Value> {
    let mut tags = Vec::new();
    if !feature.purpose.is_empty() {
        tags.push(feature.purpose.as_str().into());
    }
    if !matches!(feature.project.as_str(), "" | "default") {
        tags.push(format!("project:{}", feature.project).into());
    }
    if feature.is_stale {
        tags.push("stale".into());
    }
    tags
}

fn put_text(fields: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        fields.insert(name.to_owned(), text.into());
    }
}

fn put_list(fields: &mut Map<String, Value>, name: &str, list: Vec<Value>) {
    if !list.is_empty() {
        fields.insert(name.to_owned(), list.into());
    }
}
