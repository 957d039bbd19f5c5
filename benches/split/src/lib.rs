//! The pure parts of the browser loader, in Rust: the manifest, the context record, verdicts.
//!
//! In: what `browser-loader/src/{manifest,read,record,verdict}.js` get. Out: what they give, so that
//! both can be weighed and timed (`cargo xtask browser split`). It is no part of the product: the
//! loader has these parts in JavaScript, because that is smaller and quicker, and this is how that
//! is known.

mod message_pack;
mod record;

use js_sys::{Array, Map, Object, Reflect};
use vexil_abi::manifest::kind;
use vexil_abi::verdict::{Verdict, error_code, reason};
use wasm_bindgen::prelude::*;

use message_pack::Reader;
use record::Attribute;

/// A module's manifest.
#[wasm_bindgen]
pub struct Manifest {
    scratch: usize,
    attributes: Vec<Attribute>,
    flags: Vec<Flag>,
    record: Vec<u8>,
}

struct Flag {
    key: JsValue,
    kind: u8,
    /// Keys and values.
    variants: Vec<(JsValue, JsValue)>,
    rules: Vec<JsValue>,
    prerequisites: Vec<JsValue>,
}

#[wasm_bindgen]
impl Manifest {
    /// Reads the custom section `vexil.manifest`.
    pub fn read(section: &[u8]) -> Option<Manifest> {
        let mut reader = Reader::new(section);
        reader.list()?;
        reader.skip()?;
        reader.skip()?;
        let scratch = reader.number()? as usize;
        let attributes = reader.each(|reader| {
            reader.list()?;
            Some(Attribute::new(reader.text()?.to_owned(), reader.number()? as u8))
        })?;
        let variants = reader.each(|reader| {
            reader.list()?;
            let kind = reader.number()? as u8;
            let rows = reader.each(|reader| {
                reader.list()?;
                Some((reader.value()?, reader.value()?))
            })?;
            Some((kind, rows))
        })?;
        let rules = reader.each(|reader| reader.each(Reader::value))?;
        reader.skip()?;
        let flags = reader.each(|reader| {
            reader.list()?;
            let key = reader.value()?;
            let (kind, variants) = variants.get(reader.number()? as usize)?.clone();
            let rules = rules.get(reader.number()? as usize)?.clone();
            reader.skip()?;
            let prerequisites = reader.each(Reader::value)?;
            reader.skip()?;
            Some(Flag { key, kind, variants, rules, prerequisites })
        })?;
        Some(Manifest { scratch, attributes, flags, record: Vec::new() })
    }

    /// Numbers of flags by key.
    pub fn index(&self) -> Map {
        let map = Map::new();
        for (number, flag) in self.flags.iter().enumerate() {
            map.set(&flag.key, &JsValue::from(number as u32));
        }
        map
    }

    /// Writes a context record of at most `room` bytes; gives its address here, to be copied into
    /// the module, or nothing when it does not fit.
    pub fn write(&mut self, context: &JsValue, now: f64, random: f64, room: usize) -> Option<usize> {
        record::write(&mut self.record, &self.attributes, self.scratch, context, (now, random), room)?;
        Some(self.record.as_ptr() as usize)
    }

    /// Bytes of the record that was written last.
    pub fn length(&self) -> usize {
        self.record.len()
    }

    /// What a verdict means.
    pub fn explain(&self, flag: usize, low: u32, high: u32) -> JsValue {
        let Some(flag) = self.flags.get(flag) else { return JsValue::UNDEFINED };
        let verdict = Verdict::unpack((u64::from(high) << 32 | u64::from(low)) as i64);
        let object = Object::new();
        let set = |name: &str, value: &JsValue| {
            let _ = Reflect::set(&object, &JsValue::from_str(name), value);
        };
        if let Some((variant, value)) = flag.variants.get(usize::from(verdict.variant)) {
            set("variant", variant);
            set("value", value);
        }
        let kinds = ["boolean", "string", "number", "json"];
        set("kind", &JsValue::from_str(kinds[usize::from(flag.kind.min(kind::JSON))]));
        let reasons = reason::NAMES;
        set("reason", &JsValue::from_str(reasons.get(usize::from(verdict.reason)).unwrap_or(&reasons[0])));
        if verdict.error_code != error_code::NONE {
            let codes = error_code::NAMES;
            set("errorCode", &JsValue::from_str(codes.get(usize::from(verdict.error_code)).unwrap_or(&codes[8])));
        }
        if let Some(rule) = flag.rules.get(usize::from(verdict.rule)) {
            set("rule", rule);
        }
        if let Some(needed) = usize::from(verdict.detail).checked_sub(1).and_then(|it| flag.prerequisites.get(it)) {
            set("prerequisite", needed);
        }
        object.into()
    }
}

/// A list of JavaScript.
fn array(values: impl Iterator<Item = JsValue>) -> JsValue {
    values.collect::<Array>().into()
}
