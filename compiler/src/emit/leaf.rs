//! Leaves: questions to one slot.

use vexil_abi::record::{SLOT_BYTES, SLOT_LEN, SLOT_PAYLOAD, SLOT_TAG, tag};

use super::code::{Code, F64, I32, Var, Wasm, i32_const, i64_const, lower_buffer};
use super::routine::{Routine, needle_table, number_table, string_table, version_operand};
use super::{Ctx, Emitter};
use crate::flag_set::{Order, Place, VersionOrder};
use crate::program::{Leaf, Over, Set, Test};

/// More operands than this go into a table.
const IN_PLACE: usize = 4;

/// A slot: in the record itself, or an element of a list.
#[derive(Clone, Copy)]
struct Slot {
    ctx: Ctx,
    base: Var<I32>,
    offset: u32,
}

impl Slot {
    fn tag(self) -> I32 {
        self.base.get().load_u32(self.offset + SLOT_TAG)
    }

    fn is(self, kind: u32) -> I32 {
        self.tag().equals(i32_const(kind as i32))
    }

    fn len(self) -> I32 {
        self.base.get().load_u32(self.offset + SLOT_LEN)
    }

    /// Address of a string's bytes.
    fn ptr(self) -> I32 {
        self.ctx.get() + self.base.get().load_u32(self.offset + SLOT_PAYLOAD)
    }

    fn number(self) -> F64 {
        self.base.get().load_f64(self.offset + SLOT_PAYLOAD)
    }

    fn address(self) -> I32 {
        self.base.get() + i32_const(self.offset as i32)
    }
}

/// A string to be tested: in the record, or lower-cased in the buffer.
#[derive(Clone)]
struct Text {
    ptr: I32,
    len: I32,
}

