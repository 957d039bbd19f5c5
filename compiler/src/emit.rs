//! Program → WebAssembly: what a guest of ABI 1 exports, and what stands behind it.
//!
//! In: a program. Out: the module's bytes without its manifest. Nothing here knows a document.
//!
//! Every function that decides something takes the address of the context record as its first
//! parameter. Small predicates are emitted in place, large ones become functions of their own, so
//! that no function grows without bound.

mod assembly;
mod code;
mod data;
mod flag;
mod layout;
mod leaf;
mod memo;
mod predicate;
mod routine;

use vexil_abi::record::{HEADER_BYTES, SLOT_BYTES};

use crate::program::{FlagIndex, Program, SegmentId, SlotId, UnitId};
use assembly::Assembly;
use code::{FunctionId, I32, Var};
use memo::Memo;

pub use layout::emit;

/// A program on its way to a module.
struct Emitter<'a> {
    program: &'a Program,
    memo: Memo,
    assembly: Assembly,
    flags: Vec<FunctionId>,
    segments: Vec<FunctionId>,
}

/// The context record's address, as every deciding function has it.
type Ctx = Var<I32>;

impl Emitter<'_> {
    fn flag_function(&self, flag: FlagIndex) -> Option<FunctionId> {
        self.flags.get(flag.index()).copied()
    }

    fn segment_function(&self, segment: SegmentId) -> Option<FunctionId> {
        self.segments.get(segment.index()).copied()
    }

    /// Offset of a slot in the record.
    fn slot_offset(slot: SlotId) -> u32 {
        HEADER_BYTES + SLOT_BYTES * slot.0
    }

    /// Offset of a unit's hash in the record's scratch.
    fn unit_offset(&self, unit: UnitId) -> u32 {
        HEADER_BYTES + SLOT_BYTES * self.program.slots.len() as u32 + 8 * unit.0
    }

    /// Offset of a remembered answer in the record's scratch.
    fn memo_offset(&self, place: u32) -> u32 {
        self.unit_offset(UnitId(self.program.units.len() as u32)) + 8 * place
    }

    fn unit_slot(&self, unit: UnitId) -> SlotId {
        self.program.units.get(unit.index()).copied().unwrap_or(SlotId(0))
    }
}

/// Bytes of scratch that `bind` needs: one hash per unit, and the answers that are remembered.
#[must_use]
pub fn scratch_bytes(program: &Program) -> u32 {
    8 * (program.units.len() as u32 + Memo::of(program).count())
}
