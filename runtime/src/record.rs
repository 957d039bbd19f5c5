//! The context record: a context in the layout that a guest reads.
//!
//! In: the arena's bytes, a manifest's attribute table, which slots to write, a context, the
//! clock. Out: a record at the first byte, as guest-abi's `ABI.md`, "Context record", tables it.
//! Writing goes straight into guest memory; it never allocates and never writes past the arena.

use vexil_abi::record::{
    ALIGN, HEADER_BYTES, HEADER_LENGTH, SLOT_BYTES, SLOT_LEN, SLOT_PAYLOAD, SLOT_TAG, tag,
};

use crate::context::{Context, Value};
use crate::manifest::{Attribute, Manifest};
use crate::pseudo::Pseudo;
use crate::read::{Content, Read, element, read};

/// The context does not fit the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Bytes of a record with `slots` slots before the first string: header, slots, scratch.
pub(crate) fn fixed_bytes(slots: usize, scratch: u32) -> u64 {
    u64::from(HEADER_BYTES) + u64::from(SLOT_BYTES) * slots as u64 + u64::from(scratch)
}

/// Where the attributes stood in the context before, by slot: a guess for the next one.
pub(crate) type Hints = [u32];

/// Writes a record of `context` at the start of `arena`: its header and the slots `slots`. Other
/// slots and the scratch keep what was there.
///
/// Returns the record's length in bytes.
#[inline(always)]
pub(crate) fn write(
    arena: &mut [u8],
    manifest: &Manifest,
    slots: impl Iterator<Item = u32>,
    context: &Context<'_>,
    pseudo: &Pseudo,
    hints: &mut Hints,
) -> Result<u32, Full> {
    let first = manifest.record_bytes as usize;
    let (fixed, behind) = arena.split_at_mut_checked(first).ok_or(Full)?;
    let (header, rows) = fixed.split_first_chunk_mut::<HEADER>().ok_or(Full)?;
    let (rows, _) = rows.as_chunks_mut::<SLOT>();
    let mut behind = Behind { bytes: behind, taken: 0, first };
    for slot in slots {
        let slot = slot as usize;
        if let (Some(attribute), Some(hint), Some(row)) =
            (manifest.attributes.get(slot), hints.get_mut(slot), rows.get_mut(slot))
        {
            *row = match text(attribute, context, *hint) {
                Some(text) => behind.string(text.as_bytes())?,
                None => behind.any(attribute, context, pseudo, hint)?,
            };
        }
    }
    // INVARIANT: the arena lies in a memory whose addresses are well below 2^31.
    let length = (first + behind.taken) as u32;
    // Length, state and reserved bytes.
    *header = u128::from(length).to_le_bytes();
    Ok(length)
}

/// The text of an attribute that is one, is to be read as it is, and stands where it stood before:
/// what most attributes of most contexts are.
#[inline(always)]
fn text<'a>(attribute: &Attribute, context: &'a Context<'a>, hint: u32) -> Option<&'a str> {
    if !matches!(attribute.read, Read::Value | Read::Unit) {
        return None;
    }
    match attribute.path.is_targeting_key() {
        true => context.targeting_key(),
        false => attribute.path.text_at(context, hint),
    }
}

const HEADER: usize = HEADER_BYTES as usize;
const SLOT: usize = SLOT_BYTES as usize;
const _: () = assert!(HEADER_LENGTH == 0 && HEADER == 16);
const _: () = assert!(SLOT_TAG == 0 && SLOT_LEN == 4 && SLOT_PAYLOAD == 8 && SLOT == 16);

impl Manifest {
    /// Writes the record of `context` with all its slots to the start of `arena`, as this host
    /// does before it evaluates all flags; for hosts of one's own, and for measurements.
    ///
    /// Returns the record's length in bytes, or `None` when it does not fit.
    #[must_use]
    pub fn write_record(
        &self,
        arena: &mut [u8],
        context: &Context<'_>,
        now_ms: f64,
    ) -> Option<u32> {
        let slots = 0..self.attributes.len() as u32;
        let hints = &mut vec![0; self.attributes.len()];
        write(arena, self, slots, context, &Pseudo::at(now_ms), hints).ok()
    }
}

