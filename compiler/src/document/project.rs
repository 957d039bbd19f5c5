//! The document itself: format, project, environments, sensitive attributes, segments, flags.
//!
//! In: the tree. Out: a project, with stand-ins where something is faulty.

use std::collections::BTreeMap;

use super::cursor::{Cursor, Object};
use super::{FORMAT, configuration, definition, segment};
use crate::check::codes;
use crate::check::faults::Faults;
use crate::check::names::quoted;
use crate::flag_set::{Project, ProjectFlag};

const FIELDS: &[&str] = &["format", "project", "environments", "sensitive", "segments", "flags"];

/// The project at `cursor`.
pub(crate) fn read(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Project {
    let Some(object) = cursor.object(faults) else { return Project::default() };
    object.only(FIELDS, faults);
    read_format(&object, faults);
    let key = object.field("project").map(|field| field.text_or_hole(faults));
    let declared = object.field("environments").map(|field| field.texts(faults));
    let sensitive = object.field("sensitive").map(|field| field.texts(faults));
    let mut segments = BTreeMap::new();
    if let Some(map) = object.field("segments") {
        for (key, member) in map.members("key", faults) {
            segments.insert(key.to_owned(), segment::read(&member, faults));
        }
    }
    let mut named = Vec::new();
    let mut flags = BTreeMap::new();
    if let Some(map) = object.field("flags") {
        for (key, member) in map.members("key", faults) {
            flags.insert(key.to_owned(), read_flag(&member, &mut named, faults));
        }
    }
    let (environments, sensitive) = (declared.unwrap_or(named), sensitive.unwrap_or_default());
    Project { key, environments, sensitive, segments, flags }
}

fn read_format(object: &Object<'_, '_>, faults: &mut Faults) {
    let Some(field) = object.required("format", faults) else { return };
    let Some(format) = field.text(faults) else { return };
    if format != FORMAT {
        let message = format!("the format {} is not known", quoted(format));
        faults.advise(codes::UNKNOWN_WORD, &field.at, message, format!("write `{FORMAT}`"));
    }
}

/// A flag with its environments; `named` gets those that are not in it yet.
fn read_flag(cursor: &Cursor<'_, '_>, named: &mut Vec<String>, faults: &mut Faults) -> ProjectFlag {
    let Some(object) = cursor.object(faults) else {
        return ProjectFlag { definition: definition::stand_in(), environments: BTreeMap::new() };
    };
    object.only(definition::FIELDS_IN_DOCUMENT, faults);
    let definition = definition::read_fields(&object, faults);
    let mut environments = BTreeMap::new();
    if let Some(map) = object.field("environments") {
        for (name, member) in map.members("name", faults) {
            if !named.iter().any(|known| known == name) {
                named.push(name.to_owned());
            }
            environments.insert(name.to_owned(), configuration::read(&member, &definition, faults));
        }
    }
    ProjectFlag { definition, environments }
}
