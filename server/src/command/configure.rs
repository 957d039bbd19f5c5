//! A flag changes in one environment.
//!
//! In: a draft, the place and the edit. Out: the draft with the change, if there is one. An edit
//! becomes the configuration it asks for; what changes is then found by comparison, so that an
//! edit that changes nothing gives nothing.

use serde_json::Value;
use vexil_compiler::check::codes::{BAD_KEY, DUPLICATE_RULE, OUT_OF_RANGE};
use vexil_compiler::document::{read_configuration, read_rule, read_serve};
use vexil_compiler::flag_set::{Configuration, Definition, Rule};

use super::difference::difference;
use super::draft::{Draft, configuration, fault, faulty, pointer};
use super::{Edit, Refusal};
use crate::log::fragment::{read_overrides, read_prerequisites};

/// Makes `edit` to `flag` in `environment`.
pub(super) fn configure(
    draft: &mut Draft<'_>,
    environment: &str,
    flag: &str,
    edit: &Edit,
) -> Result<(), Refusal> {
    draft.need_environment(environment)?;
    let at = pointer(&["flags", flag, "environments", environment]);
    let definition = &draft.flag(flag)?.definition;
    let mut wanted = configuration(draft.flag(flag)?, environment);
    make(&mut wanted, edit, definition, &at)?;
    become_configuration(draft, environment, flag, &wanted)
}

/// Gives `flag` the configuration `wanted` in `environment`, by the fewest changes.
pub(super) fn become_configuration(
    draft: &mut Draft<'_>,
    environment: &str,
    key: &str,
    wanted: &Configuration,
) -> Result<(), Refusal> {
    let flag = draft.flag(key)?;
    let now = configuration(flag, environment);
    let has_own = flag.environments.contains_key(environment);
    difference(&now, wanted, has_own)
        .into_iter()
        .try_for_each(|change| draft.push_in(environment, key, change))
}

/// Makes `edit` to `configuration`, which stands at the pointer `at`.
fn make(
    configuration: &mut Configuration,
    edit: &Edit,
    definition: &Definition,
    at: &str,
) -> Result<(), Refusal> {
    match edit {
        Edit::Enable => configuration.enabled = true,
        Edit::Disable => configuration.enabled = false,
        Edit::Replace(value) => {
            *configuration = read_configuration(value, at, definition).map_err(faulty)?;
        }
        Edit::Fallthrough(value) => {
            let at = format!("{at}/fallthrough");
            configuration.fallthrough = read_serve(value, &at).map_err(faulty)?;
        }
        Edit::Overrides(value) => {
            configuration.overrides = read_overrides(value, at, definition).map_err(faulty)?;
        }
        Edit::Prerequisites(value) => {
            configuration.prerequisites =
                read_prerequisites(value, at, definition).map_err(faulty)?;
        }
        Edit::AddRule { index, rule } => add_rule(&mut configuration.rules, *index, rule, at)?,
        Edit::PutRule { id, rule } => put_rule(&mut configuration.rules, id, rule, at)?,
        Edit::RemoveRule { id } => {
            let index = position(&configuration.rules, id)?;
            configuration.rules.remove(index);
        }
        Edit::ReorderRules { order } => reorder(&mut configuration.rules, order)?,
    }
    Ok(())
}

fn position(rules: &[Rule], id: &str) -> Result<usize, Refusal> {
    let found = rules.iter().position(|rule| rule.id == id);
    found.ok_or_else(|| Refusal::UnknownRule(id.to_owned()))
}

fn add_rule(
    rules: &mut Vec<Rule>,
    index: Option<usize>,
    rule: &Value,
    at: &str,
) -> Result<(), Refusal> {
    let index = index.unwrap_or(rules.len());
    let at = format!("{at}/rules/{index}");
    if index > rules.len() {
        let message = format!("there are {} rules: a new one cannot be at {index}", rules.len());
        return Err(fault(OUT_OF_RANGE, at, message));
    }
    let rule = read_rule(rule, &at).map_err(faulty)?;
    if position(rules, &rule.id).is_ok() {
        return Err(Refusal::AlreadyExists { what: "rule", key: rule.id });
    }
    rules.insert(index, rule);
    Ok(())
}

fn put_rule(rules: &mut Vec<Rule>, id: &str, rule: &Value, at: &str) -> Result<(), Refusal> {
    let index = position(rules, id)?;
    let at = format!("{at}/rules/{index}");
    let mut rule = rule.clone();
    if let Some(fields) = rule.as_object_mut()
        && !fields.contains_key("id")
    {
        fields.insert("id".to_owned(), id.into());
    }
    let rule = read_rule(&rule, &at).map_err(faulty)?;
    if rule.id != id {
        let message = format!("the rule's id is `{}`, but `{id}` is to be replaced", rule.id);
        return Err(fault(BAD_KEY, format!("{at}/id"), message));
    }
    rules.splice(index..=index, [rule]);
    Ok(())
}

/// Puts `rules` in `order`, which has to name each once.
fn reorder(rules: &mut Vec<Rule>, order: &[String]) -> Result<(), Refusal> {
    let mut rest = std::mem::take(rules);
    for (index, id) in order.iter().enumerate() {
        if rules.iter().any(|rule| rule.id == *id) {
            let message = format!("rule `{id}` stands twice in the order");
            return Err(fault(DUPLICATE_RULE, format!("/order/{index}"), message));
        }
        let at = position(&rest, id)?;
        rules.push(rest.remove(at));
    }
    match rest.first() {
        None => Ok(()),
        Some(rule) => {
            let message = format!("rule `{}` is missing in the order", rule.id);
            Err(fault(OUT_OF_RANGE, "/order".to_owned(), message))
        }
    }
}
