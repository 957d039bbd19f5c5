//! Image → image: what some flags need, and nothing else.
//!
//! In: an image and the numbers of the flags to keep. Out: the smaller image, and which slots and
//! functions of the table it still has. Flags that only others ask for stay, hidden. Everything
//! else keeps its order, so that equal selections give equal images, taken at once or in steps.

use std::collections::{BTreeMap, BTreeSet};

use super::{BlobId, Column, Fact, FlagRecord, Image, Kind, Ref, Shape, TableIndex, Word};

/// A part of an image.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// The part.
    pub(crate) image: Image,
    /// Old numbers of the slots that are left.
    pub(crate) slots: Vec<u32>,
    /// Old places of the functions that are left in the table.
    pub(crate) table: Vec<TableIndex>,
}

/// Keeps the flags with these numbers, ascending, and of the slots at least `slots`.
pub(crate) fn select(image: &Image, flags: &[u32], slots: &BTreeSet<u32>) -> Selection {
    let mut reached = Reached { image, slots: slots.clone(), ..Reached::of(image) };
    reached.visible = flags.iter().copied().collect();
    flags.iter().for_each(|flag| reached.flag(*flag));
    reached.everything();
    reached.rebuild()
}

/// What is reached from the flags, by old number.
struct Reached<'a> {
    image: &'a Image,
    visible: BTreeSet<u32>,
    flags: BTreeSet<u32>,
    /// Flags in the order in which they were reached: those that were asked for, then the hidden
    /// ones in an order that does not depend on their numbers.
    order: Vec<u32>,
    segments: BTreeSet<u32>,
    records: BTreeSet<Ref>,
    facts: BTreeSet<u32>,
    slots: BTreeSet<u32>,
    places: BTreeSet<u32>,
    waiting: Vec<Ref>,
}

/// Old number → new number.
type Renumbered = BTreeMap<u32, u32>;

fn renumber(kept: impl IntoIterator<Item = u32>) -> Renumbered {
    kept.into_iter().zip(0..).collect()
}

impl<'a> Reached<'a> {
    fn of(image: &'a Image) -> Self {
        Self {
            image,
            visible: BTreeSet::new(),
            flags: BTreeSet::new(),
            order: Vec::new(),
            segments: BTreeSet::new(),
            records: BTreeSet::new(),
            facts: BTreeSet::new(),
            slots: BTreeSet::new(),
            places: BTreeSet::new(),
            waiting: Vec::new(),
        }
    }

    fn flag(&mut self, number: u32) {
        if let Some(flag) = self.image.flags.get(number as usize)
            && self.flags.insert(number)
        {
            self.order.push(number);
            self.places.extend(flag.place);
            self.waiting.extend(&flag.refs);
        }
    }

    /// Follows what waits.
    fn everything(&mut self) {
        while let Some(reference) = self.waiting.pop() {
            if !self.records.insert(reference) {
                continue;
            }
            let Some(record) = self.image.record(reference) else { continue };
            for (word, value) in reference.kind.words().iter().zip(record) {
                match word {
                    Word::Plain | Word::Blob => {}
                    Word::Slot => drop(self.slots.insert(*value)),
                    Word::Fact => self.fact(*value),
                    Word::Place => self.places.extend(value.checked_sub(1)),
                    Word::Flag => self.flag(*value),
                    Word::Segment => {
                        if let Some(segment) = self.image.segments.get(*value as usize)
                            && self.segments.insert(*value)
                        {
                            self.waiting.extend(&segment.refs);
                        }
                    }
                }
            }
        }
    }

    fn fact(&mut self, number: u32) {
        let Some(fact) = self.image.facts.get(number as usize) else { return };
        self.facts.insert(number);
        self.slots.extend(fact.slots());
    }

