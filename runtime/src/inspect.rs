//! Looking at a module before it is compiled.
//!
//! In: a module's bytes. Out: where its arena is, how large its memory, which bytes its manifest;
//! or the first way in which it is not a module of guest ABI 1. Nothing is compiled or run here.

use vexil_abi::{ABI_VERSION, export, manifest::SECTION};
use wasmparser::{
    Export, ExportSectionReader, ExternalKind, FuncValidatorAllocations, FunctionBody,
    GlobalSectionReader, Imports, MemoryType, Operator, Parser, Payload, TableSectionReader,
    ValType, ValidPayload, Validator, types::EntityType, types::Types,
};

use crate::engine::FEATURES;
use crate::limits::{FUNCTION_BYTES, FUNCTIONS, LOCALS, MEMORY_BYTES, PAGE_BYTES, TABLE_ELEMENTS};
use crate::load::LoadError;

/// What loading needs to know of a module's bytes.
#[derive(Debug)]
pub(crate) struct Inspected<'a> {
    /// The value of the global `arena`.
    pub(crate) arena: u32,
    /// Bytes of the memory.
    pub(crate) memory_bytes: u64,
    /// The manifest section's content.
    pub(crate) manifest: &'a [u8],
    /// Does its code call functions of the code generator's runtime?
    pub(crate) leaves_wasm: bool,
    /// Bytes of its functions.
    pub(crate) code_bytes: u64,
}

/// Validates `bytes` and checks what the guest ABI promises.
pub(crate) fn inspect(bytes: &[u8]) -> Result<Inspected<'_>, LoadError> {
    let mut seen = Seen::default();
    let mut validator = Validator::new_with_features(FEATURES);
    let mut allocations = FuncValidatorAllocations::default();
    let mut types = None;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(LoadError::Invalid)?;
        seen.look(&payload)?;
        match validator.payload(&payload).map_err(LoadError::Invalid)? {
            ValidPayload::Func(function, body) => {
                let mut function = function.into_validator(allocations);
                function.validate(&body).map_err(LoadError::Invalid)?;
                allocations = function.into_allocations();
            }
            ValidPayload::End(end) => types = Some(end),
            ValidPayload::Ok | ValidPayload::Parser(_) => {}
        }
    }
    // INVARIANT: a module that validated to its end has types.
    let types = types.ok_or(LoadError::Manifests(0))?;
    seen.finish(&types)
}

/// What has been met so far.
#[derive(Default)]
struct Seen<'a> {
    /// Values of globals that are `i32.const`, by number.
    constants: Vec<Option<i32>>,
    exports: Vec<Export<'a>>,
    manifests: Vec<&'a [u8]>,
    leaves_wasm: bool,
    code_bytes: u64,
}

