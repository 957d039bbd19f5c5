//! A hand-assembled module for this crate's tests (the compiler is not a dependency).
//!
//! It has two flags. `banner` is a constant text. `checkout` is boolean and reads `country`:
//! a string serves `on` by rule `dach`, a missing one serves `off`; a boolean makes the guest
//! trap, a number makes it answer with a variant that does not exist.

#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use vexil_abi::verdict::{Verdict, error_code, reason};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, CustomSection, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, ImportSection, InstructionSink, MemArg,
    MemorySection, MemoryType, Module, StartSection, TypeSection, ValType,
};

use crate::engine::Engine;
use crate::load::{Loaded, digest, load};

/// What to assemble; [`Fixture::new`] is a good module.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) manifests: Vec<Value>,
    pub(crate) abi: i32,
    pub(crate) arena: i32,
    /// Pages at the start and at most.
    pub(crate) memory: (u64, Option<u64>),
    pub(crate) import: bool,
    pub(crate) start: bool,
    pub(crate) exports: Vec<(&'static str, ExportKind, u32)>,
    /// Bytes of `nop` in `bind`.
    pub(crate) padding: usize,
    /// Locals of `bind` that nothing uses.
    pub(crate) locals: u32,
    /// Rounds of a loop in `bind`.
    pub(crate) rounds: i64,
    /// How `checkout` traps on a boolean.
    pub(crate) trap: Trap,
}

/// Ways to trap.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trap {
    Unreachable,
    /// A load beyond the memory.
    Outside,
    /// A division by zero.
    Division,
    /// Calls without end.
    Recursion,
}

impl Trap {
    fn assemble(self, code: &mut InstructionSink<'_>) {
        let load = MemArg { offset: 0, align: 0, memory_index: 0 };
        match self {
            Self::Unreachable => code.unreachable(),
            Self::Outside => code.i32_const(-16).i64_load(load).return_(),
            Self::Division => code.i64_const(1).i64_const(0).i64_div_s().return_(),
            Self::Recursion => code.local_get(0).local_get(1).call(1).return_(),
        };
    }
}

impl Fixture {
    /// A good module whose `banner` serves `text`.
    pub(crate) fn new(text: &str) -> Self {
        Self {
            manifests: vec![manifest(text)],
            abi: 1,
            arena: 1000,
            memory: (1, Some(1)),
            import: false,
            start: false,
            exports: vec![
                ("memory", ExportKind::Memory, 0),
                ("vexil_abi", ExportKind::Global, 0),
                ("arena", ExportKind::Global, 1),
                ("bind", ExportKind::Func, 0),
                ("evaluate", ExportKind::Func, 1),
                ("evaluate_once", ExportKind::Func, 1),
                ("evaluate_all", ExportKind::Func, 2),
            ],
            padding: 0,
            locals: 0,
            rounds: 0,
            trap: Trap::Unreachable,
        }
    }

