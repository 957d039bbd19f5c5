//! An Unleash document's tree to its parts.
//!
//! In: a tree of JSON. Out: features and segments, each with its pointer; faults where something is
//! not what Unleash writes. Unknown fields are passed over: Unleash adds some in every version, and
//! its own clients do so too. Null is the same as missing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::attribute;
use super::delta;
use super::notes::Notes;
use super::wire::{Constraint, Dependency, Export, Feature, Override, Segment, Strategy, Variant};
use crate::check::codes;
use crate::check::faults::Faults;
use crate::check::names::{grouped, key, quoted};
use crate::check::pointer::Path;
use crate::document::cursor::{Cursor, Object, found};
use crate::limits::MAX_BUCKETS;

const HOW_TO_EXPORT: &str = "fetch it with `curl -H \"Authorization: $TOKEN\" \
                             $UNLEASH/api/client/features`; the token decides which environment";

/// The features of the document `value`; what is noticed on the way goes to `notes`.
pub(super) fn read(value: &Value, notes: &mut Notes, faults: &mut Faults) -> Export {
    let root = Cursor { value, at: Path::Root("") };
    let Some(object) = root.object(faults) else { return Export::default() };
    if object.has("featureStrategies") {
        let message = "the document is an export of Unleash's admin API, whose segments come \
                       without their constraints";
        object.fault(codes::NOT_UNLEASH, message, HOW_TO_EXPORT, faults);
        return Export::default();
    }
    let mut export = Export { environment: environment(&object), ..Export::default() };
    if let Some(events) = given(&object, "events") {
        delta::read(&events, &mut export, notes, faults);
    } else if let Some(list) = given(&object, "features") {
        features(&list, &mut export, notes, faults);
        if let Some(list) = given(&object, "segments") {
            segments(&list, &mut export, faults);
        }
    } else {
        let message = "the document has neither `features` nor `events`";
        object.fault(codes::NOT_UNLEASH, message, HOW_TO_EXPORT, faults);
    }
    export
}

/// `query.environment`, which some versions of Unleash write.
fn environment(object: &Object<'_, '_>) -> Option<String> {
    let environment = object.field("query")?.value.get("environment")?.as_str()?;
    Some(environment.to_owned())
}

/// Reads the features in `list` into `export`.
pub(super) fn features(
    list: &Cursor<'_, '_>,
    export: &mut Export,
    notes: &mut Notes,
    faults: &mut Faults,
) {
    let items: Vec<Cursor<'_, '_>> = list.items(faults).collect();
    for item in &items {
        let Some(feature) = feature(item, faults) else { continue };
        let Some(earlier) = export.features.insert(feature.name.clone(), feature) else { continue };
        let message = format!("another feature below has the name {} too", quoted(&earlier.name));
        let help = "the later one counts, as in Unleash's own engine";
        notes.add(codes::LEFT_OUT, &earlier.at, message, help);
    }
}

/// Reads the segments in `list` into `export`; of two with the same id the later one counts.
pub(super) fn segments(list: &Cursor<'_, '_>, export: &mut Export, faults: &mut Faults) {
    let items: Vec<Cursor<'_, '_>> = list.items(faults).collect();
    for item in &items {
        if let Some((id, segment)) = segment(item, faults) {
            export.segments.insert(id, segment);
        }
    }
}

