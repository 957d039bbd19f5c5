//! `vexil inspect`: what is in a module.
//!
//! In: a module's file, a flag or none. Out: the module's digest, flags and attributes; for one
//! flag its variants, rules, what it reads and its code as WebAssembly text.

use std::path::PathBuf;

use clap::Args;
use comfy_table::Cell;
use owo_colors::OwoColorize;
use serde_json::{Value, json};
use vexil_abi::verdict::{NO_VARIANT, Verdict, reason};
use vexil_compiler::module::{Bound, InspectedFlag, Inspection, inspect, wat};

use super::exit::Exit;
use super::failure::{Failure, count};
use super::output::{Output, cut, pairs, plain, some, table};
use super::source;

pub(super) const EXAMPLES: &str = "\
Examples:
  vexil inspect m.wasm
  vexil inspect m.wasm checkout-v2          one flag, with its code as WebAssembly text
  vexil inspect m.wasm --json | jq '.flags[] | select(.constant == null) | .key'";

/// What to look at.
#[derive(Args, Clone, Debug)]
pub struct Inspect {
    /// A module; `-` is standard input
    module: PathBuf,
    /// A flag's key; all when absent
    flag: Option<String>,
}

/// Runs `vexil inspect`.
///
/// # Errors
/// The file cannot be read, is not a module, or has no such flag.
pub fn run(arguments: &Inspect, out: Output) -> Result<Exit, Failure> {
    let bytes = source::bytes(&arguments.module)?;
    let name = source::name(&arguments.module);
    let inspection = inspect(&bytes).map_err(|error| Failure::Other(format!("{name}: {error}")))?;
    let Some(key) = &arguments.flag else {
        if out.json {
            out.json(&module_json(&inspection))?;
        } else {
            module_text(&inspection, out)?;
        }
        return Ok(Exit::Success);
    };
    let flag = inspection.flags.iter().find(|flag| flag.key == *key);
    let missing = || Failure::Missing(format!("{name} has no flag `{key}`"));
    let flag = flag.ok_or_else(missing)?;
    let code = wat(&bytes, key).map_err(|error| Failure::Other(format!("{name}: {error}")))?;
    if out.json {
        let mut json = flag_json(flag);
        if let Some(object) = json.as_object_mut() {
            object.insert("wat".to_owned(), code.into());
        }
        out.json(&json)?;
    } else {
        flag_text(flag, &code, out)?;
    }
    Ok(Exit::Success)
}

fn module_json(inspection: &Inspection) -> Value {
    let Inspection { digest, bytes, abi, compiler, flags, attributes } = inspection;
    let flags: Vec<Value> = flags.iter().map(flag_json).collect();
    json!({
        "digest": digest, "bytes": bytes, "abi": abi, "compiler": compiler,
        "flags": flags, "attributes": attributes,
    })
}

fn flag_json(flag: &InspectedFlag) -> Value {
    let InspectedFlag { key, kind, variants, rules, prerequisites, reads, constant, cost } = flag;
    let constant = constant.map(|packed| {
        let (variant, reason) = constant_names(flag, packed);
        json!({ "variant": variant, "reason": reason })
    });
    json!({
        "key": key, "kind": kind, "variants": variants, "rules": rules,
        "prerequisites": prerequisites, "constant": constant, "reads": reads, "cost": cost,
    })
}

/// The variant and the reason of a verdict that is the same for every context.
fn constant_names(flag: &InspectedFlag, packed: i64) -> (Option<&str>, &'static str) {
    let verdict = Verdict::unpack(packed);
    let variant = flag.variants.get(usize::from(verdict.variant)).map(|v| v.key.as_str());
    let reason = reason::NAMES.get(usize::from(verdict.reason)).copied().unwrap_or("UNKNOWN");
    (variant.filter(|_| verdict.variant != NO_VARIANT), reason)
}

