//! The evaluation context: who or what a flag is evaluated for.
//!
//! In: a targeting key and attributes, set one by one or read from JSON. Out: a [`Context`] that
//! `record` writes for the guest. A context never holds null: an attribute that is null is absent.
//!
//! A context is made anew for each request, so making one is part of what an evaluation costs: it
//! borrows texts where it can, and keeps its attributes in one row in the order in which they were
//! set. Up to sixteen attributes are found by a byte of each name, eight compared at once and
//! without a branch, because contexts that are made of maps have another order each; more have an
//! order by name beside them.

mod value;

mod tag;

use std::borrow::Cow;

use vexil_abi::manifest::TARGETING_KEY;

pub(crate) use tag::{Brief, Tag};
use tag::{Briefs, alike};
pub use value::Value;
use value::{NESTING_MAX, TooDeep, owned};

/// Attributes that a context has room for without asking for more.
const ROOM: usize = 8;

/// The subject of an evaluation: OpenFeature's evaluation context.
///
/// It borrows what it is given borrowed: a context of `&str` copies no text.
///
/// ```
/// use vexil_runtime::Context;
///
/// let context = Context::with_key("user-7").set("country", "DE").set("age", 41);
/// assert_eq!(context.targeting_key(), Some("user-7"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Context<'a> {
    /// Text, if there is one.
    targeting_key: Option<Value<'a>>,
    attributes: Vec<Attribute<'a>>,
    briefs: Briefs,
    /// Places of the attributes by name; empty up to [`tag::LINEAR`] of them.
    order: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq)]
struct Attribute<'a> {
    tag: Tag,
    name: Cow<'a, str>,
    value: Value<'a>,
}

/// Why JSON is not an evaluation context.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// The context is not an object.
    #[error("an evaluation context is a JSON object, not {found}")]
    NotAnObject {
        /// What was found instead.
        found: &'static str,
    },
    /// `targetingKey` is neither a string nor null.
    #[error("`targetingKey` is a string, not {found}")]
    TargetingKeyNotAString {
        /// What was found instead.
        found: &'static str,
    },
    /// Lists and objects nest more than 64 deep in an attribute.
    #[error("attribute `{name}` nests more than {NESTING_MAX} deep")]
    TooDeep {
        /// The attribute's name.
        name: String,
    },
}

