//! Context records as hosts write them (`guest-abi/ABI.md`), of values that a test chooses.
//!
//! In: a value for each slot. Out: the bytes of a record. The runtime's own writer is not used, so
//! that a test can write what no context of a caller would become.

use vexil_abi::manifest::{NOW, TARGETING_KEY};
use vexil_abi::record::{ALIGN, HEADER_BYTES, SLOT_BYTES, tag};
use vexil_compiler::context::{Context, Value};
use vexil_compiler::module::InspectedAttribute;

/// What a slot holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Slot {
    /// Nothing.
    Missing,
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Elements, which are no lists.
    List(Vec<Slot>),
    /// An object, or a list in a list.
    Opaque,
}

/// A record with that many bytes of scratch.
#[must_use]
pub fn write(slots: &[Slot], scratch: u32) -> Vec<u8> {
    let fixed = HEADER_BYTES + SLOT_BYTES * slots.len() as u32 + scratch;
    let mut record = vec![0; fixed as usize];
    for (number, slot) in (0..).zip(slots) {
        put(&mut record, (HEADER_BYTES + SLOT_BYTES * number) as usize, slot);
    }
    let length = (record.len() as u32).to_le_bytes();
    record[..4].copy_from_slice(&length);
    record
}

fn put(record: &mut Vec<u8>, at: usize, slot: &Slot) {
    let (tag, len, payload) = match slot {
        Slot::Missing => (tag::MISSING, 0, 0),
        Slot::Boolean(value) => (tag::BOOLEAN, 0, u64::from(*value)),
        Slot::Number(value) => (tag::NUMBER, 0, value.to_bits()),
        Slot::Text(text) => {
            let offset = record.len() as u64;
            record.extend(text.as_bytes());
            (tag::STRING, text.len() as u32, offset)
        }
        Slot::List(elements) => {
            let first = record.len().next_multiple_of(ALIGN as usize);
            record.resize(first + SLOT_BYTES as usize * elements.len(), 0);
            for (number, element) in elements.iter().enumerate() {
                put(record, first + SLOT_BYTES as usize * number, element);
            }
            (tag::LIST, elements.len() as u32, first as u64)
        }
        Slot::Opaque => (tag::OPAQUE, 0, 0),
    };
    let head = u64::from(tag) | u64::from(len) << 32;
    record[at..at + 8].copy_from_slice(&head.to_le_bytes());
    record[at + 8..at + 16].copy_from_slice(&payload.to_le_bytes());
}

/// What `context` has for a module's attributes.
#[must_use]
pub fn slots(attributes: &[InspectedAttribute], context: &Context, now_ms: f64) -> Vec<Slot> {
    let slots = attributes.iter().map(|attribute| {
        let value = resolve(context, &attribute.path, now_ms);
        value.map_or(Slot::Missing, |value| as_read(&value, attribute.read))
    });
    slots.collect()
}

fn resolve(context: &Context, path: &str, now_ms: f64) -> Option<Value> {
    if path == TARGETING_KEY {
        return context.targeting_key.clone().map(Value::String);
    }
    let mut walked = context.attributes.get(path);
    if walked.is_none() {
        let mut steps = path.split('.');
        walked = steps.next().and_then(|first| context.attributes.get(first));
        for step in steps {
            walked = match walked {
                Some(Value::Object(members)) => members.get(step),
                _ => None,
            };
        }
    }
    let now = || (path == NOW).then_some(Value::Number(now_ms));
    walked.cloned().or_else(now)
}

fn as_read(value: &Value, read: &str) -> Slot {
    match (value, read) {
        (Value::Number(number), "unit") => match number.fract() == 0.0 && number.abs() < 9e15 {
            true => Slot::Text((*number as i64).to_string()),
            false => Slot::Missing,
        },
        (Value::String(text), "unit") => Slot::Text(text.clone()),
        (Value::Number(number), _) => Slot::Number(*number),
        (Value::String(text), "number" | "float") => {
            text.parse().map_or(Slot::Missing, Slot::Number)
        }
        (value, "value") => as_it_is(value),
        _ => Slot::Missing,
    }
}

fn as_it_is(value: &Value) -> Slot {
    match value {
        Value::Bool(value) => Slot::Boolean(*value),
        Value::Number(number) => Slot::Number(*number),
        Value::String(text) => Slot::Text(text.clone()),
        Value::List(elements) => Slot::List(
            elements
                .iter()
                .map(|element| match element {
                    Value::List(_) => Slot::Opaque,
                    element => as_it_is(element),
                })
                .collect(),
        ),
        Value::Object(_) => Slot::Opaque,
    }
}
