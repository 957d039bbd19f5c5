//! IP addresses, which `bind` has read: see `emit/routine/address.rs`.

use super::Question;
use crate::emit::assembly::Assembly;
use crate::emit::code::{Code, I32, Wasm};
use crate::emit::routine::Routine;

/// Word 1: the table of networks.
pub(super) fn is_in(assembly: &mut Assembly, code: &mut Code, question: Question) -> I32 {
    let networks = assembly.routine(Routine::InNetworks);
    let address = question.subject(code);
    I32::call(networks, vec![address.at.get().expr(), question.word(1).expr()])
}
