//! The data segment: constants interned and laid out.
//!
//! In: bytes from the emitters. Out: addresses, and one segment. Equal constants share an address;
//! address 0 is never given out, so that it can mean "none".

use std::collections::BTreeMap;

/// First address of the data; what lies below stays zero.
pub(super) const BASE: u32 = 16;

/// Constants of the module under construction.
#[derive(Debug, Default)]
pub(super) struct Data {
    bytes: Vec<u8>,
    interned: BTreeMap<(u32, Vec<u8>), u32>,
}

impl Data {
    /// Address of `constant`, which needs no alignment.
    pub(super) fn string(&mut self, constant: &[u8]) -> u32 {
        self.aligned(constant, 1)
    }

    /// Address of `constant`, a multiple of `align`, which is a power of two of at most 16.
    pub(super) fn aligned(&mut self, constant: &[u8], align: u32) -> u32 {
        let key = (align, constant.to_vec());
        if let Some(address) = self.interned.get(&key) {
            return *address;
        }
        while !self.end().is_multiple_of(align) {
            self.bytes.push(0);
        }
        let address = self.end();
        self.bytes.extend_from_slice(constant);
        self.interned.insert(key, address);
        address
    }

    /// First address after the data.
    pub(super) fn end(&self) -> u32 {
        BASE + self.bytes.len() as u32
    }

    /// The segment's bytes, for [`BASE`].
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
