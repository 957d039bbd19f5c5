//! `vexil subset`: a module of some flags of a module.
//!
//! In: a module's file and keys of flags. Out: the module of those flags in a file, with its digest
//! and how much smaller it is. No server takes part, and no flag document.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use vexil_compiler::Module;
use vexil_compiler::module::{self, SubsetError, inspect};

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, pairs, plain};
use super::source;

pub(super) const EXAMPLES: &str = "\
Examples:
  vexil subset m.wasm checkout-v2 theme -o shop.wasm
  vexil subset m.wasm checkout-v2                 only say what it would be
  vexil module -e production -o - | vexil subset - checkout-v2 -o checkout.wasm

Flags that these need are evaluated, and cannot be asked for. Verdicts stay the same. Literals can
still be read: for browsers there is `vexil compile --audience browser`.";

/// Of what, and which flags.
#[derive(Args, Clone, Debug)]
pub struct Subset {
    /// A module; `-` is standard input
    module: PathBuf,
    /// Keys of the flags to keep, in any order
    #[arg(value_name = "FLAG", required = true)]
    flags: Vec<String>,
    /// Write the module to a file; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs `vexil subset`.
///
/// # Errors
/// The file cannot be read, is no module or one that cannot be taken apart, has no such flag, or
/// the new one cannot be written.
pub fn run(arguments: &Subset, out: Output) -> Result<Exit, Failure> {
    let whole = source::bytes(&arguments.module)?;
    let name = source::name(&arguments.module);
    let keys: Vec<&str> = arguments.flags.iter().map(String::as_str).collect();
    let module = module::subset(&whole, &keys).map_err(|error| refused(&name, error))?;
    let kept =
        inspect(&module.bytes).map_err(|error| Failure::Other(format!("{name}: {error}")))?;
    let kept: Vec<String> = kept.flags.into_iter().map(|flag| flag.key).collect();
    if let Some(file) = &arguments.output {
        source::write(file, &module.bytes)?;
    }
    match arguments.output.as_deref() {
        Some(file) if file.as_os_str() == "-" => {
            out.note(format_args!("{} {} bytes", module.digest, module.bytes.len()));
        }
        _ if out.json => out.json(&json!({
            "digest": module.digest, "bytes": module.bytes.len(), "flags": kept,
            "whole": { "digest": module::digest(&whole), "bytes": whole.len() },
        }))?,
        file => table(&module, whole.len(), kept.len(), file, out)?,
    }
    Ok(Exit::Success)
}

fn table(
    module: &Module,
    whole: usize,
    flags: usize,
    file: Option<&Path>,
    out: Output,
) -> Result<(), Failure> {
    let mut rows = pairs();
    rows.add_row(["digest", &module.digest]);
    rows.add_row(["bytes", &module.bytes.len().to_string()]);
    rows.add_row(["whole bytes", &whole.to_string()]);
    rows.add_row(["flags", &flags.to_string()]);
    if let Some(file) = file {
        rows.add_row(["written to", &plain(&source::name(file))]);
    }
    out.table(rows)
}

fn refused(name: &str, error: SubsetError) -> Failure {
    match error {
        SubsetError::UnknownFlags(unknown) => {
            Failure::Missing(format!("{name} has no flag {unknown}"))
        }
        SubsetError::NoImage => Failure::Other(format!(
            "{name}: {error}; compile its flags anew with this version of vexil"
        )),
        other => Failure::Other(format!("{name}: {other}")),
    }
}
