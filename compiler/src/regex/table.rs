//! An automaton as bytes: what stands in a module's data.
//!
//! In: an automaton. Out: its table. All numbers are little-endian and nothing is an address, so a
//! table means the same wherever it stands:
//!
//! | offset | size | field |
//! |--:|--:|---|
//! | 0 | 4 | start: the row where a search begins |
//! | 4 | 4 | limit: rows below it are final: 0 no, any other yes |
//! | 8 | 4 | end: the column of the text's end |
//! | 12 | 256 | the column of each byte |
//! | 268 | 2 × cells | cells: the next row |
//!
//! A row is the number of its first cell, so that a step is one addition and two loads.

use std::collections::BTreeMap;

use super::automaton::{Automaton, YES};
use crate::limits::MAX_DFA_BYTES;

/// Where the fields of a table stand.
pub(crate) mod offset {
    /// `u32`: the row where a search begins.
    pub(crate) const START: u32 = 0;
    /// `u32`: rows below it are final.
    pub(crate) const LIMIT: u32 = 4;
    /// `u32`: the column of the text's end.
    pub(crate) const END: u32 = 8;
    /// 256 bytes: the column of each byte.
    pub(crate) const CLASSES: u32 = 12;
    /// `u16` each: the next row, by row and column.
    pub(crate) const CELLS: u32 = 268;
}

/// A compiled `matches` test.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Table(pub(crate) Vec<u8>);

impl Table {
    /// The table of `automaton`; `None` when it is too large.
    pub(super) fn of(automaton: &Automaton) -> Option<Self> {
        let columns = Columns::of(automaton);
        let width = columns.kept.len() + 1;
        let cells = automaton.states.len() * width;
        if offset::CELLS as usize + 2 * cells > MAX_DFA_BYTES {
            return None;
        }
        let row = |state: usize| u16::try_from(state * width).ok();
        let limit = row(YES)? + row(1)?;
        let mut bytes = Vec::with_capacity(offset::CELLS as usize + 2 * cells);
        for field in [row(automaton.start)?, limit, u16::try_from(width - 1).ok()?] {
            bytes.extend(u32::from(field).to_le_bytes());
        }
        bytes.extend(automaton.classes.iter().filter_map(|class| columns.new.get(class)));
        for state in &automaton.states {
            for column in &columns.kept {
                let next = state.next.get(*column).copied()?;
                bytes.extend(row(next)?.to_le_bytes());
            }
            bytes.extend(if state.ends_well { row(YES)? } else { 0 }.to_le_bytes());
        }
        Some(Self(bytes))
    }
}

/// The classes of bytes without those that behave like another one.
struct Columns {
    /// One of each kind.
    kept: Vec<usize>,
    /// By old class: its column.
    new: BTreeMap<u8, u8>,
}

impl Columns {
    fn of(automaton: &Automaton) -> Self {
        let mut columns = Self { kept: Vec::new(), new: BTreeMap::new() };
        let mut known: BTreeMap<Vec<usize>, u8> = BTreeMap::new();
        for class in automaton.classes {
            if columns.new.contains_key(&class) {
                continue;
            }
            let cells = automaton.states.iter();
            let cells = cells.filter_map(|state| state.next.get(usize::from(class))).copied();
            // At most 256 kinds of bytes, so the numbers fit.
            let fresh = columns.kept.len() as u8;
            let column = *known.entry(cells.collect()).or_insert_with(|| {
                columns.kept.push(usize::from(class));
                fresh
            });
            columns.new.insert(class, column);
        }
        columns
    }
}
