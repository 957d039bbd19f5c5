//! The context record, as `guest-abi/ABI.md` has it. Numbers of texts are read by the browser, whose
//! parser costs nothing.

use js_sys::{Array, Number, Object, Reflect};
use vexil_abi::manifest::{NOW, RANDOM, read};
use vexil_abi::record::{HEADER_BYTES, SLOT_BYTES, tag};
use wasm_bindgen::{JsCast, JsValue};

pub struct Attribute {
    path: JsValue,
    steps: Vec<JsValue>,
    pseudo: Pseudo,
    read: u8,
}

enum Pseudo {
    No,
    Now,
    Random,
}

impl Attribute {
    pub fn new(path: String, read: u8) -> Self {
        let pseudo = match path.as_str() {
            NOW => Pseudo::Now,
            RANDOM => Pseudo::Random,
            _ => Pseudo::No,
        };
        let steps = path.split('.').map(JsValue::from_str).collect();
        Self { path: JsValue::from_str(&path), steps, pseudo, read }
    }

    fn resolve(&self, context: &JsValue, (now, random): (f64, f64)) -> JsValue {
        let whole = member(context, &self.path);
        if !whole.is_null() {
            return whole;
        }
        match self.pseudo {
            Pseudo::Now => JsValue::from_f64(now),
            Pseudo::Random => JsValue::from_f64(random),
            Pseudo::No => self.steps.iter().fold(context.clone(), |object, name| member(&object, name)),
        }
    }
}

/// The member of an object; null when it is none, or has none.
fn member(object: &JsValue, name: &JsValue) -> JsValue {
    let is_there = object.is_object() && !Array::is_array(object) && Object::has_own(object.unchecked_ref::<Object>(), name);
    let found = if is_there { Reflect::get(object, name).unwrap_or(JsValue::NULL) } else { JsValue::NULL };
    if found.is_undefined() { JsValue::NULL } else { found }
}

/// Is it a decimal, with an exponent and bare points if `float`?
fn is_decimal(text: &str, float: bool) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    let mut part = 0;
    if let Some(after) = rest.strip_prefix('.') {
        part = digits(after);
        if part == 0 && !float {
            return false;
        }
        rest = &after[part..];
    }
    if (whole == 0 && !(float && part > 0)) || (rest.is_empty() && whole + part == 0) {
        return false;
    }
    if float && let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

fn number(value: &JsValue, float: bool) -> Option<f64> {
    if let Some(number) = value.as_f64() {
        return Some(number);
    }
    let text = value.as_string()?;
    let rest = text.strip_prefix(['+', '-']).unwrap_or(&text);
    if float && (rest.eq_ignore_ascii_case("inf") || rest.eq_ignore_ascii_case("infinity")) {
        return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    is_decimal(&text, float).then(|| Number::from(value.clone()).value_of())
}

/// Replaces `record`; nothing when it does not fit `room`.
pub fn write(
    record: &mut Vec<u8>,
    attributes: &[Attribute],
    scratch: usize,
    context: &JsValue,
    pseudo: (f64, f64),
    room: usize,
) -> Option<()> {
    record.clear();
    record.resize(HEADER_BYTES as usize + attributes.len() * SLOT_BYTES as usize + scratch, 0);
    for (index, attribute) in attributes.iter().enumerate() {
        let value = attribute.resolve(context, pseudo);
        let at = HEADER_BYTES as usize + index * SLOT_BYTES as usize;
        match attribute.read {
            read::NUMBER | read::FLOAT => {
                if let Some(number) = number(&value, attribute.read == read::FLOAT) {
                    slot(record, at, tag::NUMBER, 0, number.to_bits());
                }
            }
            read::UNIT if Number::is_safe_integer(&value) => {
                let text = Number::from(value).to_string_with_radix(10).ok()?;
                put(record, at, &text.into(), false);
            }
            read::UNIT if !value.is_string() => {}
            _ => put(record, at, &value, false),
        }
        if record.len() > room {
            return None;
        }
    }
    let length = u32::try_from(record.len()).ok()?;
    record[..4].copy_from_slice(&length.to_le_bytes());
    Some(())
}

fn slot(record: &mut [u8], at: usize, tag: u32, length: u32, payload: u64) {
    record[at..at + 4].copy_from_slice(&tag.to_le_bytes());
    record[at + 4..at + 8].copy_from_slice(&length.to_le_bytes());
    record[at + 8..at + 16].copy_from_slice(&payload.to_le_bytes());
}

fn put(record: &mut Vec<u8>, at: usize, value: &JsValue, in_list: bool) {
    if value.is_null() || value.is_undefined() {
        return;
    }
    if let Some(text) = value.as_string() {
        let start = record.len();
        record.extend_from_slice(text.as_bytes());
        slot(record, at, tag::STRING, text.len() as u32, start as u64);
    } else if let Some(number) = value.as_f64() {
        slot(record, at, tag::NUMBER, 0, number.to_bits());
    } else if let Some(truth) = value.as_bool() {
        slot(record, at, tag::BOOLEAN, 0, u64::from(truth));
    } else if !Array::is_array(value) || in_list {
        slot(record, at, tag::OPAQUE, 0, 0);
    } else {
        let items: Vec<JsValue> =
            value.unchecked_ref::<Array>().iter().filter(|item| !item.is_null() && !item.is_undefined()).collect();
        let first = record.len().next_multiple_of(8);
        record.resize(first + items.len() * SLOT_BYTES as usize, 0);
        for (index, item) in items.iter().enumerate() {
            put(record, first + index * SLOT_BYTES as usize, item, true);
        }
        slot(record, at, tag::LIST, items.len() as u32, first as u64);
    }
}
