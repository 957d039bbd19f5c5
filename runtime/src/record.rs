//! The context record: a context in the layout that a guest reads.
//!
//! In: the arena's bytes, a manifest's attribute table, which slots to write, a context, the
//! clock. Out: a record at the first byte, as guest-abi's `ABI.md`, "Context record", tables it.
//! Writing goes straight into guest memory; it never allocates and never writes past the arena.

use vexil_abi::record::{
    ALIGN, HEADER_BYTES, HEADER_LENGTH, SLOT_BYTES, SLOT_LEN, SLOT_PAYLOAD, SLOT_TAG, tag,
};

use crate::context::{Brief, Context, Tag, Value};
use crate::manifest::{Attribute, Manifest};
use crate::pseudo::Pseudo;
use crate::read::{Content, Read, element, read};
use crate::word;

/// The context does not fit the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Bytes of a record with `slots` slots before the first string: header, slots, scratch.
pub(crate) fn fixed_bytes(slots: usize, scratch: u32) -> u64 {
    u64::from(HEADER_BYTES) + u64::from(SLOT_BYTES) * slots as u64 + u64::from(scratch)
}

/// Where the attributes stood in the context before, by slot: a guess for the next one.
pub(crate) type Hints = [u32];

/// What has to be known of an attribute to write its slot, where nothing out of the ordinary is
/// asked: what a flag reads stands beside each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ask {
    tag: Tag,
    brief: Brief,
    /// Offset of the slot in the record.
    offset: u32,
    slot: u32,
    is_targeting_key: bool,
    /// What the slot takes as it is.
    takes: Takes,
}

/// Kinds of attributes; none at all where there is no short way from a context to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Takes {
    text: bool,
    number: bool,
    boolean: bool,
}

impl Ask {
    pub(crate) fn of(attribute: &Attribute, slot: u32) -> Self {
        let Attribute { path, read } = attribute;
        let is_targeting_key = path.is_targeting_key();
        let (tag, brief) = path.name();
        let is_short = is_targeting_key || (path.is_plain() && tag.is_all());
        let takes = Takes {
            text: is_short && matches!(read, Read::Value | Read::Unit),
            number: is_short && matches!(read, Read::Value | Read::Number | Read::Float),
            boolean: is_short && *read == Read::Value,
        };
        // INVARIANT: `Manifest::check` has seen that the slots of a record fit 32 bits.
        let offset = HEADER_BYTES.wrapping_add(SLOT_BYTES.wrapping_mul(slot));
        Self { tag, brief, offset, slot, is_targeting_key, takes }
    }
}

/// Writes a record of `context` at the start of `arena`: its header and the slots that `asks` names.
/// Other slots and the scratch keep what was there.
///
/// Returns the record's length in bytes.
#[inline(always)]
pub(crate) fn write(
    arena: &mut [u8],
    manifest: &Manifest,
    asks: &[Ask],
    context: &Context<'_>,
    pseudo: &Pseudo,
    hints: &mut Hints,
) -> Result<u32, Full> {
    match write_spaced(arena, manifest, asks, context, pseudo, hints, WORD - 1) {
        Ok(length) => Ok(length),
        Err(Full) => write_packed(arena, manifest, asks, context, pseudo, hints),
    }
}

/// The same with texts side by side: it takes longer, and a little less room.
#[cold]
#[inline(never)]
fn write_packed(
    arena: &mut [u8],
    manifest: &Manifest,
    asks: &[Ask],
    context: &Context<'_>,
    pseudo: &Pseudo,
    hints: &mut Hints,
) -> Result<u32, Full> {
    write_spaced(arena, manifest, asks, context, pseudo, hints, 0)
}

/// `spare`: one less than the power of two of which texts begin at a multiple.
#[inline(always)]
fn write_spaced(
    arena: &mut [u8],
    manifest: &Manifest,
    asks: &[Ask],
    context: &Context<'_>,
    pseudo: &Pseudo,
    hints: &mut Hints,
    spare: usize,
) -> Result<u32, Full> {
    let mut record = Record { arena, taken: manifest.record_bytes as usize, spare };
    for ask in asks {
        record.fill(ask, manifest, context, pseudo, hints)?;
    }
    if record.taken > record.arena.len() {
        return Err(Full);
    }
    // INVARIANT: the arena lies in a memory whose addresses are well below 2^31.
    let length = record.taken as u32;
    // Length, state and reserved bytes.
    *record.arena.first_chunk_mut::<HEADER>().ok_or(Full)? = u128::from(length).to_le_bytes();
    Ok(length)
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
        let hints = &mut vec![0; self.attributes.len()];
        write(arena, self, &self.asks, context, &Pseudo::at(now_ms), hints).ok()
    }
}

/// A record that is being written.
struct Record<'a> {
    /// From the record's first byte on.
    arena: &'a mut [u8],
    /// What lies before this is taken: header, slots, scratch, then texts and elements.
    taken: usize,
    /// Texts begin where no bit of this is set.
    spare: usize,
}

/// The slot of what is not there.
const MISSING: [u8; SLOT] = row(tag::MISSING, 0, 0);

/// A slot.
#[inline(always)]
const fn row(tag: u32, len: usize, payload: u64) -> [u8; SLOT] {
    let head = tag as u64 | (len as u64) << 32;
    (head as u128 | (payload as u128) << 64).to_le_bytes()
}

