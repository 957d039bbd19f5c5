//! Times: RFC 3339 strings and epoch milliseconds, by the grammar of `docs/flag-language.md`.

use vexil_abi::record::{SLOT_LEN, SLOT_PAYLOAD, SLOT_TAG, tag};

use crate::emit::assembly::Assembly;
use crate::emit::code::{Bound, Code, F64, Function, FunctionId, I32, Var, Wasm, byte, i32_const};

use super::Routine;

/// `(ctx, slot) -> f64`
pub(super) fn time_ms(assembly: &mut Assembly) -> Function {
    let parse = assembly.routine(Routine::ParseTime);
    let mut code = Code::new();
    let ctx: Var<I32> = code.param();
    let slot: Var<I32> = code.param();
    let is = |kind: u32| slot.get().load_u32(SLOT_TAG).equals(i32_const(kind as i32));
    code.give_if(is(tag::NUMBER), slot.get().load_f64(SLOT_PAYLOAD));
    code.when(is(tag::STRING), |code| {
        let ptr = ctx.get() + slot.get().load_u32(SLOT_PAYLOAD);
        let len = slot.get().load_u32(SLOT_LEN);
        code.give(F64::call(parse, vec![ptr.expr(), len.expr()]));
    });
    code.result(F64::constant(f64::NAN))
}

/// `(ptr) -> i32`: negative when one of the two is no digit.
pub(super) fn two_digits() -> Function {
    let mut code = Code::new();
    let ptr: Var<I32> = code.param();
    let tens = code.let_(ptr.get().load_u8(0) - byte(b'0'));
    let ones = code.let_(ptr.get().load_u8(1) - byte(b'0'));
    let bad = tens.get().above(i32_const(9)) | ones.get().above(i32_const(9));
    code.give_if(bad, i32_const(-1));
    code.result(tens.get() * i32_const(10) + ones.get())
}

/// `(ptr, len) -> f64`: `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)`.
pub(super) fn parse_time(assembly: &mut Assembly) -> Function {
    let mut parser = Parser { code: Code::new(), two: assembly.routine(Routine::TwoDigits) };
    let ptr: Var<I32> = parser.code.param();
    let len: Var<I32> = parser.code.param();
    parser.refuse(len.get().below(i32_const("YYYY-MM-DDTHH:MM:SSZ".len() as i32)));
    let end = parser.code.let_(ptr.get() + len.get());
    let days = parser.date(ptr);
    let separator = parser.code.let_(ptr.get().load_u8(10));
    let is = |with: u8| separator.get().equals(byte(with));
    parser.refuse((is(b'T') | is(b't') | is(b' ')).eqz());
    let seconds = parser.clock_time(ptr);
    parser.code.step(ptr, 19);
    let ms = parser.fraction(ptr, end);
    let offset = parser.offset(ptr, end);
    let of_day = seconds.get() * i32_const(1000) + ms.get() - offset.get() * i32_const(60_000);
    // Products and sums of integers this small are exact in doubles.
    let whole = days.get().convert() * F64::constant(86_400_000.0) + of_day.convert();
    parser.code.result(whole)
}

struct Parser {
    code: Code,
    two: FunctionId,
}

impl Parser {
    /// Answers "not a time" if `condition` holds.
    fn refuse(&mut self, condition: I32) {
        self.code.give_if(condition, F64::constant(f64::NAN));
    }

    /// Two digits at `ptr + offset`, from `low` to `high`.
    fn two(&mut self, ptr: Var<I32>, offset: i32, low: i32, high: i32) -> Var<I32> {
        let call = I32::call(self.two, vec![(ptr.get() + i32_const(offset)).expr()]);
        let value = self.code.let_(call);
        self.refuse((value.get() - i32_const(low)).above(i32_const(high - low)));
        value
    }

    fn expect(&mut self, ptr: Var<I32>, offset: u32, what: u8) {
        self.refuse(ptr.get().load_u8(offset).differs(byte(what)));
    }

    /// Days since 1970-01-01. Divisions are multiplications, exact for years of four digits.
    fn date(&mut self, ptr: Var<I32>) -> Var<I32> {
        let century = self.two(ptr, 0, 0, 99);
        let rest = self.two(ptr, 2, 0, 99);
        self.expect(ptr, 4, b'-');
        let month = self.two(ptr, 5, 1, 12);
        self.expect(ptr, 7, b'-');
        let day = self.two(ptr, 8, 1, 31);
        let year = self.code.let_(century.get() * i32_const(100) + rest.get());
        // Leap: divisible by 4, and unless a whole century, or by 400.
        let fourth = (rest.get() & i32_const(3)).eqz() & rest.get().differs(i32_const(0));
        let four_hundredth = rest.get().eqz() & (century.get() & i32_const(3)).eqz();
        let leap = self.code.let_(fourth | four_hundredth);
        let in_month = self.days_in_month(month, leap);
        self.refuse(day.get().above(in_month));
        // Days of the year before the month: (367 m - 362) / 12, less 1 or 2 after February.
        let scaled = month.get() * i32_const(367) - i32_const(362);
        let before = (scaled * i32_const(43_691)).shift_right(i32_const(19));
        let after_february = month.get().above(i32_const(2));
        let correction = after_february * (i32_const(2) - leap.get());
        // Leap days before this year: y/4 - y/100 + y/400 of the year before, year 0 being leap.
        let last = self.code.let_(year.get() - i32_const(1));
        let centuries = self.code.let_((last.get() * i32_const(5_243)).shift_right(i32_const(19)));
        let four_centuries = centuries.get().shift_right(i32_const(2));
        let leaps = last.get().shift_right(i32_const(2)) - centuries.get() + four_centuries;
        let past = i32_const(366) + last.get() * i32_const(365) + leaps;
        // Year 0 has no year before it in this count.
        let past = I32::choose(year.get().eqz(), i32_const(0), past);
        let of_year = before - correction + day.get() - i32_const(1);
        self.code.let_(past + of_year - i32_const(DAYS_BEFORE_1970))
    }

