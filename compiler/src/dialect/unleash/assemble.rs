//! All flags and segments of an import, put together and checked.
//!
//! In: the parts of an Unleash document. Out: a document of `vexil/1` in which the reader finds no
//! fault. What it does find is told of the part of the Unleash document that it comes from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::constraint;
use super::dependency::{self, Aide, Gate, variant_key};
use super::flag::{self, Asked, Translated};
use super::form;
use super::notes::{Broken, Notes};
use super::strategy::{self, Setting};
use super::variant::has_variants;
use super::wire::{Export, Feature};
use super::{Options, Profile};
use crate::check::codes;
use crate::check::faults::Faults;
use crate::check::names::{key as check_key, quoted};
use crate::check::pointer::Path;
use crate::diagnostic::Diagnostic;
use crate::document;

/// Flags and segments by key, each with the pointer of what it comes from.
type Parts = Map<String, Value>;
/// Key → pointer.
type Origins = BTreeMap<String, String>;

/// The document that `export` becomes; empty after a fault.
pub(super) fn document(
    export: &Export,
    options: &Options,
    environment: &str,
    notes: &mut Notes,
    faults: &mut Faults,
) -> Value {
    note_impressions(export, notes);
    let (segments, of_segments, keys) = segments(export, options.profile, notes);
    let import = Import { export, profile: options.profile, environment, segments: keys };
    let (flags, of_flags) = import.flags(notes, faults);
    let mut fields = Map::new();
    fields.insert("format".to_owned(), document::FORMAT.into());
    if let Some(project) = &options.project {
        fields.insert("project".to_owned(), project.as_str().into());
    }
    fields.insert("environments".to_owned(), json!([environment]));
    for (name, parts) in [("segments", segments), ("flags", flags)] {
        if !parts.is_empty() {
            fields.insert(name.to_owned(), parts.into());
        }
    }
    let document = Value::Object(fields);
    if faults.is_empty()
        && let Err(found) = document::read_value(&document)
    {
        for fault in found {
            tell(&fault, &of_flags, &of_segments, faults);
        }
    }
    document
}

fn note_impressions(export: &Export, notes: &mut Notes) {
    let mut features = export.features.values().filter(|feature| feature.has_impressions);
    if let Some(first) = features.next() {
        let count = features.count() + 1;
        let of = if count == 1 { "1 feature".to_owned() } else { format!("{count} features") };
        let message = format!("impression data is asked for of {of}");
        let help = "there is no counterpart yet: report evaluations from your services";
        notes.add(codes::LEFT_OUT, &first.at, message, help);
    }
}

/// The segments, their pointers, and their keys by id.
fn segments(
    export: &Export,
    profile: Profile,
    notes: &mut Notes,
) -> (Parts, Origins, BTreeMap<i64, Result<String, Broken>>) {
    let (mut parts, mut origins, mut keys) = (Parts::new(), Origins::new(), BTreeMap::new());
    for (id, segment) in &export.segments {
        let constraints = segment.constraints.iter();
        let read = constraints.map(|constraint| constraint::predicate(constraint, profile, notes));
        let when = match read.collect::<Result<Vec<_>, Broken>>() {
            Ok(constraints) => form::all(constraints),
            Err(broken) => {
                let message = format!("Unleash's engine cannot read the segment: {}", broken.why);
                let help = "every feature that names it is never on, and it is left out here";
                notes.add(codes::LEFT_OUT, &broken.at, message, help);
                keys.insert(*id, Err(broken));
                continue;
            }
        };
        let numbered = format!("segment-{id}");
        let is_free = check_key(&segment.name).is_ok() && !parts.contains_key(&segment.name);
        let key = if is_free { segment.name.clone() } else { numbered };
        let mut fields = Map::new();
        if !segment.description.is_empty() {
            fields.insert("description".to_owned(), segment.description.as_str().into());
        }
        fields.insert("when".to_owned(), when);
        parts.insert(key.clone(), fields.into());
        origins.insert(key.clone(), segment.at.clone());
        keys.insert(*id, Ok(key));
    }
    (parts, origins, keys)
}

/// What all features of one import share.
struct Import<'a> {
    export: &'a Export,
    profile: Profile,
    environment: &'a str,
    segments: BTreeMap<i64, Result<String, Broken>>,
}

impl<'a> Import<'a> {
    /// The flags and their pointers.
    fn flags(&self, notes: &mut Notes, faults: &mut Faults) -> (Parts, Origins) {
        let (mut parts, mut origins) = (Parts::new(), Origins::new());
        let mut aides = BTreeSet::new();
        for feature in self.export.features.values() {
            let mut translated = self.translated(feature, &feature.name, notes);
            let gate = self.gate(feature, &mut translated, &mut aides, notes);
            let key = feature.name.clone();
            self.add(&key, &translated, &gate, &mut parts, notes);
            origins.insert(variant_key(&key), feature.at.clone());
            origins.insert(key, feature.at.clone());
        }
        for aide in aides.iter().filter(|aide| aide.is_choice || aide.parent != aide.asked_as) {
            let Some(feature) = self.export.features.get(&aide.parent) else { continue };
            self.add_aide(aide, feature, &mut parts, &mut origins, faults);
        }
        self.check_names(faults);
        (parts, origins)
    }

