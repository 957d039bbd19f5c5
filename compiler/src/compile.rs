//! The whole way from a flag set to a module.

use crate::audience::{self, Audience};
use crate::check;
use crate::diagnostic::Diagnostic;
use crate::emit::{Options, emit};
use crate::flag_set::FlagSet;
use crate::lower::lower;
use crate::module::{Module, seal, seal_for_browsers};
use crate::passes::{self, Passes};
use crate::program::Program;

/// Compiles a flag set. Equal flag sets give equal bytes.
///
/// # Errors
/// Every fault of the flag set, or that it compiles to more than hosts accept.
pub fn compile(flag_set: &FlagSet) -> Result<Module, Vec<Diagnostic>> {
    compile_with(flag_set, Passes::ALL)
}

/// Compiles a flag set for an audience. Equal flag sets give equal bytes.
///
/// For browsers only the `client_visible` flags are left. Flags that those need are evaluated, and
/// the module does not name them. Without any such flag it is a module without flags.
///
/// # Errors
/// As [`compile`].
pub fn compile_for(flag_set: &FlagSet, audience: Audience) -> Result<Module, Vec<Diagnostic>> {
    match audience {
        Audience::Server => compile(flag_set),
        Audience::Browser => for_browsers(flag_set),
    }
}

fn for_browsers(flag_set: &FlagSet) -> Result<Module, Vec<Diagnostic>> {
    let faults = check::flag_set(flag_set, None);
    if !faults.is_empty() {
        return Err(faults);
    }
    let visible = audience::client_visible(flag_set);
    let program = program(&audience::with_needed(flag_set, &visible))?;
    let emitted = emit(&program, Options { batch: Passes::ALL.batch, conceal: true });
    seal_for_browsers(&program, emitted, &visible)
}

/// Compiles a flag set with some of the passes, to measure what each is worth.
///
/// # Errors
/// As [`compile`].
pub fn compile_with(flag_set: &FlagSet, passes: Passes) -> Result<Module, Vec<Diagnostic>> {
    let program = program_with(flag_set, passes)?;
    seal(&program, emit(&program, Options { batch: passes.batch, conceal: false }))
}

/// The program that a flag set compiles to, before it is emitted.
///
/// # Errors
/// Every fault of the flag set.
pub fn program(flag_set: &FlagSet) -> Result<Program, Vec<Diagnostic>> {
    program_with(flag_set, Passes::ALL)
}

/// The program after some of the passes.
///
/// # Errors
/// Every fault of the flag set.
pub fn program_with(flag_set: &FlagSet, passes: Passes) -> Result<Program, Vec<Diagnostic>> {
    let faults = check::flag_set(flag_set, None);
    if faults.is_empty() { Ok(passes::run(lower(flag_set), passes)) } else { Err(faults) }
}
