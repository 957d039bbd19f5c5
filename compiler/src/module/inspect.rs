//! Taking a sealed module apart, for people and for `vexil inspect`.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use vexil_abi::manifest::{SECTION, kind, read};
use wasmparser::{ElementItems, Parser, Payload};

/// Why bytes could not be inspected.
#[derive(Debug, Error)]
pub enum InspectError {
    /// Not WebAssembly.
    #[error("not a valid WebAssembly module")]
    Wasm(#[from] wasmparser::BinaryReaderError),
    /// Not one of ours.
    #[error("the module has no `{SECTION}` section; it was not made by vexil")]
    NoManifest,
    /// The manifest does not decode.
    #[error("the manifest cannot be read")]
    Manifest(#[from] rmp_serde::decode::Error),
    /// No such flag.
    #[error("the module has no flag `{0}`")]
    UnknownFlag(String),
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
    /// Flags it depends on as prerequisites.
    pub prerequisites: Vec<String>,
    /// Paths of the attributes it may read.
    pub reads: Vec<String>,
    /// The packed verdict of a constant flag.
    pub constant: Option<i64>,
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

#[derive(Deserialize)]
struct Manifest(i32, String, #[allow(dead_code)] u32, Vec<Attribute>, Vec<FlagRow>);

#[derive(Deserialize)]
struct Attribute(String, u8);

#[derive(Deserialize)]
struct FlagRow(
    String,
    u8,
    Vec<(String, serde_json::Value)>,
    Vec<String>,
    Vec<String>,
    Vec<u32>,
    Option<i64>,
);

/// Reads a module's manifest.
///
/// # Errors
/// When `bytes` are not a module sealed by this compiler.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, InspectError> {
    let Manifest(abi, compiler, _, attributes, rows) = rmp_serde::from_slice(manifest(bytes)?)?;
    let paths: Vec<String> = attributes.iter().map(|attribute| attribute.0.clone()).collect();
    Ok(Inspection {
        digest: super::digest(bytes),
        bytes: bytes.len(),
        abi,
        compiler,
        flags: rows.into_iter().map(|row| flag(row, &paths)).collect(),
        attributes: attributes
            .into_iter()
            .map(|Attribute(path, read)| InspectedAttribute { path, read: read_name(read) })
            .collect(),
    })
}

fn flag(row: FlagRow, paths: &[String]) -> InspectedFlag {
    let FlagRow(key, kind, variants, rules, prerequisites, reads, constant) = row;
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
    }
}

fn manifest(bytes: &[u8]) -> Result<&[u8], InspectError> {
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::CustomSection(section) = payload?
            && section.name() == SECTION
        {
            return Ok(section.data());
        }
    }
    Err(InspectError::NoManifest)
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

/// The code of one flag's function as WebAssembly text.
///
/// # Errors
/// When `bytes` are not a module sealed by this compiler, or have no such flag.
pub fn wat(bytes: &[u8], key: &str) -> Result<String, InspectError> {
    let inspection = inspect(bytes)?;
    let unknown = || InspectError::UnknownFlag(key.to_owned());
    let flag = inspection.flags.iter().position(|flag| flag.key == key).ok_or_else(unknown)?;
    let function = table(bytes)?.get(flag).copied().ok_or_else(unknown)?;
    let text = wasmprinter::print_bytes(bytes).map_err(|e| InspectError::Print(e.to_string()))?;
    let start = format!("  (func (;{function};)");
    let lines = text.lines().skip_while(|line| !line.starts_with(&start));
    let mut printed = String::new();
    for (number, line) in lines.enumerate() {
        // The next item of the module begins at the same depth.
        if number > 0 && line.starts_with("  (") {
            break;
        }
        printed.push_str(line.strip_prefix("  ").unwrap_or(line));
        printed.push('\n');
    }
    Ok(printed)
}

/// The function index of each flag.
fn table(bytes: &[u8]) -> Result<Vec<u32>, InspectError> {
    for payload in Parser::new(0).parse_all(bytes) {
        let Payload::ElementSection(section) = payload? else { continue };
        for element in section {
            if let ElementItems::Functions(functions) = element?.items {
                return Ok(functions.into_iter().collect::<Result<_, _>>()?);
            }
        }
    }
    Ok(Vec::new())
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
