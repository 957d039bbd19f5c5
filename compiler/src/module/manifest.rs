//! The manifest and its wire form: arrays in the order of `guest-abi/ABI.md`.
//!
//! In: a program, or a custom section that anybody may have written. Out: the section's content,
//! or a [`Manifest`]. On the wire lists that many flags have in common stand once: most flags of a
//! project have the same variants and read the same attributes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vexil_abi::ABI_VERSION;

use super::packed::{self, PackedError};
use super::reads::Reads;
use crate::limits::MAX_MODULE_BYTES;
use crate::program::{FlagIndex, Program};

/// Name and version of this compiler, as the manifest states them.
const COMPILER: &str = concat!("vexil ", env!("CARGO_PKG_VERSION"));

/// What a module says about itself.
pub(super) struct Manifest {
    /// Guest ABI.
    pub(super) abi: i32,
    /// Name and version of the compiler.
    pub(super) compiler: String,
    /// Bytes that `bind` needs in each record.
    pub(super) scratch: u32,
    /// By slot.
    pub(super) attributes: Vec<Attribute>,
    /// By number.
    pub(super) flags: Vec<FlagRow>,
}

/// Path, and how it is read.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Attribute(pub(super) String, pub(super) u8);

/// One flag.
pub(super) struct FlagRow {
    /// Its key.
    pub(super) key: String,
    /// Number of its kind.
    pub(super) kind: u8,
    /// Key and value by variant number.
    pub(super) variants: Vec<(String, Value)>,
    /// Ids by rule number.
    pub(super) rules: Vec<String>,
    /// Slots, ascending.
    pub(super) reads: Vec<u32>,
    /// Keys of flags by prerequisite number.
    pub(super) prerequisites: Vec<String>,
    /// The packed verdict, if it is the same for every context.
    pub(super) constant: Option<i64>,
}

/// The wire form of a whole manifest.
#[derive(Deserialize)]
struct Wire(
    i32,
    String,
    u32,
    Vec<Attribute>,
    Vec<(u8, Vec<(String, Value)>)>,
    Vec<Vec<String>>,
    Vec<Vec<u32>>,
    Vec<WireFlag>,
);

/// Key; numbers of its variants, rules and reads; prerequisites; constant.
#[derive(Deserialize)]
struct WireFlag(String, u32, u32, u32, Vec<String>, Option<i64>);

/// The manifest of a program, in MessagePack.
///
/// # Errors
/// When it is more than [`Manifest::decode`] takes.
pub(super) fn of_program(program: &Program, scratch: u32) -> Result<Vec<u8>, PackedError> {
    let mut reads = Reads::of(program);
    let attributes: Vec<(&str, u8)> =
        program.slots.iter().map(|slot| (slot.path.as_str(), slot.read.code())).collect();
    let mut rows = Rows::default();
    for (flag, index) in program.flags.iter().zip(0..) {
        let variants: Vec<(&str, &Value)> =
            flag.variants.iter().map(|(key, value)| (key.as_str(), value)).collect();
        let lists = (
            rows.number(|rows| &mut rows.variants, &(flag.kind.code(), variants)),
            rows.number(|rows| &mut rows.rules, &flag.rule_ids),
            rows.number(|rows| &mut rows.reads, &reads.of_flag(FlagIndex(index))),
        );
        let constant = flag.constant().map(|answer| answer.0.pack());
        rows.flag(&flag.key, lists, &flag.prerequisites, constant);
    }
    if rows.expanded > MAX_MODULE_BYTES {
        return Err(PackedError::Expanded);
    }
    let bytes = rows.finish(ABI_VERSION, COMPILER, scratch, &attributes);
    packed::walk(&bytes)?;
    Ok(bytes)
}

impl Manifest {
    /// In MessagePack, as [`of_program`] writes it.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut rows = Rows::default();
        for flag in &self.flags {
            let lists = (
                rows.number(|rows| &mut rows.variants, &(flag.kind, &flag.variants)),
                rows.number(|rows| &mut rows.rules, &flag.rules),
                rows.number(|rows| &mut rows.reads, &flag.reads),
            );
            rows.flag(&flag.key, lists, &flag.prerequisites, flag.constant);
        }
        rows.finish(self.abi, &self.compiler, self.scratch, &self.attributes)
    }

    /// Reads the content of a section.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, PackedError> {
        let Wire(abi, compiler, scratch, attributes, variants, rules, reads, flags) =
            packed::decode(bytes)?;
        let variants = Lists::of(variants, "variants");
        let (rules, reads) = (Lists::of(rules, "rules"), Lists::of(reads, "reads"));
        // A few bytes can stand for a long list, and each flag gets a copy.
        let mut left = MAX_MODULE_BYTES;
        let mut row = |WireFlag(key, v, r, s, prerequisites, constant): WireFlag| {
            let (kind, variants) = variants.take(v, &mut left)?;
            let (rules, reads) = (rules.take(r, &mut left)?, reads.take(s, &mut left)?);
            Ok(FlagRow { key, kind, variants, rules, reads, prerequisites, constant })
        };
        let flags = flags.into_iter().map(&mut row).collect::<Result<_, PackedError>>()?;
        Ok(Self { abi, compiler, scratch, attributes, flags })
    }
}

/// Lists that flags name by number, with their sizes in bytes.
struct Lists<T> {
    what: &'static str,
    all: Vec<(T, usize)>,
}

