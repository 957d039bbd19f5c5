//! Program → WebAssembly: what a guest of ABI 1 exports, and what stands behind it.
//!
//! In: a program. Out: the module without its manifest, and its image. Nothing here knows a
//! document.
//!
//! Code is for structure, data for constants. A predicate becomes a *question*: a record of some
//! kind, and per kind there is one function that answers it. A flag's body becomes a *structure*
//! and a record of its constants, and per structure there is one function that decides it. So code
//! grows with the variety of flags and data with their number, and a changed percentage changes
//! data only.

mod assembly;
mod batch;
mod code;
mod entry;
mod foreign;
mod intern;
mod kinds;
mod memo;
mod question;
mod routine;
mod sections;
mod set;
mod shape;
mod shapes;
mod structure;

use std::collections::BTreeMap;

use vexil_abi::export;

use crate::image::{Column, Image, Kind, SegmentRecord, TableIndex};
use crate::program::Program;
use assembly::Assembly;
pub(crate) use code::Cost;
use code::FunctionId;
use intern::Interned;
use memo::Memo;
use routine::Routine;
pub(crate) use sections::Memory;
use shapes::Shapes;
use structure::Constants;

/// How a module is emitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Flags of one shape are answered in one loop by `evaluate_all`.
    pub(crate) batch: bool,
    /// Sets of strings are digests, so that nobody can read them.
    pub(crate) conceal: bool,
}

/// An emitted module.
pub(crate) struct Emitted {
    /// Everything but the manifest.
    pub(crate) module: wasm_encoder::Module,
    /// Its constants.
    pub(crate) image: Image,
}

/// A program on its way to a module.
struct Emitter<'a> {
    program: &'a Program,
    memo: Memo,
    assembly: Assembly,
    interned: Interned,
    kinds: BTreeMap<Kind, FunctionId>,
    table: Table,
    conceal: bool,
}

/// Functions that are called through the table, each once.
#[derive(Debug, Default)]
struct Table {
    known: BTreeMap<FunctionId, TableIndex>,
    functions: Vec<FunctionId>,
}

impl Table {
    fn index(&mut self, function: FunctionId) -> TableIndex {
        if let Some(index) = self.known.get(&function) {
            return *index;
        }
        let index = TableIndex(self.functions.len() as u32);
        self.known.insert(function, index);
        self.functions.push(function);
        index
    }
}

/// Emits a program, without its manifest.
pub(crate) fn emit(program: &Program, options: Options) -> Emitted {
    let mut emitter = Emitter {
        program,
        memo: Memo::of(program),
        assembly: Assembly::default(),
        interned: Interned::default(),
        kinds: BTreeMap::new(),
        table: Table::default(),
        conceal: options.conceal,
    };
    let segments = emitter.segments();
    let shapes = Shapes::of(&mut emitter, options.batch);
    let mut image = emitter.image(shapes, segments);
    let prepare = emitter.prepare(&image.facts);
    let (bind, evaluate) = (emitter.bind(prepare), emitter.evaluate());
    let exports = [
        (export::BIND, bind),
        (export::EVALUATE, evaluate),
        (export::EVALUATE_ONCE, emitter.evaluate_once(prepare)),
        (export::EVALUATE_ALL, emitter.evaluate_all()),
    ];
    image.costs = emitter.costs(&image);
    image.bind_cost = emitter.assembly.cost(bind, &|_| false);
    let entry = emitter.assembly.cost(evaluate, &|_| false).with_constants(0);
    image.entry_cost = entry.first().copied().unwrap_or(0);
    let Emitter { assembly, table, .. } = emitter;
    let functions = assembly.finish();
    let module = sections::module(&image, &functions, &table.functions, &exports);
    Emitted { module, image }
}