    pub(crate) fn assemble(&self) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], []);
        types.ty().function([ValType::I32, ValType::I32], [ValType::I64]);
        types.ty().function([ValType::I32, ValType::I32], []);
        types.ty().function([], []);
        let mut module = Module::new();
        module.section(&types);
        if self.import {
            let mut imports = ImportSection::new();
            imports.import("env", "clock", EntityType::Function(3));
            module.section(&imports);
        }
        let mut functions = FunctionSection::new();
        for ty in [0, 1, 2, 3] {
            functions.function(ty);
        }
        module.section(&functions);
        module.section(&self.memory());
        module.section(&self.globals());
        module.section(&self.exports());
        if self.start {
            module.section(&StartSection { function_index: 3 });
        }
        module.section(&self.code());
        for manifest in &self.manifests {
            let data = rmp_serde::to_vec(manifest).unwrap();
            module.section(&CustomSection { name: "vexil.manifest".into(), data: data.into() });
        }
        module.finish()
    }

    fn memory(&self) -> MemorySection {
        let (minimum, maximum) = self.memory;
        let mut memory = MemorySection::new();
        memory.memory(MemoryType {
            minimum,
            maximum,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        memory
    }

    fn globals(&self) -> GlobalSection {
        let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        let mut globals = GlobalSection::new();
        globals.global(ty, &ConstExpr::i32_const(self.abi));
        globals.global(ty, &ConstExpr::i32_const(self.arena));
        globals.global(GlobalType { mutable: true, ..ty }, &ConstExpr::i32_const(1));
        globals
    }

    fn exports(&self) -> ExportSection {
        let mut exports = ExportSection::new();
        for (name, kind, index) in &self.exports {
            exports.export(name, *kind, *index);
        }
        exports
    }

    fn code(&self) -> CodeSection {
        let mut code = CodeSection::new();
        code.function(&self.bind());
        code.function(&function(|code| evaluate(code, self.trap)));
        code.function(&function(|all| {
            for flag in [0, 1] {
                all.local_get(1).i32_const(flag).local_get(0).call(1).i64_store(MemArg {
                    offset: 8 * flag as u64,
                    align: 3,
                    memory_index: 0,
                });
            }
        }));
        code.function(&function(|_| {}));
        code
    }

    fn bind(&self) -> Function {
        let mut function = Function::new([(1, ValType::I64), (self.locals, ValType::I32)]);
        let mut bind = function.instructions();
        (0..self.padding).for_each(|_| {
            bind.nop();
        });
        if self.rounds > 0 {
            bind.loop_(BlockType::Empty).local_get(1).i64_const(1).i64_add().local_tee(1);
            bind.i64_const(self.rounds).i64_lt_s().br_if(0).end();
        }
        bind.end();
        function
    }
}

fn function(body: impl FnOnce(&mut InstructionSink<'_>)) -> Function {
    let mut function = Function::new([]);
    let mut instructions = function.instructions();
    body(&mut instructions);
    instructions.end();
    function
}

/// `(flag, ctx) -> verdict`, as told at the top of the file.
fn evaluate(code: &mut InstructionSink<'_>, trap: Trap) {
    let tag = MemArg { offset: 16, align: 2, memory_index: 0 };
    let mut answer = |test: &dyn Fn(&mut InstructionSink<'_>), verdict: Option<Verdict>| {
        test(code);
        code.if_(BlockType::Empty);
        match verdict {
            Some(verdict) => code.i64_const(verdict.pack()).return_(),
            None => {
                trap.assemble(code);
                &mut *code
            }
        };
        code.end();
    };
    let flag_is = |flag| {
        move |code: &mut InstructionSink<'_>| {
            code.local_get(0).i32_const(flag).i32_eq();
        }
    };
    let tag_is = |number| {
        move |code: &mut InstructionSink<'_>| {
            code.local_get(1).i32_load(tag).i32_const(number).i32_eq();
        }
    };
    answer(&flag_is(0), Some(Verdict::serve(0, reason::STATIC)));
    let beyond = |code: &mut InstructionSink<'_>| {
        code.local_get(0).i32_const(1).i32_ne();
    };
    answer(&beyond, Some(Verdict::error(error_code::FLAG_NOT_FOUND)));
    answer(&tag_is(2), None);
    answer(&tag_is(3), Some(Verdict::serve(77, reason::DEFAULT)));
    answer(&tag_is(4), Some(on()));
    code.i64_const(Verdict::serve(1, reason::DEFAULT).pack());
}

/// The verdict of `checkout` on a context with a country.
pub(crate) fn on() -> Verdict {
    Verdict { rule: 0, ..Verdict::serve(0, reason::TARGETING_MATCH) }
}

pub(crate) fn manifest(text: &str) -> Value {
    let constant = Verdict::serve(0, reason::STATIC).pack();
    json!([
        1,
        "fixture",
        0,
        [["country", 0]],
        [[1, [["text", text]]], [0, [["on", true], ["off", false]]]],
        [[], ["dach"]],
        [[], [0]],
        [["banner", 0, 0, 0, [], constant], ["checkout", 1, 1, 1, ["banner"], null]],
    ])
}

/// A good module and its digest.
pub(crate) fn module(text: &str) -> (Vec<u8>, String) {
    let bytes = Fixture::new(text).assemble();
    let digest = digest(&bytes);
    (bytes, digest)
}

pub(crate) fn loaded(text: &str) -> std::sync::Arc<Loaded> {
    load(&Engine::new().unwrap(), &module(text).0, None).unwrap()
}
