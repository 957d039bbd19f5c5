//! Announcement → loaded module: the bytes of a module become something that can be evaluated.
//!
//! In: bytes that anybody may have written. Out: a [`Loaded`] module, or why it is refused.
//! Everything is checked before anything is compiled, cheapest first. Loading takes milliseconds
//! to seconds; it must never happen on an evaluation path.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::context::Context;
use crate::engine::{Code, Engine};
use crate::inspect::{Inspected, inspect};
use crate::instance::{EvaluateError, Instance};
use crate::limits::{MODULE_BYTES, SMALL_CODE_BYTES};
use crate::manifest::{Manifest, ManifestError, decode};
use crate::record::fixed_bytes;

/// A module that is compiled and checked. Share it; each thread evaluates on an [`Instance`] of it.
#[derive(Debug)]
pub struct Loaded {
    /// The module's SHA-256, in 64 lower-case hexadecimal digits.
    pub digest: String,
    /// Bytes of the module.
    pub bytes: usize,
    /// What the module says about its flags.
    pub manifest: Manifest,
    /// Address of the first byte for context records; a multiple of 8.
    pub(crate) arena: u32,
    /// Does its code call functions of wasmtime's? Then there is no short way into it.
    pub(crate) leaves_wasm: bool,
    /// Instructions that one call may execute.
    pub(crate) fuel: Option<u64>,
    pub(crate) module: wasmtime::Module,
    code: Code,
}

impl Loaded {
    /// Was its code made as well as this host can? See [`optimise`].
    #[must_use]
    pub fn is_optimised(&self) -> bool {
        self.code == Code::Better
    }

    /// Bytes of its machine code, with the tables that belong to it.
    #[must_use]
    pub fn code_bytes(&self) -> usize {
        let image = self.module.image_range();
        image.end.addr() - image.start.addr()
    }

