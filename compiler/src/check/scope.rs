//! What a name can mean where it stands: the flag's variants, the project's flags and segments.
//!
//! In: the flag or project around a part, as far as it is known. Out: faults for names that mean
//! nothing. What is not known (a rule checked on its own) is not complained about.

use std::collections::BTreeMap;

use super::codes;
use super::faults::Faults;
use super::names::quoted;
use super::pointer::Path;
use crate::flag_set::{Definition, FlagTest, Lifecycle, Segment};

/// The flags and segments that can be named.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    flags: BTreeMap<&'a str, &'a Definition>,
    segments: &'a BTreeMap<String, Segment>,
}

impl<'a> Names<'a> {
    /// Flags by key, archived ones too, and segments.
    pub(crate) fn new(
        flags: impl Iterator<Item = (&'a str, &'a Definition)>,
        segments: &'a BTreeMap<String, Segment>,
    ) -> Self {
        Self { flags: flags.collect(), segments }
    }

    /// The flags, by key.
    pub(crate) fn flags(&self) -> impl Iterator<Item = (&'a str, &'a Definition)> {
        self.flags.iter().map(|(key, definition)| (*key, *definition))
    }
}

/// Where a part stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scope<'a> {
    /// The flag it belongs to, where known.
    definition: Option<&'a Definition>,
    /// The project it belongs to, where known.
    names: Option<&'a Names<'a>>,
    /// It belongs to a segment.
    pub(crate) in_segment: bool,
}

impl<'a> Scope<'a> {
    /// In a flag of a project. An archived flag may need archived flags.
    pub(crate) fn of_flag(definition: &'a Definition, names: &'a Names<'a>) -> Self {
        Self { definition: Some(definition), names: Some(names), in_segment: false }
    }

    /// In a flag of which the project is not known.
    pub(crate) fn of_definition(definition: &'a Definition) -> Self {
        Self { definition: Some(definition), ..Self::default() }
    }

    /// In a segment of a project.
    pub(crate) fn of_segment(names: &'a Names<'a>) -> Self {
        Self { definition: None, names: Some(names), in_segment: true }
    }

    /// In a segment of which the project is not known.
    pub(crate) fn of_lone_segment() -> Self {
        Self { in_segment: true, ..Self::default() }
    }

    /// Faults `variant` unless it is one of this flag's.
    pub(crate) fn variant(&self, variant: &str, at: &Path<'_>, faults: &mut Faults) {
        if let Some(definition) = self.definition {
            variant_of(definition, "this flag", variant, at, faults);
        }
    }

    /// Faults what `test` names: the flag, then its variants.
    pub(crate) fn flag_test(&self, test: &FlagTest, at: &Path<'_>, faults: &mut Faults) {
        if test.variants.is_empty() {
            let message = format!("no variants of the flag {} are listed", quoted(&test.flag));
            faults.advise(codes::EMPTY_LIST, at, message, "name at least one");
        }
        let Some(names) = self.names else { return };
        let Some(definition) = names.flags.get(test.flag.as_str()) else {
            let message = format!("the flag {} does not exist", quoted(&test.flag));
            let help = faults.suggestion(&test.flag, names.flags.keys().copied());
            faults.advise(codes::UNKNOWN_FLAG, at, message, help);
            return;
        };
        if definition.lifecycle == Lifecycle::Archived && !self.is_archived() {
            let message = format!("the flag {} is archived", quoted(&test.flag));
            let help = "restore it, or take this reference out";
            faults.advise(codes::ARCHIVED_FLAG, at, message, help);
        }
        let whose = format!("the flag {}", quoted(&test.flag));
        for variant in &test.variants {
            variant_of(definition, &whose, variant, at, faults);
        }
    }

    /// Faults `key` unless it is a segment.
    pub(crate) fn segment(&self, key: &str, at: &Path<'_>, faults: &mut Faults) {
        let Some(names) = self.names else { return };
        if !names.segments.contains_key(key) {
            let message = format!("the segment {} does not exist", quoted(key));
            let help = faults.suggestion(key, names.segments.keys().map(String::as_str));
            faults.advise(codes::UNKNOWN_SEGMENT, at, message, help);
        }
    }

    fn is_archived(&self) -> bool {
        self.definition.is_some_and(|definition| definition.lifecycle == Lifecycle::Archived)
    }
}

fn variant_of(
    definition: &Definition,
    whose: &str,
    variant: &str,
    at: &Path<'_>,
    faults: &mut Faults,
) {
    // A flag without variants is a fault of its own; each reference to it would say it again.
    if definition.variants.is_empty() || definition.variants.contains_key(variant) {
        return;
    }
    let message = format!("{} is not a variant of {whose}", quoted(variant));
    let mut help = faults.suggestion(variant, definition.variants.keys().map(String::as_str));
    if help.is_empty() {
        help = listed(definition);
    }
    faults.advise(codes::UNKNOWN_VARIANT, at, message, help);
}

fn listed(definition: &Definition) -> String {
    const MOST: usize = 8;
    let mut shown: Vec<String> =
        definition.variants.keys().take(MOST).map(|key| quoted(key)).collect();
    if definition.variants.len() > MOST {
        shown.push("…".to_owned());
    }
    format!("its variants are {}", shown.join(", "))
}
