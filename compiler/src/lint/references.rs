//! Flags that are needed and can never give what is needed (`VX15…`).
//!
//! In: the readings of one environment. Out: a warning at each prerequisite and each `flag`
//! predicate that never holds there, because the flag it names is switched off, or serves none of
//! the variants to anybody. Flags that are switched off themselves are let be.

use super::environment::{Environment, Reading};
use super::warnings::Warnings;
use crate::check::codes;
use crate::check::names::quoted;
use crate::check::pointer::Path;
use crate::check::predicate::walk;
use crate::flag_set::{FlagTest, Predicate};

/// Warns about what `reading`, whose configuration stands at `at`, needs.
pub(super) fn lint(
    environment: &Environment<'_>,
    reading: &Reading<'_>,
    at: &Path<'_>,
    warnings: &mut Warnings,
) {
    let Some(reach) = &reading.reach else { return };
    let list = at.field("prerequisites");
    let prerequisites = &reading.configuration.prerequisites;
    if !reach.prerequisites && prerequisites.iter().all(|test| may_be_met(environment, test)) {
        let message = "these prerequisites are never met together";
        let help = "they want different variants of one flag; leave one of them";
        warnings.add(codes::NEVER_MET, &list, message, help);
    }
    for (index, test) in prerequisites.iter().enumerate() {
        let place = list.item(index);
        test_of(environment, "prerequisite", test, &place, warnings);
    }
    let list = at.field("rules");
    for (index, rule) in reading.configuration.rules.iter().enumerate() {
        walk(&rule.when, &list.item(index).field("when"), 1, &mut |predicate, place, _| {
            if let Predicate::Flag(test) = predicate {
                test_of(environment, "condition", test, place, warnings);
            }
        });
    }
}

/// May the flag serve one of the variants?
fn may_be_met(environment: &Environment<'_>, test: &FlagTest) -> bool {
    let outcomes = environment.outcomes(&test.flag);
    outcomes.is_none_or(|outcomes| {
        test.variants.iter().any(|variant| outcomes.meeting.contains(variant.as_str()))
    })
}

fn test_of(
    environment: &Environment<'_>,
    what: &str,
    test: &FlagTest,
    at: &Path<'_>,
    warnings: &mut Warnings,
) {
    let Some(outcomes) = environment.outcomes(&test.flag) else { return };
    if may_be_met(environment, test) {
        return;
    }
    let (flag, place) = (quoted(&test.flag), quoted(environment.key));
    if outcomes.meeting.is_empty() {
        let message =
            format!("this {what} never holds: the flag {flag} is switched off in {place}");
        let help = format!("enable {flag} there, or take this reference out");
        warnings.add(codes::SWITCHED_OFF, &at.field("flag"), message, help);
        return;
    }
    let wanted = listed(test.variants.iter().map(String::as_str));
    let message =
        format!("this {what} never holds: the flag {flag} never serves {wanted} in {place}");
    let help = format!("it serves {} there", listed(outcomes.meeting.iter().copied()));
    warnings.add(codes::NEVER_MET, &at.field("flag"), message, help);
}

/// `a`, `b` or `c`; of many the first.
fn listed<'v>(variants: impl Iterator<Item = &'v str>) -> String {
    const MOST: usize = 8;
    let mut names: Vec<String> = variants.take(MOST + 1).map(quoted).collect();
    if names.len() > MOST {
        names.truncate(MOST);
        names.push("others".to_owned());
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}