fn module_text(inspection: &Inspection, out: Output) -> Result<(), Failure> {
    let mut rows = pairs();
    rows.add_row(["digest", &inspection.digest]);
    rows.add_row(["bytes", &inspection.bytes.to_string()]);
    rows.add_row(["guest ABI", &inspection.abi.to_string()]);
    rows.add_row(["compiler", &plain(&inspection.compiler)]);
    rows.add_row(["flags", &inspection.flags.len().to_string()]);
    out.table(rows)?;
    if !inspection.flags.is_empty() {
        out.line("")?;
        let mut rows = table(&["FLAG", "KIND", "VARIANTS", "RULES", "ALWAYS", "READS"]);
        for flag in &inspection.flags {
            let variants: Vec<&str> = flag.variants.iter().map(|v| v.key.as_str()).collect();
            let reads: Vec<&str> = flag.reads.iter().map(String::as_str).collect();
            rows.add_row(vec![
                Cell::new(plain(&flag.key)),
                Cell::new(flag.kind),
                Cell::new(plain(&cut(&some(&variants, 4), 40))),
                Cell::new(flag.rules.len()),
                Cell::new(plain(&always(flag))),
                Cell::new(plain(&cut(&some(&reads, 4), 60))),
            ]);
        }
        out.table(rows)?;
    }
    if !inspection.attributes.is_empty() {
        out.line("")?;
        let mut rows = table(&["SLOT", "ATTRIBUTE", "READ AS"]);
        for (slot, attribute) in inspection.attributes.iter().enumerate() {
            rows.add_row([slot.to_string(), plain(&attribute.path), attribute.read.to_owned()]);
        }
        out.table(rows)?;
    }
    Ok(())
}

fn always(flag: &InspectedFlag) -> String {
    match flag.constant.map(|packed| constant_names(flag, packed)) {
        Some((variant, reason)) => format!("{} ({reason})", variant.unwrap_or("nothing")),
        None => String::new(),
    }
}

/// A bound in words: `120 + 4 n`, where n is the bytes of the context record.
fn bound(bound: &Bound) -> String {
    let mut text = bound.fixed.to_string();
    for (coefficient, power) in [(bound.per_byte, "n"), (bound.per_byte_squared, "n²")] {
        if coefficient > 0 {
            text.push_str(&format!(" + {coefficient} {power}"));
        }
    }
    text
}

fn flag_text(flag: &InspectedFlag, code: &str, out: Output) -> Result<(), Failure> {
    let mut rows = pairs();
    rows.add_row(["flag", &plain(&flag.key)]);
    rows.add_row(["kind", flag.kind]);
    for (number, variant) in flag.variants.iter().enumerate() {
        let name = if number == 0 { "variants" } else { "" };
        rows.add_row([name, &plain(&format!("{} = {}", variant.key, variant.value))]);
    }
    for (name, list) in
        [("rules", &flag.rules), ("needs", &flag.prerequisites), ("reads", &flag.reads)]
    {
        if !list.is_empty() {
            // A module for browsers does not say which prerequisite it is.
            let said = list.iter().map(|one| if one.is_empty() { "(not said)" } else { one });
            let list: Vec<&str> = said.collect();
            rows.add_row([name, &plain(&some(&list, 20))]);
        }
    }
    if flag.constant.is_some() {
        rows.add_row(["always", &plain(&always(flag))]);
    }
    // Hosts answer a constant flag from the manifest.
    if let (Some(cost), None) = (&flag.cost, flag.constant) {
        let evaluate = bound(&cost.evaluate);
        rows.add_row([
            "costs at most",
            &format!("{evaluate} instructions for a context of n bytes"),
        ]);
        rows.add_row(["", &format!("and {}, once, to bind the context", bound(&cost.bind))]);
    }
    out.table(rows)?;
    if !code.is_empty() {
        let lines = count(code.lines().count(), "line");
        out.line(format_args!("\n{} {}", "code".bold(), format!("({lines})").dimmed()))?;
        for line in code.lines() {
            out.line(line)?;
        }
    }
    Ok(())
}
