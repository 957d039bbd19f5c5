//! The image: all constants of a module before they have addresses.
//!
//! In: built by `emit` from a program, or read back by `image::read` from a sealed module. Out:
//! laid out by `image::lay_out` as the one data segment. Code never holds a constant that a
//! percentage, an operand or a cohort can change: it walks the records of this image, whose places
//! in memory it finds through a header at a fixed address. So modules whose flags differ in their
//! constants alone have the same code, byte for byte.
//!
//! A record is a row of 32-bit words; [`Kind::words`] says what each means, so that records can be
//! moved and renumbered without knowing what they are for.

mod chain;
mod cost;
mod describe;
mod index;
mod kind;
mod lay_out;
mod needs;
mod read;
mod select;

pub use cost::{Bound, FlagCost};
pub(crate) use describe::Names;
pub(crate) use index::{Index, SECTION};
pub(crate) use kind::{Kind, Word};
pub(crate) use lay_out::{
    BASE, FLAG_ROW_SHIFT, LaidOut, RECORD_HEADER, REMEMBERED, SHAPE_BYTES, header, lay_out,
    operation,
};
pub use read::ReadError;
pub(crate) use read::read;
pub(crate) use select::{Selection, select};

use crate::emit::Cost;

/// Where a function stands in the module's one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TableIndex(pub(crate) u32);

/// One more than a blob's number; 0 means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlobId(pub(crate) u32);

/// A record of some kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ref {
    /// Of which kind.
    pub(crate) kind: Kind,
    /// Its number within the kind.
    pub(crate) index: u32,
}

/// All constants of a module.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Image {
    /// Slots of the context record.
    pub(crate) slots: u32,
    /// What `bind` works out of the slots, in the order of their places in the scratch.
    pub(crate) facts: Vec<Fact>,
    /// Answers that are remembered in the scratch.
    pub(crate) places: u32,
    /// Records by kind, in the order of kinds.
    pub(crate) columns: Vec<Column>,
    /// Shapes of flags.
    pub(crate) shapes: Vec<Shape>,
    /// Flags by number.
    pub(crate) flags: Vec<FlagRecord>,
    /// Segments by number.
    pub(crate) segments: Vec<SegmentRecord>,
    /// Constants of many bytes.
    pub(crate) blobs: Vec<Vec<u8>>,
    /// The table of lower case, where some text is lower-cased.
    pub(crate) lower: BlobId,
    /// The function that answers flags one by one in `evaluate_all`.
    pub(crate) each: Option<TableIndex>,
    /// The most that each function of the table executes besides what it asks.
    pub(crate) costs: Vec<u64>,
    /// The most that the way from a flag's number to its function and to its verdict executes.
    pub(crate) entry_cost: u64,
    /// The most that `bind` executes.
    pub(crate) bind_cost: Cost,
}

/// What `bind` works out once per context.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fact {
    /// The first of these slots that is a string, and its xxh64 if `hashed`: address (0: missing),
    /// length, hash.
    Unit {
        /// Slots in the order they are asked.
        slots: Vec<u32>,
        /// Whether its hash is asked for.
        hashed: bool,
    },
    /// The slot's version: key, numbers, pre-release (see `emit::routine::version`).
    Version {
        /// The slot.
        slot: u32,
        /// What may be left out of a version, as the routine has it.
        dialect: u32,
    },
    /// The slot's IP address: family, upper half, lower half (see `emit::routine::address`).
    Address {
        /// The slot.
        slot: u32,
    },
    /// The slot's time in milliseconds since the Unix epoch, or not-a-number.
    Time {
        /// The slot.
        slot: u32,
    },
}

impl Fact {
    /// The slots that it is worked out of.
    pub(crate) fn slots(&self) -> Vec<u32> {
        match self {
            Self::Unit { slots, .. } => slots.clone(),
            Self::Version { slot, .. } | Self::Address { slot } | Self::Time { slot } => {
                vec![*slot]
            }
        }
    }