impl Emitter<'_> {
    fn segments(&mut self) -> Vec<SegmentRecord> {
        let program = self.program;
        let segments = program.segments.iter().map(|segment| {
            let mut constants = Constants::default();
            let condition = self.condition(&segment.when, &mut constants);
            let function = self.decide_segment(&condition);
            SegmentRecord { decide: self.table.index(function), refs: constants.refs }
        });
        segments.collect()
    }

    /// All constants, and the code that walks them in batches.
    fn image(&mut self, shapes: Shapes, segments: Vec<SegmentRecord>) -> Image {
        let Shapes { structures, mut flags } = shapes;
        let batched = shapes::batched(&structures, &flags);
        let kinds: Vec<Kind> = batched.keys().copied().collect();
        let mut rows = Vec::with_capacity(structures.len());
        for (structure, known) in &structures {
            rows.push(self.shape(structure, known, &kinds));
        }
        let single = flags
            .iter()
            .any(|flag| rows.get(flag.shape as usize).is_some_and(|shape| shape.batch.is_none()));
        let each = single.then(|| {
            let function = self.each();
            self.table.index(function)
        });
        let verdicts = structures.iter().map(|(_, known)| {
            let bytes = known.verdicts.iter().flat_map(|verdict| verdict.to_le_bytes()).collect();
            self.interned.blob(bytes)
        });
        let verdicts: Vec<_> = verdicts.collect();
        for (row, verdicts) in rows.iter_mut().zip(verdicts) {
            row.verdicts = verdicts;
        }
        let batches: BTreeMap<Kind, TableIndex> = kinds
            .iter()
            .map(|kind| {
                let function = self.column(*kind);
                (*kind, self.table.index(function))
            })
            .collect();
        let lower = if self.assembly.uses(Routine::Lower) {
            self.interned.blob(routine::lower_table())
        } else {
            Default::default()
        };
        let costs: BTreeMap<Kind, Cost> = self
            .kinds
            .iter()
            .map(|(kind, id)| {
                let cost = self.assembly.cost(*id, &|_| false);
                (*kind, if kind.lowers() { cost.in_lower_case() } else { cost })
            })
            .collect();
        let intern::Constants { blobs, records, facts } =
            std::mem::take(&mut self.interned).finish();
        let mut segments = segments;
        let columns = records.into_iter().map(|(kind, records)| {
            let first = batched.get(&kind);
            let (records, places) = shapes::sorted(records, first);
            let refs = flags.iter_mut().flat_map(|flag| &mut flag.refs);
            let refs = refs.chain(segments.iter_mut().flat_map(|segment| &mut segment.refs));
            for reference in refs.filter(|reference| reference.kind == kind) {
                if let Some(place) = places.get(reference.index as usize) {
                    reference.index = *place;
                }
            }
            let batched = first.map_or(0, |first| first.len() as u32);
            let answers = kinds.iter().position(|one| *one == kind).unwrap_or(0) as u32;
            let cost = costs.get(&kind).cloned().unwrap_or_default();
            Column { kind, records, batched, batch: batches.get(&kind).copied(), answers, cost }
        });
        let columns = columns.collect();
        Image {
            slots: self.program.slots.len() as u32,
            facts,
            places: self.memo.count(),
            columns,
            shapes: rows,
            flags,
            segments,
            blobs,
            lower,
            each,
            costs: Vec::new(),
            entry_cost: 0,
            bind_cost: Cost::default(),
        }
    }

    /// The most that the functions of the table execute besides what they ask.
    fn costs(&self, image: &Image) -> Vec<u64> {
        let asked = |id: FunctionId| self.kinds.values().any(|kind| *kind == id);
        let thresholds: BTreeMap<TableIndex, u64> = image
            .flags
            .iter()
            .filter_map(|flag| {
                let shape = image.shapes.get(flag.shape as usize)?;
                Some((shape.decide, flag.thresholds.len() as u64))
            })
            .collect();
        let functions = self.table.functions.iter().zip(0..);
        let costs = functions.map(|(id, index)| {
            let constants = thresholds.get(&TableIndex(index)).copied().unwrap_or(0);
            let cost = self.assembly.cost(*id, &asked).with_constants(constants);
            cost.first().copied().unwrap_or(0)
        });
        costs.collect()
    }
}
