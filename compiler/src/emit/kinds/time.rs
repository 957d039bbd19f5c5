//! Times, which `bind` has read: a double of milliseconds, or not-a-number.

use super::Question;
use crate::emit::code::{Code, F64, I32};

pub(super) fn ordered(code: &mut Code, question: Question, holds: impl Fn(F64, F64) -> I32) -> I32 {
    let time = question.subject(code);
    holds(time.at.get().load_f64(0), question.double(2))
}
