//! What a function can cost: an upper bound of the WebAssembly instructions that it executes, as a
//! polynomial in the bytes of the context and the bytes of the constants that it walks.
//!
//! The bound comes from the structure of the code: the dearer branch of every choice, and of every
//! loop its bound times its body. A `block`, `loop`, `else` or `end` counts nothing, any other
//! instruction one, and a call one more for entering: nothing that wasmtime counts as fuel is
//! counted less here.

use std::collections::BTreeMap;

use super::statement::{Bound, Function, Statement};
use super::{Expr, FunctionId};

/// Instructions, as coefficients of `context^i * constants^j` by `(i, j)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost(BTreeMap<(u8, u8), u64>);

impl Cost {
    /// So many instructions.
    pub(crate) fn of(instructions: u64) -> Self {
        Self(BTreeMap::from([((0, 0), instructions)]))
    }

    /// With these coefficients.
    pub(crate) fn with(terms: impl IntoIterator<Item = ((u8, u8), u64)>) -> Self {
        Self(terms.into_iter().collect())
    }

    /// All coefficients.
    pub(crate) fn terms(&self) -> impl Iterator<Item = ((u8, u8), u64)> + '_ {
        self.0.iter().map(|(exponents, coefficient)| (*exponents, *coefficient))
    }

    /// Both after each other.
    #[must_use]
    pub(crate) fn plus(mut self, other: &Self) -> Self {
        for (exponents, coefficient) in &other.0 {
            let sum = self.0.entry(*exponents).or_default();
            *sum = sum.saturating_add(*coefficient);
        }
        self
    }

    /// Either, whichever is dearer.
    fn or(mut self, other: &Self) -> Self {
        for (exponents, coefficient) in &other.0 {
            let most = self.0.entry(*exponents).or_default();
            *most = (*most).max(*coefficient);
        }
        self
    }

    /// The same where what is walked is half as long again as the context: a string in lower case.
    #[must_use]
    pub(crate) fn in_lower_case(&self) -> Self {
        let terms = self.0.iter().map(|((context, constants), coefficient)| {
            let longer =
                (0..*context).fold(*coefficient, |sum, _| sum.saturating_add(sum.div_ceil(2)));
            ((*context, *constants), longer)
        });
        Self(terms.collect())
    }

    fn times(&self, bound: Bound) -> Self {
        let scaled = |by: (u8, u8), per: u64| {
            let terms = self.0.iter().map(|((context, constants), coefficient)| {
                ((context + by.0, constants + by.1), coefficient.div_ceil(per))
            });
            Self(terms.collect())
        };
        match bound {
            Bound::Times(times) => {
                let terms = self.0.iter();
                Self(terms.map(|(at, c)| (*at, c.saturating_mul(times))).collect())
            }
            Bound::Bytes(per) => scaled((1, 0), per).plus(self),
            Bound::Constants(per) => scaled((0, 1), per).plus(self),
        }
    }

    /// With that many bytes of constants: coefficients of the powers of the context's bytes.
    pub(crate) fn with_constants(&self, bytes: u64) -> Vec<u64> {
        let mut powers = Vec::new();
        for ((context, constants), coefficient) in &self.0 {
            let times = bytes.saturating_pow(u32::from(*constants));
            let power = usize::from(*context);
            if powers.len() <= power {
                powers.resize(power + 1, 0u64);
            }
            if let Some(sum) = powers.get_mut(power) {
                *sum = sum.saturating_add(coefficient.saturating_mul(times));
            }
        }
        powers
    }
}

impl Function {
    /// The most that a call can execute, where `callee` says it of the functions it calls. What is
    /// called through the table is not counted.
    pub(in crate::emit) fn cost(&self, callee: &mut dyn FnMut(FunctionId) -> Cost) -> Cost {
        let cost = block(&self.block, callee).plus(&Cost::of(1));
        match &self.value {
            Some(value) => cost.plus(&expression(value, callee)),
            None => cost,
        }
    }
}

fn block(statements: &[Statement], callee: &mut dyn FnMut(FunctionId) -> Cost) -> Cost {
    let costs = statements.iter().map(|statement| self::statement(statement, callee));
    costs.fold(Cost::default(), |sum, cost| sum.plus(&cost))
}

fn statement(statement: &Statement, callee: &mut dyn FnMut(FunctionId) -> Cost) -> Cost {
    match statement {
        Statement::Op(_, operands) | Statement::CallTable(_, operands) => {
            all(operands, callee).plus(&Cost::of(1))
        }
        Statement::Call(function, operands) => {
            all(operands, callee).plus(&Cost::of(1)).plus(&callee(*function))
        }
        Statement::If(condition, then, otherwise) => {
            let branches = block(then, callee).or(&block(otherwise, callee));
            expression(condition, callee).plus(&Cost::of(1)).plus(&branches)
        }
        Statement::While(bound, condition, body) => {
            // Each turn asks, turns the answer round, leaves or stays, and goes back.
            let turn = expression(condition, callee).plus(&Cost::of(3));
            turn.clone().plus(&block(body, callee)).times(*bound).plus(&turn)
        }
        Statement::Break => Cost::of(1),
        Statement::Return(value) => expression(value, callee).plus(&Cost::of(1)),
    }
}

fn all(operands: &[Expr], callee: &mut dyn FnMut(FunctionId) -> Cost) -> Cost {
    let costs = operands.iter().map(|operand| expression(operand, callee));
    costs.fold(Cost::default(), |sum, cost| sum.plus(&cost))
}

fn expression(expr: &Expr, callee: &mut dyn FnMut(FunctionId) -> Cost) -> Cost {
    match expr {
        Expr::Op(_, operands) => all(operands, callee).plus(&Cost::of(1)),
        Expr::Call(function, arguments) => {
            all(arguments, callee).plus(&Cost::of(1)).plus(&callee(*function))
        }
        Expr::CallTable(_, operands) => all(operands, callee).plus(&Cost::of(1)),
        Expr::If(_, parts) => {
            let [condition, then, otherwise] = parts.as_ref();
            let branches = expression(then, callee).or(&expression(otherwise, callee));
            expression(condition, callee).plus(&Cost::of(1)).plus(&branches)
        }
    }
}
