//! Module → module: some of its flags, and nothing that they do not need.
//!
//! In: a sealed module that anybody may have written, and keys of flags. Out: the sealed module of
//! those flags alone: functions, data, attributes and rows of the manifest that they do not reach
//! are gone. Verdicts are the same, and equal requests give equal bytes. A flag that others need
//! is evaluated, and has no row.

use std::collections::BTreeSet;
use std::fmt;

use thiserror::Error;
use vexil_abi::manifest::SECTION as MANIFEST;
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use super::inspect::InspectError;
use super::manifest::{Attribute, FlagRow, Manifest};
use super::packed::decode;
use super::{Module, bounds, digest};
use crate::check::suggest::nearest;
use crate::emit::Memory;
use crate::image::{self, Index, ReadError, Selection, TableIndex, read, select};

/// Why a module has no such subset.
#[derive(Debug, Error)]
pub enum SubsetError {
    /// The bytes are not a module of ours.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// It has no image, so that it cannot be taken apart.
    #[error("the module has no `{}` section; it cannot be taken apart", image::SECTION)]
    NoImage,
    /// Its image is not one.
    #[error("the module cannot be taken apart: {0}")]
    Image(#[from] ReadError),
    /// It has another shape than modules of this compiler.
    #[error("the module cannot be taken apart: {0}")]
    Shape(&'static str),
    /// No such flags.
    #[error("the module has no flag {0}")]
    UnknownFlags(UnknownFlags),
}

/// Keys that no row of a manifest has: each in backticks, with the key that may be meant.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownFlags(Vec<(String, Option<String>)>);

impl UnknownFlags {
    pub(super) fn of(keys: &[&str], rows: &[FlagRow]) -> Self {
        let unknown = keys.iter().map(|key| {
            let meant = nearest(key, rows.iter().map(|row| row.key.as_str()));
            ((*key).to_owned(), meant.map(str::to_owned))
        });
        Self(unknown.collect())
    }
}

impl fmt::Display for UnknownFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (key, meant)) in self.0.iter().enumerate() {
            let before = if number == 0 { "" } else { ", " };
            write!(f, "{before}`{key}`")?;
            if let Some(meant) = meant {
                write!(f, " (did you mean `{meant}`?)")?;
            }
        }
        Ok(())
    }
}

/// What of a module its image is read from.
pub(super) struct Parts<'a> {
    pub(super) manifest: Manifest,
    pub(super) data: &'a [u8],
    pub(super) index: Index,
}

/// Finds the parts of a valid module.
pub(super) fn parts(bytes: &[u8]) -> Result<Parts<'_>, SubsetError> {
    bounds::functions(bytes)?;
    let features = WasmFeatures::WASM1 | WasmFeatures::SIGN_EXTENSION | WasmFeatures::BULK_MEMORY;
    let validated = Validator::new_with_features(features).validate_all(bytes);
    validated.map_err(InspectError::from)?;
    let (mut manifest, mut data, mut index) = (None, None, None);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(InspectError::from)? {
            Payload::CustomSection(section) if section.name() == MANIFEST => {
                bounds::once(&mut manifest, section.data(), MANIFEST)?;
            }
            Payload::CustomSection(section) if section.name() == image::SECTION => {
                bounds::once(&mut index, section.data(), image::SECTION)?;
            }
            Payload::DataSection(section) => {
                for segment in section {
                    data = Some(segment.map_err(InspectError::from)?.data);
                }
            }
            _ => {}
        }
    }
    let manifest = manifest.ok_or(InspectError::NoManifest)?;
    let manifest = Manifest::decode(manifest).map_err(InspectError::from)?;
    let index = decode(index.ok_or(SubsetError::NoImage)?);
    let index = index.map_err(|_| SubsetError::Shape("its image's index cannot be read"))?;
    Ok(Parts { manifest, data: data.unwrap_or_default(), index })
}

/// The module of the flags with these keys, in any order; a key that stands twice counts once. A
/// flag that is needed and not named is evaluated, and has no row in the manifest.
///
/// # Errors
/// When `bytes` are not a module that this version of the compiler sealed, or it has no such flag.
pub fn subset(bytes: &[u8], keys: &[&str]) -> Result<Module, SubsetError> {
    part(bytes, keys)?.seal(bytes)
}

/// What is left of a module.
pub(super) struct Part {
    /// Its manifest.
    pub(super) manifest: Manifest,
    selection: Selection,
}

/// Of a module the flags with these keys.
pub(super) fn part(bytes: &[u8], keys: &[&str]) -> Result<Part, SubsetError> {
    let Parts { manifest, data, index } = parts(bytes)?;
    let Manifest { abi, compiler, attributes, flags: rows, .. } = manifest;
    let image = read(data, &index, attributes.len() as u32, rows.len() as u32)?;
    let wanted = numbers(keys, &rows)?;
    let numbers: Vec<u32> = wanted.iter().copied().collect();
    let rows = rows.into_iter().zip(0..).filter(|(_, number)| wanted.contains(number));
    let rows: Vec<FlagRow> = rows.map(|(row, _)| row).collect();
    let reads = rows.iter().flat_map(|row| &row.reads).copied();
    let reads: BTreeSet<u32> = reads.filter(|slot| (*slot as usize) < attributes.len()).collect();
    let selection = select(&image, &numbers, &reads);
    let manifest = Manifest {
        abi,
        compiler,
        scratch: selection.image.scratch_bytes(),
        attributes: kept_attributes(attributes, &selection.slots),
        flags: rows.into_iter().map(|row| renumbered(row, &selection.slots)).collect(),
    };
    Ok(Part { manifest, selection })
}