    /// Bytes of the linear memory that each instance of it has, for ever: no module's memory grows.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        let memory = self.module.get_export("memory");
        let memory = memory.and_then(|export| export.memory().cloned());
        memory.map_or(0, |memory| memory.minimum() * memory.page_size())
    }
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a module is refused.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The module is larger than a host accepts.
    #[error("the module has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most that is accepted.
        limit: usize,
    },
    /// The bytes are not those that were announced.
    #[error("the module's digest is `{actual}`, announced was `{expected}`")]
    WrongDigest {
        /// The announced digest.
        expected: String,
        /// The digest of the bytes.
        actual: String,
    },
    /// The bytes are not WebAssembly that a module may use.
    #[error("not a valid module: {0}")]
    Invalid(#[source] wasmparser::Error),
    /// The module imports something.
    #[error("the module imports `{0}`; a module may only compute")]
    Import(String),
    /// The module would run code when it is instantiated.
    #[error("the module has a start function")]
    Start,
    /// The module is larger than a bound, in something other than bytes.
    #[error("the module has {found} {what}, more than {limit}")]
    Excess {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: u64,
        /// The most that is accepted.
        limit: u64,
    },
    /// The module lacks an export of the guest ABI.
    #[error("the module does not export `{0}`")]
    MissingExport(&'static str),
    /// An export is not what the guest ABI says.
    #[error("the module's export `{name}` is not {expected}")]
    WrongExport {
        /// The export's name.
        name: String,
        /// What it is to be.
        expected: &'static str,
    },
    /// The module exports something that the guest ABI does not know.
    #[error("the module exports `{0}`, which the guest ABI does not know")]
    UnknownExport(String),
    /// The module was compiled for another guest ABI.
    #[error("the module is for guest ABI {found}; this host knows {known}")]
    UnknownAbi {
        /// The module's.
        found: i32,
        /// The host's.
        known: i32,
    },
    /// The memory could grow.
    #[error("the module's memory may grow")]
    GrowingMemory,
    /// The arena lies outside the memory, or has no room for an empty context.
    #[error("the module's arena at {arena} has no room in a memory of {memory} bytes")]
    Arena {
        /// Address of the arena.
        arena: u64,
        /// Bytes of the memory.
        memory: u64,
    },
    /// The module has no manifest, or more than one.
    #[error("the module has {0} `vexil.manifest` sections; it needs one")]
    Manifests(usize),
    /// The manifest is wrong.
    #[error("the module's manifest is refused: {0}")]
    Manifest(#[from] ManifestError),
    /// The machine code could not be made.
    #[error("the module could not be compiled")]
    Compile(#[source] Source),
    /// The module fails on an empty context.
    #[error("the module fails on an empty context: {0}")]
    Trial(#[from] EvaluateError),
    /// There is no engine for this machine.
    #[error("modules cannot be compiled on this machine")]
    Engine(#[source] Source),
}

/// Checks and compiles a module, and evaluates all its flags once on an empty context.
///
/// With `expected_digest` the bytes must have that SHA-256 (lower-case hexadecimal). The code of a
/// large module is made quickly; [`optimise`] makes better code of it.
///
/// # Errors
///
/// When the module is not one that this host may run; see [`LoadError`].
pub fn load(
    engine: &Engine,
    bytes: &[u8],
    expected_digest: Option<&str>,
) -> Result<Arc<Loaded>, LoadError> {
    load_as(engine, bytes, expected_digest, None)
}

/// Like [`load`], with the best code whatever the size.
pub(crate) fn load_best(engine: &Engine, bytes: &[u8]) -> Result<Arc<Loaded>, LoadError> {
    load_as(engine, bytes, None, Some(Code::Better))
}

/// The same module with better code: `bytes` are those that it was loaded from.
///
/// # Errors
///
/// As [`load`].
pub fn optimise(engine: &Engine, loaded: &Loaded, bytes: &[u8]) -> Result<Arc<Loaded>, LoadError> {
    load_as(engine, bytes, Some(&loaded.digest), Some(Code::Better))
}

fn load_as(
    engine: &Engine,
    bytes: &[u8],
    expected_digest: Option<&str>,
    code: Option<Code>,
) -> Result<Arc<Loaded>, LoadError> {
    if bytes.len() > MODULE_BYTES {
        return Err(LoadError::TooLarge { bytes: bytes.len(), limit: MODULE_BYTES });
    }
    let digest = digest(bytes);
    if let Some(expected) = expected_digest.filter(|expected| *expected != digest) {
        return Err(LoadError::WrongDigest { expected: expected.to_owned(), actual: digest });
    }
    let inspected = inspect(bytes)?;
    let manifest = decode(inspected.manifest)?;
    let arena = arena(&inspected, &manifest)?;
    let code = code.unwrap_or(match inspected.code_bytes <= SMALL_CODE_BYTES {
        true => Code::Better,
        false => Code::AtOnce,
    });
    let module = engine.compile(bytes, code);
    let module = module.map_err(|error| LoadError::Compile(error.into()))?;
    let (bytes, leaves_wasm, fuel) = (bytes.len(), inspected.leaves_wasm, engine.fuel);
    let loaded = Loaded { digest, bytes, manifest, arena, leaves_wasm, fuel, module, code };
    let loaded = Arc::new(loaded);
    Instance::new(&loaded)?.evaluate_all(&Context::new(), 0.0)?;
    Ok(loaded)
}

/// The SHA-256 of `bytes` in lower-case hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Where records begin: the arena rounded up to 8, if an empty record and all verdicts fit.
fn arena(inspected: &Inspected<'_>, manifest: &Manifest) -> Result<u32, LoadError> {
    let memory = inspected.memory_bytes;
    let refused = LoadError::Arena { arena: u64::from(inspected.arena), memory };
    let Some(arena) = inspected.arena.checked_next_multiple_of(vexil_abi::record::ALIGN) else {
        return Err(refused);
    };
    let record = fixed_bytes(manifest.attributes.len(), manifest.scratch);
    let verdicts = 8 * manifest.flags.len() as u64;
    let tail = u64::from(vexil_abi::record::TAIL);
    match u64::from(arena) + record.next_multiple_of(8) + verdicts + tail <= memory {
        true => Ok(arena),
        false => Err(refused),
    }
}

#[cfg(test)]
mod tests;
