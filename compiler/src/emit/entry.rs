//! What a guest exports: `bind`, `evaluate`, `evaluate_once`, `evaluate_all`. Their code knows the header of the
//! image and nothing else, so that it is the same in every module that asks the same of a context.

use vexil_abi::record::{SLOT_LEN, SLOT_PAYLOAD, SLOT_TAG, tag};
use vexil_abi::verdict::{Verdict, error_code};

use super::Emitter;
use super::code::{BATCH_TYPE, Bound, Code, FunctionId, I32, I64, Var, Wasm, i32_const, i64_const};
use super::routine::Routine;
use crate::image::{FLAG_ROW_SHIFT, Fact, header, operation};

fn word(address: u32) -> I32 {
    i32_const(0).load_u32(address)
}

fn unknown_flag() -> I64 {
    i64_const(Verdict::error(error_code::FLAG_NOT_FOUND).pack() as u64)
}

/// One row of what is worked out.
#[derive(Clone, Copy)]
struct Row {
    ctx: Var<I32>,
    operation: Var<I32>,
    slot: Var<I32>,
    fact: Var<I32>,
    argument: Var<I32>,
}

impl Row {
    fn is(self, wanted: u32) -> I32 {
        self.operation.get().equals(i32_const(wanted as i32))
    }

    fn is_string(self) -> I32 {
        self.slot.get().load_u32(SLOT_TAG).equals(i32_const(tag::STRING as i32))
    }

    fn ptr(self) -> I32 {
        self.ctx.get() + self.slot.get().load_u32(SLOT_PAYLOAD)
    }

    fn len(self) -> I32 {
        self.slot.get().load_u32(SLOT_LEN)
    }
}

/// How what a module needs is worked out.
struct Workings {
    units: bool,
    /// Has some unit more than one slot?
    alternatives: bool,
    hash: Option<FunctionId>,
    version: Option<FunctionId>,
    address: Option<FunctionId>,
    time: Option<FunctionId>,
}

impl Workings {
    fn work_out(&self, code: &mut Code, row: Row) {
        if !self.units {
            return self.read(code, row);
        }
        let is_unit = row.operation.get().below_or_equal(i32_const(operation::ELSE_UNIT as i32));
        code.when_else(is_unit, |code| self.take(code, row), |code| self.read(code, row));
    }

    /// Takes a unit, and hashes it.
    fn take(&self, code: &mut Code, row: Row) {
        let take = |code: &mut Code| {
            let there = code.let_(row.is_string());
            let address = I32::select(there.get(), row.ptr(), i32_const(0));
            code.store_u32(row.fact.get(), 0, address);
            code.store_u32(row.fact.get(), 4, row.len());
        };
        if self.alternatives {
            let missing = row.fact.get().load_u32(0).eqz();
            code.when(row.is(operation::UNIT).or_else(missing), take);
        } else {
            take(code);
        }
        if let Some(hash) = self.hash {
            let unit = code.let_(row.fact.get().load_u32(0));
            let operands = vec![unit.get().expr(), row.fact.get().load_u32(4).expr()];
            // Without a unit nobody looks at the hash.
            code.when(row.argument.get().and_then(unit.get()), |code| {
                code.store_u64(row.fact.get(), 8, I64::call(hash, operands));
            });
        }
    }

    /// Reads what a text stands for.
    fn read(&self, code: &mut Code, row: Row) {
        if let Some(read) = self.version {
            code.when(row.is(operation::VERSION), |code| {
                let operands = [row.ptr(), row.len(), row.argument.get(), row.fact.get()];
                let version = I32::call(read, operands.map(I32::expr).to_vec());
                code.store_u32(row.fact.get(), 0, row.is_string().and_then(version));
            });
        }
        if let Some(read) = self.address {
            code.when(row.is(operation::ADDRESS), |code| {
                let operands = [row.ptr(), row.len(), row.fact.get()].map(I32::expr).to_vec();
                let family = row.is_string().and_then(I32::call(read, operands));
                code.store_u32(row.fact.get(), 0, family);
            });
        }
        if let Some(time) = self.time {
            code.when(row.is(operation::TIME), |code| {
                let operands = vec![row.ctx.get().expr(), row.slot.get().expr()];
                code.store_f64(row.fact.get(), 0, super::code::F64::call(time, operands));
            });
        }
    }
}

