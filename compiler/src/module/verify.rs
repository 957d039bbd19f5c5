//! Is a module one of ours, and does everything in it fit?
//!
//! In: bytes that anybody may have written. Out: nothing, or what is wrong and where. The proof
//! that a module cannot trap (`docs/ARCHITECTURE.md`) has two parts: which instructions there are,
//! and that every address and table index leads where it should. This checks the first part, and
//! of the second what stands in data; that code of ours uses it rightly is the emitter's business.

use thiserror::Error;
use vexil_abi::{ABI_VERSION, export};
use wasmparser::{
    ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, FuncType, Operator, Parser,
    Payload, ValType,
};

use super::inspect::InspectError;
use super::subset::{Parts, SubsetError, parts};
use crate::emit::Memory;
use crate::image::{BASE, Image, Index, TableIndex, read};

/// What is wrong with a module.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// It cannot be taken apart.
    #[error(transparent)]
    Apart(#[from] SubsetError),
    /// An instruction that our code does not need.
    #[error("function {function} holds `{instruction}`, which no module needs")]
    Instruction {
        /// Number of the function.
        function: u32,
        /// The instruction.
        instruction: String,
    },
    /// The data is not what its own constants lay out to.
    #[error("its data is not laid out as this compiler does it, from byte {0} on")]
    Layout(usize),
    /// The index is not that of the data.
    #[error("its index is not that of its data")]
    Index,
    /// Memory, arena or scratch do not suit the data.
    #[error("its {0} is not what its data needs")]
    Room(&'static str),
    /// The data names a function that is not there, or is called in another way.
    #[error("its data calls place {place} of the table as {wanted}, and there is {found}")]
    Call {
        /// Place in the table.
        place: u32,
        /// What should stand there.
        wanted: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// The table holds what nothing names.
    #[error("place {0} of its table is named by nothing")]
    Unnamed(u32),
    /// Another part is not as in our modules.
    #[error("{0}")]
    Shape(&'static str),
}

impl From<wasmparser::BinaryReaderError> for VerifyError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Apart(InspectError::from(error).into())
    }
}

/// Checks that `bytes` are a module as this compiler seals them.
///
/// # Errors
/// With the first thing that is wrong.
pub fn verify(bytes: &[u8]) -> Result<(), VerifyError> {
    let Parts { manifest, data, index } = parts(bytes)?;
    let found = Found::of(bytes)?;
    let image = read(data, &index, manifest.attributes.len() as u32, manifest.flags.len() as u32);
    let image = image.map_err(SubsetError::from)?;
    let memory = Memory::of(&image);
    if let Some(byte) = first_difference(data, &memory.laid_out.bytes) {
        return Err(VerifyError::Layout(byte));
    }
    if index != Index::of(&image, &memory.laid_out) {
        return Err(VerifyError::Index);
    }
    for (what, fits) in [
        ("memory", found.pages == u64::from(memory.pages)),
        ("arena", found.globals.get(found.arena as usize) == Some(&(memory.arena as i32))),
        ("scratch", manifest.scratch == image.scratch_bytes()),
    ] {
        if !fits {
            return Err(VerifyError::Room(what));
        }
    }
    found.calls(&image)
}

fn first_difference(left: &[u8], right: &[u8]) -> Option<usize> {
    let differs = left.iter().zip(right).position(|(left, right)| left != right);
    differs.or_else(|| (left.len() != right.len()).then(|| left.len().min(right.len())))
}

/// What a module consists of, besides its image.
#[derive(Default)]
struct Found {
    types: Vec<FuncType>,
    functions: Vec<u32>,
    tables: Vec<(u64, Option<u64>)>,
    elements: Vec<u32>,
    memories: usize,
    pages: u64,
    globals: Vec<i32>,
    arena: u32,
    abi: Option<u32>,
    segments: usize,
}

impl Found {
    fn of(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut found = Self::default();
        let mut function = 0;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::CodeSectionEntry(body) => {
                    for operator in body.get_operators_reader()? {
                        found.operator(function, &operator?)?;
                    }
                    function += 1;
                }
                payload => found.section(payload)?,
            }
        }
        found.one_of_each()?;
        Ok(found)
    }

    fn section(&mut self, payload: Payload<'_>) -> Result<(), VerifyError> {
        match payload {
            Payload::ImportSection(_) => return Err(VerifyError::Shape("it imports something")),
            Payload::StartSection { .. } => {
                return Err(VerifyError::Shape("it has a start function"));
            }
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    self.types.push(ty?);
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(ty?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let table = table?.ty;
                    self.tables.push((table.initial, table.maximum));
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory?;
                    if memory.maximum != Some(memory.initial) {
                        return Err(VerifyError::Shape("its memory may grow"));
                    }
                    (self.memories, self.pages) = (self.memories + 1, memory.initial);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?;
                    let value = constant(&global.init_expr).filter(|_| !global.ty.mutable);
                    let value = value.ok_or(VerifyError::Shape("a global is no constant"))?;
                    self.globals.push(value);
                }
            }
            Payload::ExportSection(section) => {
                for one in section {
                    let one = one?;
                    match (one.name, one.kind) {
                        (export::ARENA, ExternalKind::Global) => self.arena = one.index,
                        (export::ABI, ExternalKind::Global) => self.abi = Some(one.index),
                        _ => {}
                    }
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    self.element(&element?)?;
                }
            }
            Payload::DataSection(section) => {
                for segment in section {
                    let DataKind::Active { memory_index: 0, offset_expr } = segment?.kind else {
                        return Err(VerifyError::Shape("a data segment is not active"));
                    };
                    if constant(&offset_expr) != Some(BASE as i32) {
                        return Err(VerifyError::Shape("its data is not where it should be"));
                    }
                    self.segments += 1;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn element(&mut self, element: &wasmparser::Element<'_>) -> Result<(), VerifyError> {
        let wrong = VerifyError::Shape("its table is not filled from the first place on");
        let (ElementKind::Active { table_index: None | Some(0), offset_expr }, true) =
            (&element.kind, self.elements.is_empty())
        else {
            return Err(wrong);
        };
        match (&element.items, constant(offset_expr)) {
            (ElementItems::Functions(functions), Some(0)) => {
                for function in functions.clone() {
                    self.elements.push(function?);
                }
                Ok(())
            }
            _ => Err(wrong),
        }
    }

    fn operator(&self, function: u32, operator: &Operator<'_>) -> Result<(), VerifyError> {
        let fine = match operator {
            Operator::CallIndirect { type_index, .. } => {
                let ty = self.types.get(*type_index as usize);
                ty.is_some_and(|ty| is_decide(ty) || is_batch(ty))
            }
            other => is_needed(other),
        };
        let instruction = || format!("{operator:?}");
        if fine {
            Ok(())
        } else {
            Err(VerifyError::Instruction { function, instruction: instruction() })
        }
    }

    fn one_of_each(&self) -> Result<(), VerifyError> {
        let filled = self.elements.len() as u64;
        let abi = self.abi.and_then(|index| self.globals.get(index as usize));
        let wrong = match () {
            () if self.tables != [(filled, Some(filled))] => "it has not one table that is full",
            () if self.memories != 1 => "it has not one memory",
            () if self.segments != 1 => "it has not one data segment",
            () if abi != Some(&ABI_VERSION) => "it is not for this guest ABI",
            () => return Ok(()),
        };
        Err(VerifyError::Shape(wrong))
    }

    /// Every place of the table is named by the data, and called as what it is.
    fn calls(&self, image: &Image) -> Result<(), VerifyError> {
        let mut named = vec![false; self.elements.len()];
        let mut call = |TableIndex(place): TableIndex, wanted: Called| {
            let ty = self.elements.get(place as usize).and_then(|function| {
                let ty = self.functions.get(*function as usize)?;
                self.types.get(*ty as usize)
            });
            let (name, fits): (_, fn(&FuncType) -> bool) = match wanted {
                Called::Decide => ("a decision", is_decide),
                Called::Batch => ("a batch", is_batch),
            };
            if let (Some(named), true) = (named.get_mut(place as usize), ty.is_some_and(fits)) {
                *named = true;
                return Ok(());
            }
            let found = if ty.is_some() { "something else" } else { "nothing" };
            Err(VerifyError::Call { place, wanted: name, found })
        };
        for shape in &image.shapes {
            call(shape.decide, Called::Decide)?;
            shape.batch.map_or(Ok(()), |batch| call(batch, Called::Batch))?;
        }
        for segment in &image.segments {
            call(segment.decide, Called::Decide)?;
        }
        for batch in image.columns.iter().filter_map(|column| column.batch).chain(image.each) {
            call(batch, Called::Batch)?;
        }
        let unnamed = named.iter().position(|named| !named);
        unnamed.map_or(Ok(()), |place| Err(VerifyError::Unnamed(place as u32)))
    }
}

/// How code calls a function of the table.
#[derive(Clone, Copy)]
enum Called {
    Decide,
    Batch,
}

fn is_decide(ty: &FuncType) -> bool {
    ty.params() == [ValType::I32; 2] && ty.results() == [ValType::I32]
}

fn is_batch(ty: &FuncType) -> bool {
    ty.params() == [ValType::I32; 4] && ty.results().is_empty()
}

/// The number that an expression consists of.
fn constant(expression: &ConstExpr<'_>) -> Option<i32> {
    let mut operators = expression.get_operators_reader();
    match (operators.read().ok()?, operators.read().ok()?) {
        (Operator::I32Const { value }, Operator::End) => Some(value),
        _ => None,
    }
}

/// What the assembler can write. None of it traps on its operands: there is no division, no
/// conversion to an integer, no growing, no `unreachable`.
fn is_needed(operator: &Operator<'_>) -> bool {
    use Operator as Op;
    matches!(
        operator,
        Op::Block { .. }
            | Op::Loop { .. }
            | Op::If { .. }
            | Op::Else
            | Op::End
            | Op::Br { .. }
            | Op::BrIf { .. }
            | Op::Return
            | Op::Call { .. }
            | Op::Select
            | Op::LocalGet { .. }
            | Op::LocalSet { .. }
            | Op::I32Const { .. }
            | Op::I64Const { .. }
            | Op::F64Const { .. }
            | Op::I32Load { .. }
            | Op::I32Load8U { .. }
            | Op::I32Load16U { .. }
            | Op::I64Load { .. }
            | Op::I64Load8U { .. }
            | Op::F64Load { .. }
            | Op::I32Store { .. }
            | Op::I32Store8 { .. }
            | Op::I64Store { .. }
            | Op::F64Store { .. }
    ) || is_arithmetic(operator)
}

fn is_arithmetic(operator: &Operator<'_>) -> bool {
    use Operator as Op;
    matches!(
        operator,
        Op::I32Add
            | Op::I32Sub
            | Op::I32Mul
            | Op::I32And
            | Op::I32Or
            | Op::I32Xor
            | Op::I32Shl
            | Op::I32ShrU
            | Op::I32Rotl
            | Op::I32Eqz
            | Op::I32Eq
            | Op::I32Ne
            | Op::I32LtU
            | Op::I32LeU
            | Op::I32GtU
            | Op::I32GeU
            | Op::I32WrapI64
            | Op::I64ExtendI32U
            | Op::I64Add
            | Op::I64Sub
            | Op::I64Mul
            | Op::I64And
            | Op::I64Or
            | Op::I64Xor
            | Op::I64Shl
            | Op::I64ShrU
            | Op::I64Rotl
            | Op::I64Eqz
            | Op::I64Eq
            | Op::I64LtU
            | Op::I64GtU
            | Op::I64GeU
            | Op::I64LtS
            | Op::I64ReinterpretF64
            | Op::F64ConvertI32S
            | Op::F64Add
            | Op::F64Mul
            | Op::F64Eq
            | Op::F64Lt
            | Op::F64Le
            | Op::F64Gt
            | Op::F64Ge
    )
}