impl<'a> Seen<'a> {
    fn look(&mut self, payload: &Payload<'a>) -> Result<(), LoadError> {
        match payload {
            Payload::ImportSection(imports) => match imports.clone().into_iter().next() {
                Some(import) => {
                    Err(LoadError::Import(import_name(&import.map_err(LoadError::Invalid)?)))
                }
                None => Ok(()),
            },
            Payload::StartSection { .. } => Err(LoadError::Start),
            Payload::TableSection(tables) => check_tables(tables),
            Payload::GlobalSection(globals) => self.globals(globals),
            Payload::ExportSection(exports) => self.exports(exports),
            Payload::CodeSectionStart { count, size, .. } => {
                self.code_bytes = u64::from(*size);
                at_most("functions", u64::from(*count), u64::from(FUNCTIONS))
            }
            Payload::CodeSectionEntry(body) => {
                self.leaves_wasm |= leaves_wasm(body)?;
                check_function(body)
            }
            Payload::CustomSection(section) if section.name() == SECTION => {
                self.manifests.push(section.data());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn globals(&mut self, globals: &GlobalSectionReader<'a>) -> Result<(), LoadError> {
        for global in globals.clone() {
            let global = global.map_err(LoadError::Invalid)?;
            let first = global.init_expr.get_operators_reader().read();
            self.constants.push(match first.map_err(LoadError::Invalid)? {
                Operator::I32Const { value } if !global.ty.mutable => Some(value),
                _ => None,
            });
        }
        Ok(())
    }

    fn exports(&mut self, exports: &ExportSectionReader<'a>) -> Result<(), LoadError> {
        for export in exports.clone() {
            let export = export.map_err(LoadError::Invalid)?;
            let known = EXPORTS.iter().any(|(name, _)| *name == export.name);
            if !known {
                return Err(LoadError::UnknownExport(export.name.to_owned()));
            }
            self.exports.push(export);
        }
        Ok(())
    }

    fn finish(self, types: &Types) -> Result<Inspected<'a>, LoadError> {
        let abi = self.constant(export::ABI)?;
        if abi != ABI_VERSION {
            return Err(LoadError::UnknownAbi { found: abi, known: ABI_VERSION });
        }
        for (name, expected) in EXPORTS {
            let export = self.export(name)?;
            let entity = types.as_ref().entity_type_from_export(export);
            if !entity.is_some_and(|entity| is_of(expected, entity, types)) {
                return Err(LoadError::WrongExport { name: name.to_owned(), expected });
            }
        }
        let &[manifest] = self.manifests.as_slice() else {
            return Err(LoadError::Manifests(self.manifests.len()));
        };
        let memory_bytes =
            memory_bytes(&types.as_ref().memory_at(self.export(export::MEMORY)?.index))?;
        let arena = self.constant(export::ARENA)? as u32;
        Ok(Inspected {
            arena,
            memory_bytes,
            manifest,
            leaves_wasm: self.leaves_wasm,
            code_bytes: self.code_bytes,
        })
    }

    fn export(&self, name: &'static str) -> Result<&Export<'a>, LoadError> {
        let export = self.exports.iter().find(|export| export.name == name);
        export.ok_or(LoadError::MissingExport(name))
    }

    fn constant(&self, name: &'static str) -> Result<i32, LoadError> {
        let export = self.export(name)?;
        let value = self.constants.get(export.index as usize).copied().flatten();
        value
            .filter(|_| export.kind == ExternalKind::Global)
            .ok_or(LoadError::WrongExport { name: name.to_owned(), expected: CONSTANT })
    }
}

const A_MEMORY: &str = "a memory";
const CONSTANT: &str = "an immutable global `i32` with a constant value";
const BIND: &str = "a function `(i32) -> ()`";
const EVALUATE: &str = "a function `(i32, i32) -> i64`";
const EVALUATE_ALL: &str = "a function `(i32, i32) -> ()`";

/// Every export of the guest ABI, and what it is.
const EXPORTS: [(&str, &str); 7] = [
    (export::MEMORY, A_MEMORY),
    (export::ABI, CONSTANT),
    (export::ARENA, CONSTANT),
    (export::BIND, BIND),
    (export::EVALUATE, EVALUATE),
    (export::EVALUATE_ONCE, EVALUATE),
    (export::EVALUATE_ALL, EVALUATE_ALL),
];

fn is_of(expected: &str, entity: EntityType, types: &Types) -> bool {
    use ValType::{I32, I64};
    let (params, results): (&[ValType], &[ValType]) = match expected {
        A_MEMORY => return matches!(entity, EntityType::Memory(_)),
        CONSTANT => {
            return matches!(entity, EntityType::Global(ty) if ty.content_type == I32 && !ty.mutable);
        }
        BIND => (&[I32], &[]),
        EVALUATE => (&[I32, I32], &[I64]),
        _ => (&[I32, I32], &[]),
    };
    let EntityType::Func(id) = entity else { return false };
    types.as_ref().get(id).is_some_and(|ty| {
        let ty = ty.unwrap_func();
        ty.params() == params && ty.results() == results
    })
}

fn memory_bytes(memory: &MemoryType) -> Result<u64, LoadError> {
    if memory.maximum != Some(memory.initial) {
        return Err(LoadError::GrowingMemory);
    }
    let bytes = memory.initial.saturating_mul(PAGE_BYTES);
    at_most("bytes of memory", bytes, MEMORY_BYTES)?;
    Ok(bytes)
}

fn check_tables(tables: &TableSectionReader<'_>) -> Result<(), LoadError> {
    for table in tables.clone() {
        let table = table.map_err(LoadError::Invalid)?;
        at_most("table elements", table.ty.initial, TABLE_ELEMENTS)?;
    }
    Ok(())
}

fn check_function(body: &FunctionBody<'_>) -> Result<(), LoadError> {
    at_most("bytes in one function", body.range().len() as u64, FUNCTION_BYTES as u64)?;
    let mut locals = 0;
    for group in body.get_locals_reader().map_err(LoadError::Invalid)? {
        locals += u64::from(group.map_err(LoadError::Invalid)?.0);
    }
    at_most("locals in one function", locals, LOCALS)
}

/// Operators on whole memories and tables are calls of the runtime, which expect to be called in
/// the runtime's own way. Vexil's compiler emits none of them.
fn leaves_wasm(body: &FunctionBody<'_>) -> Result<bool, LoadError> {
    use Operator::{
        DataDrop, ElemDrop, MemoryCopy, MemoryFill, MemoryGrow, MemoryInit, TableCopy, TableInit,
    };
    for operator in body.get_operators_reader().map_err(LoadError::Invalid)? {
        match operator.map_err(LoadError::Invalid)? {
            MemoryGrow { .. }
            | MemoryFill { .. }
            | MemoryCopy { .. }
            | MemoryInit { .. }
            | TableCopy { .. }
            | TableInit { .. }
            | DataDrop { .. }
            | ElemDrop { .. } => {
                return Ok(true);
            }
            _ => {}
        }
    }
    Ok(false)
}

fn at_most(what: &'static str, found: u64, limit: u64) -> Result<(), LoadError> {
    match found <= limit {
        true => Ok(()),
        false => Err(LoadError::Excess { what, found, limit }),
    }
}

fn import_name(imports: &Imports<'_>) -> String {
    match imports {
        Imports::Single(_, import) => format!("{}.{}", import.module, import.name),
        Imports::Compact1 { module, .. } | Imports::Compact2 { module, .. } => (*module).to_owned(),
    }
}