impl Emitter<'_> {
    /// `(ctx, row, end) -> ()`: works out the facts of some rows, and forgets what is remembered.
    pub(super) fn prepare(&mut self, facts: &[Fact]) -> FunctionId {
        let workings = self.workings(facts);
        let mut code = Code::new();
        let ctx = code.param::<I32>();
        let row = code.param::<I32>();
        let end = code.param::<I32>();
        if !facts.is_empty() {
            code.repeat_while(Bound::Constants(16), row.get().below(end.get()), |code| {
                let at =
                    |code: &mut Code, offset| code.let_(ctx.get() + row.get().load_u32(offset));
                let operation = code.let_(row.get().load_u32(0));
                let (slot, fact) = (at(code, 4), at(code, 8));
                let argument = code.let_(row.get().load_u32(12));
                workings.work_out(code, Row { ctx, operation, slot, fact, argument });
                code.step(row, 16);
            });
        }
        if self.memo.count() > 0 {
            let answer = code.let_(ctx.get() + word(header::PLACES));
            let end = code.let_(ctx.get() + word(header::PLACES + 4));
            code.repeat_while(Bound::Constants(8), answer.get().below(end.get()), |code| {
                code.store_u64(answer.get(), 0, i64_const(0));
                code.step(answer, 8);
            });
        }
        self.assembly.add(code.done())
    }

    fn workings(&mut self, facts: &[Fact]) -> Workings {
        let any = |wanted: fn(&Fact) -> bool| facts.iter().any(wanted);
        let mut routine = |wanted: fn(&Fact) -> bool, routine| {
            any(wanted).then(|| self.assembly.routine(routine))
        };
        Workings {
            units: any(|fact| matches!(fact, Fact::Unit { .. })),
            alternatives: any(|fact| matches!(fact, Fact::Unit { slots, .. } if slots.len() > 1)),
            hash: routine(|fact| matches!(fact, Fact::Unit { hashed: true, .. }), Routine::Xxh64),
            version: routine(|fact| matches!(fact, Fact::Version { .. }), Routine::VersionRead),
            address: routine(|fact| matches!(fact, Fact::Address { .. }), Routine::AddressRead),
            time: routine(|fact| matches!(fact, Fact::Time { .. }), Routine::TimeMs),
        }
    }

    /// Works out all facts.
    pub(super) fn bind(&mut self, prepare: FunctionId) -> FunctionId {
        let mut code = Code::new();
        let ctx = code.param::<I32>();
        let rows = [ctx.get(), word(header::FACTS), word(header::FACTS + 4)];
        code.call(prepare, rows.map(I32::expr).to_vec());
        self.assembly.add(code.done())
    }

    pub(super) fn evaluate(&mut self) -> FunctionId {
        let verdict = self.assembly.routine(Routine::FlagVerdict);
        let mut code = Code::new();
        let flag = code.param::<I32>();
        let ctx = code.param::<I32>();
        code.give_if(flag.get().not_below(word(header::FLAGS)), unknown_flag());
        let arguments = [ctx.get(), flag.get()].map(I32::expr).to_vec();
        self.assembly.add(code.result(I64::call(verdict, arguments)))
    }

    /// Works out the facts that the flag needs, and then its verdict.
    pub(super) fn evaluate_once(&mut self, prepare: FunctionId) -> FunctionId {
        let verdict = self.assembly.routine(Routine::FlagVerdict);
        let mut code = Code::new();
        let flag = code.param::<I32>();
        let ctx = code.param::<I32>();
        code.give_if(flag.get().not_below(word(header::FLAGS)), unknown_flag());
        let shift = i32_const(FLAG_ROW_SHIFT);
        let row = code.let_(word(header::FLAG_ROWS) + flag.get().shift_left(shift));
        let rows = [ctx.get(), row.get().load_u32(8), row.get().load_u32(12)];
        code.call(prepare, rows.map(I32::expr).to_vec());
        let arguments = [ctx.get(), flag.get()].map(I32::expr).to_vec();
        self.assembly.add(code.result(I64::call(verdict, arguments)))
    }

    /// Follows the plan; a row without a place of its own writes verdicts.
    pub(super) fn evaluate_all(&mut self) -> FunctionId {
        let mut code = Code::new();
        let ctx = code.param::<I32>();
        let out = code.param::<I32>();
        let row = code.let_(word(header::PLAN));
        let end = code.let_(word(header::PLAN + 4));
        let to = code.local::<I32>();
        code.repeat_while(Bound::Constants(16), row.get().below(end.get()), |code| {
            let field = |offset| row.get().load_u32(offset);
            code.set(to, field(12));
            let to = I32::select(to.get(), to.get(), out.get());
            let operands = [ctx.get(), field(4), field(8), to, field(0)];
            code.call_table(BATCH_TYPE, operands.map(I32::expr).to_vec());
            code.step(row, 16);
        });
        self.assembly.add(code.done())
    }
}