/// What stands behind slots and scratch: texts and elements.
struct Behind<'a> {
    bytes: &'a mut [u8],
    /// INVARIANT: at most `bytes.len()`; everything before it is taken.
    taken: usize,
    /// Offset in the record of the first byte.
    first: usize,
}

/// A slot.
#[inline(always)]
fn row(tag: u32, len: usize, payload: u64) -> [u8; SLOT] {
    let head = u64::from(tag) | (len as u64) << 32;
    (u128::from(head) | u128::from(payload) << 64).to_le_bytes()
}

impl Behind<'_> {
    /// The slot of an attribute of any kind, wherever it stands.
    #[inline(never)]
    fn any(
        &mut self,
        attribute: &Attribute,
        context: &Context<'_>,
        pseudo: &Pseudo,
        hint: &mut u32,
    ) -> Result<[u8; SLOT], Full> {
        let found = attribute.path.resolve(context, pseudo, hint);
        self.slot(read(found, attribute.read))
    }

    /// The slot of a content whose bytes, if it has any, are written here.
    #[inline]
    fn slot(&mut self, content: Content<'_>) -> Result<[u8; SLOT], Full> {
        Ok(match content {
            Content::Missing => row(tag::MISSING, 0, 0),
            Content::Boolean(bool) => row(tag::BOOLEAN, 0, u64::from(bool)),
            Content::Number(number) => row(tag::NUMBER, 0, number.to_bits()),
            Content::Text(text) => self.string(text.as_bytes())?,
            Content::Decimal(integer) => self.decimal(integer)?,
            Content::List(items) => self.list(items)?,
            Content::Opaque => row(tag::OPAQUE, 0, 0),
        })
    }

    #[inline(always)]
    fn string(&mut self, text: &[u8]) -> Result<[u8; SLOT], Full> {
        let start = self.taken;
        let end = start + text.len();
        copy(self.bytes.get_mut(start..end).ok_or(Full)?, text);
        self.taken = end;
        Ok(row(tag::STRING, text.len(), (self.first + start) as u64))
    }

    fn decimal(&mut self, integer: i64) -> Result<[u8; SLOT], Full> {
        let mut buffer = [0; DECIMAL_BYTES];
        self.string(decimal_text(integer, &mut buffer))
    }

    /// Elements are slots at a multiple of 8; what they say stands behind them.
    fn list(&mut self, items: &[Value<'_>]) -> Result<[u8; SLOT], Full> {
        const ALIGNED: usize = ALIGN as usize;
        let start = (self.first + self.taken).next_multiple_of(ALIGNED) - self.first;
        let bytes = items.len().checked_mul(SLOT).ok_or(Full)?;
        self.taken = start.checked_add(bytes).filter(|end| *end <= self.bytes.len()).ok_or(Full)?;
        for (item, at) in items.iter().zip((start..).step_by(SLOT)) {
            let slot = match element(item) {
                Content::Text(text) => self.string(text.as_bytes())?,
                other => self.slot(other)?,
            };
            let place = self.bytes.get_mut(at..at + SLOT).ok_or(Full)?;
            place.copy_from_slice(&slot);
        }
        Ok(row(tag::LIST, items.len(), (self.first + start) as u64))
    }
}

/// Copies a text of the same length. Most are short, and then a call of `memcpy` is most of it.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        8..=16 => ends::<8>(to, from),
        4..=7 => ends::<4>(to, from),
        17..=32 => ends::<16>(to, from),
        2..=3 => ends::<2>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// Copies the first and the last `N` bytes, which overlap where there are less than twice as many.
#[inline]
fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk::<N>()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk::<N>()) {
        *to = *from;
    }
}

/// Bytes of the longest decimal text: a sign and 19 digits.
const DECIMAL_BYTES: usize = 20;

fn decimal_text(integer: i64, buffer: &mut [u8; DECIMAL_BYTES]) -> &[u8] {
    let mut rest = integer.unsigned_abs();
    let mut start = DECIMAL_BYTES;
    for (at, byte) in buffer.iter_mut().enumerate().rev() {
        *byte = b'0' + (rest % 10) as u8;
        rest /= 10;
        start = at;
        if rest == 0 {
            break;
        }
    }
    if integer < 0 {
        start = start.saturating_sub(1);
        if let Some(sign) = buffer.get_mut(start) {
            *sign = b'-';
        }
    }
    buffer.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
