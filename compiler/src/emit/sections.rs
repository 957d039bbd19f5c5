//! Sections: functions, table, memory, exports and data as a WebAssembly module.

use std::borrow::Cow;

use vexil_abi::{ABI_VERSION, export};
use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, DataSection, ElementSection, Elements, ExportKind,
    ExportSection, FunctionSection, GlobalSection, GlobalType, MemorySection, MemoryType, Module,
    RefType, TableSection, TableType, TypeSection, ValType,
};

use super::code::{Function, FunctionId, Signature};
use crate::image::{BASE, Image, Index, LaidOut, SECTION, lay_out};
use crate::limits::ARENA_BYTES;

const PAGE: u32 = 65_536;

/// Assembles a module. `table` holds the functions that are called through it.
pub(super) fn module(
    image: &Image,
    functions: &[Function],
    table: &[FunctionId],
    exports: &[(&str, FunctionId)],
) -> Module {
    let mut types = Types::default();
    types.index(super::code::decide_signature());
    types.index(super::code::batch_signature());
    let mut function_section = FunctionSection::new();
    let mut code_section = CodeSection::new();
    for function in functions {
        function_section.function(types.index(function.signature()));
        code_section.function(&function.encode());
    }
    let memory = Memory::of(image);
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(BASE as i32), memory.laid_out.bytes.iter().copied());
    let index = CustomSection {
        name: Cow::Borrowed(SECTION),
        data: Cow::Owned(Index::of(image, &memory.laid_out).encode()),
    };
    let mut module = Module::new();
    module
        .section(&types.section)
        .section(&function_section)
        .section(&table_section(table.len() as u64))
        .section(&memory.section())
        .section(&memory.globals())
        .section(&export_section(exports))
        .section(&element_section(table))
        .section(&code_section)
        .section(&data)
        .section(&index);
    module
}

fn table_section(functions: u64) -> TableSection {
    let mut section = TableSection::new();
    let element_type = RefType::FUNCREF;
    let ty = TableType {
        element_type,
        table64: false,
        minimum: functions,
        maximum: Some(functions),
        shared: false,
    };
    section.table(ty);
    section
}

fn element_section(table: &[FunctionId]) -> ElementSection {
    let functions: Vec<u32> = table.iter().map(|id| id.0).collect();
    let mut section = ElementSection::new();
    section.active(None, &ConstExpr::i32_const(0), Elements::Functions(functions.into()));
    section
}

fn export_section(functions: &[(&str, FunctionId)]) -> ExportSection {
    let mut section = ExportSection::new();
    section.export(export::MEMORY, ExportKind::Memory, 0);
    section.export(export::ABI, ExportKind::Global, 0);
    section.export(export::ARENA, ExportKind::Global, 1);
    for (name, function) in functions {
        section.export(name, ExportKind::Func, function.0);
    }
    section
}

/// Data, then the answers of columns, then the buffer for lower-cased strings, then the arena.
pub(crate) struct Memory {
    /// The data segment, and where things stand in it.
    pub(crate) laid_out: LaidOut,
    /// Where the arena begins.
    pub(crate) arena: u32,
    /// Size of the memory.
    pub(crate) pages: u32,
}

impl Memory {
    pub(crate) fn of(image: &Image) -> Self {
        let verdicts = 8 * image.flags.len() as u32;
        let wanted = ARENA_BYTES + verdicts + vexil_abi::record::TAIL;
        // Lower-casing makes a string at most half as long again, and no string is longer than the
        // arena, which rounding up to whole pages can make larger.
        let longest = wanted + PAGE;
        let lower_bytes = if image.lower.0 == 0 { 0 } else { longest + longest / 2 };
        let laid_out = lay_out(image);
        let arena = laid_out.end.next_multiple_of(16) + lower_bytes.next_multiple_of(16);
        let pages = (arena + wanted).div_ceil(PAGE);
        Self { laid_out, arena, pages }
    }

    fn section(&self) -> MemorySection {
        let mut section = MemorySection::new();
        section.memory(MemoryType {
            minimum: u64::from(self.pages),
            maximum: Some(u64::from(self.pages)),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        section
    }

    fn globals(&self) -> GlobalSection {
        let mut section = GlobalSection::new();
        for value in [ABI_VERSION, self.arena as i32] {
            let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
            section.global(ty, &ConstExpr::i32_const(value));
        }
        section
    }
}

/// Function types, each once.
#[derive(Default)]
struct Types {
    section: TypeSection,
    known: Vec<Signature>,
}

impl Types {
    fn index(&mut self, signature: Signature) -> u32 {
        let found = self.known.iter().position(|known| *known == signature);
        let index = found.unwrap_or_else(|| {
            self.section.ty().function(signature.0.iter().copied(), signature.1);
            self.known.push(signature);
            self.known.len() - 1
        });
        index as u32
    }
}
