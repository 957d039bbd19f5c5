//! The context record: a context in the layout that a guest reads.
//!
//! In: the arena's bytes, a manifest's attribute table, which slots to write, a context, the
//! clock. Out: a record at the first byte, as guest-abi's `ABI.md`, "Context record", tables it.
//! Writing goes straight into guest memory; it never allocates and never writes past the arena.

use vexil_abi::record::{
    ALIGN, HEADER_BYTES, HEADER_LENGTH, SLOT_BYTES, SLOT_LEN, SLOT_PAYLOAD, SLOT_TAG, tag,
};

use crate::context::{Context, Value};
use crate::manifest::Manifest;
use crate::pseudo::Pseudo;
use crate::read::{Content, element, read};

/// The context does not fit the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Bytes of a record with `slots` slots before the first string: header, slots, scratch.
pub(crate) fn fixed_bytes(slots: usize, scratch: u32) -> u64 {
    u64::from(HEADER_BYTES) + u64::from(SLOT_BYTES) * slots as u64 + u64::from(scratch)
}

/// Writes `context` at the start of `arena`; slots not in `reads` are left MISSING.
///
/// Returns the record's length in bytes.
pub(crate) fn write(
    arena: &mut [u8],
    manifest: &Manifest,
    reads: impl Iterator<Item = u32>,
    context: &Context,
    now_ms: f64,
) -> Result<u32, Full> {
    let slots = manifest.attributes.len();
    let end = u32::try_from(fixed_bytes(slots, manifest.scratch)).map_err(|_| Full)?;
    if end as usize > arena.len() {
        return Err(Full);
    }
    // One draw for the whole record, however many flags and slots ask for it.
    let pseudo = Pseudo::at(now_ms);
    let mut record = Record { arena, end };
    record.clear(HEADER_BYTES + SLOT_BYTES * slots as u32)?;
    for slot in reads {
        let Some(attribute) = manifest.attributes.get(slot as usize) else { continue };
        let found = attribute.path.resolve(context, &pseudo);
        record.slot(HEADER_BYTES + SLOT_BYTES * slot, read(found, attribute.read))?;
    }
    record.put_u32(HEADER_LENGTH, record.end)?;
    Ok(record.end)
}

impl Manifest {
    /// Writes the record of `context` with all its slots to the start of `arena`, as this host
    /// does before it evaluates all flags; for hosts of one's own, and for measurements.
    ///
    /// Returns the record's length in bytes, or `None` when it does not fit.
    #[must_use]
    pub fn write_record(&self, arena: &mut [u8], context: &Context, now_ms: f64) -> Option<u32> {
        write(arena, self, 0..self.attributes.len() as u32, context, now_ms).ok()
    }
}

struct Record<'a> {
    arena: &'a mut [u8],
    /// INVARIANT: at most `arena.len()`; everything before it is taken.
    end: u32,
}

impl Record<'_> {
    fn clear(&mut self, bytes: u32) -> Result<(), Full> {
        self.arena.get_mut(..bytes as usize).ok_or(Full)?.fill(0);
        Ok(())
    }

    /// Writes a slot at `at`, which is zero beforehand.
    fn slot(&mut self, at: u32, content: Content<'_>) -> Result<(), Full> {
        match content {
            Content::Missing => Ok(()),
            Content::Boolean(bool) => self.fill(at, tag::BOOLEAN, 0, u64::from(bool)),
            Content::Number(number) => self.fill(at, tag::NUMBER, 0, number.to_bits()),
            Content::Text(text) => self.string(at, text.as_bytes()),
            Content::Decimal(integer) => {
                let mut buffer = [0; DECIMAL_BYTES];
                self.string(at, decimal_text(integer, &mut buffer))
            }
            Content::List(items) => self.list(at, items),
            Content::Opaque => self.fill(at, tag::OPAQUE, 0, 0),
        }
    }

    fn string(&mut self, at: u32, text: &[u8]) -> Result<(), Full> {
        let offset = self.take(text.len(), 1)?;
        self.put(offset, text)?;
        self.fill(at, tag::STRING, text.len() as u32, u64::from(offset))
    }

    fn list(&mut self, at: u32, items: &[Value]) -> Result<(), Full> {
        let bytes = items.len().checked_mul(SLOT_BYTES as usize).ok_or(Full)?;
        let offset = self.take(bytes, ALIGN)?;
        self.fill(at, tag::LIST, items.len() as u32, u64::from(offset))?;
        for (item, at) in items.iter().zip((offset..).step_by(SLOT_BYTES as usize)) {
            self.fill(at, tag::MISSING, 0, 0)?;
            self.slot(at, element(item))?;
        }
        Ok(())
    }

    fn fill(&mut self, at: u32, tag: u32, len: u32, payload: u64) -> Result<(), Full> {
        self.put_u32(at + SLOT_TAG, tag)?;
        self.put_u32(at + SLOT_LEN, len)?;
        self.put(at + SLOT_PAYLOAD, &payload.to_le_bytes())
    }

    /// Takes `bytes` bytes at the next multiple of `align`, a power of two.
    fn take(&mut self, bytes: usize, align: u32) -> Result<u32, Full> {
        let offset = self.end.checked_next_multiple_of(align).ok_or(Full)?;
        let end = (offset as usize).checked_add(bytes).filter(|end| *end <= self.arena.len());
        self.end = end.and_then(|end| u32::try_from(end).ok()).ok_or(Full)?;
        Ok(offset)
    }

    fn put_u32(&mut self, at: u32, value: u32) -> Result<(), Full> {
        self.put(at, &value.to_le_bytes())
    }

    fn put(&mut self, at: u32, bytes: &[u8]) -> Result<(), Full> {
        let at = at as usize;
        self.arena.get_mut(at..at + bytes.len()).ok_or(Full)?.copy_from_slice(bytes);
        Ok(())
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
