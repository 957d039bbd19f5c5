//! Typed expressions.

use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Sub};

use wasm_encoder::{BlockType, Function as Encoder, Instruction, MemArg, ValType};

use super::FunctionId;

/// An untyped expression tree.
#[derive(Clone, Debug)]
pub(in crate::emit) enum Expr {
    /// An instruction with its operands before it.
    Op(Instruction<'static>, Vec<Expr>),
    /// A direct call.
    Call(FunctionId, Vec<Expr>),
    /// A function of the table with this type; the last operand is its place there.
    CallTable(u32, Vec<Expr>),
    /// One of two values; only one is computed.
    If(ValType, Box<[Expr; 3]>),
}

impl Expr {
    /// Appends the instructions that leave the value on the stack.
    pub(super) fn encode(&self, out: &mut Encoder) {
        match self {
            Self::Op(instruction, operands) => {
                operands.iter().for_each(|operand| operand.encode(out));
                out.instruction(instruction);
            }
            Self::Call(function, arguments) => {
                arguments.iter().for_each(|argument| argument.encode(out));
                out.instruction(&Instruction::Call(function.0));
            }
            Self::CallTable(type_index, operands) => {
                operands.iter().for_each(|operand| operand.encode(out));
                let type_index = *type_index;
                out.instruction(&Instruction::CallIndirect { type_index, table_index: 0 });
            }
            Self::If(ty, parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                condition.encode(out);
                out.instruction(&Instruction::If(BlockType::Result(*ty)));
                then.encode(out);
                out.instruction(&Instruction::Else);
                otherwise.encode(out);
                out.instruction(&Instruction::End);
            }
        }
    }
}

/// A typed expression.
pub(in crate::emit) trait Wasm: Sized {
    /// Its WebAssembly type.
    const TYPE: ValType;
    /// Claims that `expr` has this type.
    fn of(expr: Expr) -> Self;
    /// Forgets the type.
    fn expr(self) -> Expr;

    /// `then` if `condition` is not zero, else `otherwise`; only one is computed.
    fn choose(condition: I32, then: Self, otherwise: Self) -> Self {
        let parts = [condition.expr(), then.expr(), otherwise.expr()];
        Self::of(Expr::If(Self::TYPE, Box::new(parts)))
    }

    /// `then` if `condition` is not zero, else `otherwise`; both are computed, nothing branches.
    fn select(condition: I32, then: Self, otherwise: Self) -> Self {
        let operands = vec![then.expr(), otherwise.expr(), condition.expr()];
        Self::of(Expr::Op(Instruction::Select, operands))
    }

    /// The result of `function`.
    fn call(function: FunctionId, arguments: Vec<Expr>) -> Self {
        Self::of(Expr::Call(function, arguments))
    }
}

macro_rules! wasm_type {
    ($(#[$doc:meta])* $name:ident, $ty:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(in crate::emit) struct $name(Expr);

        impl Wasm for $name {
            const TYPE: ValType = $ty;
            fn of(expr: Expr) -> Self {
                Self(expr)
            }
            fn expr(self) -> Expr {
                self.0
            }
        }
    };
}

wasm_type!(
    /// A 32-bit integer.
    I32,
    ValType::I32
);
wasm_type!(
    /// A 64-bit integer.
    I64,
    ValType::I64
);
wasm_type!(
    /// A double.
    F64,
    ValType::F64
);

macro_rules! operator {
    ($name:ident, $trait:ident, $method:ident, $instruction:ident) => {
        impl $trait for $name {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                Self(Expr::Op(Instruction::$instruction, vec![self.0, other.0]))
            }
        }
    };
}

macro_rules! methods {
    ($name:ident, $result:ident: $($method:ident = $instruction:ident),+ $(,)?) => {
        impl $name {
            $(
                #[doc = concat!("`", stringify!($instruction), "`")]
                pub(in crate::emit) fn $method(self, other: Self) -> $result {
                    $result(Expr::Op(Instruction::$instruction, vec![self.0, other.0]))
                }
            )+
        }
    };
}

macro_rules! unary {
    ($name:ident: $($method:ident -> $result:ident = $instruction:ident),+ $(,)?) => {
        impl $name {
            $(
                #[doc = concat!("`", stringify!($instruction), "`")]
                pub(in crate::emit) fn $method(self) -> $result {
                    $result(Expr::Op(Instruction::$instruction, vec![self.0]))
                }
            )+
        }
    };
}

operator!(I32, Add, add, I32Add);
operator!(I32, Sub, sub, I32Sub);
operator!(I32, Mul, mul, I32Mul);
operator!(I32, BitAnd, bitand, I32And);
operator!(I32, BitOr, bitor, I32Or);
operator!(I32, BitXor, bitxor, I32Xor);
operator!(I64, Add, add, I64Add);
operator!(I64, Sub, sub, I64Sub);
operator!(I64, Mul, mul, I64Mul);
operator!(I64, BitAnd, bitand, I64And);
operator!(I64, BitXor, bitxor, I64Xor);
operator!(I64, BitOr, bitor, I64Or);
operator!(F64, Add, add, F64Add);
operator!(F64, Mul, mul, F64Mul);

methods!(I32, I32:
    equals = I32Eq, differs = I32Ne, below = I32LtU, below_or_equal = I32LeU, above = I32GtU,
    not_below = I32GeU, shift_left = I32Shl, shift_right = I32ShrU,
);
methods!(I64, I32:
    equals = I64Eq, below = I64LtU, above = I64GtU, not_below = I64GeU,
    less_signed = I64LtS,
);
methods!(I64, I64: shift_right = I64ShrU, shift_left = I64Shl, rotate_left = I64Rotl);
methods!(F64, I32:
    equals = F64Eq, less = F64Lt, less_or_equal = F64Le, greater = F64Gt, greater_or_equal = F64Ge,
);
unary!(I32: eqz -> I32 = I32Eqz, extend -> I64 = I64ExtendI32U);
unary!(I32: convert -> F64 = F64ConvertI32S);
unary!(I64: low -> I32 = I32WrapI64, eqz -> I32 = I64Eqz);
unary!(F64: bits -> I64 = I64ReinterpretF64);

/// Short-circuit logic on 0 and 1.
impl I32 {
    /// 1 when both are; `other` is computed only if needed.
    pub(in crate::emit) fn and_then(self, other: Self) -> Self {
        Self::choose(self, other, i32_const(0))
    }

