//! Image → bytes: every record and blob gets its address.
//!
//! In: an image. Out: the data segment, where the arena begins, and where things stand in it.
//!
//! | part | align | rows |
//! |---|--:|---|
//! | header | 8 | words at the offsets of [`header`], then one word per batched kind |
//! | flags | 8 | `u32` table index of the decide function (bit 31: remembered), `u32` address of the flag's record, `u32` first row of the facts that it needs, `u32` their end |
//! | facts | 8 | what `bind` does, 16 bytes each: operation, slot, place, argument |
//! | needs | 8 | copies of those rows, for flags that need some that do not stand side by side |
//! | plan | 8 | what `evaluate_all` calls, 16 bytes each: table index, first, end, to |
//! | shapes | 4 | `u16` refs, `u16` thresholds in units of 8 bytes, `u32` address of the verdicts |
//! | flag records | 8 | shape, flag number, refs, thresholds, variants; grouped by shape |
//! | segment records | 8 | table index, count of refs, refs |
//! | columns | bytes of a record | records by kind |
//! | list | 4 | numbers of the flags that are answered one by one |
//! | blobs | 8 | each behind a `u32` length |

use super::needs::Needs;
use super::{BlobId, Fact, Image, Ref, Word};
use vexil_abi::record::{HEADER_BYTES, SLOT_BYTES};

/// First address of the data; what lies below stays zero, so that no address is 0.
pub(crate) const BASE: u32 = 16;

/// Absolute addresses of the header's words.
pub(crate) mod header {
    use super::BASE;

    /// How many flags there are.
    pub(crate) const FLAGS: u32 = BASE;
    /// Where their rows begin.
    pub(crate) const FLAG_ROWS: u32 = BASE + 4;
    /// First and end of the rows of facts.
    pub(crate) const FACTS: u32 = BASE + 8;
    /// First and end of the remembered answers, as offsets in the record.
    pub(crate) const PLACES: u32 = BASE + 16;
    /// First and end of the plan.
    pub(crate) const PLAN: u32 = BASE + 24;
    /// First and end of the table of lower case.
    pub(crate) const LOWER: u32 = BASE + 32;
    /// Buffer for lower-cased strings, then zero.
    pub(crate) const LOWER_BUFFER: u32 = BASE + 40;
    /// For each batched kind, in their order: what has to be added to a record's number, which is
    /// its address divided by its size, to get the address of its answer.
    pub(crate) const ANSWERS: u32 = BASE + 48;
}

/// Operations of a row of facts.
pub(crate) mod operation {
    /// Take the slot as unit, or say that there is none; with an argument, hash the unit then.
    pub(crate) const UNIT: u32 = 0;
    /// The same if there is no unit yet.
    pub(crate) const ELSE_UNIT: u32 = 1;
    /// Read a version.
    pub(crate) const VERSION: u32 = 2;
    /// Read a time.
    pub(crate) const TIME: u32 = 3;
    /// Read an IP address.
    pub(crate) const ADDRESS: u32 = 4;
}

/// Bit of a flag's row: the verdict is remembered.
pub(crate) const REMEMBERED: u32 = 1 << 31;
/// A flag's row has two to the power of this bytes.
pub(crate) const FLAG_ROW_SHIFT: i32 = 4;
/// Bytes of a flag's row.
pub(crate) const FLAG_ROW_BYTES: u32 = 1 << FLAG_ROW_SHIFT;
/// Bytes of a row of facts.
const FACT_ROW_BYTES: u32 = 16;
/// Bytes before the refs of a flag's or segment's record.
pub(crate) const RECORD_HEADER: u32 = 8;
/// Bytes of a shape's row.
pub(crate) const SHAPE_BYTES: u32 = 8;

/// Everything with its address.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LaidOut {
    /// The data segment, for [`BASE`].
    pub(crate) bytes: Vec<u8>,
    /// First address after the data and the answers of batched kinds.
    pub(crate) end: u32,
    /// Address of each kind's first record, by column.
    pub(crate) columns: Vec<u32>,
    /// Address of the first segment's record.
    pub(crate) segments: u32,
    /// Address of the first shape's row.
    pub(crate) shapes: u32,
}

