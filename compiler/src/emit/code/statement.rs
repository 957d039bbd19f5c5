//! Statements, variables and whole functions.

use std::marker::PhantomData;

use wasm_encoder::{BlockType, Function as Encoder, Instruction, ValType};

use super::FunctionId;
use super::expression::{Expr, I32, I64, Wasm, at};

/// A parameter or local of type `T`.
#[derive(Debug)]
pub(in crate::emit) struct Var<T>(u32, PhantomData<T>);

impl<T> Clone for Var<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Var<T> {}

impl<T: Wasm> Var<T> {
    /// Its value.
    pub(in crate::emit) fn get(self) -> T {
        T::of(Expr::Op(Instruction::LocalGet(self.0), Vec::new()))
    }
}

/// What bounds the turns of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::emit) enum Bound {
    /// So many.
    Times(u64),
    /// One more than the bytes of the context divided by this.
    Bytes(u64),
    /// One more than the bytes of the constants that the function walks divided by this.
    Constants(u64),
}

#[derive(Clone, Debug)]
pub(super) enum Statement {
    /// An instruction without result, with its operands before it.
    Op(Instruction<'static>, Vec<Expr>),
    /// A call without result.
    Call(FunctionId, Vec<Expr>),
    /// A call without result; the last operand is the function's place in the table.
    CallTable(u32, Vec<Expr>),
    If(Expr, Vec<Statement>, Vec<Statement>),
    While(Bound, Expr, Vec<Statement>),
    Break,
    Return(Expr),
}

/// A function under construction.
#[derive(Debug)]
pub(in crate::emit) struct Code {
    params: Vec<ValType>,
    locals: Vec<ValType>,
    block: Vec<Statement>,
}

/// Parameters and result of a function.
pub(in crate::emit) type Signature = (Vec<ValType>, Option<ValType>);

/// A finished function.
#[derive(Clone, Debug)]
pub(in crate::emit) struct Function {
    params: Vec<ValType>,
    result: Option<ValType>,
    locals: Vec<ValType>,
    pub(super) block: Vec<Statement>,
    pub(super) value: Option<Expr>,
}

impl Code {
    /// An empty function without parameters.
    pub(in crate::emit) fn new() -> Self {
        Self { params: Vec::new(), locals: Vec::new(), block: Vec::new() }
    }

    /// Adds a parameter; all parameters come before the first local.
    pub(in crate::emit) fn param<T: Wasm>(&mut self) -> Var<T> {
        debug_assert!(self.locals.is_empty(), "parameters come before locals");
        self.params.push(T::TYPE);
        Var(self.params.len() as u32 - 1, PhantomData)
    }

    /// Adds a local, zero at first.
    pub(in crate::emit) fn local<T: Wasm>(&mut self) -> Var<T> {
        self.locals.push(T::TYPE);
        Var((self.params.len() + self.locals.len()) as u32 - 1, PhantomData)
    }

    /// Adds a local that holds `value`.
    pub(in crate::emit) fn let_<T: Wasm>(&mut self, value: T) -> Var<T> {
        let var = self.local();
        self.set(var, value);
        var
    }

    /// Assigns.
    pub(in crate::emit) fn set<T: Wasm>(&mut self, var: Var<T>, value: T) {
        self.block.push(Statement::Op(Instruction::LocalSet(var.0), vec![value.expr()]));
    }

    /// Adds a constant to a counter or pointer.
    pub(in crate::emit) fn step(&mut self, var: Var<I32>, by: i32) {
        self.set(var, var.get() + super::i32_const(by));
    }

    /// Stores a byte.
    pub(in crate::emit) fn store_u8(&mut self, address: I32, value: I32) {
        let operands = vec![address.expr(), value.expr()];
        self.block.push(Statement::Op(Instruction::I32Store8(at(0, 0)), operands));
    }

    /// Stores four bytes at an aligned address.
    pub(in crate::emit) fn store_u32(&mut self, address: I32, offset: u32, value: I32) {
        let operands = vec![address.expr(), value.expr()];
        self.block.push(Statement::Op(Instruction::I32Store(at(offset, 2)), operands));
    }

    /// Stores a double at an aligned address.
    pub(in crate::emit) fn store_f64(&mut self, address: I32, offset: u32, value: super::F64) {
        let operands = vec![address.expr(), value.expr()];
        self.block.push(Statement::Op(Instruction::F64Store(at(offset, 3)), operands));
    }

    /// Stores eight bytes at any address.
    pub(in crate::emit) fn store_u64_bytes(&mut self, address: I32, offset: u32, value: I64) {
        let operands = vec![address.expr(), value.expr()];
        self.block.push(Statement::Op(Instruction::I64Store(at(offset, 0)), operands));
    }

    /// Calls a function that has no result.
    pub(in crate::emit) fn call(&mut self, function: FunctionId, operands: Vec<Expr>) {
        self.block.push(Statement::Call(function, operands));
    }

    /// Calls a function of the table that has no result.
    pub(in crate::emit) fn call_table(&mut self, type_index: u32, operands: Vec<Expr>) {
        self.block.push(Statement::CallTable(type_index, operands));
    }