    /// 1 when one is; `other` is computed only if needed.
    pub(in crate::emit) fn or_else(self, other: Self) -> Self {
        Self::choose(self, i32_const(1), other)
    }
}

/// Loads, with the address as receiver and a constant offset.
impl I32 {
    pub(in crate::emit) fn load_u8(self, offset: u32) -> Self {
        Self(Expr::Op(Instruction::I32Load8U(at(offset, 0)), vec![self.0]))
    }

    pub(in crate::emit) fn load_u32(self, offset: u32) -> Self {
        Self(Expr::Op(Instruction::I32Load(at(offset, 2)), vec![self.0]))
    }

    /// The same without a claim of alignment.
    pub(in crate::emit) fn load_u32_bytes(self, offset: u32) -> Self {
        Self(Expr::Op(Instruction::I32Load(at(offset, 0)), vec![self.0]))
    }

    pub(in crate::emit) fn load_u16(self, offset: u32) -> Self {
        Self(Expr::Op(Instruction::I32Load16U(at(offset, 1)), vec![self.0]))
    }

    /// A byte as 64 bits.
    pub(in crate::emit) fn load_u8_long(self, offset: u32) -> I64 {
        I64(Expr::Op(Instruction::I64Load8U(at(offset, 0)), vec![self.0]))
    }

    pub(in crate::emit) fn load_u64(self, offset: u32) -> I64 {
        I64(Expr::Op(Instruction::I64Load(at(offset, 3)), vec![self.0]))
    }

    /// The same without a claim of alignment.
    pub(in crate::emit) fn load_u64_bytes(self, offset: u32) -> I64 {
        I64(Expr::Op(Instruction::I64Load(at(offset, 0)), vec![self.0]))
    }

    pub(in crate::emit) fn load_f64(self, offset: u32) -> F64 {
        F64(Expr::Op(Instruction::F64Load(at(offset, 3)), vec![self.0]))
    }
}

pub(super) fn at(offset: u32, align: u32) -> MemArg {
    MemArg { offset: u64::from(offset), align, memory_index: 0 }
}

/// A constant.
pub(in crate::emit) fn i32_const(value: i32) -> I32 {
    I32(Expr::Op(Instruction::I32Const(value), Vec::new()))
}

/// An ASCII character as a constant.
pub(in crate::emit) fn byte(value: u8) -> I32 {
    i32_const(i32::from(value))
}

/// A constant.
pub(in crate::emit) fn i64_const(value: u64) -> I64 {
    I64(Expr::Op(Instruction::I64Const(value as i64), Vec::new()))
}

impl F64 {
    /// A constant.
    pub(in crate::emit) fn constant(value: f64) -> Self {
        Self(Expr::Op(Instruction::F64Const(value.into()), Vec::new()))
    }
}
