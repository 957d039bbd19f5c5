//! What evaluating a flag can cost, summed over its records.
//!
//! In: an image. Out: an upper bound of executed WebAssembly instructions for each flag, as a
//! polynomial in the bytes of the context alone. A flag asks each of its questions at most once;
//! what others ask of a flag or segment that is remembered is counted once however often it is
//! asked; what is not remembered is counted as often as it is named. This recurses along chains:
//! `read` has seen to it that they are short.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Image, Kind, Ref, Word};

/// At most `fixed + per_byte * n + per_byte_squared * n²` instructions for a context of `n` bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// Whatever the context.
    pub fixed: u64,
    /// For each byte of the context record.
    pub per_byte: u64,
    /// For each pair of bytes: lists whose every element may be as long as the context.
    pub per_byte_squared: u64,
}

impl Bound {
    fn of(powers: &[u64]) -> Self {
        let power = |index: usize| powers.get(index).copied().unwrap_or(0);
        // Our code has no loop in a loop in a loop over the context; a module that says so has no
        // bound that could be stated.
        if powers.get(3..).is_some_and(|higher| higher.iter().any(|power| *power > 0)) {
            return Self { fixed: u64::MAX, per_byte: u64::MAX, per_byte_squared: u64::MAX };
        }
        Self { fixed: power(0), per_byte: power(1), per_byte_squared: power(2) }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            fixed: self.fixed.saturating_add(other.fixed),
            per_byte: self.per_byte.saturating_add(other.per_byte),
            per_byte_squared: self.per_byte_squared.saturating_add(other.per_byte_squared),
        }
    }

    /// The bound for a context of that many bytes.
    #[must_use]
    pub fn at(&self, bytes: u64) -> u64 {
        let squared = self.per_byte_squared.saturating_mul(bytes).saturating_mul(bytes);
        self.fixed.saturating_add(self.per_byte.saturating_mul(bytes)).saturating_add(squared)
    }
}

/// The bounds of one flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlagCost {
    /// Of `bind`, which prepares the context for any number of flags.
    pub bind: Bound,
    /// Of `evaluate`.
    pub evaluate: Bound,
}

/// A flag or a segment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Flag(u32),
    Segment(u32),
}

/// What is known of a node: its own cost, and what is remembered among all that it asks.
type Known = (Bound, Remembered);

/// Nodes that are counted once.
#[derive(Clone)]
enum Remembered {
    /// These.
    These(BTreeSet<Node>),
    /// So many that all of the module are counted.
    All,
}

/// More remembered nodes are not listed: every node would list them again.
const LISTED: usize = 128;

impl Remembered {
    fn none() -> Self {
        Self::These(BTreeSet::new())
    }

    fn extend(&mut self, others: Self) {
        match (&mut *self, others) {
            (Self::These(known), Self::These(others)) => {
                known.extend(others);
                if known.len() > LISTED {
                    *self = Self::All;
                }
            }
            _ => *self = Self::All,
        }
    }
}

struct Costs<'a> {
    image: &'a Image,
    known: BTreeMap<Node, Known>,
    /// The sum of all nodes that are remembered, once it is asked for.
    all: Option<Bound>,
}

impl Image {
    /// The bounds of each flag, by number.
    pub(crate) fn flag_costs(&self) -> Vec<FlagCost> {
        let bind = self.bind_bound();
        let mut costs = Costs { image: self, known: BTreeMap::new(), all: None };
        let flags = (0..self.flags.len() as u32).map(|number| {
            let (own, remembered) = costs.node(Node::Flag(number));
            let entry = Bound { fixed: self.entry_cost, ..Bound::default() };
            let remembered = match remembered {
                Remembered::These(nodes) => costs.sum(nodes),
                Remembered::All => costs.all(),
            };
            FlagCost { bind, evaluate: own.plus(remembered).plus(entry) }
        });
        flags.collect()
    }

    fn bind_bound(&self) -> Bound {
        let rows: u64 = self.facts.iter().map(|fact| u64::from(fact.rows())).sum();
        Bound::of(&self.bind_cost.with_constants(16 * rows + 8 * u64::from(self.places)))
    }
}

impl Costs<'_> {
    fn sum(&mut self, nodes: impl IntoIterator<Item = Node>) -> Bound {
        nodes.into_iter().fold(Bound::default(), |sum, node| sum.plus(self.node(node).0))
    }

    /// All that is remembered in the module.
    fn all(&mut self) -> Bound {
        if let Some(all) = self.all {
            return all;
        }
        let image = self.image;
        let flags = (0..).zip(&image.flags).filter(|(_, flag)| flag.place.is_some());
        let column = image.columns.iter().find(|column| column.kind == Kind::Segment);
        let records = column.into_iter().flat_map(|column| &column.records);
        let segments = records.filter(|record| record.get(1).is_some_and(|place| *place > 0));
        let segments: BTreeSet<u32> =
            segments.filter_map(|record| record.first()).copied().collect();
        let flags = flags.map(|(number, _)| Node::Flag(number));
        let all = self.sum(flags.chain(segments.into_iter().map(Node::Segment)));
        *self.all.insert(all)
    }

    fn node(&mut self, node: Node) -> Known {
        if let Some(known) = self.known.get(&node) {
            return known.clone();
        }
        let (decide, refs) = match node {
            Node::Flag(number) => {
                let flag = self.image.flags.get(number as usize);
                let shape = flag.and_then(|flag| self.image.shapes.get(flag.shape as usize));
                (shape.map(|shape| shape.decide), flag.map(|flag| flag.refs.clone()))
            }
            Node::Segment(number) => {
                let segment = self.image.segments.get(number as usize);
                (segment.map(|one| one.decide), segment.map(|one| one.refs.clone()))
            }
        };
        let own = decide.and_then(|index| self.image.costs.get(index.0 as usize)).copied();
        let own = Bound { fixed: own.unwrap_or(0), ..Bound::default() };
        let mut known = (own, Remembered::none());
        for reference in refs.unwrap_or_default() {
            let asked = self.question(reference);
            known.0 = known.0.plus(asked.0);
            known.1.extend(asked.1);
        }
        self.known.insert(node, known.clone());
        known
    }

    fn question(&mut self, reference: Ref) -> Known {
        let column = self.image.columns.iter().find(|column| column.kind == reference.kind);
        let Some(column) = column else { return (Bound::default(), Remembered::none()) };
        let record = column.records.get(reference.index as usize).cloned().unwrap_or_default();
        let words = reference.kind.words().iter().zip(&record);
        let blobs = words.filter(|(word, _)| **word == Word::Blob).map(|(_, id)| {
            let index = (*id as usize).checked_sub(1);
            index.and_then(|index| self.image.blobs.get(index)).map_or(0, Vec::len) as u64
        });
        // Lengths that stand in the record itself are of strings of at most eight bytes, or blobs.
        let cost = Bound::of(&column.cost.with_constants(blobs.sum::<u64>() + 8));
        let first = record.first().copied().unwrap_or(0);
        let (node, remembered) = match reference.kind {
            Kind::Segment => (Node::Segment(first), record.get(1).is_some_and(|place| *place > 0)),
            Kind::FlagIs => {
                let flag = self.image.flags.get(first as usize);
                (Node::Flag(first), flag.is_some_and(|flag| flag.place.is_some()))
            }
            _ => return (cost, Remembered::none()),
        };
        let (inner, mut inside) = self.node(node);
        if remembered {
            inside.extend(Remembered::These(BTreeSet::from([node])));
            return (cost, inside);
        }
        (cost.plus(inner), inside)
    }
}