impl Record<'_> {
    /// Fills a slot.
    #[inline(always)]
    fn fill(
        &mut self,
        ask: &Ask,
        manifest: &Manifest,
        context: &Context<'_>,
        pseudo: &Pseudo,
        hints: &mut Hints,
    ) -> Result<(), Full> {
        let found = match ask.is_targeting_key {
            true => context.key(),
            false => context.at(ask.tag, ask.brief),
        };
        let row = match (found, ask.takes) {
            (Some(Value::String(text)), Takes { text: true, .. }) => {
                self.string(text.as_bytes())?
            }
            (Some(Value::Number(number)), Takes { number: true, .. }) => {
                row(tag::NUMBER, 0, number.to_bits())
            }
            (Some(Value::Bool(bool)), Takes { boolean: true, .. }) => {
                row(tag::BOOLEAN, 0, u64::from(*bool))
            }
            _ => return self.any(ask, manifest, context, pseudo, hints),
        };
        self.put(ask, row)
    }

    /// Fills a slot with any attribute, wherever it stands.
    #[cold]
    #[inline(never)]
    fn any(
        &mut self,
        ask: &Ask,
        manifest: &Manifest,
        context: &Context<'_>,
        pseudo: &Pseudo,
        hints: &mut Hints,
    ) -> Result<(), Full> {
        let index = ask.slot as usize;
        if let (Some(attribute), Some(hint)) =
            (manifest.attributes.get(index), hints.get_mut(index))
        {
            let found = attribute.path.resolve(context, pseudo, hint);
            let row = self.slot(read(found, attribute.read))?;
            self.put(ask, row)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn put(&mut self, ask: &Ask, row: [u8; SLOT]) -> Result<(), Full> {
        let first = ask.offset as usize;
        let place = self.arena.get_mut(first..first + SLOT).ok_or(Full)?;
        place.copy_from_slice(&row);
        Ok(())
    }

    /// The slot of a content whose bytes, if it has any, are written here.
    #[inline]
    fn slot(&mut self, content: Content<'_>) -> Result<[u8; SLOT], Full> {
        Ok(match content {
            Content::Missing => MISSING,
            Content::Boolean(bool) => row(tag::BOOLEAN, 0, u64::from(bool)),
            Content::Number(number) => row(tag::NUMBER, 0, number.to_bits()),
            Content::Text(text) => self.string(text.as_bytes())?,
            Content::Decimal(integer) => self.decimal(integer)?,
            Content::List(items) => self.list(items)?,
            Content::Opaque => row(tag::OPAQUE, 0, 0),
        })
    }

    /// Texts begin at a multiple of 8, with zeros behind them up to the next: a guest reads words,
    /// and a processor waits for a word that was not written as a whole.
    #[inline(always)]
    fn string(&mut self, text: &[u8]) -> Result<[u8; SLOT], Full> {
        let start = (self.taken + self.spare) & !self.spare;
        self.taken = start + text.len();
        let room = self.arena.get_mut(start..).ok_or(Full)?;
        match text.len() <= SHORT && room.len() >= SHORT {
            true => copy(room.as_chunks_mut().0, text),
            false => copy_long(room, text)?,
        }
        Ok(row(tag::STRING, text.len(), start as u64))
    }

    fn decimal(&mut self, integer: i64) -> Result<[u8; SLOT], Full> {
        let mut buffer = [0; DECIMAL_BYTES];
        self.string(decimal_text(integer, &mut buffer))
    }

    /// Elements are slots at a multiple of 8; what they say stands behind them.
    fn list(&mut self, items: &[Value<'_>]) -> Result<[u8; SLOT], Full> {
        let start = self.taken.next_multiple_of(WORD);
        let bytes = items.len().checked_mul(SLOT).ok_or(Full)?;
        self.taken = start.checked_add(bytes).filter(|end| *end <= self.arena.len()).ok_or(Full)?;
        for (item, at) in items.iter().zip((start..).step_by(SLOT)) {
            let slot = self.slot(element(item))?;
            let place = self.arena.get_mut(at..at + SLOT).ok_or(Full)?;
            place.copy_from_slice(&slot);
        }
        Ok(row(tag::LIST, items.len(), start as u64))
    }
}

const WORD: usize = ALIGN as usize;
const _: () = assert!(WORD == 8);

/// Texts of at most so many bytes are copied here; most are, and a call of `memcpy` is most of
/// copying one.
const SHORT: usize = 4 * WORD;

/// Copies a short text and zeros behind it to the end of its last word.
#[inline(always)]
fn copy(to: &mut [[u8; WORD]], text: &[u8]) {
    match text.len() {
        0..=8 => {
            if let Some(to) = to.first_mut() {
                *to = word::short(text).to_le_bytes();
            }
        }
        9..=16 => words::<2>(to, text),
        17..=24 => words::<3>(to, text),
        _ => words::<4>(to, text),
    }
}

#[inline(never)]
fn copy_long(room: &mut [u8], text: &[u8]) -> Result<(), Full> {
    room.get_mut(..text.len()).ok_or(Full)?.copy_from_slice(text);
    Ok(())
}

/// Copies a text that is longer than `N - 1` words and not longer than `N`, of which `N` is two or
/// more: the last word comes out of the last eight bytes.
#[inline(always)]
fn words<const N: usize>(to: &mut [[u8; WORD]], text: &[u8]) {
    if let (Some(to), Some(last)) = (to.first_chunk_mut::<N>(), text.last_chunk::<WORD>()) {
        for (to, word) in to.iter_mut().zip(text.as_chunks::<WORD>().0.iter().take(N - 1)) {
            *to = *word;
        }
        let twice = 8 * (WORD * N - text.len());
        if let Some(to) = to.last_mut() {
            *to = (u64::from_le_bytes(*last) >> twice).to_le_bytes();
        }
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