impl Emitter<'_> {
    pub(super) fn leaf(&mut self, ctx: Ctx, leaf: &Leaf) -> I32 {
        let slot = Slot { ctx, base: ctx, offset: Self::slot_offset(leaf.slot) };
        match leaf.over {
            Over::Value => {
                let holds = self.test(slot, &leaf.test);
                self.three_valued(leaf, holds, |emitter| emitter.defined(slot, &leaf.test))
            }
            Over::AnyElement => {
                let holds = slot.is(tag::LIST).and_then(self.any_element(slot, &leaf.test));
                self.three_valued(leaf, holds, |_| slot.is(tag::LIST))
            }
        }
    }

    /// `holds` is 0 when undefined; see [`Leaf`].
    fn three_valued(
        &mut self,
        leaf: &Leaf,
        holds: I32,
        defined: impl FnOnce(&mut Self) -> I32,
    ) -> I32 {
        match (leaf.negate, leaf.undefined) {
            (false, false) => holds,
            (true, true) => holds.eqz(),
            (false, true) => defined(self).eqz().or_else(holds),
            (true, false) => defined(self).and_then(holds.eqz()),
        }
    }

    /// Is the slot of a kind the test reads?
    fn defined(&mut self, slot: Slot, test: &Test) -> I32 {
        match test {
            Test::Exists => i32_const(1),
            Test::In(set) => {
                let strings = (!set.strings.is_empty()).then(|| slot.is(tag::STRING));
                let numbers = (!set.numbers.is_empty()).then(|| slot.is(tag::NUMBER));
                let booleans = (set.has_false || set.has_true).then(|| slot.is(tag::BOOLEAN));
                any([strings, numbers, booleans])
            }
            Test::Affix { .. } => slot.is(tag::STRING),
            Test::Number { .. } | Test::Between { .. } => slot.is(tag::NUMBER),
            Test::Version { operand, .. } => {
                let compared = self.compare_version(slot, operand);
                slot.is(tag::STRING).and_then(compared.below(i32_const(3)))
            }
            Test::Time { .. } => {
                let time = self.time_ms(slot);
                time.clone().equals(time)
            }
        }
    }

    /// Does the slot's value pass the test? 0 when undefined.
    fn test(&mut self, slot: Slot, test: &Test) -> I32 {
        match test {
            Test::Exists => slot.tag().differs(i32_const(tag::MISSING as i32)),
            Test::In(set) => self.member(slot, set),
            Test::Affix { place, needles, fold } => {
                let affix = |emitter: &mut Self, text| emitter.affix(text, *place, needles);
                slot.is(tag::STRING).and_then(self.with_text(slot, *fold, affix))
            }
            Test::Number { order, operand } => {
                slot.is(tag::NUMBER).and_then(in_order(slot.number(), *order, *operand))
            }
            Test::Between { low, high } => slot
                .is(tag::NUMBER)
                .and_then(in_order(slot.number(), Order::GreaterOrEqual, *low))
                .and_then(in_order(slot.number(), Order::LessOrEqual, *high)),
            Test::Version { order, operand } => {
                // Bits by result of the comparison: less, equal, greater, not a version.
                let wanted = match order {
                    VersionOrder::Less => 0b0001,
                    VersionOrder::Equal => 0b0010,
                    VersionOrder::LessOrEqual => 0b0011,
                    VersionOrder::Greater => 0b0100,
                    VersionOrder::GreaterOrEqual => 0b0110,
                };
                let compared = self.compare_version(slot, operand);
                let holds = i32_const(wanted).shift_right(compared) & i32_const(1);
                slot.is(tag::STRING).and_then(holds)
            }
            Test::Time { after, operand_ms } => {
                let order = if *after { Order::Greater } else { Order::Less };
                in_order(self.time_ms(slot), order, *operand_ms)
            }
        }
    }

    fn compare_version(&mut self, slot: Slot, operand: &crate::program::Version) -> I32 {
        let operand = version_operand(&mut self.assembly.data, operand);
        let compare = self.assembly.routine(Routine::VersionCompare);
        let operand = i32_const(operand as i32);
        I32::call(compare, [slot.ptr(), slot.len(), operand].map(I32::expr).to_vec())
    }

    fn time_ms(&mut self, slot: Slot) -> F64 {
        let routine = self.assembly.routine(Routine::TimeMs);
        F64::call(routine, [slot.ctx.get(), slot.address()].map(I32::expr).to_vec())
    }

    /// Some element of the list in `slot` passes the test: a function of its own, with a loop.
    fn any_element(&mut self, slot: Slot, test: &Test) -> I32 {
        let mut code = Code::new();
        let ctx = code.param::<I32>();
        let list = Slot { ctx, base: ctx, offset: slot.offset };
        let element = code.let_(list.ptr());
        let bytes = list.len() * i32_const(SLOT_BYTES as i32);
        let end = code.let_(element.get() + bytes);
        let holds = self.test(Slot { ctx, base: element, offset: 0 }, test);
        code.repeat_while(element.get().below(end.get()), |code| {
            code.give_if(holds, i32_const(1));
            code.step(element, SLOT_BYTES as i32);
        });
        let function = self.assembly.add(code.result(i32_const(0)));
        I32::call(function, vec![slot.ctx.get().expr()])
    }

    fn member(&mut self, slot: Slot, set: &Set) -> I32 {
        let strings = if set.strings.is_empty() {
            None
        } else {
            let one_of = |emitter: &mut Self, text| emitter.one_of_strings(text, &set.strings);
            Some(slot.is(tag::STRING).and_then(self.with_text(slot, set.fold, one_of)))
        };
        let numbers = (!set.numbers.is_empty())
            .then(|| slot.is(tag::NUMBER).and_then(self.one_of_numbers(slot.number(), set)));
        let booleans = match (set.has_false, set.has_true) {
            (false, false) => None,
            (true, true) => Some(slot.is(tag::BOOLEAN)),
            (_, has_true) => {
                let payload = slot.base.get().load_u64(slot.offset + SLOT_PAYLOAD);
                let same = payload.equals(i64_const(u64::from(has_true)));
                Some(slot.is(tag::BOOLEAN).and_then(same))
            }
        };
        any([strings, numbers, booleans])
    }

    /// `holds` of the slot's string; lower-casing needs a function of its own.
    fn with_text(
        &mut self,
        slot: Slot,
        fold: bool,
        holds: impl FnOnce(&mut Self, Text) -> I32,
    ) -> I32 {
        if !fold {
            return holds(self, Text { ptr: slot.ptr(), len: slot.len() });
        }
        let lower = self.assembly.routine(Routine::Lower);
        let mut code = Code::new();
        let ptr = code.param::<I32>();
        let len = code.param::<I32>();
        let arguments = [ptr, len].map(|var| var.get().expr()).to_vec();
        code.set(len, I32::call(lower, arguments));
        let result = holds(self, Text { ptr: lower_buffer(), len: len.get() });
        let function = self.assembly.add(code.result(result));
        I32::call(function, [slot.ptr(), slot.len()].map(I32::expr).to_vec())
    }

    fn one_of_strings(&mut self, text: Text, strings: &[String]) -> I32 {
        if strings.len() > IN_PLACE {
            let table = string_table(&mut self.assembly.data, strings);
            let routine = self.assembly.routine(Routine::InStrings);
            let table = i32_const(table as i32);
            return I32::call(routine, [text.ptr, text.len, table].map(I32::expr).to_vec());
        }
        let alternatives = strings.iter().map(|string| {
            let same_len = text.len.clone().equals(i32_const(string.len() as i32));
            same_len.and_then(self.bytes_equal(text.ptr.clone(), string))
        });
        any(alternatives.collect::<Vec<_>>().into_iter().map(Some))
    }

    fn bytes_equal(&mut self, ptr: I32, constant: &str) -> I32 {
        if constant.is_empty() {
            return i32_const(1);
        }
        let address = i32_const(self.assembly.data.string(constant.as_bytes()) as i32);
        let len = i32_const(constant.len() as i32);
        let routine = self.assembly.routine(Routine::BytesEqual);
        I32::call(routine, [ptr, address, len].map(I32::expr).to_vec())
    }

    fn one_of_numbers(&mut self, number: F64, set: &Set) -> I32 {
        if set.numbers.len() > IN_PLACE {
            let (low, high) = number_table(&mut self.assembly.data, &set.numbers);
            let routine = self.assembly.routine(Routine::InNumbers);
            let bounds = [low, high].map(|address| i32_const(address as i32).expr());
            return I32::call(routine, [vec![number.expr()], bounds.to_vec()].concat());
        }
        any(set.numbers.iter().map(|n| Some(number.clone().equals(F64::constant(*n)))))
    }

    fn affix(&mut self, text: Text, place: Place, needles: &[String]) -> I32 {
        if needles.len() > IN_PLACE {
            let (start, end) = needle_table(&mut self.assembly.data, needles);
            let routine = self.assembly.routine(match place {
                Place::Anywhere => Routine::ContainsAny,
                Place::Start => Routine::StartsWithAny,
                Place::End => Routine::EndsWithAny,
            });
            let table = [start, end].map(|address| i32_const(address as i32));
            let [start, end] = table;
            return I32::call(routine, [text.ptr, text.len, start, end].map(I32::expr).to_vec());
        }
        let alternatives = needles.iter().map(|needle| self.one_affix(text.clone(), place, needle));
        any(alternatives.collect::<Vec<_>>().into_iter().map(Some))
    }

    fn one_affix(&mut self, text: Text, place: Place, needle: &str) -> I32 {
        let needle_len = i32_const(needle.len() as i32);
        let Text { ptr, len } = text;
        let fits = len.clone().not_below(needle_len.clone());
        match place {
            Place::Start => fits.and_then(self.bytes_equal(ptr, needle)),
            Place::End => {
                let tail = ptr + len - needle_len;
                fits.and_then(self.bytes_equal(tail, needle))
            }
            Place::Anywhere => {
                let address = i32_const(self.assembly.data.string(needle.as_bytes()) as i32);
                let routine = self.assembly.routine(Routine::Contains);
                I32::call(routine, [ptr, len, address, needle_len].map(I32::expr).to_vec())
            }
        }
    }
}

fn in_order(number: F64, order: Order, operand: f64) -> I32 {
    let operand = F64::constant(operand);
    match order {
        Order::Less => number.less(operand),
        Order::LessOrEqual => number.less_or_equal(operand),
        Order::Greater => number.greater(operand),
        Order::GreaterOrEqual => number.greater_or_equal(operand),
    }
}

/// 1 when one of the alternatives that are there is.
fn any(alternatives: impl IntoIterator<Item = Option<I32>>) -> I32 {
    let joined = alternatives.into_iter().flatten().reduce(|left, right| left.or_else(right));
    joined.unwrap_or_else(|| i32_const(0))
}
