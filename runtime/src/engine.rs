//! What compiles and runs modules: wasmtime, configured for Vexil's modules and nothing else.
//!
//! In: nothing. Out: an [`Engine`], cheap to clone and shared by every module of a client. It
//! accepts only the WebAssembly that guest-abi's `ABI.md` allows.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use wasmparser::WasmFeatures;
use wasmtime::Inlining;

use crate::direct;
use crate::functions::Functions;
use crate::limits::{
    MEMORY_GUARD_BYTES, MEMORY_RESERVATION_BYTES, SMALL_GUARD_BYTES, SMALL_RESERVATION_BYTES,
    WASM_STACK_BYTES,
};
use crate::load::LoadError;
use crate::simulated;

pub use crate::limits::GUARDED_INSTRUCTIONS;

/// The WebAssembly that a module may use: 1.0, sign extension, bulk memory, multi-value.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::MULTI_VALUE);

/// Compiles and runs modules.
///
/// It makes code in two ways: at once, and better. Better code has functions inlined into each
/// other, saves an evaluation up to a fifth of its time, and takes three times as long to make. So
/// small modules get it at once, and large ones when they stay (see [`crate::optimise`]).
#[derive(Clone)]
pub struct Engine {
    at_once: wasmtime::Engine,
    better: wasmtime::Engine,
    /// What was compiled at once.
    pub(crate) functions: Arc<Functions>,
    /// Instructions that one call may execute; `None`: as many as it takes.
    pub(crate) fuel: Option<u64>,
    /// Modules that were compiled, where they are remembered.
    remembered: Option<Arc<Remembered>>,
}

/// Compiled modules by their bytes.
type Remembered = Mutex<HashMap<(Code, Vec<u8>), wasmtime::Module>>;

impl Engine {
    /// An engine for modules of Vexil's compiler.
    ///
    /// No call is interrupted: generated code has no loop that the context does not bound, and
    /// counting what it executes would cost a fifth of an evaluation.
    ///
    /// # Errors
    ///
    /// When this machine is one that wasmtime cannot generate code for.
    pub fn new() -> Result<Self, LoadError> {
        simulated::engine().map_or_else(|| Self::with(None), Ok)
    }

    /// An engine for modules that somebody else built: a call that executes more than
    /// `instructions` WebAssembly instructions traps. [`GUARDED_INSTRUCTIONS`] is more than any
    /// module of Vexil's takes for a context of ordinary size.
    ///
    /// Memory is bounded for every module: it cannot grow, and has at most 64 MiB.
    ///
    /// # Errors
    ///
    /// As [`Engine::new`].
    pub fn guarded(instructions: u64) -> Result<Self, LoadError> {
        Self::with(Some(instructions))
    }

    /// An engine that compiles each module once and remembers it for ever, for simulations, in which
    /// the same few modules are loaded again and again.
    ///
    /// # Errors
    ///
    /// As [`Engine::new`].
    #[doc(hidden)]
    pub fn remembering() -> Result<Self, LoadError> {
        Ok(Self { remembered: Some(Arc::default()), ..Self::with(None)? })
    }

    fn with(fuel: Option<u64>) -> Result<Self, LoadError> {
        let failed = |error: wasmtime::Error| LoadError::Engine(error.into());
        let functions = Arc::<Functions>::default();
        let mut config = config(fuel.is_some());
        config.compiler_inlining(Inlining::Yes);
        let better = wasmtime::Engine::new(&config).map_err(failed)?;
        config.compiler_inlining(Inlining::No);
        // With inlining, what a function is made of is not the same twice.
        let store = Arc::clone(&functions) as Arc<dyn wasmtime::CacheStore>;
        config.enable_incremental_compilation(store).map_err(failed)?;
        let at_once = wasmtime::Engine::new(&config).map_err(failed)?;
        direct::install();
        Ok(Self { at_once, better, functions, fuel, remembered: None })
    }

    /// Makes a module's machine code.
    pub(crate) fn compile(&self, module: &[u8], code: Code) -> wasmtime::Result<wasmtime::Module> {
        let Some(remembered) = &self.remembered else { return self.make(module, code) };
        // Held while it is made, so that no module is made twice; a module is put in whole.
        let mut remembered = remembered.lock().unwrap_or_else(PoisonError::into_inner);
        match remembered.entry((code, module.to_vec())) {
            Entry::Occupied(known) => Ok(known.get().clone()),
            Entry::Vacant(place) => Ok(place.insert(self.make(module, code)?).clone()),
        }
    }

    fn make(&self, module: &[u8], code: Code) -> wasmtime::Result<wasmtime::Module> {
        match code {
            Code::AtOnce => {
                self.functions.begin();
                wasmtime::Module::from_binary(&self.at_once, module)
            }
            Code::Better => wasmtime::Module::from_binary(&self.better, module),
        }
    }
}

/// How machine code is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Code {
    AtOnce,
    Better,
}

fn config(counts_fuel: bool) -> wasmtime::Config {
    let (reservation, guard) = match direct::is_address_space_limited() {
        true => (SMALL_RESERVATION_BYTES, SMALL_GUARD_BYTES),
        false => (MEMORY_RESERVATION_BYTES, MEMORY_GUARD_BYTES),
    };
    let mut config = wasmtime::Config::new();
    config
        .wasm_features(WasmFeatures::all().difference(FEATURES), false)
        .strategy(wasmtime::Strategy::Cranelift)
        .consume_fuel(counts_fuel)
        .memory_reservation(reservation)
        .memory_reservation_for_growth(0)
        .memory_guard_size(guard)
        .max_wasm_stack(WASM_STACK_BYTES)
        // Filling the table when it is first used would be a call out of the guest.
        .table_lazy_init(false)
        // Traps are told apart by their code; nobody reads frames of generated code.
        .wasm_backtrace_max_frames(None)
        .native_unwind_info(false)
        .generate_address_map(false);
    config
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}
