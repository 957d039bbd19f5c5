//! What flags serve: variants that nobody gets, and splits that divide nothing (`VX13…`).
//!
//! In: the readings of flags. Out: warnings. A variant counts as served when it may be served in
//! some environment, enabled or not, and always as the off variant of one; flags that are enabled
//! nowhere are let be, for they are not finished, and so are those whose prerequisites are never
//! met somewhere, for `references` tells of that.

use super::environment::{Environment, Reading, variants};
use super::unit;
use super::warnings::Warnings;
use crate::check::codes;
use crate::check::names::quoted;
use crate::check::pointer::Path;
use crate::flag_set::{Project, Serve, Split};

/// Warns about variants of `project` that are served in none of its `environments`.
pub(super) fn never_served(
    project: &Project,
    environments: &[Environment<'_>],
    warnings: &mut Warnings,
) {
    let map = Path::Root("/flags");
    for (key, flag) in super::active(project) {
        let readings: Vec<&Reading<'_>> =
            environments.iter().filter_map(|environment| environment.flag(key)).collect();
        let mut reaches = readings.iter().filter_map(|reading| reading.reach.as_ref()).peekable();
        if reaches.peek().is_none() || reaches.any(|reach| !reach.prerequisites) {
            continue;
        }
        let is_served = |variant: &str| {
            let off = readings.iter().any(|reading| reading.configuration.off_variant == variant);
            let mut outcomes = environments.iter().map(|environment| environment.outcomes(key));
            off || outcomes
                .any(|outcomes| outcomes.is_none_or(|some| some.served.contains(variant)))
        };
        let flag_place = map.field(key);
        let place = flag_place.field("variants");
        for variant in flag.definition.variants.keys() {
            if !is_served(variant) {
                let message = message(variant, &readings);
                let help = "serve it, or take it out of `variants`";
                warnings.add(codes::NEVER_SERVED, &place.field(variant), message, help);
            }
        }
    }
}

/// Rules that are never reached do not count, which may surprise.
fn message(variant: &str, readings: &[&Reading<'_>]) -> String {
    let mut rules = readings.iter().flat_map(|reading| &reading.configuration.rules);
    let quoted = quoted(variant);
    match rules.any(|rule| variants(&rule.serve).contains(&variant)) {
        true => format!("the variant {quoted} is never served: no rule that serves it is reached"),
        false => format!("the variant {quoted} is never served"),
    }
}

/// Warns about splits of `reading`, whose configuration stands at `at`, that divide nothing; those
/// in rules that are never reached are told of there.
pub(super) fn one_arm(reading: &Reading<'_>, at: &Path<'_>, warnings: &mut Warnings) {
    let Some(reach) = &reading.reach else { return };
    let list = at.field("rules");
    let rules = reading.configuration.rules.iter().zip(&reach.rules).enumerate();
    for (index, (rule, _)) in rules.filter(|(_, (_, never))| never.is_none()) {
        if let Serve::Split(split) = &rule.serve {
            let (rule, next) = (list.item(index), "the rule does not apply");
            split_of(split, next, &rule.field("serve"), warnings);
        }
    }
    if let (Serve::Split(split), true) = (&reading.configuration.fallthrough, reach.fallthrough) {
        split_of(split, "the caller's default is served", &at.field("fallthrough"), warnings);
    }
}

fn split_of(split: &Split, otherwise: &str, at: &Path<'_>, warnings: &mut Warnings) {
    let mut arms = split.weights.iter().filter(|(_, weight)| **weight > 0);
    let (Some((variant, _)), None) = (arms.next(), arms.next()) else { return };
    let (variant, unit) = (quoted(variant), unit::named(unit::of_split(split)));
    let message = format!("this split gives everything to {variant}");
    let help = match &split.otherwise {
        Some(other) => {
            format!("serve {variant} directly; but who has no {unit} gets {} now", quoted(other))
        }
        None => format!("serve {variant} directly; but where {unit} is missing, {otherwise} now"),
    };
    warnings.add(codes::ONE_ARM, &at.field("split"), message, help);
}
