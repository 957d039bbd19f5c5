//! Attribute paths: which part of a context a slot asks for.
//!
//! In: a path as it stands in a manifest, and a context. Out: what the path names there, exactly
//! as guest-abi's `ABI.md`, "Paths", says. Resolving never allocates.

use vexil_abi::manifest::{NOW, RANDOM, TARGETING_KEY};

use crate::context::{Brief, Context, Tag, Value};
use crate::pseudo::Pseudo;

/// A path, split once when its module is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    whole: String,
    tag: Tag,
    brief: Brief,
    /// Empty when the path has no dot.
    steps: Vec<String>,
    special: Special,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Special {
    None,
    TargetingKey,
    Now,
    Random,
}

/// What a path names in a context.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Found<'a> {
    Missing,
    Attribute(&'a Value<'a>),
    TargetingKey(&'a str),
    /// The host's clock or its draw.
    Pseudo(f64),
}

impl Path {
    pub(crate) fn new(whole: String) -> Self {
        let special = match whole.as_str() {
            TARGETING_KEY => Special::TargetingKey,
            NOW => Special::Now,
            RANDOM => Special::Random,
            _ => Special::None,
        };
        let steps = match whole.contains('.') {
            true => whole.split('.').map(str::to_owned).collect(),
            false => Vec::new(),
        };
        let tag = Tag::of(&whole);
        Self { brief: tag.brief(), tag, whole, steps, special }
    }

    /// The path as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    /// Does the path ask for the host's clock, unless the context sets it?
    pub(crate) fn is_now(&self) -> bool {
        self.special == Special::Now
    }

    #[inline]
    pub(crate) fn is_targeting_key(&self) -> bool {
        self.special == Special::TargetingKey
    }

    /// Does the path name an attribute or nothing: has it neither steps nor a meaning of its own?
    pub(crate) fn is_plain(&self) -> bool {
        self.special == Special::None && self.steps.is_empty()
    }

    /// What contexts are searched by for an attribute whose name is the whole path.
    pub(crate) fn name(&self) -> (Tag, Brief) {
        (self.tag, self.brief)
    }

    /// What the path names in a context. `hint` is where the last context had it.
    #[inline]
    pub(crate) fn resolve<'a>(
        &self,
        context: &'a Context<'a>,
        pseudo: &Pseudo,
        hint: &mut u32,
    ) -> Found<'a> {
        if self.special == Special::TargetingKey {
            return context.targeting_key().map_or(Found::Missing, Found::TargetingKey);
        }
        let found = context.find(self.tag, self.brief, &self.whole, hint);
        let found = found.or_else(|| self.walk(context));
        match (found, self.special) {
            (Some(value), _) => Found::Attribute(value),
            (None, Special::Now) => Found::Pseudo(pseudo.now_ms),
            (None, Special::Random) => Found::Pseudo(pseudo.random()),
            (None, _) => Found::Missing,
        }
    }

    fn walk<'a>(&self, context: &'a Context<'a>) -> Option<&'a Value<'a>> {
        let (first, rest) = self.steps.split_first()?;
        rest.iter().try_fold(context.get(first)?, |value, step| match value {
            Value::Object(members) => members.get(step.as_str()),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn check(context: serde_json::Value, path: &str, expected: Option<Value<'_>>) {
        let context = Context::from_json(&context).unwrap();
        let found = match Path::new(path.to_owned()).resolve(&context, &Pseudo::at(5.0), &mut 0) {
            Found::Missing => None,
            Found::Attribute(value) => Some(value.clone()),
            Found::TargetingKey(key) => Some(key.into()),
            Found::Pseudo(number) => Some(number.into()),
        };
        assert_eq!(found, expected, "{path} in {context:?}");
    }

    #[test]
    fn the_whole_path_as_a_name_wins() {
        check(json!({"a.b": 1, "a": {"b": 2}}), "a.b", Some(1.into()));
        check(json!({"a": {"b": 2}}), "a.b", Some(2.into()));
    }

    #[test]
    fn walking_goes_through_objects_only() {
        check(json!({"a": {"b": {"c": "x"}}}), "a.b.c", Some("x".into()));
        check(json!({"a": {"b.c": "x"}}), "a.b.c", None);
        check(json!({"a": [{"b": 1}]}), "a.0.b", None);
        check(json!({"a": "text"}), "a.b", None);
        check(json!({"a": {}}), "a.b", None);
        check(json!({}), "a", None);
        check(json!({"": {"": 1}}), ".", Some(1.into()));
    }

    #[test]
    fn targeting_key_is_not_an_attribute() {
        check(json!({"targetingKey": "u"}), "targetingKey", Some("u".into()));
        check(json!({"targetingKey": "u"}), "targetingKey.x", None);
        check(json!({}), "targetingKey", None);
    }

    #[test]
    fn random_is_drawn_unless_the_context_sets_it() {
        check(json!({"$random": 7}), "$random", Some(7.into()));
        check(json!({"$random": "x"}), "$random", Some("x".into()));
        let json = json!({"$random": null});
        let context = Context::from_json(&json).unwrap();
        let pseudo = Pseudo::at(5.0);
        let found = Path::new("$random".to_owned()).resolve(&context, &pseudo, &mut 0);
        assert_eq!(found, Found::Pseudo(pseudo.random()));
    }

    #[test]
    fn now_is_the_clock_unless_the_context_sets_it() {
        check(json!({}), "$now", Some(5.0.into()));
        check(json!({"$now": "2026-01-01T00:00:00Z"}), "$now", Some("2026-01-01T00:00:00Z".into()));
        check(json!({"$now": null}), "$now", Some(5.0.into()));
    }
}
