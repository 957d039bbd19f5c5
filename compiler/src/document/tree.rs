//! A tree of JSON values out of any parser, and what parsers forgive.
//!
//! In: a serde deserialiser. Out: a tree in which the first of equal names counts, with a fault for
//! each further one and for each number that is not finite. Refuses trees that are too deep or,
//! by aliases, larger than any text may be.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::check::codes;
use crate::check::faults::Faults;
use crate::check::names::quoted;
use crate::check::pointer::Path;
use crate::limits::{MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH};

/// Why a tree was not built to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// More than `MAX_DOCUMENT_DEPTH` lists and objects inside one another.
    TooDeep,
    /// More than `MAX_DOCUMENT_BYTES` in all values.
    TooLarge,
}

/// A tree that is being built.
#[derive(Debug)]
pub(crate) struct Tree<'f> {
    faults: &'f mut Faults,
    /// What may be added: a byte for each of a text, one for each value. A JSON text never
    /// needs more than its length.
    bytes_left: usize,
    /// Set when the parser was stopped, whatever it then says.
    pub(crate) refusal: Option<Refusal>,
}

impl<'f> Tree<'f> {
    /// An empty tree whose faults go to `faults`.
    pub(crate) fn new(faults: &'f mut Faults) -> Self {
        Self { faults, bytes_left: MAX_DOCUMENT_BYTES, refusal: None }
    }

    /// The seed of the whole tree.
    pub(crate) fn root(&mut self) -> Node<'_, 'f> {
        Node { tree: self, at: Path::Root(""), depth: 0 }
    }

    fn spend<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        match self.bytes_left.checked_sub(bytes + 1) {
            Some(left) => {
                self.bytes_left = left;
                Ok(())
            }
            None => {
                self.refusal = Some(Refusal::TooLarge);
                Err(E::custom("too large"))
            }
        }
    }
}

/// One value of a tree: a seed and a visitor.
pub(crate) struct Node<'t, 'f> {
    tree: &'t mut Tree<'f>,
    at: Path<'t>,
    /// Lists and objects around it.
    depth: usize,
}

impl Node<'_, '_> {
    fn enter<E: Error>(&mut self) -> Result<usize, E> {
        if self.depth >= MAX_DOCUMENT_DEPTH {
            self.tree.refusal = Some(Refusal::TooDeep);
            return Err(E::custom("too deep"));
        }
        Ok(self.depth + 1)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Value, D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.tree.spend(0).map(|()| Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.tree.spend(0).map(|()| Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.tree.spend(0).map(|()| Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.tree.spend(0).map(|()| Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.tree.spend(0)?;
        Ok(Number::from_f64(value).map_or_else(
            || {
                let message = format!("the number `{value}` is not finite");
                self.tree.faults.add(codes::NOT_FINITE, &self.at, message);
                self.tree.faults.hole(&self.at);
                // A stand-in of the same type, so that nobody complains of its type.
                Value::from(0)
            },
            Value::Number,
        ))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.tree.spend(text.len()).map(|()| Value::from(text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        self.tree.spend(text.len()).map(|()| Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.enter()?;
        self.tree.spend(0)?;
        let mut list = Vec::new();
        loop {
            let node = Node { tree: &mut *self.tree, at: self.at.item(list.len()), depth };
            match items.next_element_seed(node)? {
                Some(value) => list.push(value),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<Value, A::Error> {
        let depth = self.enter()?;
        self.tree.spend(0)?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            self.tree.spend(name.len())?;
            let at = self.at.field(&name);
            let twice = object.contains_key(&name);
            if twice {
                let message = format!("the name {} stands twice in this object", quoted(&name));
                let help = "keep one of the two";
                self.tree.faults.advise(codes::DUPLICATE_NAME, &at, message, help);
            }
            let value = fields.next_value_seed(Node { tree: &mut *self.tree, at, depth })?;
            if !twice {
                object.insert(name, value);
            }
        }
        Ok(Value::Object(object))
    }
}