impl<T: Clone + Serialize> Lists<T> {
    fn of(lists: Vec<T>, what: &'static str) -> Self {
        let sized = |list: T| {
            let bytes = packed(&list).len();
            (list, bytes)
        };
        Self { what, all: lists.into_iter().map(sized).collect() }
    }

    fn take(&self, number: u32, left: &mut usize) -> Result<T, PackedError> {
        let what = self.what;
        let found = self.all.get(number as usize);
        let (list, bytes) = found.ok_or(PackedError::NoSuchList { what, number })?;
        *left = left.checked_sub(*bytes).ok_or(PackedError::Expanded)?;
        Ok(list.clone())
    }
}

/// A manifest under construction.
#[derive(Default)]
struct Rows {
    variants: Interned,
    rules: Interned,
    reads: Interned,
    flags: Vec<u8>,
    count: usize,
    /// Bytes of all lists as often as they are named.
    expanded: usize,
}

/// Lists by the order of their first mention, each once.
#[derive(Default)]
struct Interned {
    known: BTreeMap<Vec<u8>, u32>,
    bytes: Vec<u8>,
}

impl Rows {
    /// The number of a list among those of its sort.
    fn number(&mut self, sort: fn(&mut Self) -> &mut Interned, list: &impl Serialize) -> u32 {
        let packed = packed(list);
        self.expanded = self.expanded.saturating_add(packed.len());
        let Interned { known, bytes } = sort(self);
        let next = known.len() as u32;
        if let Some(number) = known.get(&packed) {
            return *number;
        }
        bytes.extend_from_slice(&packed);
        known.insert(packed, next);
        next
    }

    fn flag(
        &mut self,
        key: &str,
        (variants, rules, reads): (u32, u32, u32),
        prerequisites: &[String],
        constant: Option<i64>,
    ) {
        let row = packed(&(key, variants, rules, reads, prerequisites, constant));
        self.flags.extend_from_slice(&row);
        self.count += 1;
    }

    fn finish(
        self,
        abi: i32,
        compiler: &str,
        scratch: u32,
        attributes: &impl Serialize,
    ) -> Vec<u8> {
        let mut out = array(8);
        out.extend(packed(&abi));
        out.extend(packed(&compiler));
        out.extend(packed(&scratch));
        out.extend(packed(attributes));
        for Interned { known, bytes } in [self.variants, self.rules, self.reads] {
            out.extend(array(known.len()));
            out.extend(bytes);
        }
        out.extend(array(self.count));
        out.extend(self.flags);
        out
    }
}

/// A value in MessagePack.
fn packed(value: &impl Serialize) -> Vec<u8> {
    // Strings, integers and finite JSON: nothing here is what MessagePack cannot say.
    rmp_serde::to_vec(value).unwrap_or_default()
}

/// The head of an array in MessagePack, in its shortest form.
fn array(length: usize) -> Vec<u8> {
    match length as u32 {
        length @ 0..16 => vec![0x90 | length as u8],
        length @ 16..0x1_0000 => [&[0xDC][..], &(length as u16).to_be_bytes()].concat(),
        length => [&[0xDD][..], &length.to_be_bytes()].concat(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Manifest, array, packed};
    use crate::limits::MAX_MODULE_BYTES;
    use crate::module::PackedError;

    fn decode(manifest: &serde_json::Value) -> Result<Manifest, PackedError> {
        Manifest::decode(&packed(manifest))
    }

    #[test]
    fn heads_of_arrays_are_those_of_messagepack() {
        for length in [0, 1, 15, 16, 255, 256, 65_535, 65_536, 70_000] {
            let whole = packed(&vec![(); length]);
            assert_eq!(array(length), whole[..whole.len() - length], "{length}");
        }
    }

    #[test]
    fn what_is_decoded_is_encoded_to_the_same_bytes() {
        let wire = json!([
            1, "vexil", 8, [["a", 0], ["b", 2]],
            [[0, [["on", true]]], [3, [["x", { "k": [null] }]]]],
            [["r"], []],
            [[0, 1], []],
            [["f", 0, 0, 0, [], null], ["g", 0, 1, 1, ["f"], 7], ["h", 1, 0, 0, [""], null]],
        ]);
        let manifest = decode(&wire).unwrap();
        assert_eq!(manifest.flags[1].variants, [("on".to_owned(), json!(true))]);
        assert_eq!((manifest.flags[0].reads.as_slice(), manifest.flags[2].kind), (&[0, 1][..], 3));
        assert_eq!(manifest.encode(), packed(&wire));
    }

    #[test]
    fn lists_that_are_not_there_and_lists_that_stand_for_too_much_are_refused() {
        let missing = json!([1, "", 0, [], [[0, []]], [[]], [[]], [["f", 0, 0, 1, [], null]]]);
        let error = decode(&missing).err().unwrap();
        assert_eq!(error.to_string(), "a flag has reads number 1, which are not there");
        let long = "x".repeat(MAX_MODULE_BYTES / 2);
        let flag = |key: &str| json!([key, 0, 0, 0, [], null]);
        let bomb = json!([
            1,
            "",
            0,
            [],
            [[1, [["v", long]]]],
            [[]],
            [[]],
            [flag("f"), flag("g"), flag("h")],
        ]);
        assert!(matches!(decode(&bomb), Err(PackedError::Expanded)));
    }
}
