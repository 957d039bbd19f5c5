//! The whole way from a flag set to a module.

use std::collections::BTreeSet;

use crate::audience::{self, Audience};
use crate::check;
use crate::diagnostic::Diagnostic;
use crate::emit::{Options, emit};
use crate::flag_set::FlagSet;
use crate::lower::lower;
use crate::module::{Module, seal, seal_for_browsers, seal_some};
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

/// Compiles some flags of a flag set for an audience: those with these keys that are there, and that
/// the audience may see. Flags that they need are evaluated, and have no row in the manifest.
///
/// The bytes depend on these flags and on what they need, and on nothing else: a change of another
/// flag, even of one that shares their questions, gives the same digest.
///
/// # Errors
/// As [`compile`].
pub fn compile_some(
    flag_set: &FlagSet,
    audience: Audience,
    keys: &[&str],
) -> Result<Module, Vec<Diagnostic>> {
    let wanted: BTreeSet<&str> = keys.iter().copied().collect();
    match audience {
        Audience::Server => {
            let there = flag_set.flags.keys().map(String::as_str);
            let kept: Vec<&str> = there.filter(|key| wanted.contains(key)).collect();
            let program = program(&audience::with_needed(flag_set, &kept))?;
            let options = Options { batch: Passes::ALL.batch, conceal: false };
            seal_some(&program, emit(&program, options), &kept)
        }
        Audience::Browser => {
            let visible = audience::client_visible(flag_set);
            let kept = visible.iter().copied().filter(|key| wanted.contains(key));
            let kept: Vec<&str> = kept.collect();
            some_for_browsers(flag_set, &kept, &visible)
        }
    }
}

fn for_browsers(flag_set: &FlagSet) -> Result<Module, Vec<Diagnostic>> {
    let faults = check::flag_set(flag_set, None);
    if !faults.is_empty() {
        return Err(faults);
    }
    let visible = audience::client_visible(flag_set);
    some_for_browsers(flag_set, &visible, &visible)
}

fn some_for_browsers(
    flag_set: &FlagSet,
    kept: &[&str],
    visible: &[&str],
) -> Result<Module, Vec<Diagnostic>> {
    let program = program(&audience::with_needed(flag_set, kept))?;
    let emitted = emit(&program, Options { batch: Passes::ALL.batch, conceal: true });
    seal_for_browsers(&program, emitted, kept, visible)
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