    /// The same of other slots.
    pub(crate) fn with_slots(&self, new: impl Fn(u32) -> u32) -> Self {
        match self {
            Self::Unit { slots, hashed } => {
                Self::Unit { slots: slots.iter().map(|slot| new(*slot)).collect(), hashed: *hashed }
            }
            Self::Version { slot, dialect } => {
                Self::Version { slot: new(*slot), dialect: *dialect }
            }
            Self::Address { slot } => Self::Address { slot: new(*slot) },
            Self::Time { slot } => Self::Time { slot: new(*slot) },
        }
    }

    /// Rows that say how it is worked out.
    pub(crate) fn rows(&self) -> u32 {
        match self {
            Self::Unit { slots, .. } => slots.len() as u32,
            Self::Version { .. } | Self::Address { .. } | Self::Time { .. } => 1,
        }
    }

    /// Bytes in the scratch, a multiple of 8.
    pub(crate) const fn bytes(&self) -> u32 {
        match self {
            Self::Unit { .. } => 16,
            Self::Version { .. } => 48,
            Self::Address { .. } => 24,
            Self::Time { .. } => 8,
        }
    }
}

/// The records of one kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    /// Their kind.
    pub(crate) kind: Kind,
    /// Their words; ids where [`Kind::words`] says so.
    pub(crate) records: Vec<Vec<u32>>,
    /// The first this many are answered all at once in `evaluate_all`, by the function `batch`.
    pub(crate) batched: u32,
    /// Answers records of this kind into bytes.
    pub(crate) batch: Option<TableIndex>,
    /// Where code finds the answers, as a number of a word behind the header.
    pub(crate) answers: u32,
    /// The most that one question costs.
    pub(crate) cost: Cost,
}

/// What flags of one structure share.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    /// The function that decides one of them.
    pub(crate) decide: TableIndex,
    /// The function that decides all of them, if it pays for itself.
    pub(crate) batch: Option<TableIndex>,
    /// Verdicts without their variant, eight bytes each, by answer.
    pub(crate) verdicts: BlobId,
}

/// One flag's constants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FlagRecord {
    /// Number of its shape.
    pub(crate) shape: u32,
    /// What it asks, in order.
    pub(crate) refs: Vec<Ref>,
    /// Bytes of its thresholds, a multiple of 8.
    pub(crate) thresholds: Vec<u8>,
    /// The variant of each answer.
    pub(crate) variants: Vec<u8>,
    /// Where its verdict is remembered.
    pub(crate) place: Option<u32>,
    /// Others ask for it, hosts cannot: it has no row in the manifest. Such flags come last.
    pub(crate) hidden: bool,
}

/// One segment's constants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SegmentRecord {
    /// The function that decides it.
    pub(crate) decide: TableIndex,
    /// What it asks, in order.
    pub(crate) refs: Vec<Ref>,
}

impl Image {
    /// The words of a record.
    pub(crate) fn record(&self, reference: Ref) -> Option<&[u32]> {
        let column = self.columns.iter().find(|column| column.kind == reference.kind)?;
        column.records.get(reference.index as usize).map(Vec::as_slice)
    }

    /// Offset in the record of each fact, then of the remembered answers, then of what follows.
    pub(crate) fn scratch(&self) -> (Vec<u32>, u32, u32) {
        use vexil_abi::record::{HEADER_BYTES, SLOT_BYTES};
        let mut offset = HEADER_BYTES + SLOT_BYTES * self.slots;
        let mut facts = Vec::with_capacity(self.facts.len());
        for fact in &self.facts {
            facts.push(offset);
            offset += fact.bytes();
        }
        (facts, offset, offset + 8 * self.places)
    }

    /// Bytes of scratch that `bind` needs.
    pub(crate) fn scratch_bytes(&self) -> u32 {
        let facts: u32 = self.facts.iter().map(Fact::bytes).sum();
        facts + 8 * self.places
    }
}
