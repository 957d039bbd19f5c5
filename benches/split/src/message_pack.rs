//! MessagePack, as far as manifests have it.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn unsigned(&mut self, size: usize) -> Option<u64> {
        Some(self.take(size)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    pub fn number(&mut self) -> Option<f64> {
        let byte = self.unsigned(1)? as u8;
        Some(match byte {
            0..0x80 | 0xe0.. => f64::from(byte as i8),
            0xca => f64::from(f32::from_bits(self.unsigned(4)? as u32)),
            0xcb => f64::from_bits(self.unsigned(8)?),
            0xcc..0xd0 => self.unsigned(1 << (byte & 3))? as f64,
            0xd0..0xd4 => {
                let size = 1 << (byte & 3);
                let shift = 64 - 8 * size as u32;
                ((self.unsigned(size)? << shift) as i64 >> shift) as f64
            }
            _ => return None,
        })
    }

    /// The number of elements of a list that begins here.
    pub fn list(&mut self) -> Option<usize> {
        let byte = self.unsigned(1)? as u8;
        match byte {
            0x90..0xa0 => Some(usize::from(byte & 15)),
            0xdc | 0xdd => Some(self.unsigned(if byte & 1 == 1 { 4 } else { 2 })? as usize),
            _ => None,
        }
    }

    pub fn each<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..self.list()?).map(|_| one(self)).collect()
    }

    pub fn text(&mut self) -> Option<&'a str> {
        let byte = self.unsigned(1)? as u8;
        let length = match byte {
            0xa0..0xc0 => usize::from(byte & 31),
            0xd9..0xdc => self.unsigned(1 << (byte - 0xd9))? as usize,
            _ => return None,
        };
        str::from_utf8(self.take(length)?).ok()
    }

    pub fn skip(&mut self) -> Option<()> {
        self.value().map(drop)
    }

    pub fn value(&mut self) -> Option<JsValue> {
        let byte = *self.bytes.first()?;
        Some(match byte {
            0x80..0x90 | 0xde | 0xdf => {
                self.take(1)?;
                let count = match byte {
                    0xde => self.unsigned(2)? as usize,
                    0xdf => self.unsigned(4)? as usize,
                    _ => usize::from(byte & 15),
                };
                let object = Object::new();
                for _ in 0..count {
                    let (name, value) = (self.value()?, self.value()?);
                    Reflect::set(&object, &name, &value).ok()?;
                }
                Object::freeze(&object).into()
            }
            0x90..0xa0 | 0xdc | 0xdd => {
                let items = self.each(Self::value)?;
                crate::array(items.into_iter())
            }
            0xa0..0xc0 | 0xd9..0xdc => JsValue::from_str(self.text()?),
            0xc0 => self.take(1).map(|_| JsValue::NULL)?,
            0xc2 | 0xc3 => self.take(1).map(|_| JsValue::from_bool(byte == 0xc3))?,
            _ => JsValue::from_f64(self.number()?),
        })
    }
}