    /// Stores eight bytes at an aligned address.
    pub(in crate::emit) fn store_u64(&mut self, address: I32, offset: u32, value: I64) {
        let operands = vec![address.expr(), value.expr()];
        self.block.push(Statement::Op(Instruction::I64Store(at(offset, 3)), operands));
    }

    /// Runs `then` if `condition` is not zero.
    pub(in crate::emit) fn when(&mut self, condition: I32, then: impl FnOnce(&mut Self)) {
        let then = self.nested(then);
        self.block.push(Statement::If(condition.expr(), then, Vec::new()));
    }

    /// Runs one of two.
    pub(in crate::emit) fn when_else(
        &mut self,
        condition: I32,
        then: impl FnOnce(&mut Self),
        otherwise: impl FnOnce(&mut Self),
    ) {
        let then = self.nested(then);
        let otherwise = self.nested(otherwise);
        self.block.push(Statement::If(condition.expr(), then, otherwise));
    }

    /// Runs `body` while `condition` is not zero. Whoever writes a loop sees to it that `bound`
    /// holds: costs are computed from it.
    pub(in crate::emit) fn repeat_while(
        &mut self,
        bound: Bound,
        condition: I32,
        body: impl FnOnce(&mut Self),
    ) {
        let body = self.nested(body);
        self.block.push(Statement::While(bound, condition.expr(), body));
    }

    /// Leaves the innermost loop.
    pub(in crate::emit) fn leave(&mut self) {
        self.block.push(Statement::Break);
    }

    /// Returns early.
    pub(in crate::emit) fn give<T: Wasm>(&mut self, value: T) {
        self.block.push(Statement::Return(value.expr()));
    }

    /// Returns early if `condition` is not zero.
    pub(in crate::emit) fn give_if<T: Wasm>(&mut self, condition: I32, value: T) {
        self.when(condition, |code| code.give(value));
    }

    /// Ends the function with its value.
    pub(in crate::emit) fn result<T: Wasm>(self, value: T) -> Function {
        let Self { params, locals, block } = self;
        Function { params, result: Some(T::TYPE), locals, block, value: Some(value.expr()) }
    }

    /// Ends a function that has no value.
    pub(in crate::emit) fn done(self) -> Function {
        let Self { params, locals, block } = self;
        Function { params, result: None, locals, block, value: None }
    }

    fn nested(&mut self, build: impl FnOnce(&mut Self)) -> Vec<Statement> {
        let outer = std::mem::take(&mut self.block);
        build(self);
        std::mem::replace(&mut self.block, outer)
    }
}

impl Function {
    /// Its parameters and result.
    pub(in crate::emit) fn signature(&self) -> Signature {
        (self.params.clone(), self.result)
    }

    /// Bytes that are equal for functions that do the same.
    pub(in crate::emit) fn identity(&self) -> Vec<u8> {
        self.encode().into_raw_body()
    }

    /// The function's body in the binary format.
    pub(in crate::emit) fn encode(&self) -> Encoder {
        let mut out = Encoder::new_with_locals_types(self.locals.iter().copied());
        encode_block(&self.block, &mut out, 0);
        if let Some(value) = &self.value {
            value.encode(&mut out);
        }
        out.instruction(&Instruction::End);
        out
    }
}

/// `depth`: labels between here and the exit of the innermost loop.
fn encode_block(block: &[Statement], out: &mut Encoder, depth: u32) {
    for statement in block {
        statement.encode(out, depth);
    }
}

impl Statement {
    fn encode(&self, out: &mut Encoder, depth: u32) {
        match self {
            Self::Op(instruction, operands) => {
                operands.iter().for_each(|operand| operand.encode(out));
                out.instruction(instruction);
            }
            Self::Call(function, operands) => {
                operands.iter().for_each(|operand| operand.encode(out));
                out.instruction(&Instruction::Call(function.0));
            }
            Self::CallTable(type_index, operands) => {
                operands.iter().for_each(|operand| operand.encode(out));
                let type_index = *type_index;
                out.instruction(&Instruction::CallIndirect { type_index, table_index: 0 });
            }
            Self::If(condition, then, otherwise) => {
                condition.encode(out);
                out.instruction(&Instruction::If(BlockType::Empty));
                encode_block(then, out, depth + 1);
                if !otherwise.is_empty() {
                    out.instruction(&Instruction::Else);
                    encode_block(otherwise, out, depth + 1);
                }
                out.instruction(&Instruction::End);
            }
            Self::While(_, condition, body) => {
                out.instruction(&Instruction::Block(BlockType::Empty));
                out.instruction(&Instruction::Loop(BlockType::Empty));
                condition.encode(out);
                out.instruction(&Instruction::I32Eqz);
                out.instruction(&Instruction::BrIf(1));
                encode_block(body, out, 1);
                out.instruction(&Instruction::Br(0));
                out.instruction(&Instruction::End);
                out.instruction(&Instruction::End);
            }
            Self::Break => {
                out.instruction(&Instruction::Br(depth));
            }
            Self::Return(value) => {
                value.encode(out);
                out.instruction(&Instruction::Return);
            }
        }
    }
}
