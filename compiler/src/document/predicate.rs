//! Conditions: which form an object has, and its parts.
//!
//! In: a predicate's value. Out: a predicate, or one that always holds as a stand-in with a hole.
//! Never recurses deeper than `MAX_PREDICATE_DEPTH`.

use super::cursor::{Cursor, Object};
use super::{hashing, test};
use crate::check::codes;
use crate::check::faults::Faults;
use crate::flag_set::{Bucket, FlagTest, Hashing, Predicate};
use crate::limits::{MAX_BUCKETS, MAX_PREDICATE_DEPTH, WHOLE};

/// The fields of which a predicate has exactly one.
const FORMS: [&str; 7] = ["all", "any", "not", "segment", "flag", "bucket", "attribute"];

/// The predicate at `cursor`, which is the `depth`th inside one another.
pub(crate) fn read(cursor: &Cursor<'_, '_>, depth: usize, faults: &mut Faults) -> Predicate {
    if depth > MAX_PREDICATE_DEPTH {
        let message = format!("predicates are nested more than {MAX_PREDICATE_DEPTH} levels deep");
        let help = "name the inner part as a segment";
        faults.advise(codes::TOO_DEEP, &cursor.at, message, help);
        faults.hole(&cursor.at);
        return Predicate::always();
    }
    let Some(object) = cursor.object(faults) else { return Predicate::always() };
    let Some(form) = form_of(&object, faults) else { return Predicate::always() };
    if form == "attribute" {
        return test::read(&object, faults);
    }
    object.only(fields_of(form), faults);
    let Some(field) = object.field(form) else { return Predicate::always() };
    match form {
        "all" => Predicate::All(read_list(&field, depth, faults)),
        "any" => Predicate::Any(read_list(&field, depth, faults)),
        "not" => Predicate::Not(Box::new(read(&field, depth + 1, faults))),
        "segment" => Predicate::Segment(field.text_or_hole(faults)),
        "flag" => Predicate::Flag(read_flag_test(&object, faults)),
        _ => Predicate::Bucket(read_bucket(&field, faults)),
    }
}

/// The prerequisite at `cursor`.
pub(crate) fn read_prerequisite(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> FlagTest {
    let Some(object) = cursor.object(faults) else {
        return FlagTest { flag: String::new(), variants: Vec::new() };
    };
    object.only(fields_of("flag"), faults);
    read_flag_test(&object, faults)
}

fn fields_of(form: &str) -> &'static [&'static str] {
    match form {
        "all" => &["all"],
        "any" => &["any"],
        "not" => &["not"],
        "segment" => &["segment"],
        "flag" => &["flag", "variant", "variants"],
        _ => &["bucket"],
    }
}

fn form_of(object: &Object<'_, '_>, faults: &mut Faults) -> Option<&'static str> {
    let given: Vec<&'static str> = FORMS.into_iter().filter(|form| object.has(form)).collect();
    match given.as_slice() {
        [form] => Some(form),
        [] if test::is_among(object) => Some("attribute"),
        [] => {
            let known = FORMS.map(|form| format!("`{form}`")).join(", ");
            let meant = object.names().map(|name| faults.suggestion(name, FORMS));
            let help = meant.into_iter().find(|help| !help.is_empty()).unwrap_or_default();
            object.fault(codes::NOT_ONE, format!("a predicate has one of {known}"), help, faults);
            None
        }
        several => {
            let several = several.iter().map(|form| format!("`{form}`")).collect::<Vec<_>>();
            let message = format!("a predicate has one form, not {}", several.join(" and "));
            let help = "combine predicates with `all` or `any`";
            object.fault(codes::NOT_ONE, message, help, faults);
            None
        }
    }
}

fn read_list(cursor: &Cursor<'_, '_>, depth: usize, faults: &mut Faults) -> Vec<Predicate> {
    let items: Vec<_> = cursor.items(faults).collect();
    items.iter().map(|item| read(item, depth + 1, faults)).collect()
}

/// A flag and its variants; a hole for the whole where a part is missing.
fn read_flag_test(object: &Object<'_, '_>, faults: &mut Faults) -> FlagTest {
    let flag = object.required("flag", faults).and_then(|field| field.text(faults));
    let variants = match (object.field("variant"), object.field("variants")) {
        (Some(variant), None) => variant.text(faults).map(|variant| vec![variant.to_owned()]),
        (None, Some(list)) if list.value.is_array() => Some(list.texts(faults)),
        (None, Some(other)) => {
            other.unexpected("a list", faults);
            None
        }
        (None, None) if object.misspells(&["variant", "variants"]) => None,
        (given, _) => {
            let which = if given.is_some() { "both" } else { "neither" };
            let message = format!("{which} of `variant` and `variants` are given");
            object.fault(codes::NOT_ONE, message, "give one of the two", faults);
            None
        }
    };
    if flag.is_none() || variants.is_none() {
        object.hole(faults);
    }
    FlagTest { flag: flag.unwrap_or_default().to_owned(), variants: variants.unwrap_or_default() }
}

fn read_bucket(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Bucket {
    let mut bucket =
        Bucket { by: hashing::default_unit(), hashing: Hashing::native(), from: 0, to: WHOLE };
    let Some(object) = cursor.object(faults) else { return bucket };
    object.only(&["by", "salt", "hash", "from", "to"], faults);
    bucket.by = hashing::read_by(&object, faults);
    let read = hashing::read(&object, faults);
    let most = if matches!(read, Some(Hashing::Native { .. })) { WHOLE } else { MAX_BUCKETS };
    let from = object.field("from").map(|field| field.whole_number(most, faults));
    let to = object.required("to", faults).map(|field| field.whole_number(most, faults));
    let known = read.is_some();
    bucket.hashing = read.unwrap_or_else(Hashing::native);
    // Where a bound or the number of buckets cannot be read, the stand-ins make no fault.
    bucket.from = from.flatten().filter(|_| known).unwrap_or(0);
    bucket.to = to.flatten().filter(|_| known).unwrap_or(bucket.hashing.buckets());
    bucket
}
