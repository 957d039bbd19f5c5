//! The context record: how a host lays out one evaluation's subject in the arena.
//!
//! All integers are little-endian, all offsets are in bytes.

/// Alignment of a record, of its list elements and of `evaluate_all`'s output.
pub const ALIGN: u32 = 8;

/// `u32`: bytes of the whole record, header included. Written by the host.
pub const HEADER_LENGTH: u32 = 0;
/// `u32`: written as zero by the host; `bind` writes what it needs.
pub const HEADER_STATE: u32 = 4;
/// Bytes of the header; slots follow.
pub const HEADER_BYTES: u32 = 16;

/// Bytes at the end of the memory that no record reaches into: a guest reads strings by words.
pub const TAIL: u32 = 8;

/// Bytes of one slot.
pub const SLOT_BYTES: u32 = 16;
/// `u32` in a slot: one of the [`tag`]s.
pub const SLOT_TAG: u32 = 0;
/// `u32` in a slot: bytes of a string, elements of a list, else zero.
pub const SLOT_LEN: u32 = 4;
/// Eight bytes in a slot: `f64` of a number, `u64` 0 or 1 of a boolean, `u32` offset from the
/// record's first byte (upper half zero) of a string's bytes or of a list's element slots.
pub const SLOT_PAYLOAD: u32 = 8;

/// What a slot holds.
pub mod tag {
    /// The attribute is absent or null, or cannot be read as asked.
    pub const MISSING: u32 = 0;
    /// `true` or `false`.
    pub const BOOLEAN: u32 = 2;
    /// A number (`f64`, not a number and infinities included).
    pub const NUMBER: u32 = 3;
    /// A string of UTF-8.
    pub const STRING: u32 = 4;
    /// A list whose elements are slots of their own.
    pub const LIST: u32 = 5;
    /// Anything else that is present (an object; a list inside a list).
    pub const OPAQUE: u32 = 6;
}
