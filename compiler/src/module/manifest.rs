//! The manifest's wire form: arrays in the order of `guest-abi/ABI.md`.

use serde::Serialize;
use vexil_abi::ABI_VERSION;

use super::reads::Reads;
use crate::program::{Flag, FlagIndex, Program};

#[derive(Serialize)]
struct Manifest<'a>(i32, &'static str, u32, Vec<Attribute<'a>>, Vec<FlagRow<'a>>);

#[derive(Serialize)]
struct Attribute<'a>(&'a str, u8);

#[derive(Serialize)]
struct FlagRow<'a>(
    &'a str,
    u8,
    Vec<(&'a str, &'a serde_json::Value)>,
    &'a [String],
    Vec<&'a str>,
    Vec<u32>,
    Option<i64>,
);

/// Name and version of this compiler, as the manifest states them.
pub(super) const COMPILER: &str = concat!("vexil ", env!("CARGO_PKG_VERSION"));

/// The manifest of a program, in MessagePack.
pub(super) fn encode(program: &Program, scratch: u32) -> Vec<u8> {
    let mut reads = Reads::of(program);
    let attributes =
        program.slots.iter().map(|slot| Attribute(&slot.path, slot.read.code())).collect();
    let flags = program
        .flags
        .iter()
        .zip(0..)
        .map(|(flag, index)| row(flag, reads.of_flag(FlagIndex(index))))
        .collect();
    let manifest = Manifest(ABI_VERSION, COMPILER, scratch, attributes, flags);
    // Strings, integers and finite JSON: nothing here is what MessagePack cannot say.
    rmp_serde::to_vec(&manifest).unwrap_or_default()
}

fn row<'a>(flag: &'a Flag, reads: Vec<u32>) -> FlagRow<'a> {
    FlagRow(
        &flag.key,
        flag.kind.code(),
        flag.variants.iter().map(|(key, value)| (key.as_str(), value)).collect(),
        &flag.rule_ids,
        flag.prerequisites.iter().map(String::as_str).collect(),
        reads,
        flag.constant().map(|answer| answer.0.pack()),
    )
}