/// The numbers of the flags with these keys.
fn numbers(keys: &[&str], rows: &[FlagRow]) -> Result<BTreeSet<u32>, SubsetError> {
    let mut numbers = BTreeSet::new();
    let mut unknown = Vec::new();
    for key in keys {
        match rows.binary_search_by(|row| row.key.as_bytes().cmp(key.as_bytes())) {
            Ok(number) => drop(numbers.insert(number as u32)),
            Err(_) => unknown.push(*key),
        }
    }
    if unknown.is_empty() {
        return Ok(numbers);
    }
    Err(SubsetError::UnknownFlags(UnknownFlags::of(&unknown, rows)))
}

impl Part {
    /// The module `bytes` without what is not left.
    pub(super) fn seal(&self, bytes: &[u8]) -> Result<Module, SubsetError> {
        let bytes = rebuild(bytes, &self.selection, self.manifest.encode())?;
        Ok(Module { digest: digest(&bytes), bytes })
    }
}

fn kept_attributes(attributes: Vec<Attribute>, slots: &[u32]) -> Vec<Attribute> {
    let attributes = attributes.into_iter().zip(0..);
    let kept = attributes.filter(|(_, slot)| slots.binary_search(slot).is_ok());
    kept.map(|(attribute, _)| attribute).collect()
}

fn renumbered(mut row: FlagRow, slots: &[u32]) -> FlagRow {
    let reads = row.reads.iter().filter_map(|slot| slots.binary_search(slot).ok());
    row.reads = reads.map(|slot| slot as u32).collect();
    row
}

/// The module with the selection's data and functions.
fn rebuild(bytes: &[u8], selection: &Selection, manifest: Vec<u8>) -> Result<Vec<u8>, SubsetError> {
    let mut config = walrus::ModuleConfig::new();
    config.generate_producers_section(false).generate_name_section(false);
    let parsed = config.parse(bytes);
    let mut module = parsed.map_err(|_| SubsetError::Shape("its code cannot be read"))?;
    if module.imports.iter().next().is_some() || module.start.is_some() {
        return Err(SubsetError::Shape("it imports something, or has a start function"));
    }
    let memory = Memory::of(&selection.image);
    keep_functions(&mut module, &selection.table)?;
    let segments: Vec<walrus::DataId> = module.data.iter().map(walrus::Data::id).collect();
    let &[data] = segments.as_slice() else {
        return Err(SubsetError::Shape("it has not one data segment"));
    };
    module.data.get_mut(data).value = memory.laid_out.bytes.clone();
    let Some(only) = module.memories.iter_mut().next() else {
        return Err(SubsetError::Shape("it has no memory"));
    };
    (only.initial, only.maximum) = (u64::from(memory.pages), Some(u64::from(memory.pages)));
    set_arena(&mut module, memory.arena as i32)?;
    let index = Index::of(&selection.image, &memory.laid_out).encode();
    for (name, data) in [(image::SECTION, index), (MANIFEST, manifest)] {
        while module.customs.remove_raw(name).is_some() {}
        module.customs.add(walrus::RawCustomSection { name: name.to_owned(), data });
    }
    walrus::passes::gc::run(&mut module);
    Ok(module.emit_wasm())
}

/// Of the one table only the functions in `kept`.
fn keep_functions(module: &mut walrus::Module, kept: &[TableIndex]) -> Result<(), SubsetError> {
    let wrong = || SubsetError::Shape("it has not one table of functions");
    let mut elements = module.elements.iter_mut();
    let (Some(element), None) = (elements.next(), elements.next()) else { return Err(wrong()) };
    let walrus::ElementItems::Functions(functions) = &mut element.items else {
        return Err(wrong());
    };
    let functions_kept = kept.iter().map(|index| functions.get(index.0 as usize).copied());
    *functions = functions_kept.collect::<Option<_>>().ok_or_else(wrong)?;
    let table = module.tables.iter_mut().next().ok_or_else(wrong)?;
    (table.initial, table.maximum) = (kept.len() as u64, Some(kept.len() as u64));
    Ok(())
}

fn set_arena(module: &mut walrus::Module, arena: i32) -> Result<(), SubsetError> {
    let wrong = SubsetError::Shape("it does not export its arena");
    let export = module.exports.iter().find(|export| export.name == vexil_abi::export::ARENA);
    let Some(walrus::ExportItem::Global(global)) = export.map(|export| export.item) else {
        return Err(wrong);
    };
    let value = walrus::ir::Value::I32(arena);
    module.globals.get_mut(global).kind =
        walrus::GlobalKind::Local(walrus::ConstExpr::Value(value));
    Ok(())
}
