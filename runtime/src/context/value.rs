//! The value of an attribute: what JSON can say, but null.
//!
//! In: values of Rust, or JSON. Out: a [`Value`], which borrows text where it can. What nests deeper
//! than it may is refused, so that nobody's context can exhaust a stack.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `true` or `false`.
    Bool(bool),
    /// A double; not-a-number and infinities are allowed.
    Number(f64),
    /// Text.
    String(Cow<'a, str>),
    /// A list; only its scalar elements can match anything.
    List(Vec<Value<'a>>),
    /// An object, whose members dotted paths reach.
    Object(BTreeMap<Cow<'a, str>, Value<'a>>),
}

/// Lists and objects nest at most this deep in an attribute read from JSON.
pub(super) const NESTING_MAX: usize = 64;

/// A value nests too deep.
pub(super) struct TooDeep;

impl<'a> Value<'a> {
    /// Reads JSON; `None` for null. `nesting` is how many lists and objects it may still open.
    pub(super) fn read(
        json: &'a serde_json::Value,
        nesting: usize,
    ) -> Result<Option<Self>, TooDeep> {
        use serde_json::Value as Json;
        Ok(Some(match json {
            Json::Null => return Ok(None),
            Json::Bool(bool) => Self::Bool(*bool),
            Json::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::String(Cow::Borrowed(text)),
            Json::Array(items) => {
                let nesting = nesting.checked_sub(1).ok_or(TooDeep)?;
                let items = items.iter().filter_map(|item| Self::read(item, nesting).transpose());
                Self::List(items.collect::<Result<_, _>>()?)
            }
            Json::Object(members) => {
                let nesting = nesting.checked_sub(1).ok_or(TooDeep)?;
                let mut object = BTreeMap::new();
                for (name, member) in members {
                    let value = Self::read(member, nesting)?;
                    object.extend(value.map(|value| (Cow::Borrowed(name.as_str()), value)));
                }
                Self::Object(object)
            }
        }))
    }

    /// The same value, of which nothing is borrowed.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Bool(bool) => Value::Bool(bool),
            Self::Number(number) => Value::Number(number),
            Self::String(text) => Value::String(owned(text)),
            Self::List(items) => Value::List(items.into_iter().map(Value::into_owned).collect()),
            Self::Object(members) => {
                let members = members.into_iter();
                Value::Object(members.map(|(name, it)| (owned(name), it.into_owned())).collect())
            }
        }
    }
}

pub(super) fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

macro_rules! value_from {
    ($($from:ty => |$it:ident| $into:expr;)*) => {$(
        impl<'a> From<$from> for Value<'a> {
            #[inline]
            fn from($it: $from) -> Self {
                $into
            }
        }
    )*};
}

value_from! {
    bool => |it| Self::Bool(it);
    f64 => |it| Self::Number(it);
    f32 => |it| Self::Number(f64::from(it));
    i32 => |it| Self::Number(f64::from(it));
    u32 => |it| Self::Number(f64::from(it));
    // The nearest double, as JSON numbers are read.
    i64 => |it| Self::Number(it as f64);
    u64 => |it| Self::Number(it as f64);
    usize => |it| Self::Number(it as f64);
    &'a str => |it| Self::String(Cow::Borrowed(it));
    String => |it| Self::String(Cow::Owned(it));
    &'a String => |it| Self::String(Cow::Borrowed(it));
    Cow<'a, str> => |it| Self::String(it);
    BTreeMap<Cow<'a, str>, Value<'a>> => |it| Self::Object(it);
    BTreeMap<String, Value<'a>> => |it| {
        Self::Object(it.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect())
    };
}

impl<'a, T: Into<Value<'a>>> From<Vec<T>> for Value<'a> {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
