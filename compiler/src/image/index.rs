//! The index: where things stand in a module's data, for whoever takes the module apart.
//!
//! In: an image and where it was laid out. Out: the custom section `vexil.image`, one `MessagePack`
//! value. Hosts ignore it; a module without it evaluates as well. Its numbers are trusted by
//! nobody: `image::read` checks every one against the data.

use serde::{Deserialize, Serialize};

use super::{Image, LaidOut};

/// Name of the custom section.
pub(crate) const SECTION: &str = "vexil.image";

/// The layout that this compiler writes; kinds are numbered within it.
pub(crate) const VERSION: u32 = 3;

/// One kind's records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ColumnIndex(
    /// Number of the kind.
    pub(crate) u32,
    /// Address of the first record.
    pub(crate) u32,
    /// How many there are.
    pub(crate) u32,
    /// How many of them are answered in a batch.
    pub(crate) u32,
    /// The batch's place in the table.
    pub(crate) Option<u32>,
    /// The answers' place in the header.
    pub(crate) u32,
    /// The most that asking costs: exponents of context and constants, coefficient.
    pub(crate) Vec<(u8, u8, u64)>,
);

/// The index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Index(
    /// [`VERSION`].
    pub(crate) u32,
    /// Kinds in order.
    pub(crate) Vec<ColumnIndex>,
    /// Address of the first segment's record, and how many segments there are.
    pub(crate) (u32, u32),
    /// Place in the table of the function that answers flags one by one.
    pub(crate) Option<u32>,
    /// Place in the table of each batch, by the verdicts' address of its shape.
    pub(crate) Vec<(u32, u32)>,
    /// The most that each function of the table executes besides what it asks.
    pub(crate) Vec<u64>,
    /// The most that the way from a flag's number to its function and to its verdict executes.
    pub(crate) u64,
    /// The most that `bind` executes: exponents of context and constants, coefficient.
    pub(crate) Vec<(u8, u8, u64)>,
);

impl Index {
    /// Of an image.
    pub(crate) fn of(image: &Image, laid_out: &LaidOut) -> Self {
        let columns = image.columns.iter().zip(&laid_out.columns).map(|(column, start)| {
            let terms = column.cost.terms().map(|((i, j), coefficient)| (i, j, coefficient));
            ColumnIndex(
                column.kind as u32,
                *start,
                column.records.len() as u32,
                column.batched,
                column.batch.map(|index| index.0),
                column.answers,
                terms.collect(),
            )
        });
        let batches = image.shapes.iter().zip(0u32..).filter_map(|(shape, number)| {
            Some((laid_out.shapes + super::SHAPE_BYTES * number, shape.batch?.0))
        });
        let bind = image.bind_cost.terms().map(|((i, j), coefficient)| (i, j, coefficient));
        Self(
            VERSION,
            columns.collect(),
            (laid_out.segments, image.segments.len() as u32),
            image.each.map(|index| index.0),
            batches.collect(),
            image.costs.clone(),
            image.entry_cost,
            bind.collect(),
        )
    }

    /// In `MessagePack`.
    pub(crate) fn encode(&self) -> Vec<u8> {
        // Integers and lists: nothing here is what MessagePack cannot say.
        rmp_serde::to_vec(self).unwrap_or_default()
    }
}
