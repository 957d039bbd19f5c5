//! What is true of a flag in every environment.
//!
//! In: a flag's object. Out: a definition, with stand-ins where something is faulty: a flag whose
//! kind cannot be read is `json`, so that its values fit, and one whose variants cannot be read
//! has none, so that nobody complains of references to them.

use indexmap::IndexMap;
use serde_json::Value;

use super::cursor::{Cursor, Object};
use super::number::normalised;
use crate::check::codes;
use crate::check::definition::word;
use crate::check::faults::Faults;
use crate::check::names::quoted;
use crate::flag_set::{Definition, Kind, Lifecycle};

const FIELDS: &[&str] =
    &["kind", "variants", "description", "owner", "tags", "client_visible", "lifecycle"];

/// The fields of a flag in a document: those of a definition and `environments`.
pub(crate) const FIELDS_IN_DOCUMENT: &[&str] = &[
    "kind",
    "variants",
    "description",
    "owner",
    "tags",
    "client_visible",
    "lifecycle",
    "environments",
];

const KINDS: [Kind; 4] = [Kind::Boolean, Kind::String, Kind::Number, Kind::Json];

/// The definition at `cursor`, which has no `environments`.
pub(crate) fn read(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Definition {
    let Some(object) = cursor.object(faults) else { return stand_in() };
    object.only(FIELDS, faults);
    read_fields(&object, faults)
}

/// The definition in the fields of a flag; unknown fields are the caller's.
pub(crate) fn read_fields(object: &Object<'_, '_>, faults: &mut Faults) -> Definition {
    let kind = read_kind(object, faults);
    let variants = match (object.field("variants"), kind) {
        (None, Some(Kind::Boolean)) => boolean_variants(),
        (None, None) => {
            faults.hole(&object.place("variants"));
            IndexMap::new()
        }
        (given, _) => {
            let given = given.or_else(|| object.required("variants", faults));
            given.map(|map| read_variants(&map, faults)).unwrap_or_default()
        }
    };
    Definition {
        kind: kind.unwrap_or(Kind::Json),
        variants,
        description: object.text_or_empty("description", faults),
        owner: object.text_or_empty("owner", faults),
        tags: object.texts_or_none("tags", faults),
        client_visible: object.flag("client_visible", faults),
        lifecycle: read_lifecycle(object, faults),
    }
}

/// The definition of a flag that could not be read at all.
pub(crate) fn stand_in() -> Definition {
    Definition {
        kind: Kind::Json,
        variants: IndexMap::new(),
        description: String::new(),
        owner: String::new(),
        tags: Vec::new(),
        client_visible: false,
        lifecycle: Lifecycle::Active,
    }
}

/// The variants of a boolean flag that gives none.
pub(crate) fn boolean_variants() -> IndexMap<String, Value> {
    IndexMap::from([("on".to_owned(), Value::Bool(true)), ("off".to_owned(), Value::Bool(false))])
}

fn read_kind(object: &Object<'_, '_>, faults: &mut Faults) -> Option<Kind> {
    let field = object.required("kind", faults)?;
    let written = field.text(faults)?;
    let kind = KINDS.into_iter().find(|&kind| word(kind) == written);
    if kind.is_none() {
        unknown_word("kind", written, &KINDS.map(word), &field, faults);
    }
    kind
}

fn read_lifecycle(object: &Object<'_, '_>, faults: &mut Faults) -> Lifecycle {
    let Some(field) = object.field("lifecycle") else { return Lifecycle::Active };
    match field.text(faults) {
        Some("archived") => return Lifecycle::Archived,
        Some("active") | None => {}
        Some(other) => unknown_word("lifecycle", other, &["active", "archived"], &field, faults),
    }
    Lifecycle::Active
}

/// Faults the text `written` at `field`, which is none of `words`.
pub(crate) fn unknown_word(
    what: &str,
    written: &str,
    words: &[&str],
    field: &Cursor<'_, '_>,
    faults: &mut Faults,
) {
    let message = format!("the {what} {} is not known", quoted(written));
    let mut help = faults.suggestion(written, words.iter().copied());
    if help.is_empty() {
        let shown: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        help = format!("write one of {}", shown.join(", "));
    }
    faults.advise(codes::UNKNOWN_WORD, &field.at, message, help);
}

fn read_variants(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> IndexMap<String, Value> {
    let members = cursor.members("variant", faults).into_iter();
    members.map(|(key, member)| (key.to_owned(), normalised(member.value))).collect()
}