impl<'a> Context<'a> {
    /// A context without targeting key and attributes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            targeting_key: None,
            attributes: Vec::new(),
            briefs: Briefs::NONE,
            order: Vec::new(),
        }
    }

    /// A context with a targeting key.
    #[must_use]
    pub fn with_key(key: impl Into<Cow<'a, str>>) -> Self {
        Self { targeting_key: Some(Value::String(key.into())), ..Self::new() }
    }

    /// Sets an attribute. `targetingKey` sets the targeting key, which is a string or absent:
    /// a value of another kind removes it.
    #[must_use]
    #[inline]
    pub fn set(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) -> Self {
        self.insert(name, value);
        self
    }

    /// Like [`Context::set`], in place.
    #[inline]
    pub fn insert(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        let (name, value) = (name.into(), value.into());
        let tag = Tag::of(&name);
        if name == TARGETING_KEY {
            self.targeting_key = Some(value).filter(|value| matches!(value, Value::String(_)));
            return;
        }
        let brief = tag.brief();
        if self.is_new(brief) {
            return self.push(Attribute { tag, name, value });
        }
        match self.position(tag, brief, &name, &mut 0) {
            Some(at) => {
                if let Some(attribute) = self.attributes.get_mut(at) {
                    attribute.value = value;
                }
            }
            None => self.push(Attribute { tag, name, value }),
        }
    }

    /// Has certainly none of a few attributes this brief?
    #[inline(always)]
    fn is_new(&self, brief: Brief) -> bool {
        let [first, ..] = self.briefs.0;
        self.attributes.len() <= 8 && alike(first, brief) == 0
    }

    /// Appends an attribute whose name is new.
    #[inline]
    fn push(&mut self, attribute: Attribute<'a>) {
        let at = self.attributes.len();
        if self.attributes.capacity() == 0 {
            self.attributes = Vec::with_capacity(ROOM);
        }
        if !self.briefs.keep(at, attribute.tag.brief()) {
            self.put_in_order(&attribute.name);
        }
        self.attributes.push(attribute);
    }

    /// The next attribute has this name, and there are too many to be without an order.
    #[cold]
    fn put_in_order(&mut self, name: &str) {
        let at = self.attributes.len() as u32;
        if self.order.is_empty() {
            let mut order: Vec<u32> = (0..at).collect();
            order.sort_by_key(|at| self.name_at(*at));
            self.order = order;
        }
        let after = self.ordered(name).unwrap_or_else(|after| after);
        self.order.insert(after, at);
    }

    fn name_at(&self, at: u32) -> &str {
        self.attributes.get(at as usize).map_or("", |attribute| &attribute.name)
    }

    /// Where a name stands in the order, or would stand.
    fn ordered(&self, name: &str) -> Result<usize, usize> {
        self.order.binary_search_by(|at| self.name_at(*at).cmp(name))
    }

    /// The place of the attribute with this name, tag and brief. `hint` is where the last context
    /// had it: long contexts that are made in one place have their attributes in one order.
    #[inline]
    fn position(&self, tag: Tag, brief: Brief, name: &str, hint: &mut u32) -> Option<usize> {
        if !self.order.is_empty() {
            return self.position_in_order(tag, name, hint);
        }
        for (word, first) in self.briefs.0.iter().zip((0..).step_by(8)) {
            let mut alike = alike(*word, brief);
            while alike != 0 {
                let at = first + alike.trailing_zeros() as usize / 8;
                if self.attributes.get(at).is_some_and(|attribute| attribute.is(tag, name)) {
                    return Some(at);
                }
                alike &= alike - 1;
            }
        }
        None
    }

    #[inline(never)]
    fn position_in_order(&self, tag: Tag, name: &str, hint: &mut u32) -> Option<usize> {
        let guess = *hint as usize;
        if self.attributes.get(guess).is_some_and(|attribute| attribute.is(tag, name)) {
            return Some(guess);
        }
        let at = *self.order.get(self.ordered(name).ok()?)?;
        *hint = at;
        Some(at as usize)
    }

    /// The attribute with this name, tag and brief; for `hint` see [`Context::position`].
    #[inline]
    pub(crate) fn find(
        &self,
        tag: Tag,
        brief: Brief,
        name: &str,
        hint: &mut u32,
    ) -> Option<&Value<'a>> {
        let at = self.position(tag, brief, name, hint)?;
        self.attributes.get(at).map(|attribute| &attribute.value)
    }

    /// The attribute with this tag and brief, if it is easily found; where the tag is not all of
    /// the name, another may be found.
    #[inline(always)]
    pub(crate) fn at(&self, tag: Tag, brief: Brief) -> Option<&Value<'a>> {
        // The first that looks like it is it, unless names are very much alike.
        let [first, ..] = self.briefs.0;
        let at = alike(first, brief).trailing_zeros() as usize / 8;
        let attribute = self.attributes.get(at)?;
        (attribute.tag == tag).then_some(&attribute.value)
    }

    /// Reads OpenFeature's JSON form: an object whose member `targetingKey` is the targeting key
    /// and whose other members are the attributes. Null members and list elements are left out.
    /// Texts are borrowed; see [`Context::into_owned`].
    ///
    /// # Errors
    ///
    /// When the JSON is not an object, `targetingKey` is neither a string nor null, or an
    /// attribute nests too deep.
    pub fn from_json(json: &'a serde_json::Value) -> Result<Self, ContextError> {
        let serde_json::Value::Object(members) = json else {
            return Err(ContextError::NotAnObject { found: kind_of(json) });
        };
        let mut context = Self::new();
        for (name, member) in members {
            let value = Value::read(member, NESTING_MAX)
                .map_err(|TooDeep| ContextError::TooDeep { name: name.clone() })?;
            match value {
                None => {}
                Some(key @ Value::String(_)) if name == TARGETING_KEY => {
                    context.targeting_key = Some(key);
                }
                Some(_) if name == TARGETING_KEY => {
                    return Err(ContextError::TargetingKeyNotAString { found: kind_of(member) });
                }
                Some(value) => {
                    context.push(Attribute { tag: Tag::of(name), name: Cow::Borrowed(name), value })
                }
            }
        }
        Ok(context)
    }

    /// The same context, of which nothing is borrowed.
    #[must_use]
    pub fn into_owned(self) -> Context<'static> {
        let attributes = self.attributes.into_iter().map(|Attribute { tag, name, value }| {
            Attribute { tag, name: owned(name), value: value.into_owned() }
        });
        Context {
            targeting_key: self.targeting_key.map(Value::into_owned),
            attributes: attributes.collect(),
            briefs: self.briefs,
            order: self.order,
        }
    }

    /// The targeting key.
    #[must_use]
    #[inline]
    pub fn targeting_key(&self) -> Option<&str> {
        match &self.targeting_key {
            Some(Value::String(key)) => Some(key),
            _ => None,
        }
    }

    /// The targeting key like an attribute.
    #[inline(always)]
    pub(crate) fn key(&self) -> Option<&Value<'a>> {
        self.targeting_key.as_ref()
    }

    /// The top-level attribute with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        let tag = Tag::of(name);
        self.find(tag, tag.brief(), name, &mut 0)
    }

    /// The top-level attributes, in the order in which they were first set.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.attributes.iter().map(|attribute| (&*attribute.name, &attribute.value))
    }
}

