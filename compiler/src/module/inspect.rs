//! Taking a sealed module apart, for people and for `vexil inspect`.

use serde::Serialize;
use thiserror::Error;
use vexil_abi::manifest::{SECTION, kind, read};
use wasmparser::{Parser, Payload};

use super::bounds;
use super::manifest::{Attribute, FlagRow, Manifest};
use super::packed::PackedError;
use crate::image::{FlagCost, read};

/// Why bytes could not be inspected.
#[derive(Debug, Error)]
pub enum InspectError {
    /// Not WebAssembly.
    #[error("not a valid WebAssembly module")]
    Wasm(#[from] wasmparser::BinaryReaderError),
    /// Larger than any module of ours.
    #[error("the module has {found} {what}, more than {most}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// The most that there may be.
        most: usize,
    },
    /// Not one of ours.
    #[error("the module has no `{SECTION}` section; it was not made by vexil")]
    NoManifest,
    /// It says two things of itself.
    #[error("the module has more than one `{0}` section")]
    Twice(&'static str),
    /// The manifest does not decode.
    #[error("the manifest cannot be read: {0}")]
    Manifest(#[from] PackedError),
    /// The text form could not be printed.
    #[error("the module cannot be printed: {0}")]
    Print(String),
}

/// What a module says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// SHA-256 of the module, in hexadecimal.
    pub digest: String,
    /// Size of the module in bytes.
    pub bytes: usize,
    /// Guest ABI.
    pub abi: i32,
    /// Name and version of the compiler.
    pub compiler: String,
    /// Flags in order.
    pub flags: Vec<InspectedFlag>,
    /// Attributes by slot.
    pub attributes: Vec<InspectedAttribute>,
}

/// One flag of a module.
#[derive(Clone, Debug, Serialize)]
pub struct InspectedFlag {
    /// Its key.
    pub key: String,
    /// `boolean`, `string`, `number` or `json`.
    pub kind: &'static str,
    /// Variants in order.
    pub variants: Vec<InspectedVariant>,
    /// Rule ids in order.
    pub rules: Vec<String>,
    /// Flags it depends on as prerequisites; empty where the module does not say which.
    pub prerequisites: Vec<String>,
    /// Paths of the attributes it may read.
    pub reads: Vec<String>,
    /// The packed verdict of a constant flag.
    pub constant: Option<i64>,
    /// The most that evaluating it executes, where the module can be taken apart.
    pub cost: Option<FlagCost>,
}

/// One variant of a flag.
#[derive(Clone, Debug, Serialize)]
pub struct InspectedVariant {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: serde_json::Value,
}

/// One attribute of a module.
#[derive(Clone, Debug, Serialize)]
pub struct InspectedAttribute {
    /// Its path.
    pub path: String,
    /// `value`, `number` or `unit`.
    pub read: &'static str,
}

/// Reads a module's manifest.
///
/// # Errors
/// When `bytes` are not a module sealed by this compiler.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, InspectError> {
    let manifest = Manifest::decode(manifest(bytes)?)?;
    let Manifest { abi, compiler, attributes, flags, .. } = manifest;
    let costs = costs(bytes, flags.len());
    let paths: Vec<String> = attributes.iter().map(|attribute| attribute.0.clone()).collect();
    Ok(Inspection {
        digest: super::digest(bytes),
        bytes: bytes.len(),
        abi,
        compiler,
        flags: flags.into_iter().zip(costs).map(|(row, cost)| flag(row, &paths, cost)).collect(),
        attributes: attributes
            .into_iter()
            .map(|Attribute(path, read)| InspectedAttribute { path, read: read_name(read) })
            .collect(),
    })
}

/// The cost of each flag; none when the module cannot be taken apart.
fn costs(bytes: &[u8], flags: usize) -> Vec<Option<FlagCost>> {
    let costs = super::subset::parts(bytes).and_then(|parts| {
        let Manifest { attributes, flags, .. } = &parts.manifest;
        let (slots, flags) = (attributes.len() as u32, flags.len() as u32);
        Ok(read(parts.data, &parts.index, slots, flags)?.flag_costs())
    });
    let known = costs.unwrap_or_default().into_iter().map(Some);
    known.chain(std::iter::repeat(None)).take(flags).collect()
}

fn flag(row: FlagRow, paths: &[String], cost: Option<FlagCost>) -> InspectedFlag {
    let FlagRow { key, kind, variants, rules, reads, prerequisites, constant } = row;
    let mut reads: Vec<String> =
        reads.into_iter().filter_map(|slot| paths.get(slot as usize).cloned()).collect();
    reads.sort_unstable();
    reads.dedup();
    InspectedFlag {
        key,
        kind: kind_name(kind),
        variants: variants
            .into_iter()
            .map(|(key, value)| InspectedVariant { key, value })
            .collect(),
        rules,
        prerequisites,
        reads,
        constant,
        cost,
    }
}

fn manifest(bytes: &[u8]) -> Result<&[u8], InspectError> {
    bounds::size(bytes)?;
    let mut manifest = None;
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::CustomSection(section) = payload?
            && section.name() == SECTION
        {
            bounds::once(&mut manifest, section.data(), SECTION)?;
        }
    }
    manifest.ok_or(InspectError::NoManifest)
}

const fn kind_name(code: u8) -> &'static str {
    match code {
        kind::BOOLEAN => "boolean",
        kind::STRING => "string",
        kind::NUMBER => "number",
        kind::JSON => "json",
        _ => "unknown",
    }
}

const fn read_name(code: u8) -> &'static str {
    match code {
        read::VALUE => "value",
        read::NUMBER => "number",
        read::UNIT => "unit",
        read::FLOAT => "float",
        _ => "unknown",
    }
}

/// Bytes of the longest function body; `None` when the module does not parse.
pub(super) fn longest_function(bytes: &[u8]) -> Option<usize> {
    let mut longest = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::CodeSectionEntry(body) = payload.ok()? {
            longest = longest.max(body.range().len());
        }
    }
    Some(longest)
}
