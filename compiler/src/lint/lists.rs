//! Lists in which something stands twice, and overrides that name nobody (`VX14…`).
//!
//! In: conditions, and lists of targeting keys. Out: one warning for each list, at the first
//! element that stood there before.

use std::collections::BTreeMap;

use super::warnings::Warnings;
use crate::check::codes;
use crate::check::names::quoted;
use crate::check::pointer::Path;
use crate::check::predicate::walk;
use crate::diagnostic::Diagnostic;
use crate::flag_set::{Configuration, Predicate, Project, Scalar, Segment, Test};
use crate::interpret::lower;

/// Warns about the list of sensitive attributes.
pub(super) fn of_project(project: &Project, warnings: &mut Warnings) {
    texts(&project.sensitive, false, &Path::Root("/sensitive"), warnings);
}

/// Warns about the lists of `configuration`, which stands at `at`.
pub(super) fn of_configuration(
    configuration: &Configuration,
    at: &Path<'_>,
    warnings: &mut Warnings,
) {
    let list = at.field("prerequisites");
    for (index, test) in configuration.prerequisites.iter().enumerate() {
        texts(&test.variants, false, &list.item(index).field("variants"), warnings);
    }
    let map = at.field("overrides");
    for (variant, keys) in &configuration.overrides {
        let place = map.field(variant);
        if keys.is_empty() {
            let message = format!("the override to {} names nobody", quoted(variant));
            let help = "name targeting keys, or take it out";
            warnings.add(codes::EMPTY_OVERRIDE, &place, message, help);
        }
        texts(keys, false, &place, warnings);
    }
    let list = at.field("rules");
    for (index, rule) in configuration.rules.iter().enumerate() {
        of_predicate(&rule.when, &list.item(index).field("when"), warnings);
    }
}

/// Warns about the lists of `segment`, which stands at `at`.
pub(super) fn of_segment(segment: &Segment, at: &Path<'_>, warnings: &mut Warnings) {
    texts(&segment.included, false, &at.field("included"), warnings);
    texts(&segment.excluded, false, &at.field("excluded"), warnings);
    if let Some(when) = &segment.when {
        of_predicate(when, &at.field("when"), warnings);
    }
}

fn of_predicate(predicate: &Predicate, at: &Path<'_>, warnings: &mut Warnings) {
    walk(predicate, at, 1, &mut |predicate, at, _| match predicate {
        Predicate::Flag(test) => texts(&test.variants, false, &at.field("variants"), warnings),
        Predicate::Attribute { test, .. } => of_test(test, at, warnings),
        _ => {}
    });
}

fn of_test(test: &Test, at: &Path<'_>, warnings: &mut Warnings) {
    match test {
        Test::In { values, ignore_case } => {
            scalars(values, *ignore_case, &at.field("in"), warnings)
        }
        Test::Affix { needles, ignore_case, .. } => {
            texts(needles, *ignore_case, &at.field(test.operator()), warnings);
        }
        Test::List { values, ignore_case, .. } => {
            scalars(values, *ignore_case, &at.field(test.operator()), warnings);
        }
        // Patterns and networks that are spelt differently may mean the same.
        Test::Matches { patterns, .. } => texts(patterns, false, &at.field("matches"), warnings),
        Test::Cidr { nets } => texts(nets, false, &at.field("cidr"), warnings),
        _ => {}
    }
}

/// An element and how it is shown.
type Shown = (Element, String);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    Text(String),
    Number(u64),
    Boolean(bool),
}

fn scalars(values: &[Scalar], fold: bool, at: &Path<'_>, warnings: &mut Warnings) {
    let elements = values.iter().map(|value| match value {
        Scalar::String(text) => element(text, fold),
        // Zero has no sign, as in comparisons.
        Scalar::Number(number) => {
            (Element::Number((number + 0.0).to_bits()), format!("`{number}`"))
        }
        Scalar::Boolean(boolean) => (Element::Boolean(*boolean), format!("`{boolean}`")),
    });
    twice(elements, at, warnings);
}

fn texts(values: &[String], fold: bool, at: &Path<'_>, warnings: &mut Warnings) {
    twice(values.iter().map(|text| element(text, fold)), at, warnings);
}

fn element(text: &str, fold: bool) -> Shown {
    let same = if fold { lower(text) } else { text.to_owned() };
    (Element::Text(same), quoted(text))
}

fn twice(elements: impl Iterator<Item = Shown>, at: &Path<'_>, warnings: &mut Warnings) {
    let mut seen: BTreeMap<Element, (usize, String)> = BTreeMap::new();
    let mut first: Option<(usize, usize, String)> = None;
    let mut more = 0_usize;
    for (index, (element, shown)) in elements.enumerate() {
        let Some((before, before_shown)) = seen.get(&element) else {
            seen.insert(element, (index, shown));
            continue;
        };
        more += usize::from(first.is_some());
        first.get_or_insert_with(|| (*before, index, message(before_shown, &shown)));
    }
    let Some((before, index, message)) = first else { return };
    let message = match more {
        0 => message,
        1 => format!("{message}, and so does one more"),
        more => format!("{message}, and so do {more} more"),
    };
    warnings.push(
        Diagnostic::warning(codes::TWICE, at.item(index).pointer(), message)
            .help("take one of the two out")
            .label(at.item(before).pointer(), "it stands here already"),
    );
}

fn message(before: &str, again: &str) -> String {
    match before == again {
        true => format!("{again} stands twice in this list"),
        false => format!("{before} stands twice in this list, here as {again}: case is ignored"),
    }
}
