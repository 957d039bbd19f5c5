//! Lower-casing: Unicode's mapping, character by character, without context.

use crate::emit::code::{Bound, Code, Function, I32, Var, byte, i32_const};
use crate::image::header;

/// One row of the table: characters `first..=last` that step by `stride` add `delta`.
struct Range {
    first: u32,
    last: u32,
    delta: i32,
    stride: u32,
}

/// `İ`, the one character whose lower case is two: `i` and a combining dot above.
const DOTTED_CAPITAL_I: u32 = 0x130;

/// `(ptr, len) -> i32`: lower-cases into the buffer and returns the length, at most 1.5 `len`.
pub(super) fn lower() -> Function {
    let mut code = Code::new();
    let ptr: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let end = code.let_(ptr.get() + len.get());
    let table = [0, 4].map(|word| code.let_(i32_const(0).load_u32(header::LOWER + word)));
    let out = code.let_(buffer());
    let character = code.local::<I32>();
    let rest = code.local::<I32>();
    code.repeat_while(Bound::Bytes(1), ptr.get().below(end.get()), |code| {
        code.set(character, ptr.get().load_u8(0));
        code.step(ptr, 1);
        code.when_else(
            character.get().below(i32_const(0x80)),
            |code| {
                let upper = (character.get() - byte(b'A')).below(i32_const(26));
                let lowered = character.get() + upper.shift_left(i32_const(5));
                code.store_u8(out.get(), lowered);
                code.step(out, 1);
            },
            |code| {
                decode(code, ptr, end, character, rest);
                map(code, character, table);
                encode(code, out, character);
            },
        );
    });
    code.result(out.get() - buffer())
}

/// Address of the buffer for lower-cased strings.
pub(in crate::emit) fn buffer() -> I32 {
    i32_const(0).load_u32(header::LOWER_BUFFER)
}

/// Reads the continuation bytes of the character whose lead byte is in `character`.
fn decode(code: &mut Code, ptr: Var<I32>, end: Var<I32>, character: Var<I32>, rest: Var<I32>) {
    let lead = character.get();
    let longer = lead.clone().not_below(i32_const(0xE0)) + lead.clone().not_below(i32_const(0xF0));
    code.set(rest, i32_const(1) + longer);
    // A lead byte of n continuation bytes carries 6 - n bits.
    let mask = i32_const(0x3F).shift_right(rest.get());
    code.set(character, lead & mask);
    let more = rest.get().above(i32_const(0)) & ptr.get().below(end.get());
    code.repeat_while(Bound::Times(3), more, |code| {
        let bits = ptr.get().load_u8(0) & i32_const(0x3F);
        code.set(character, character.get().shift_left(i32_const(6)) | bits);
        code.step(ptr, 1);
        code.step(rest, -1);
    });
}

/// Finds the character's range by binary search and adds its delta.
fn map(code: &mut Code, character: Var<I32>, [table, table_end]: [Var<I32>; 2]) {
    let low = code.let_(table.get());
    let high = code.let_(table_end.get());
    let middle = code.local::<I32>();
    code.repeat_while(Bound::Times(HALVINGS), low.get().below(high.get()), |code| {
        let half = (high.get() - low.get()).shift_right(i32_const(5)).shift_left(i32_const(4));
        code.set(middle, low.get() + half);
        code.when_else(
            character.get().above(middle.get().load_u32(4)),
            |code| code.set(low, middle.get() + i32_const(16)),
            |code| code.set(high, middle.get()),
        );
    });
    let distance = character.get() - low.get().load_u32(0);
    let stride_mask = low.get().load_u32(12) - i32_const(1);
    let within = low
        .get()
        .below(table_end.get())
        .and_then(character.get().not_below(low.get().load_u32(0)))
        .and_then((distance & stride_mask).eqz());
    code.when(within, |code| code.set(character, character.get() + low.get().load_u32(8)));
}

/// Writes the character as UTF-8.
fn encode(code: &mut Code, out: Var<I32>, character: Var<I32>) {
    let bits = |shift: i32| character.get().shift_right(i32_const(shift));
    let continuation = |shift: i32| (bits(shift) & i32_const(0x3F)) | i32_const(0x80);
    let write = |code: &mut Code, byte: I32| {
        code.store_u8(out.get(), byte);
        code.step(out, 1);
    };
    code.when(character.get().equals(i32_const(DOTTED_CAPITAL_I as i32)), |code| {
        write(code, byte(b'i'));
        code.set(character, i32_const(0x307));
    });
    code.when_else(
        character.get().below(i32_const(0x80)),
        |code| write(code, character.get()),
        |code| {
            code.when_else(
                character.get().below(i32_const(0x800)),
                |code| write(code, bits(6) | i32_const(0xC0)),
                |code| {
                    code.when_else(
                        character.get().below(i32_const(0x1_0000)),
                        |code| write(code, bits(12) | i32_const(0xE0)),
                        |code| {
                            write(code, bits(18) | i32_const(0xF0));
                            write(code, continuation(12));
                        },
                    );
                    write(code, continuation(6));
                },
            );
            write(code, continuation(0));
        },
    );
}

/// The mapping of all characters but ASCII and `İ`, sorted by range.
pub(in crate::emit) fn table() -> Vec<u8> {
    let mut bytes = Vec::new();
    for Range { first, last, delta, stride } in ranges() {
        bytes.extend_from_slice(&first.to_le_bytes());
        bytes.extend_from_slice(&last.to_le_bytes());
        bytes.extend_from_slice(&delta.to_le_bytes());
        bytes.extend_from_slice(&stride.to_le_bytes());
    }
    bytes
}

/// A binary search of the table takes no more steps; a test counts its rows.
const HALVINGS: u64 = 12;

fn ranges() -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for (code, delta) in deltas() {
        match ranges.last_mut() {
            Some(range) if extends(range, code, delta) => {
                range.stride = code - range.last;
                range.last = code;
            }
            _ => ranges.push(Range { first: code, last: code, delta, stride: 1 }),
        }
    }
    ranges
}

/// Strides are 1 or 2; a range of one character can take either.
fn extends(range: &Range, code: u32, delta: i32) -> bool {
    let step = code - range.last;
    let fits = if range.first == range.last { step <= 2 } else { step == range.stride };
    range.delta == delta && fits
}

/// Characters beyond ASCII whose lower case is one other character, with its distance.
fn deltas() -> impl Iterator<Item = (u32, i32)> {
    ('\u{80}'..=char::MAX).filter_map(|upper| {
        let mut lower = upper.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(lower), None) if lower != upper => {
                Some((upper as u32, lower as i32 - upper as i32))
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_searched_in_few_steps() {
        assert!(super::ranges().len() < 1 << super::HALVINGS);
    }

    #[test]
    fn only_the_dotted_capital_i_lowers_to_two_characters() {
        let many: Vec<char> =
            ('\0'..=char::MAX).filter(|upper| upper.to_lowercase().count() != 1).collect();
        assert_eq!(many, ['\u{130}']);
    }

    #[test]
    fn lower_case_is_never_longer_than_one_and_a_half() {
        for upper in '\0'..=char::MAX {
            let lower: usize = upper.to_lowercase().map(char::len_utf8).sum();
            assert!(2 * lower <= 3 * upper.len_utf8(), "{upper:?}");
        }
    }
}