/// Lays an image out.
pub(crate) fn lay_out(image: &Image) -> LaidOut {
    let places = Places::of(image);
    let mut out = Out { bytes: Vec::with_capacity((places.end - BASE) as usize) };
    out.header(image, &places);
    out.flag_rows(image, &places);
    out.facts(image, &places);
    out.plan(image, &places);
    out.shapes(image, &places);
    out.flag_records(image, &places);
    out.segment_records(image, &places);
    out.columns(image, &places);
    out.list(image, &places);
    out.blobs(image, &places);
    debug_assert_eq!(BASE + out.bytes.len() as u32, places.end, "everything has its place");
    LaidOut {
        bytes: out.bytes,
        end: places.answers_end,
        columns: places.columns,
        segments: places.segments.first().copied().unwrap_or(places.list),
        shapes: places.shapes,
    }
}

/// The address of everything.
struct Places {
    facts: Vec<u32>,
    remembered: (u32, u32),
    flag_rows: u32,
    fact_rows: u32,
    needs: Needs,
    plan: u32,
    shapes: u32,
    flags: Vec<u32>,
    /// Flags in the order of their records.
    order: Vec<u32>,
    segments: Vec<u32>,
    columns: Vec<u32>,
    list: u32,
    /// Flags that are answered one by one.
    single: Vec<u32>,
    blobs: Vec<u32>,
    /// End of the data.
    end: u32,
    /// Address of the first answer, by column.
    answers: Vec<u32>,
    answers_end: u32,
}

fn align(at: u32, to: u32) -> u32 {
    at.next_multiple_of(to)
}

impl Places {
    fn of(image: &Image) -> Self {
        let (facts, remembered, remembered_end) = image.scratch();
        let flag_rows = align(header::ANSWERS + 4 * answer_words(image), 8);
        let fact_rows = flag_rows + FLAG_ROW_BYTES * image.flags.len() as u32;
        let needs = Needs::of(image);
        let plan = fact_rows + FACT_ROW_BYTES * (needs.rows + needs.copied_rows);
        let single: Vec<u32> = single(image);
        let shapes = plan + 16 * plan_row_count(image, &single);
        let mut at = align(shapes + SHAPE_BYTES * image.shapes.len() as u32, 8);
        let order = order(image);
        let mut flags = vec![0; image.flags.len()];
        for number in &order {
            if let Some(flag) = image.flags.get(*number as usize) {
                let start = at + if flag.place.is_some() { 8 } else { 0 };
                if let Some(place) = flags.get_mut(*number as usize) {
                    *place = start;
                }
                at = start + flag_bytes(flag);
            }
        }
        let mut segments = Vec::with_capacity(image.segments.len());
        for segment in &image.segments {
            segments.push(at);
            at += align(RECORD_HEADER + 4 * segment.refs.len() as u32, 8);
        }
        let mut columns = Vec::with_capacity(image.columns.len());
        for column in &image.columns {
            at = align(at, column.kind.bytes());
            columns.push(at);
            at += column.kind.bytes() * column.records.len() as u32;
        }
        let list = at;
        at += 4 * single.len() as u32;
        let mut blobs = Vec::with_capacity(image.blobs.len());
        for blob in &image.blobs {
            at = align(at + 4, 8);
            blobs.push(at);
            at += blob.len() as u32;
        }
        let end = align(at, 8);
        let mut answers_end = end;
        let answers = image.columns.iter().map(|column| {
            let start = answers_end;
            answers_end += column.batched;
            start
        });
        let answers = answers.collect();
        Self {
            facts,
            remembered: (remembered, remembered_end),
            flag_rows,
            fact_rows,
            needs,
            plan,
            shapes,
            flags,
            order,
            segments,
            columns,
            list,
            single,
            blobs,
            end,
            answers,
            answers_end,
        }
    }

    fn blob(&self, id: BlobId) -> u32 {
        let index = (id.0 as usize).checked_sub(1);
        index.and_then(|index| self.blobs.get(index)).copied().unwrap_or(0)
    }

    fn record(&self, image: &Image, reference: Ref) -> u32 {
        let column = image.columns.iter().position(|column| column.kind == reference.kind);
        let start = column.and_then(|column| self.columns.get(column)).copied().unwrap_or(0);
        start + reference.kind.bytes() * reference.index
    }

    fn word(&self, word: Word, value: u32) -> u32 {
        match word {
            Word::Plain | Word::Flag => value,
            Word::Slot => HEADER_BYTES + SLOT_BYTES * value,
            Word::Fact => self.facts.get(value as usize).copied().unwrap_or(0),
            Word::Blob => self.blob(BlobId(value)),
            Word::Place if value == 0 => 0,
            Word::Place => self.remembered.0 + 8 * (value - 1),
            Word::Segment => self.segments.get(value as usize).copied().unwrap_or(0),
        }
    }
}

