//! Sealing: a module's bytes with its manifest, named by their digest; and taking them apart.
//!
//! In: an emitted module and the program it came from. Out: [`Module`]. The manifest holds what
//! the guest cannot say: names, values, and which attributes to write. It never holds a project,
//! an environment or a revision, so that equal flag sets give equal digests.

mod bounds;
mod browser;
mod inspect;
mod manifest;
mod packed;
mod reads;
mod subset;
mod verify;
mod wat;

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use vexil_abi::record::{HEADER_BYTES, SLOT_BYTES};
use wasm_encoder::CustomSection;

pub use crate::image::{Bound, FlagCost, ReadError};
pub use inspect::{
    InspectError, InspectedAttribute, InspectedFlag, InspectedVariant, Inspection, inspect,
};
pub use packed::PackedError;
pub use subset::{SubsetError, UnknownFlags, subset};
pub use verify::{VerifyError, verify};
pub use wat::wat;

use crate::diagnostic::Diagnostic;
use crate::emit::Emitted;
use crate::limits::{MAX_FUNCTION_BYTES, MAX_MODULE_BYTES, MAX_RECORD_BYTES};
use crate::program::Program;

/// A compiled, sealed module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The WebAssembly binary.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes as 64 lower-case hexadecimal digits.
    pub digest: String,
}

/// Adds the manifest to the emitted module and names the result.
pub(crate) fn seal(program: &Program, emitted: Emitted) -> Result<Module, Vec<Diagnostic>> {
    let bytes = with_manifest(program, emitted)?;
    within_limits(&bytes)?;
    let digest = digest(&bytes);
    Ok(Module { bytes, digest })
}

/// The module of the `kept` flags, whose keys stand in order, for browsers, to whom no flag is named
/// that is not `visible`. Only what is shipped has to be within limits.
pub(crate) fn seal_for_browsers(
    program: &Program,
    emitted: Emitted,
    kept: &[&str],
    visible: &[&str],
) -> Result<Module, Vec<Diagnostic>> {
    let whole = with_manifest(program, emitted)?;
    shipped(browser::for_browsers(&whole, kept, visible), "not for browsers")
}

/// The module of the `kept` flags, for services. Only what is shipped has to be within limits.
pub(crate) fn seal_some(
    program: &Program,
    emitted: Emitted,
    kept: &[&str],
) -> Result<Module, Vec<Diagnostic>> {
    let whole = with_manifest(program, emitted)?;
    shipped(subset(&whole, kept), "none for hosts")
}

fn shipped(module: Result<Module, SubsetError>, is_not: &str) -> Result<Module, Vec<Diagnostic>> {
    let module = module.map_err(|error| {
        let message = format!("these flags compile to a module that is {is_not}: {error}");
        let help = "move long lists out of the flags, or split the project";
        vec![Diagnostic::new(TOO_LARGE, "", message).help(help)]
    })?;
    within_limits(&module.bytes)?;
    Ok(module)
}

/// The emitted module with its manifest.
fn with_manifest(
    program: &Program,
    Emitted { mut module, image }: Emitted,
) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let record = u64::from(HEADER_BYTES)
        + u64::from(SLOT_BYTES) * u64::from(image.slots)
        + u64::from(image.scratch_bytes());
    if record > u64::from(MAX_RECORD_BYTES) {
        let message = format!(
            "a context takes {record} bytes for the attributes that these flags ask for; at most \
             {MAX_RECORD_BYTES} are allowed"
        );
        let help = "ask for fewer attributes, or split the project";
        return Err(vec![Diagnostic::new(TOO_LARGE, "", message).help(help)]);
    }
    let manifest = manifest::of_program(program, image.scratch_bytes()).map_err(|error| {
        let message = format!("these flags say more of themselves than hosts accept: {error}");
        let help = "make json values smaller, or split the project";
        vec![Diagnostic::new(TOO_LARGE, "", message).help(help)]
    })?;
    module.section(&CustomSection {
        name: Cow::Borrowed(vexil_abi::manifest::SECTION),
        data: Cow::Owned(manifest),
    });
    Ok(module.finish())
}

fn within_limits(bytes: &[u8]) -> Result<(), Vec<Diagnostic>> {
    if bytes.len() > MAX_MODULE_BYTES {
        let message = format!(
            "these flags compile to a module of {} bytes; at most {MAX_MODULE_BYTES} are allowed",
            bytes.len()
        );
        let help = "move long lists out of the flags, or split the project";
        return Err(vec![Diagnostic::new(TOO_LARGE, "", message).help(help)]);
    }
    let longest = inspect::longest_function(bytes);
    debug_assert!(longest.is_some(), "what was emitted parses");
    if longest.is_none_or(|longest| longest > MAX_FUNCTION_BYTES) {
        let message = "these flags compile to a function that is too large for hosts";
        let help = "split the flag with the largest rules";
        return Err(vec![Diagnostic::new(TOO_LARGE, "", message).help(help)]);
    }
    Ok(())
}

/// What compiles to something hosts would refuse.
pub const TOO_LARGE: &str = "VX0900";

/// SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
