//! Bytes → image: a sealed module's constants, read back.
//!
//! In: the data segment and the index of a module that anybody may have written. Out: the image,
//! or why it is none. Every address is checked, nothing is allocated that the bytes do not pay for,
//! and what is read once more lays out as it was.

use std::collections::BTreeMap;

use vexil_abi::record::{HEADER_BYTES, SLOT_BYTES};

use super::index::VERSION;
use super::lay_out::{
    BASE, FLAG_ROW_BYTES, RECORD_HEADER, REMEMBERED, SHAPE_BYTES, header, operation,
};
use super::{
    BlobId, Column, Fact, FlagRecord, Image, Index, Kind, Ref, SegmentRecord, Shape, TableIndex,
    Word,
};
use crate::emit::Cost;
use crate::limits::{MAX_CHAIN, MAX_FLAGS, MAX_MODULE_BYTES, MAX_SEGMENTS};

/// Flags and segments on the longest chain that the language allows: a chain of flags, then one of
/// segments.
const LONGEST_CHAIN: usize = 2 * (MAX_CHAIN + 1);

/// Terms of a cost: powers of two lengths, each at most two loops in one another.
const MAX_COST_TERMS: usize = 16;

/// Why bytes are no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Another compiler wrote them.
    #[error("its image has layout {0}, which this compiler does not know")]
    Version(u32),
    /// Something points outside, or at what cannot stand there.
    #[error("its image is damaged: {0}")]
    Damaged(&'static str),
}

type Read<T> = Result<T, ReadError>;

/// Reads an image. `slots` and `flags` are the numbers of rows in the manifest.
pub(crate) fn read(data: &[u8], index: &Index, slots: u32, flags: u32) -> Read<Image> {
    if index.0 != VERSION {
        return Err(ReadError::Version(index.0));
    }
    if data.len() > MAX_MODULE_BYTES {
        return Err(ReadError::Damaged("it is too large"));
    }
    let mut reader = Reader::of(data, index, slots)?;
    let visible = reader.word(header::FLAGS)?;
    if visible != flags {
        return Err(ReadError::Damaged("it has other flags than the manifest"));
    }
    reader.all(visible)?;
    let image = reader.finish()?;
    match image.longest_chain() {
        None => Err(ReadError::Damaged("a flag or segment asks for itself")),
        Some(length) if length > LONGEST_CHAIN => {
            Err(ReadError::Damaged("its flags ask each other along too long a chain"))
        }
        Some(_) => Ok(image),
    }
}

/// What stands at which address.
struct Reader<'a> {
    data: &'a [u8],
    index: &'a Index,
    slots: u32,
    kinds: Vec<Kind>,
    facts: Vec<Fact>,
    /// Place of a fact in the record → its number.
    fact_places: BTreeMap<u32, u32>,
    places: (u32, u32),
    blobs: BTreeMap<u32, (BlobId, Vec<u8>)>,
    shapes: BTreeMap<u32, (u32, Shape, ShapeSize)>,
    flags: Vec<FlagRecord>,
    segments: Vec<SegmentRecord>,
    /// Address of a segment's record → its number.
    segment_places: BTreeMap<u32, u32>,
    /// Address of a shape's row → its batch.
    batches: BTreeMap<u32, TableIndex>,
    columns: Vec<Column>,
    /// Bytes that may still be copied: as many as there are, however much of them is shared.
    left: usize,
}

/// What a shape's row says of its records.
#[derive(Clone, Copy)]
struct ShapeSize {
    refs: u32,
    thresholds: u32,
    answers: u32,
}

const OUTSIDE: ReadError = ReadError::Damaged("an address lies outside the data");

impl<'a> Reader<'a> {
    fn of(data: &'a [u8], index: &'a Index, slots: u32) -> Read<Self> {
        // A bound of ours has a term for each few powers; each is looked at for each question.
        let costs = index.1.iter().map(|column| &column.6).chain([&index.7]);
        if costs.map(Vec::len).any(|terms| terms > MAX_COST_TERMS) {
            return Err(ReadError::Damaged("a cost has too many terms"));
        }
        let mut reader = Self {
            data,
            index,
            slots,
            kinds: Vec::new(),
            facts: Vec::new(),
            fact_places: BTreeMap::new(),
            places: (0, 0),
            blobs: BTreeMap::new(),
            shapes: BTreeMap::new(),
            flags: Vec::new(),
            segments: Vec::new(),
            segment_places: BTreeMap::new(),
            batches: index.4.iter().map(|(row, batch)| (*row, TableIndex(*batch))).collect(),
            columns: Vec::new(),
            left: 2 * data.len(),
        };
        for column in &index.1 {
            let kind = Kind::ALL.get(column.0 as usize).copied();
            let kind = kind.ok_or(ReadError::Damaged("a kind is not known"))?;
            if reader.kinds.last().is_some_and(|last| *last >= kind) {
                return Err(ReadError::Damaged("its kinds are not in order"));
            }
            reader.kinds.push(kind);
        }
        reader.places = (reader.word(header::PLACES)?, reader.word(header::PLACES + 4)?);
        reader.facts()?;
        reader.scratch()?;
        Ok(reader)
    }

