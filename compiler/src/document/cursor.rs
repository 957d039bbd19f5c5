//! A place in a document's tree, and reading what stands there.
//!
//! In: a JSON value that knows its pointer. Out: texts, numbers, lists and objects; where something
//! else stands, a fault that says what was expected and what was found, and a hole.

use serde_json::{Map, Value};

use crate::check::codes;
use crate::check::faults::Faults;
use crate::check::names::{grouped, quoted};
use crate::check::pointer::Path;
use crate::check::suggest::nearest;
use crate::limits::MAX_POINTER_NAME_BYTES;

/// A value and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a, 'p> {
    /// What stands here.
    pub(crate) value: &'a Value,
    /// Where.
    pub(crate) at: Path<'p>,
}

impl<'a> Cursor<'a, '_> {
    /// Faults the value: it is not `expected`.
    pub(crate) fn unexpected(&self, expected: &str, faults: &mut Faults) {
        let message = format!("expected {expected}, found {}", found(self.value));
        faults.add(codes::WRONG_TYPE, &self.at, message);
        faults.hole(&self.at);
    }

    /// The text here.
    pub(crate) fn text(&self, faults: &mut Faults) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.unexpected("a string", faults);
        }
        text
    }

    /// The text here, or an empty stand-in.
    pub(crate) fn text_or_hole(&self, faults: &mut Faults) -> String {
        self.text(faults).unwrap_or_default().to_owned()
    }

    /// The boolean here.
    pub(crate) fn boolean(&self, faults: &mut Faults) -> Option<bool> {
        let boolean = self.value.as_bool();
        if boolean.is_none() {
            self.unexpected("true or false", faults);
        }
        boolean
    }

    /// The number here; not-a-number, where a tree was built by hand, is left to the checker.
    pub(crate) fn number(&self, faults: &mut Faults) -> Option<f64> {
        let number = self.value.as_f64();
        if number.is_none() {
            self.unexpected("a number", faults);
        }
        number
    }

    /// The whole number from 0 to `most` here.
    pub(crate) fn whole_number(&self, most: u32, faults: &mut Faults) -> Option<u32> {
        let number = self.number(faults)?;
        if number.fract() == 0.0 && (0.0..=f64::from(most)).contains(&number) {
            // In range and whole, so the conversion is exact.
            return Some(number as u32);
        }
        let message = format!(
            "expected a whole number from 0 to {}, found {}",
            grouped(most),
            found(self.value)
        );
        faults.add(codes::OUT_OF_RANGE, &self.at, message);
        faults.hole(&self.at);
        None
    }

    /// The elements of the list here, none where there is no list.
    pub(crate) fn items(&self, faults: &mut Faults) -> impl Iterator<Item = Cursor<'a, '_>> {
        let list = self.value.as_array();
        if list.is_none() {
            self.unexpected("a list", faults);
        }
        let items = list.into_iter().flatten().enumerate();
        items.map(|(index, value)| Cursor { value, at: self.at.item(index) })
    }

    /// The texts of the list here, with empty stand-ins for what is not text.
    pub(crate) fn texts(&self, faults: &mut Faults) -> Vec<String> {
        self.items(faults)
            .collect::<Vec<_>>()
            .iter()
            .map(|item| item.text_or_hole(faults))
            .collect()
    }

    /// The members of the map here, whose names are `what`s; none where there is no object. See
    /// [`Object::members`].
    pub(crate) fn members(
        &self,
        what: &str,
        faults: &mut Faults,
    ) -> Vec<(&'a str, Cursor<'a, '_>)> {
        self.object(faults).map(|map| map.members(what, faults)).unwrap_or_default()
    }

    /// The object here.
    pub(crate) fn object<'c>(&'c self, faults: &mut Faults) -> Option<Object<'a, 'c>> {
        let map = self.value.as_object();
        if map.is_none() {
            self.unexpected("an object", faults);
        }
        map.map(|map| Object { map, at: &self.at })
    }
}

/// An object and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'a, 'p> {
    map: &'a Map<String, Value>,
    at: &'p Path<'p>,
}

