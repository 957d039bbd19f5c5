//! The whole way from a flag set to a module.

use crate::check;
use crate::diagnostic::Diagnostic;
use crate::emit::emit;
use crate::flag_set::FlagSet;
use crate::lower::lower;
use crate::module::{Module, seal};
use crate::passes;
use crate::program::Program;

/// Compiles a flag set. Equal flag sets give equal bytes.
///
/// # Errors
/// Every fault of the flag set, or that it compiles to more than hosts accept.
pub fn compile(flag_set: &FlagSet) -> Result<Module, Vec<Diagnostic>> {
    let program = program(flag_set)?;
    seal(&program, emit(&program))
}

/// The program that a flag set compiles to, before it is emitted.
///
/// # Errors
/// Every fault of the flag set.
pub fn program(flag_set: &FlagSet) -> Result<Program, Vec<Diagnostic>> {
    let faults = check::flag_set(flag_set, None);
    if faults.is_empty() { Ok(passes::run(lower(flag_set))) } else { Err(faults) }
}