    fn bytes(&self, address: u32, len: u32) -> Read<&'a [u8]> {
        let start = address.checked_sub(BASE).ok_or(OUTSIDE)? as usize;
        let end = start.checked_add(len as usize).ok_or(OUTSIDE)?;
        self.data.get(start..end).ok_or(OUTSIDE)
    }

    /// A copy of some bytes.
    fn copy(&mut self, address: u32, len: u32) -> Read<Vec<u8>> {
        let bytes = self.bytes(address, len)?;
        self.spend(bytes.len())?;
        Ok(bytes.to_vec())
    }

    fn spend(&mut self, bytes: usize) -> Read<()> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(ReadError::Damaged("its parts overlap"))?;
        Ok(())
    }

    fn word(&self, address: u32) -> Read<u32> {
        let bytes: [u8; 4] = self.bytes(address, 4)?.try_into().map_err(|_| OUTSIDE)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn half(&self, address: u32) -> Read<u32> {
        let bytes: [u8; 2] = self.bytes(address, 2)?.try_into().map_err(|_| OUTSIDE)?;
        Ok(u32::from(u16::from_le_bytes(bytes)))
    }

    /// Rows of so many bytes from an address to an end that lie in the data.
    fn rows(&self, first: u32, end: u32, bytes: u32) -> Read<impl Iterator<Item = u32> + use<>> {
        let len = end.checked_sub(first).ok_or(OUTSIDE)?;
        if first != end {
            self.bytes(first, len)?;
        }
        Ok((0..len / bytes).map(move |row| first + row * bytes))
    }

    fn slot(&self, offset: u32) -> Read<u32> {
        let offset = offset.checked_sub(HEADER_BYTES);
        let slot =
            offset.filter(|offset| offset.is_multiple_of(SLOT_BYTES)).map(|o| o / SLOT_BYTES);
        slot.filter(|slot| *slot < self.slots).ok_or(ReadError::Damaged("a slot does not exist"))
    }

    fn facts(&mut self) -> Read<()> {
        let rows = (self.word(header::FACTS)?, self.word(header::FACTS + 4)?);
        for row in self.rows(rows.0, rows.1, 16)? {
            let [op, slot, place, argument] = [0, 4, 8, 12].map(|at| self.word(row + at));
            let (op, slot, place, argument) = (op?, slot?, place?, argument?);
            match op {
                operation::UNIT => {
                    let slots = vec![self.slot(slot)?];
                    self.fact(place, Fact::Unit { slots, hashed: argument != 0 });
                }
                operation::ELSE_UNIT => {
                    let slot = self.slot(slot)?;
                    match self.facts.last_mut() {
                        Some(Fact::Unit { slots, hashed }) if !*hashed => {
                            slots.push(slot);
                            *hashed = argument != 0;
                        }
                        _ => return Err(ReadError::Damaged("a unit has no beginning")),
                    }
                }
                operation::VERSION => {
                    let slot = self.slot(slot)?;
                    self.fact(place, Fact::Version { slot, dialect: argument });
                }
                operation::ADDRESS => {
                    let slot = self.slot(slot)?;
                    self.fact(place, Fact::Address { slot });
                }
                operation::TIME => {
                    let slot = self.slot(slot)?;
                    self.fact(place, Fact::Time { slot });
                }
                _ => return Err(ReadError::Damaged("a fact is not known")),
            }
        }
        Ok(())
    }

    /// Facts and remembered answers stand in the scratch one behind the other.
    fn scratch(&self) -> Read<()> {
        let wrong = ReadError::Damaged("its scratch is not laid out");
        let image = Image { slots: self.slots, facts: self.facts.clone(), ..Image::default() };
        let (facts, remembered, _) = image.scratch();
        // Facts have distinct places, so that there are as many as facts.
        if !facts.iter().eq(self.fact_places.keys()) || self.places.0 != remembered {
            return Err(wrong);
        }
        let bytes = self.places.1.checked_sub(self.places.0).ok_or(wrong)?;
        // Whatever remembers an answer names its place in a word of the data.
        let fits = bytes.is_multiple_of(8) && bytes as usize / 2 <= self.data.len();
        if fits { Ok(()) } else { Err(wrong) }
    }

    fn fact(&mut self, place: u32, fact: Fact) {
        self.fact_places.insert(place, self.facts.len() as u32);
        self.facts.push(fact);
    }

    fn place(&self, offset: u32) -> Read<u32> {
        let inside = offset >= self.places.0 && offset < self.places.1;
        let place = inside.then(|| (offset - self.places.0) / 8);
        place.ok_or(ReadError::Damaged("a remembered answer has no place"))
    }

    fn blob(&mut self, address: u32) -> Read<BlobId> {
        if let Some((id, _)) = self.blobs.get(&address) {
            return Ok(*id);
        }
        let len = self.word(address.checked_sub(4).ok_or(OUTSIDE)?)?;
        let bytes = self.copy(address, len)?;
        let id = BlobId(self.blobs.len() as u32 + 1);
        self.blobs.insert(address, (id, bytes));
        Ok(id)
    }

    fn reference(&self, address: u32) -> Read<Ref> {
        for (column, kind) in self.index.1.iter().zip(&self.kinds) {
            let offset = address.checked_sub(column.1);
            if let Some(offset) = offset.filter(|offset| offset / kind.bytes() < column.2) {
                let index = offset / kind.bytes();
                let exact = offset.is_multiple_of(kind.bytes());
                let reference = exact.then_some(Ref { kind: *kind, index });
                return reference.ok_or(ReadError::Damaged("a question begins inside another"));
            }
        }
        Err(ReadError::Damaged("a question does not exist"))
    }

    fn references(&mut self, address: u32, count: u32) -> Read<Vec<Ref>> {
        let len = count.checked_mul(4).ok_or(OUTSIDE)?;
        self.spend(len as usize)?;
        let rows = self.rows(address, address.checked_add(len).ok_or(OUTSIDE)?, 4)?;
        rows.map(|row| self.reference(self.word(row)?)).collect()
    }

    fn all(&mut self, visible: u32) -> Read<()> {
        let index = self.index;
        let (first, count) = index.2;
        if count as usize > MAX_SEGMENTS {
            return Err(ReadError::Damaged("it has more segments than the language allows"));
        }
        let mut record = first;
        for _ in 0..count {
            // What can be read lies in the data, far from the end of addresses.
            let decide = TableIndex(self.word(record)?);
            let refs = self.word(record + 4)?;
            let refs = self.references(record + RECORD_HEADER, refs)?;
            self.segment_places.insert(record, self.segments.len() as u32);
            record = (record + RECORD_HEADER + 4 * refs.len() as u32).next_multiple_of(8);
            self.segments.push(SegmentRecord { decide, refs });
        }
        // Flags that hosts cannot see follow those that they can, up to the rows of facts.
        let rows = (self.word(header::FLAG_ROWS)?, self.word(header::FACTS)?);
        if rows.1.saturating_sub(rows.0) / FLAG_ROW_BYTES > MAX_FLAGS as u32 {
            return Err(ReadError::Damaged("it has more flags than the language allows"));
        }
        for (number, row) in (0..).zip(self.rows(rows.0, rows.1, FLAG_ROW_BYTES)?) {
            self.flag(row, number, number >= visible)?;
        }
        if (self.flags.len() as u32) < visible {
            return Err(ReadError::Damaged("flags are missing"));
        }
        for (column, kind) in index.1.iter().zip(self.kinds.clone()) {
            self.column(column, kind)?;
        }
        Ok(())
    }

    fn flag(&mut self, row: u32, number: u32, hidden: bool) -> Read<()> {
        let (decide, record) = (self.word(row)?, self.word(row + 4)?);
        if self.word(record.checked_add(4).ok_or(OUTSIDE)?)? != number {
            return Err(ReadError::Damaged("a flag has the record of another"));
        }
        let place = match decide & REMEMBERED {
            0 => None,
            _ => Some(self.place(self.word(record.checked_sub(8).ok_or(OUTSIDE)?)?)?),
        };
        let (shape, size) = self.shape(self.word(record)?, TableIndex(decide & !REMEMBERED))?;
        let refs = self.references(record + RECORD_HEADER, size.refs)?;
        let at = (record + RECORD_HEADER + 4 * size.refs).next_multiple_of(8);
        let thresholds = self.copy(at, 8 * size.thresholds)?;
        let variants = self.copy(at + 8 * size.thresholds, size.answers)?;
        self.flags.push(FlagRecord { shape, refs, thresholds, variants, place, hidden });
        Ok(())
    }

    fn shape(&mut self, row: u32, decide: TableIndex) -> Read<(u32, ShapeSize)> {
        if let Some((number, shape, size)) = self.shapes.get(&row) {
            let same = shape.decide == decide;
            let known = same.then_some((*number, *size));
            return known.ok_or(ReadError::Damaged("flags of one shape have different functions"));
        }
        let (refs, thresholds) = (self.half(row)?, self.half(row + 2)?);
        let verdicts = self.blob(self.word(row + 4)?)?;
        let answers = self.word(self.word(row + 4)? - 4)? / 8;
        let size = ShapeSize { refs, thresholds, answers };
        let batch = self.batches.get(&row).copied();
        let number = self.shapes.len() as u32;
        self.shapes.insert(row, (number, Shape { decide, batch, verdicts }, size));
        Ok((number, size))
    }

    fn column(&mut self, column: &super::index::ColumnIndex, kind: Kind) -> Read<()> {
        let len = column.2.checked_mul(kind.bytes()).ok_or(OUTSIDE)?;
        let end = column.1.checked_add(len).ok_or(OUTSIDE)?;
        self.spend(len as usize)?;
        let mut records = Vec::new();
        for row in self.rows(column.1, end, kind.bytes())? {
            let words = kind.words().iter().zip((row..).step_by(4));
            let words = words.map(|(word, at)| {
                let value = self.word(at)?;
                self.id(*word, value)
            });
            records.push(words.collect::<Read<Vec<u32>>>()?);
        }
        if column.3 > column.2 {
            return Err(ReadError::Damaged("more is answered than asked"));
        }
        if column.5 as usize >= Kind::ALL.len() {
            return Err(ReadError::Damaged("answers have no place in the header"));
        }
        self.columns.push(Column {
            kind,
            records,
            batched: column.3,
            batch: column.4.map(TableIndex),
            answers: column.5,
            cost: Cost::with(column.6.iter().map(|(i, j, coefficient)| ((*i, *j), *coefficient))),
        });
        Ok(())
    }

    /// The id of what a word of a record points to.
    fn id(&mut self, word: Word, value: u32) -> Read<u32> {
        match word {
            Word::Plain => Ok(value),
            Word::Slot => self.slot(value),
            Word::Fact => {
                let fact = self.fact_places.get(&value).copied();
                fact.ok_or(ReadError::Damaged("a fact does not exist"))
            }
            Word::Blob if value == 0 => Ok(0),
            Word::Blob => Ok(self.blob(value)?.0),
            Word::Place if value == 0 => Ok(0),
            Word::Place => Ok(self.place(value)? + 1),
            Word::Flag => {
                let there = (value as usize) < self.flags.len();
                there.then_some(value).ok_or(ReadError::Damaged("a flag does not exist"))
            }
            Word::Segment => self.segment(value),
        }
    }

    fn segment(&self, address: u32) -> Read<u32> {
        let number = self.segment_places.get(&address).copied();
        number.ok_or(ReadError::Damaged("a segment does not exist"))
    }

    fn finish(mut self) -> Read<Image> {
        let lower = match self.word(header::LOWER)? {
            0 => BlobId::default(),
            address => self.blob(address)?,
        };
        // Numbers in the order of addresses, so that what is read lays out as it was.
        let blobs = ranks(self.blobs.values().map(|(id, _)| id.0), 1);
        let blob = |id: u32| blobs.get(&id).copied().unwrap_or(0);
        let shapes = ranks(self.shapes.values().map(|(number, ..)| *number), 0);
        for flag in &mut self.flags {
            flag.shape = shapes.get(&flag.shape).copied().unwrap_or(0);
        }
        for (_, shape, _) in self.shapes.values_mut() {
            shape.verdicts = BlobId(blob(shape.verdicts.0));
        }
        for column in &mut self.columns {
            for (index, word) in column.kind.words().iter().enumerate() {
                let words = column.records.iter_mut().filter_map(|record| record.get_mut(index));
                if *word == Word::Blob {
                    words.for_each(|id| *id = blob(*id));
                }
            }
        }
        let terms = self.index.7.iter().map(|(i, j, coefficient)| ((*i, *j), *coefficient));
        Ok(Image {
            slots: self.slots,
            facts: self.facts,
            places: self.places.1.saturating_sub(self.places.0) / 8,
            columns: self.columns,
            shapes: self.shapes.into_values().map(|(_, shape, _)| shape).collect(),
            flags: self.flags,
            segments: self.segments,
            blobs: self.blobs.into_values().map(|(_, bytes)| bytes).collect(),
            lower: BlobId(blob(lower.0)),
            each: self.index.3.map(TableIndex),
            costs: self.index.5.clone(),
            entry_cost: self.index.6,
            bind_cost: Cost::with(terms),
        })
    }
}

/// Old number → rank, counted from `first`.
fn ranks(numbers: impl Iterator<Item = u32>, first: u32) -> BTreeMap<u32, u32> {
    numbers.zip(first..).collect()
}

const _: () = assert!(SHAPE_BYTES == 8);