/// One feature.
pub(super) fn feature(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Option<Feature> {
    let object = cursor.object(faults)?;
    let name = object.required("name", faults)?.text(faults)?.to_owned();
    if let Err(wrong) = key(&name) {
        let message = format!("the feature's name {} {wrong}", quoted(&name));
        let help = "in `vexil/1` it is a key: 1–256 bytes without control characters";
        faults.advise(codes::NO_SUCH_NAME, &object.place("name"), message, help);
    }
    let enabled = object.required("enabled", faults)?.boolean(faults)?;
    Some(Feature {
        at: cursor.at.pointer(),
        name,
        enabled,
        description: text(&object, "description", faults),
        purpose: text(&object, "type", faults),
        project: text(&object, "project", faults),
        is_stale: boolean(&object, "stale", false, faults),
        has_impressions: boolean(&object, "impressionData", false, faults),
        strategies: each(&object, "strategies", faults, strategy),
        variants: variants(&object, faults),
        dependencies: each(&object, "dependencies", faults, dependency),
    })
}

fn strategy(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Option<Strategy> {
    let object = cursor.object(faults)?;
    let name = object.required("name", faults)?.text(faults)?.to_owned();
    let parameters = given(&object, "parameters").map(|field| parameters(&field, faults));
    let parameters = parameters.unwrap_or_default();
    if let Some(stickiness) = parameters.get("stickiness").filter(|name| !name.is_empty()) {
        let field = object.place("parameters");
        attribute::check(stickiness, &field.field("stickiness"), faults);
    }
    Some(Strategy {
        at: cursor.at.pointer(),
        name,
        title: text(&object, "title", faults),
        is_disabled: boolean(&object, "disabled", false, faults),
        parameters,
        constraints: each(&object, "constraints", faults, constraint),
        segments: each(&object, "segments", faults, |item, faults| {
            Some((item.at.pointer(), id(item, faults)?))
        }),
        variants: variants(&object, faults),
    })
}

/// Parameters are texts; numbers and booleans, as very old servers wrote them, stand for theirs.
fn parameters(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    for (name, field) in cursor.members("parameter", faults) {
        let text = match field.value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(boolean) => boolean.to_string(),
            Value::Null => continue,
            Value::Array(_) | Value::Object(_) => {
                field.unexpected("a string", faults);
                continue;
            }
        };
        parameters.insert(name.to_owned(), text);
    }
    parameters
}

fn constraint(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Option<Constraint> {
    let object = cursor.object(faults)?;
    let context_name = object.required("contextName", faults)?.text(faults)?.to_owned();
    attribute::check(&context_name, &object.place("contextName"), faults);
    Some(Constraint {
        at: cursor.at.pointer(),
        context_name,
        operator: object.required("operator", faults)?.text(faults)?.to_owned(),
        values: given(&object, "values").map(|list| list.texts(faults)).unwrap_or_default(),
        value: given(&object, "value").and_then(|value| value.text(faults)).map(str::to_owned),
        ignores_case: boolean(&object, "caseInsensitive", false, faults),
        is_inverted: boolean(&object, "inverted", false, faults),
    })
}

fn variants(object: &Object<'_, '_>, faults: &mut Faults) -> Vec<Variant> {
    let variants = each(object, "variants", faults, variant);
    let total: u64 = variants.iter().map(|variant| u64::from(variant.weight)).sum();
    if total > u64::from(MAX_BUCKETS) {
        let (total, most) = (grouped(total), grouped(MAX_BUCKETS));
        let message = format!("the weights sum to {total}, more than {most}");
        let help = "Unleash's own weights sum to 1,000";
        faults.advise(codes::BAD_WEIGHTS, &object.place("variants"), message, help);
    }
    variants
}

fn variant(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Option<Variant> {
    let object = cursor.object(faults)?;
    let stickiness = given(&object, "stickiness").and_then(|field| field.text(faults));
    if let Some(name) = stickiness.filter(|name| !name.is_empty()) {
        attribute::check(name, &object.place("stickiness"), faults);
    }
    Some(Variant {
        at: cursor.at.pointer(),
        name: object.required("name", faults)?.text(faults)?.to_owned(),
        weight: object.required("weight", faults)?.whole_number(MAX_BUCKETS, faults)?,
        stickiness: stickiness.map(str::to_owned),
        payload: given(&object, "payload").and_then(|field| payload(&field, faults)),
        overrides: each(&object, "overrides", faults, overriding),
    })
}

/// `{"type", "value"}`, without what else may stand there.
fn payload(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Option<Value> {
    let object = cursor.object(faults)?;
    let kind = object.required("type", faults)?.text(faults)?;
    let value = object.required("value", faults)?.text(faults)?;
    Some(serde_json::json!({ "type": kind, "value": value }))
}

fn overriding(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Option<Override> {
    let object = cursor.object(faults)?;
    let context_name = object.required("contextName", faults)?.text(faults)?.to_owned();
    attribute::check(&context_name, &object.place("contextName"), faults);
    Some(Override { context_name, values: object.required("values", faults)?.texts(faults) })
}

fn dependency(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Option<Dependency> {
    let object = cursor.object(faults)?;
    Some(Dependency {
        at: cursor.at.pointer(),
        feature: object.required("feature", faults)?.text(faults)?.to_owned(),
        wants_on: boolean(&object, "enabled", true, faults),
        variants: given(&object, "variants").map(|list| list.texts(faults)).unwrap_or_default(),
    })
}

/// One segment and its id.
pub(super) fn segment(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Option<(i64, Segment)> {
    let object = cursor.object(faults)?;
    let id = id(&object.required("id", faults)?, faults)?;
    let segment = Segment {
        at: cursor.at.pointer(),
        name: text(&object, "name", faults),
        description: text(&object, "description", faults),
        constraints: each(&object, "constraints", faults, constraint),
    };
    Some((id, segment))
}

/// The whole number here.
pub(super) fn id(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Option<i64> {
    let id = cursor.value.as_i64();
    if id.is_none() {
        let message = format!("expected the number of a segment, found {}", found(cursor.value));
        faults.add(codes::WRONG_TYPE, &cursor.at, message);
    }
    id
}

/// The field `name` where it is given and not null.
pub(super) fn given<'a: 'p, 'p>(
    object: &Object<'a, 'p>,
    name: &'static str,
) -> Option<Cursor<'a, 'p>> {
    object.field(name).filter(|field| !field.value.is_null())
}

fn text(object: &Object<'_, '_>, name: &'static str, faults: &mut Faults) -> String {
    given(object, name).map(|field| field.text_or_hole(faults)).unwrap_or_default()
}

fn boolean(
    object: &Object<'_, '_>,
    name: &'static str,
    otherwise: bool,
    faults: &mut Faults,
) -> bool {
    given(object, name).and_then(|field| field.boolean(faults)).unwrap_or(otherwise)
}

/// The elements of the list in field `name` that `read` can read.
fn each<T>(
    object: &Object<'_, '_>,
    name: &'static str,
    faults: &mut Faults,
    read: impl Fn(&Cursor<'_, '_>, &mut Faults) -> Option<T>,
) -> Vec<T> {
    let Some(list) = given(object, name) else { return Vec::new() };
    let items: Vec<Cursor<'_, '_>> = list.items(faults).collect();
    items.iter().filter_map(|item| read(item, faults)).collect()
}