    /// `feature` with its strategies as predicates, asked for under the name `asked_as`.
    fn translated<'f>(
        &self,
        feature: &'f Feature,
        asked_as: &str,
        notes: &mut Notes,
    ) -> Translated<'f> {
        let (profile, segments) = (self.profile, &self.segments);
        let setting = Setting { profile, feature: &feature.name, asked_as, segments };
        let strategies = feature.strategies.iter();
        let read = strategies.map(|one| strategy::predicate(one, &setting, notes));
        let read = read.collect::<Result<Vec<_>, Broken>>();
        let strategies = read.map_err(|broken| {
            let name = quoted(&feature.name);
            let message = format!("Unleash's engine cannot read {name}: {}", broken.why);
            let help = "the feature is never on, as in Unleash; mend it there and import again, or \
                        give the flag rules";
            notes.add(codes::NEVER_ON, &broken.at, message, help);
        });
        Translated { feature, strategies: strategies.ok() }
    }

    /// What has to hold before `feature`; where it never can, the feature loses its strategies.
    fn gate(
        &self,
        feature: &Feature,
        translated: &mut Translated<'_>,
        aides: &mut BTreeSet<Aide>,
        notes: &mut Notes,
    ) -> Gate {
        let table_of = |parent: &Feature, asked: Asked| {
            let translated = self.translated(parent, &parent.name, &mut Notes::default());
            flag::table(&translated, asked, self.profile)
        };
        let found = dependency::gate(feature, self.export, self.profile, &table_of, aides, notes);
        found.unwrap_or_else(|(at, why)| {
            let message = format!("{} is never on: {why}", quoted(&feature.name));
            let help = "as in Unleash; mend the dependency there and import again, or give the flag \
                        rules";
            notes.add(codes::DEPENDENCY, &at, message, help);
            translated.strategies = None;
            Gate::default()
        })
    }

    /// Adds the flag `key`, and the one of its variants if there are any.
    fn add(
        &self,
        key: &str,
        translated: &Translated<'_>,
        gate: &Gate,
        parts: &mut Parts,
        notes: &mut Notes,
    ) {
        parts.insert(key.to_owned(), flag::boolean(translated, gate, self.environment));
        if has_variants(translated.feature) {
            let asked = Asked::ForWhomItIsOn;
            let flag =
                flag::variants(translated, asked, key, self.environment, self.profile, notes);
            parts.insert(variant_key(key), flag);
        }
    }

    /// Adds a flag that only a child asks for.
    fn add_aide(
        &self,
        aide: &Aide,
        parent: &Feature,
        parts: &mut Parts,
        origins: &mut Origins,
        faults: &mut Faults,
    ) {
        let key = aide.key();
        let at = Path::Root(&parent.at);
        if parts.contains_key(&key) {
            let message = format!("{} would have to be the key of two flags", quoted(&key));
            let help = "rename the feature that has this name in Unleash";
            faults.advise(codes::NAME_TAKEN, &at, message, help);
            return;
        }
        // All of it has been said of the parent itself.
        let mut notes = Notes::default();
        let translated = self.translated(parent, &aide.asked_as, &mut notes);
        if aide.is_choice {
            let asked = Asked::Always;
            let (environment, profile) = (self.environment, self.profile);
            let flag = flag::variants(&translated, asked, &key, environment, profile, &mut notes);
            parts.insert(key.clone(), flag);
        } else {
            self.add(&key, &translated, &Gate::default(), parts, &mut notes);
            origins.insert(variant_key(&key), parent.at.clone());
        }
        origins.insert(key, parent.at.clone());
    }

    /// A feature must not have the name of the flag that gives another one's variants.
    fn check_names(&self, faults: &mut Faults) {
        for feature in self.export.features.values().filter(|feature| has_variants(feature)) {
            let key = variant_key(&feature.name);
            if let Some(other) = self.export.features.get(&key) {
                let message = format!(
                    "{} would have to be the key of two flags: this feature, and the variants of {}",
                    quoted(&key),
                    quoted(&feature.name)
                );
                let help = "rename one of the features in Unleash";
                faults.advise(codes::NAME_TAKEN, &Path::Root(&other.at), message, help);
            } else if let Err(wrong) = check_key(&key) {
                let message =
                    format!("the key {} of the flag of its variants {wrong}", quoted(&key));
                let help = "give the feature a shorter name in Unleash";
                faults.advise(codes::NO_SUCH_NAME, &Path::Root(&feature.at), message, help);
            }
        }
    }
}

/// Tells a fault of the result where it comes from.
fn tell(fault: &Diagnostic, of_flags: &Origins, of_segments: &Origins, faults: &mut Faults) {
    let mut steps = fault.pointer.split('/').skip(1);
    let (part, key) = (steps.next(), steps.next().unwrap_or_default());
    let key = key.replace("~1", "/").replace("~0", "~");
    let (origins, noun) = match part {
        Some("flags") => (of_flags, "flag"),
        Some("segments") => (of_segments, "segment"),
        _ => {
            faults.advise(fault.code, &Path::Root(""), &*fault.message, &*fault.help);
            return;
        }
    };
    let origin = origins.get(&key).map(String::as_str).unwrap_or_default();
    let message =
        format!("the {noun} {} that it becomes is refused: {}", quoted(&key), fault.message);
    let mut steps = steps.skip_while(|step| *step != "rules").skip(1);
    let rule = steps.next().filter(|_| part == Some("flags") && !key.ends_with(".variant"));
    match rule.and_then(|rule| rule.parse::<usize>().ok()) {
        Some(index) => {
            let (feature, strategies) = (Path::Root(origin), "strategies");
            let at = feature.field(strategies);
            faults.advise(fault.code, &at.item(index), message, &*fault.help);
        }
        None => faults.advise(fault.code, &Path::Root(origin), message, &*fault.help),
    }
}