impl Attribute<'_> {
    #[inline(always)]
    fn is(&self, tag: Tag, name: &str) -> bool {
        self.tag == tag && (tag.is_all() || self.is_named(name))
    }

    #[inline(never)]
    fn is_named(&self, name: &str) -> bool {
        self.name == name
    }
}

/// Contexts are equal when their attributes are, in whatever order they were set.
impl PartialEq for Context<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.targeting_key == other.targeting_key
            && self.attributes.len() == other.attributes.len()
            && self.attributes().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl<'a, N: Into<Cow<'a, str>>, V: Into<Value<'a>>> Extend<(N, V)> for Context<'a> {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, attributes: I) {
        for (name, value) in attributes {
            self.insert(name, value);
        }
    }
}

impl<'a, N: Into<Cow<'a, str>>, V: Into<Value<'a>>> FromIterator<(N, V)> for Context<'a> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(attributes: I) -> Self {
        let mut context = Self::new();
        context.extend(attributes);
        context
    }
}

fn kind_of(json: &serde_json::Value) -> &'static str {
    match json {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use std::collections::BTreeMap;

    use super::tag::LINEAR;
    use super::*;

    #[test]
    fn json_null_is_absent_everywhere() {
        let json = json!({"targetingKey": null, "a": null, "l": [1, null, "x"], "o": {"n": null}});
        let context = Context::from_json(&json).unwrap();
        let expected = Context::new()
            .set("l", Value::List(vec![1.into(), "x".into()]))
            .set("o", Value::Object(BTreeMap::new()));
        assert_eq!(context, expected);
    }

    #[test]
    fn json_targeting_key_is_the_targeting_key() {
        let json = json!({"targetingKey": "u", "plan": "pro"});
        let context = Context::from_json(&json).unwrap();
        assert_eq!(context, Context::with_key("u").set("plan", "pro"));
        assert_eq!(context.get(TARGETING_KEY), None);
    }

    #[test]
    fn setting_targeting_key_by_name_sets_the_key() {
        assert_eq!(Context::new().set("targetingKey", "u"), Context::with_key("u"));
        assert_eq!(Context::with_key("u").set("targetingKey", 7), Context::new());
    }

    #[test]
    fn json_that_is_no_context_is_refused_with_what_was_found() {
        let refused = |json| Context::from_json(&json).unwrap_err().to_string();
        assert_eq!(refused(json!([])), "an evaluation context is a JSON object, not a list");
        assert_eq!(refused(json!({"targetingKey": 1})), "`targetingKey` is a string, not a number");
    }

    #[test]
    fn names_of_every_length_are_told_apart() {
        let names: Vec<String> = (0..40)
            .flat_map(|length| {
                let name = "x".repeat(length);
                let last = name.char_indices().last().map(|(at, _)| format!("{}y", &name[..at]));
                std::iter::once(name).chain(last)
            })
            .collect();
        let mut context = Context::new();
        for (number, name) in names.iter().enumerate() {
            context.insert(name, number);
            context.insert(name, number);
            for (known, name) in names.iter().enumerate() {
                let expected = (known <= number).then_some(Value::from(known));
                assert_eq!(context.get(name), expected.as_ref(), "{name} of {number}");
            }
        }
        assert_eq!(context.attributes().count(), names.len());
    }

    #[test]
    fn a_hint_that_is_wrong_is_corrected() {
        let more = (0..LINEAR).map(|number| (format!("more-{number}"), number));
        let mut context = Context::new().set("a", 1).set("b", 2);
        context.extend(more);
        let mut hint = 7;
        let tag = Tag::of("b");
        assert_eq!(context.find(tag, tag.brief(), "b", &mut hint), Some(&2.into()));
        assert_eq!(hint, 1);
        let tag = Tag::of("c");
        assert_eq!(context.find(tag, tag.brief(), "c", &mut hint), None);
    }

    #[test]
    fn contexts_are_equal_in_any_order() {
        let one: Context = [("a", 1), ("b", 2)].into_iter().collect();
        let other: Context = [("b", 2), ("a", 1)].into_iter().collect();
        assert_eq!(one, other);
        assert_ne!(one, other.set("c", 3));
    }

    #[test]
    fn json_nests_at_most_64_deep() {
        let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        assert!(Context::from_json(&json!({"a": nested(64)})).is_ok());
        let refused = Context::from_json(&json!({"a": nested(65)})).unwrap_err().to_string();
        assert_eq!(refused, "attribute `a` nests more than 64 deep");
    }
}