    fn rebuild(self) -> Selection {
        let mut new = New {
            image: self.image,
            flags: renumber(self.order.iter().copied()),
            segments: renumber(self.segments.iter().copied()),
            facts: renumber(self.facts.iter().copied()),
            slots: renumber(self.slots.iter().copied()),
            places: renumber(self.places.iter().copied()),
            records: BTreeMap::new(),
            blobs: BTreeMap::new(),
            bytes: Vec::new(),
        };
        let mut counts: BTreeMap<Kind, u32> = BTreeMap::new();
        for reference in &self.records {
            let count = counts.entry(reference.kind).or_default();
            new.records.insert(*reference, Ref { kind: reference.kind, index: *count });
            *count += 1;
        }
        let visible = self.visible.len();
        let (flags, shapes) = new.flags_and_shapes(&self.order, visible);
        let segments = self.segments.iter().filter_map(|number| {
            let segment = self.image.segments.get(*number as usize)?;
            Some(super::SegmentRecord { decide: segment.decide, refs: new.refs(&segment.refs) })
        });
        let segments = segments.collect();
        let columns = new.columns(&self.records);
        let lower = self.lower(&mut new);
        let image = Image {
            slots: new.slots.len() as u32,
            facts: self.facts.iter().filter_map(|fact| new.fact(*fact)).collect(),
            places: new.places.len() as u32,
            columns,
            shapes,
            flags,
            segments,
            lower,
            blobs: new.bytes,
            each: self.image.each,
            costs: self.image.costs.clone(),
            entry_cost: self.image.entry_cost,
            bind_cost: self.image.bind_cost.clone(),
        };
        with_smaller_table(image, self.slots.into_iter().collect())
    }

    /// The table of lower case, if anything that is left lower-cases.
    fn lower(&self, new: &mut New<'_>) -> BlobId {
        let lowers = self.records.iter().any(|reference| reference.kind.lowers());
        if lowers { new.blob(self.image.lower) } else { BlobId::default() }
    }
}

/// The part under construction.
struct New<'a> {
    image: &'a Image,
    flags: Renumbered,
    segments: Renumbered,
    facts: Renumbered,
    slots: Renumbered,
    places: Renumbered,
    records: BTreeMap<Ref, Ref>,
    blobs: BTreeMap<BlobId, BlobId>,
    bytes: Vec<Vec<u8>>,
}

/// What flags of one shape have in common: its functions and verdicts, and the sizes of a record.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ShapeKey {
    decide: TableIndex,
    batch: Option<TableIndex>,
    verdicts: BlobId,
    sizes: [usize; 3],
}

impl ShapeKey {
    fn of(shape: &Shape, flag: &FlagRecord) -> Self {
        let sizes = [flag.refs.len(), flag.thresholds.len(), flag.variants.len()];
        Self { decide: shape.decide, batch: shape.batch, verdicts: shape.verdicts, sizes }
    }
}