/// Words behind the header.
fn answer_words(image: &Image) -> u32 {
    let batched = image.columns.iter().filter(|column| column.batch.is_some());
    batched.map(|column| column.answers + 1).max().unwrap_or(0)
}

/// Bytes of a flag's record.
fn flag_bytes(flag: &super::FlagRecord) -> u32 {
    let refs = align(RECORD_HEADER + 4 * flag.refs.len() as u32, 8);
    refs + flag.thresholds.len() as u32 + align(flag.variants.len() as u32, 8)
}

/// Flags by shape, then by number, so that a batch is one run of records.
fn order(image: &Image) -> Vec<u32> {
    let mut order: Vec<u32> = (0..image.flags.len() as u32).collect();
    order.sort_by_key(|flag| image.flags.get(*flag as usize).map(|flag| flag.shape));
    order
}

fn batch_of(image: &Image, flag: &super::FlagRecord) -> Option<super::TableIndex> {
    image.shapes.get(flag.shape as usize).and_then(|shape| shape.batch)
}

fn single(image: &Image) -> Vec<u32> {
    let flags = image.flags.iter().zip(0..);
    let single = flags.filter(|(flag, _)| !flag.hidden && batch_of(image, flag).is_none());
    single.map(|(_, number)| number).collect()
}

fn plan_row_count(image: &Image, single: &[u32]) -> u32 {
    let columns = image.columns.iter().filter(|column| column.batched > 0).count();
    let shapes = image.shapes.iter().filter(|shape| shape.batch.is_some()).count();
    (columns + shapes + usize::from(!single.is_empty())) as u32
}

/// The data segment as it grows.
struct Out {
    bytes: Vec<u8>,
}

