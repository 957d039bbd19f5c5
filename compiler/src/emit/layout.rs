//! Layout: sections, exports, memory, and the functions the ABI names.

use vexil_abi::record::{SLOT_LEN, SLOT_PAYLOAD, SLOT_TAG, tag};
use vexil_abi::verdict::{Verdict, error_code};
use vexil_abi::{ABI_VERSION, export};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ElementSection, Elements, ExportKind, ExportSection,
    FunctionSection, GlobalSection, GlobalType, MemorySection, MemoryType, Module, RefType,
    TableSection, TableType, TypeSection, ValType,
};

use super::Emitter;
use super::assembly::Assembly;
use super::code::{
    Code, Expr, FunctionId, I32, I64, Layout, Signature, Wasm, i32_const, i64_const,
};
use super::data::{self, Data};
use super::memo::Memo;
use super::routine::Routine;
use crate::limits::ARENA_BYTES;
use crate::program::{FlagIndex, Program, SegmentId};

const PAGE: u32 = 65_536;

/// Emits a program, without its manifest.
#[must_use]
pub fn emit(program: &Program) -> Module {
    let mut emitter = Emitter {
        program,
        memo: Memo::of(program),
        assembly: Assembly::default(),
        flags: Vec::new(),
        segments: Vec::new(),
    };
    emitter.flags = program.flags.iter().map(|_| emitter.assembly.reserve()).collect();
    emitter.segments = program.segments.iter().map(|_| emitter.assembly.reserve()).collect();
    for (index, segment) in (0..).zip(&program.segments) {
        if let Some(id) = emitter.segment_function(SegmentId(index)) {
            emitter.segment(SegmentId(index), id, segment);
        }
    }
    for (index, flag) in (0..).zip(&program.flags) {
        if let Some(id) = emitter.flag_function(FlagIndex(index)) {
            emitter.flag(FlagIndex(index), id, &flag.body);
        }
    }
    let exports = [
        (export::BIND, emitter.bind()),
        (export::EVALUATE, emitter.evaluate()),
        (export::EVALUATE_ALL, emitter.evaluate_all()),
    ];
    assemble(emitter, &exports)
}

impl Emitter<'_> {
    /// Hashes each unit that is there into the scratch, and forgets what is remembered there.
    fn bind(&mut self) -> FunctionId {
        let mut code = Code::new();
        let ctx = code.param::<I32>();
        for (unit, slot) in self.program.units.iter().enumerate() {
            let hash = self.assembly.routine(Routine::Xxh64);
            let slot = Self::slot_offset(*slot);
            let scratch = self.unit_offset(crate::program::UnitId(unit as u32));
            let is_string =
                ctx.get().load_u32(slot + SLOT_TAG).equals(i32_const(tag::STRING as i32));
            let ptr = ctx.get() + ctx.get().load_u32(slot + SLOT_PAYLOAD);
            let len = ctx.get().load_u32(slot + SLOT_LEN);
            let hashed = I64::call(hash, vec![ptr.expr(), len.expr()]);
            code.when(is_string, |code| code.store_u64(ctx.get(), scratch, hashed));
        }
        if self.memo.count() > 0 {
            let answer = code.let_(ctx.get() + i32_const(self.memo_offset(0) as i32));
            let end = code.let_(ctx.get() + i32_const(self.memo_offset(self.memo.count()) as i32));
            code.repeat_while(answer.get().below(end.get()), |code| {
                code.store_u64(answer.get(), 0, i64_const(0));
                code.step(answer, 8);
            });
        }
        self.assembly.add(code.done())
    }

    fn evaluate(&mut self) -> FunctionId {
        let mut code = Code::new();
        let flag = code.param::<I32>();
        let ctx = code.param::<I32>();
        let unknown = Verdict::error(error_code::FLAG_NOT_FOUND).pack() as u64;
        let count = i32_const(self.flags.len() as i32);
        code.give_if(flag.get().not_below(count), i64_const(unknown));
        self.assembly.add(code.result(call_flag(ctx.get(), flag.get())))
    }

    fn evaluate_all(&mut self) -> FunctionId {
        let mut code = Code::new();
        let ctx = code.param::<I32>();
        let out = code.param::<I32>();
        let flag = code.local::<I32>();
        code.repeat_while(flag.get().below(i32_const(self.flags.len() as i32)), |code| {
            code.store_u64(out.get(), 0, call_flag(ctx.get(), flag.get()));
            code.step(out, 8);
            code.step(flag, 1);
        });
        self.assembly.add(code.done())
    }
}

fn call_flag(ctx: I32, flag: I32) -> I64 {
    I64::of(Expr::CallFlag { ctx: Box::new(ctx.expr()), flag: Box::new(flag.expr()) })
}

fn assemble(emitter: Emitter<'_>, exports: &[(&str, FunctionId)]) -> Module {
    let Emitter { assembly, flags, .. } = emitter;
    let lowers = assembly.uses(Routine::Lower);
    let (functions, data) = assembly.finish();
    let mut types = Types::default();
    let flag_type = types.index((vec![ValType::I32], Some(ValType::I64)));
    let memory = Memory::lay_out(&data, lowers, flags.len());
    let layout = Layout { lower_buffer: memory.lower_buffer as i32, flag_type };

    let mut function_section = FunctionSection::new();
    let mut code_section = CodeSection::new();
    for function in &functions {
        function_section.function(types.index(function.signature()));
        code_section.function(&function.encode(&layout));
    }
    let flag_count = flags.len() as u64;
    let flag_functions: Vec<u32> = flags.into_iter().map(|id| id.0).collect();
    let mut module = Module::new();
    module
        .section(&types.section)
        .section(&function_section)
        .section(&table_section(flag_count))
        .section(&memory.section())
        .section(&memory.globals())
        .section(&export_section(exports))
        .section(&element_section(flag_functions))
        .section(&code_section)
        .section(&data_section(data));
    module
}

fn table_section(flags: u64) -> TableSection {
    let mut section = TableSection::new();
    let element_type = RefType::FUNCREF;
    let ty = TableType {
        element_type,
        table64: false,
        minimum: flags,
        maximum: Some(flags),
        shared: false,
    };
    section.table(ty);
    section
}

fn element_section(functions: Vec<u32>) -> ElementSection {
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

fn data_section(data: Data) -> DataSection {
    let mut section = DataSection::new();
    section.active(0, &ConstExpr::i32_const(data::BASE as i32), data.into_bytes());
    section
}

/// Data, then the buffer for lower-cased strings, then the arena up to the end.
struct Memory {
    lower_buffer: u32,
    arena: u32,
    pages: u32,
}

impl Memory {
    fn lay_out(data: &Data, lowers: bool, flags: usize) -> Self {
        let lower_buffer = data.end().next_multiple_of(16);
        // Lower-casing makes a string at most half as long again.
        let lower_bytes = if lowers { ARENA_BYTES + ARENA_BYTES / 2 } else { 0 };
        let arena = lower_buffer + lower_bytes;
        let verdicts = 8 * flags as u32;
        let pages = (arena + ARENA_BYTES + verdicts).div_ceil(PAGE);
        Self { lower_buffer, arena, pages }
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