impl New<'_> {
    fn blob(&mut self, old: BlobId) -> BlobId {
        if let Some(new) = self.blobs.get(&old) {
            return *new;
        }
        let bytes = (old.0 as usize).checked_sub(1).and_then(|index| self.image.blobs.get(index));
        let Some(bytes) = bytes else { return BlobId::default() };
        self.bytes.push(bytes.clone());
        let new = BlobId(self.bytes.len() as u32);
        self.blobs.insert(old, new);
        new
    }

    fn refs(&self, old: &[Ref]) -> Vec<Ref> {
        old.iter().filter_map(|reference| self.records.get(reference)).copied().collect()
    }

    fn slot(&self, old: u32) -> u32 {
        self.slots.get(&old).copied().unwrap_or(0)
    }

    fn fact(&self, old: u32) -> Option<Fact> {
        let fact = self.image.facts.get(old as usize)?;
        Some(fact.with_slots(|slot| self.slot(slot)))
    }

    /// Flags in their new order. A hidden one is in no batch: its answer has no place to go.
    fn flags_and_shapes(&mut self, order: &[u32], visible: usize) -> (Vec<FlagRecord>, Vec<Shape>) {
        // By what a shape is, not by its number: whether flags that are hidden now were so before
        // must not be seen.
        let mut numbers: BTreeMap<ShapeKey, u32> = BTreeMap::new();
        let mut shapes = Vec::new();
        let mut flags = Vec::new();
        for (index, old) in order.iter().enumerate() {
            let Some(flag) = self.image.flags.get(*old as usize) else { continue };
            let Some(shape) = self.image.shapes.get(flag.shape as usize) else { continue };
            let hidden = index >= visible;
            let shape = Shape { batch: shape.batch.filter(|_| !hidden), ..shape.clone() };
            let number = *numbers.entry(ShapeKey::of(&shape, flag)).or_insert_with(|| {
                shapes.push(shape);
                shapes.len() as u32 - 1
            });
            flags.push(FlagRecord {
                shape: number,
                refs: self.refs(&flag.refs),
                place: flag.place.and_then(|place| self.places.get(&place).copied()),
                hidden,
                ..flag.clone()
            });
        }
        for shape in &mut shapes {
            shape.verdicts = self.blob(shape.verdicts);
        }
        (flags, shapes)
    }

    fn columns(&mut self, kept: &BTreeSet<Ref>) -> Vec<Column> {
        let mut columns = Vec::new();
        for column in &self.image.columns {
            let mut records = Vec::new();
            let mut batched = 0;
            for reference in kept.iter().filter(|reference| reference.kind == column.kind) {
                let Some(record) = column.records.get(reference.index as usize) else { continue };
                batched += u32::from(reference.index < column.batched);
                let words = column.kind.words().iter().zip(record);
                records.push(words.map(|(word, value)| self.word(*word, *value)).collect());
            }
            if !records.is_empty() {
                let batch = column.batch.filter(|_| batched > 0);
                columns.push(Column { records, batched, batch, ..column.clone() });
            }
        }
        columns
    }

    fn word(&mut self, word: Word, old: u32) -> u32 {
        let new = |numbers: &Renumbered, old: u32| numbers.get(&old).copied().unwrap_or(0);
        match word {
            Word::Plain => old,
            Word::Slot => self.slot(old),
            Word::Fact => new(&self.facts, old),
            Word::Blob => self.blob(BlobId(old)).0,
            Word::Place => old.checked_sub(1).map_or(0, |old| new(&self.places, old) + 1),
            Word::Flag => new(&self.flags, old),
            Word::Segment => new(&self.segments, old),
        }
    }
}

/// Drops the functions that nothing calls through the table any more.
fn with_smaller_table(mut image: Image, slots: Vec<u32>) -> Selection {
    let single = image.flags.iter().any(|flag| {
        let shape = image.shapes.get(flag.shape as usize);
        !flag.hidden && shape.is_some_and(|shape| shape.batch.is_none())
    });
    image.each = image.each.filter(|_| single);
    let mut kept: BTreeSet<TableIndex> = BTreeSet::new();
    for_each_index(&mut image, &mut |index| {
        kept.insert(*index);
    });
    let numbers: BTreeMap<TableIndex, u32> = kept.iter().copied().zip(0..).collect();
    for_each_index(&mut image, &mut |index| {
        *index = TableIndex(numbers.get(index).copied().unwrap_or(0));
    });
    let costs = kept.iter().map(|old| image.costs.get(old.0 as usize).copied().unwrap_or(0));
    image.costs = costs.collect();
    Selection { image, slots, table: kept.into_iter().collect() }
}

fn for_each_index(image: &mut Image, see: &mut dyn FnMut(&mut TableIndex)) {
    for shape in &mut image.shapes {
        see(&mut shape.decide);
        shape.batch.iter_mut().for_each(&mut *see);
    }
    image.segments.iter_mut().for_each(|segment| see(&mut segment.decide));
    for column in &mut image.columns {
        column.batch.iter_mut().for_each(&mut *see);
    }
    image.each.iter_mut().for_each(see);
}