    fn days_in_month(&self, month: Var<I32>, leap: Var<I32>) -> I32 {
        // 31 for months 1 3 5 7 8 10 12: the lowest bit of month ^ month >> 3.
        let long = (month.get() ^ month.get().shift_right(i32_const(3))) & i32_const(1);
        let february = month.get().equals(i32_const(2));
        I32::choose(february, i32_const(28) + leap.get(), i32_const(30) + long)
    }

    /// Seconds since midnight; a second of 60 counts as the next minute's first.
    fn clock_time(&mut self, ptr: Var<I32>) -> Var<I32> {
        let hour = self.two(ptr, 11, 0, 23);
        self.expect(ptr, 13, b':');
        let minute = self.two(ptr, 14, 0, 59);
        self.expect(ptr, 16, b':');
        let second = self.two(ptr, 17, 0, 60);
        let minutes = hour.get() * i32_const(60) + minute.get();
        self.code.let_(minutes * i32_const(60) + second.get())
    }

    /// Milliseconds of `.digits` at `ptr`, which moves behind them.
    fn fraction(&mut self, ptr: Var<I32>, end: Var<I32>) -> Var<I32> {
        let code = &mut self.code;
        let ms = code.let_(i32_const(0));
        let weight = code.let_(i32_const(100));
        let digits = code.let_(i32_const(0));
        let digit = code.local::<I32>();
        // At least one byte is there: the shortest time has 20.
        let dotted = code.let_(ptr.get().load_u8(0).equals(byte(b'.')));
        code.when(dotted.get(), |code| {
            code.step(ptr, 1);
            code.repeat_while(Bound::Bytes(1), ptr.get().below(end.get()), |code| {
                code.set(digit, ptr.get().load_u8(0) - byte(b'0'));
                code.when(digit.get().above(i32_const(9)), Code::leave);
                code.set(ms, ms.get() + digit.get() * weight.get());
                // 100, 10, 1, 0: the tenth part, rounded down.
                code.set(weight, (weight.get() * i32_const(6_554)).shift_right(i32_const(16)));
                code.step(digits, 1);
                code.step(ptr, 1);
            });
        });
        self.refuse(dotted.get() & digits.get().eqz());
        ms
    }

    /// The offset from UTC at `ptr` in minutes; nothing may follow it.
    fn offset(&mut self, ptr: Var<I32>, end: Var<I32>) -> Var<I32> {
        self.refuse(ptr.get().not_below(end.get()));
        let sign = self.code.let_(ptr.get().load_u8(0));
        let left = self.code.let_(end.get() - ptr.get());
        let offset = self.code.let_(i32_const(0));
        let utc =
            (sign.get() | i32_const(0x20)).equals(byte(b'z')) & left.get().equals(i32_const(1));
        let utc = self.code.let_(utc);
        let signed = sign.get().equals(byte(b'+')) | sign.get().equals(byte(b'-'));
        let numeric = signed & left.get().equals(i32_const("+HH:MM".len() as i32));
        self.refuse((utc.get() | numeric).eqz());
        // Reads of a numeric offset stay inside the string; those of `Z` are skipped.
        let two = self.two;
        self.code.when(utc.get().eqz(), |code| {
            let at = |offset: i32| vec![(ptr.get() + i32_const(offset)).expr()];
            let hours = code.let_(I32::call(two, at(1)));
            let minutes = code.let_(I32::call(two, at(4)));
            let bad = hours.get().above(i32_const(23)) | minutes.get().above(i32_const(59));
            let colon = ptr.get().load_u8(3).differs(byte(b':'));
            code.give_if(bad | colon, F64::constant(f64::NAN));
            code.set(offset, hours.get() * i32_const(60) + minutes.get());
            let minus = sign.get().equals(byte(b'-'));
            code.when(minus, |code| code.set(offset, i32_const(0) - offset.get()));
        });
        offset
    }
}

/// Days from 0000-01-01 to 1970-01-01 in the proleptic Gregorian calendar.
const DAYS_BEFORE_1970: i32 = 719_528;