impl Out {
    fn word(&mut self, word: u32) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }

    fn words(&mut self, words: impl IntoIterator<Item = u32>) {
        words.into_iter().for_each(|word| self.word(word));
    }

    /// Zeros up to `address`.
    fn pad(&mut self, address: u32) {
        self.bytes.resize((address - BASE) as usize, 0);
    }

    fn header(&mut self, image: &Image, places: &Places) {
        let lower = places.blob(image.lower);
        let lower_len = (image.lower.0 as usize).checked_sub(1);
        let lower_len = lower_len.and_then(|index| image.blobs.get(index)).map_or(0, Vec::len);
        let buffer = align(places.answers_end, 16);
        self.words([
            image.flags.iter().filter(|flag| !flag.hidden).count() as u32,
            places.flag_rows,
            places.fact_rows,
            places.fact_rows + FACT_ROW_BYTES * places.needs.rows,
            places.remembered.0,
            places.remembered.1,
            places.plan,
            places.shapes,
            lower,
            lower + lower_len as u32,
            buffer,
            0,
        ]);
        let mut words = vec![0; answer_words(image) as usize];
        for ((column, start), answers) in
            image.columns.iter().zip(&places.columns).zip(&places.answers)
        {
            if let (true, Some(word)) =
                (column.batch.is_some(), words.get_mut(column.answers as usize))
            {
                *word = answers.wrapping_sub(start / column.kind.bytes());
            }
        }
        self.words(words);
        self.pad(places.flag_rows);
    }

    fn flag_rows(&mut self, image: &Image, places: &Places) {
        let runs = places.needs.flags.iter();
        for ((flag, address), (first, end)) in image.flags.iter().zip(&places.flags).zip(runs) {
            let decide = image.shapes.get(flag.shape as usize).map_or(0, |shape| shape.decide.0);
            let remembered = if flag.place.is_some() { REMEMBERED } else { 0 };
            let row = |number| places.fact_rows + FACT_ROW_BYTES * number;
            self.words([decide | remembered, *address, row(first), row(end)]);
        }
    }

    fn facts(&mut self, image: &Image, places: &Places) {
        let copies = places.needs.copies.iter().map(|fact| *fact as usize);
        for number in (0..image.facts.len()).chain(copies) {
            if let (Some(fact), Some(place)) = (image.facts.get(number), places.facts.get(number)) {
                self.fact(fact, *place);
            }
        }
    }

    fn fact(&mut self, fact: &Fact, place: u32) {
        let slot = |slot: &u32| HEADER_BYTES + SLOT_BYTES * slot;
        match fact {
            Fact::Unit { slots, hashed } => {
                for (index, unit) in slots.iter().enumerate() {
                    let first = operation::UNIT;
                    let operation = if index == 0 { first } else { operation::ELSE_UNIT };
                    let is_last = index + 1 == slots.len();
                    self.words([operation, slot(unit), place, u32::from(*hashed && is_last)]);
                }
            }
            Fact::Version { slot: its, dialect } => {
                self.words([operation::VERSION, slot(its), place, *dialect]);
            }
            Fact::Address { slot: its } => self.words([operation::ADDRESS, slot(its), place, 0]),
            Fact::Time { slot: its } => self.words([operation::TIME, slot(its), place, 0]),
        }
    }

    fn plan(&mut self, image: &Image, places: &Places) {
        for ((column, start), answers) in
            image.columns.iter().zip(&places.columns).zip(&places.answers)
        {
            if let (1.., Some(batch)) = (column.batched, column.batch) {
                let end = start + column.kind.bytes() * column.batched;
                self.words([batch.0, *start, end, *answers]);
            }
        }
        for (number, shape) in (0..).zip(&image.shapes) {
            let Some(batch) = shape.batch else { continue };
            let mut members = places.order.iter().filter_map(|flag| {
                let record = image.flags.get(*flag as usize)?;
                let address = *places.flags.get(*flag as usize)?;
                (record.shape == number).then(|| (address, address + flag_bytes(record)))
            });
            let first = members.next().unwrap_or_default();
            let last = members.next_back().unwrap_or(first);
            self.words([batch.0, first.0, last.1, 0]);
        }
        if let (false, Some(each)) = (places.single.is_empty(), image.each) {
            let end = places.list + 4 * places.single.len() as u32;
            self.words([each.0, places.list, end, 0]);
        }
        self.pad(places.shapes);
    }

    fn shapes(&mut self, image: &Image, places: &Places) {
        let mut examples = vec![None; image.shapes.len()];
        for flag in &image.flags {
            if let Some(example) = examples.get_mut(flag.shape as usize) {
                *example = Some(flag);
            }
        }
        for (shape, example) in image.shapes.iter().zip(examples) {
            let refs = example.map_or(0, |flag| flag.refs.len()) as u16;
            let thresholds = example.map_or(0, |flag| flag.thresholds.len() / 8) as u16;
            self.bytes.extend_from_slice(&refs.to_le_bytes());
            self.bytes.extend_from_slice(&thresholds.to_le_bytes());
            self.word(places.blob(shape.verdicts));
        }
    }

    fn flag_records(&mut self, image: &Image, places: &Places) {
        for number in &places.order {
            let Some(flag) = image.flags.get(*number as usize) else { continue };
            let address = places.flags.get(*number as usize).copied().unwrap_or(BASE);
            if let Some(place) = flag.place {
                self.pad(address - 8);
                self.word(places.remembered.0 + 8 * place);
            }
            self.pad(address);
            self.words([places.shapes + SHAPE_BYTES * flag.shape, *number]);
            self.words(flag.refs.iter().map(|reference| places.record(image, *reference)));
            self.pad(align(BASE + self.bytes.len() as u32, 8));
            self.bytes.extend_from_slice(&flag.thresholds);
            self.bytes.extend_from_slice(&flag.variants);
            self.pad(align(BASE + self.bytes.len() as u32, 8));
        }
    }

    fn segment_records(&mut self, image: &Image, places: &Places) {
        for (segment, address) in image.segments.iter().zip(&places.segments) {
            self.pad(*address);
            self.words([segment.decide.0, segment.refs.len() as u32]);
            self.words(segment.refs.iter().map(|reference| places.record(image, *reference)));
        }
        if let Some(first) = places.columns.first() {
            self.pad(*first);
        }
    }

    fn columns(&mut self, image: &Image, places: &Places) {
        for (column, start) in image.columns.iter().zip(&places.columns) {
            self.pad(*start);
            for record in &column.records {
                let words = column.kind.words().iter().zip(record);
                self.words(words.map(|(word, value)| places.word(*word, *value)));
            }
        }
    }

    fn list(&mut self, _image: &Image, places: &Places) {
        self.pad(places.list);
        self.words(places.single.iter().copied());
    }

    fn blobs(&mut self, image: &Image, places: &Places) {
        for (blob, address) in image.blobs.iter().zip(&places.blobs) {
            self.pad(address - 4);
            self.word(blob.len() as u32);
            self.bytes.extend_from_slice(blob);
        }
        self.pad(places.end);
    }
}