impl<'a: 'p, 'p> Object<'a, 'p> {
    /// The place of field `name`, given or not.
    pub(crate) fn place<'n>(&'n self, name: &'n str) -> Path<'n> {
        self.at.field(name)
    }

    /// Is there a field `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// The field `name`, if given.
    pub(crate) fn field(&self, name: &'static str) -> Option<Cursor<'a, 'p>> {
        self.map.get(name).map(|value| Cursor { value, at: self.at.field(name) })
    }

    /// Is there a field that is meant as one of `names`. It is an unknown field, and that is fault
    /// enough: the fields of one object are not alike.
    pub(crate) fn misspells(&self, names: &[&'static str]) -> bool {
        self.names().any(|given| nearest(given, names.iter().copied()).is_some())
    }

    /// The field `name`; a fault and a hole if it is missing.
    pub(crate) fn required(
        &self,
        name: &'static str,
        faults: &mut Faults,
    ) -> Option<Cursor<'a, 'p>> {
        let field = self.field(name);
        if field.is_none() && !self.misspells(&[name]) {
            faults.add(codes::MISSING_FIELD, self.at, format!("the field `{name}` is missing"));
        }
        if field.is_none() {
            faults.hole(&self.at.field(name));
        }
        field
    }

    /// The text of field `name`, empty if it is not given.
    pub(crate) fn text_or_empty(&self, name: &'static str, faults: &mut Faults) -> String {
        self.field(name).map(|field| field.text_or_hole(faults)).unwrap_or_default()
    }

    /// The texts of the list in field `name`, none if it is not given.
    pub(crate) fn texts_or_none(&self, name: &'static str, faults: &mut Faults) -> Vec<String> {
        self.field(name).map(|field| field.texts(faults)).unwrap_or_default()
    }

    /// The boolean of field `name`, false if it is not given.
    pub(crate) fn flag(&self, name: &'static str, faults: &mut Faults) -> bool {
        self.field(name).and_then(|field| field.boolean(faults)).unwrap_or(false)
    }

    /// Faults every field that is not in `known`.
    pub(crate) fn only(&self, known: &[&str], faults: &mut Faults) {
        for name in self.map.keys().filter(|name| !known.contains(&name.as_str())) {
            let message = format!("the field {} is not known here", quoted(name));
            let absent = known.iter().copied().filter(|known| !self.has(known));
            let mut help = faults.suggestion(name, absent);
            if help.is_empty() {
                let shown: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
                help = format!("known here: {}", shown.join(", "));
            }
            faults.advise(codes::UNKNOWN_FIELD, &self.at.field(name), message, help);
        }
    }

    /// The members of a map whose names are `what`s: all but those whose name is far too long,
    /// which are faulted here (the pointers of what stands in them would be as long).
    pub(crate) fn members(
        &self,
        what: &str,
        faults: &mut Faults,
    ) -> Vec<(&'a str, Cursor<'a, 'p>)> {
        let mut members = Vec::with_capacity(self.map.len());
        for (name, value) in self.map {
            if name.len() > MAX_POINTER_NAME_BYTES {
                let bytes = grouped(name.len() as u64);
                let message = format!(
                    "the {what} {} has {bytes} bytes, more than {MAX_POINTER_NAME_BYTES}",
                    quoted(name)
                );
                faults.add(codes::BAD_KEY, self.at, message);
                faults.dent(self.at);
            } else {
                members.push((name.as_str(), Cursor { value, at: self.at.field(name) }));
            }
        }
        members
    }

    /// The names of the object's fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.map.keys().map(String::as_str)
    }

    /// Says that the object as a whole is a stand-in.
    pub(crate) fn hole(&self, faults: &mut Faults) {
        faults.hole(self.at);
    }

    /// Faults the object as a whole.
    pub(crate) fn fault(
        &self,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
        faults: &mut Faults,
    ) {
        faults.advise(code, self.at, message, help);
        faults.hole(self.at);
    }
}

/// What stands there, for messages.
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(boolean) => format!("`{boolean}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) => format!("the string {}", quoted(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
