//! What compiles and runs modules: wasmtime, configured for Vexil's modules and nothing else.
//!
//! In: nothing. Out: an [`Engine`], cheap to clone and shared by every module of a client. It
//! accepts only the WebAssembly that guest-abi's `ABI.md` allows.

use wasmparser::WasmFeatures;
use wasmtime::Inlining;

use crate::direct;
use crate::limits::{
    MEMORY_GUARD_BYTES, MEMORY_RESERVATION_BYTES, SMALL_GUARD_BYTES, SMALL_RESERVATION_BYTES,
    WASM_STACK_BYTES,
};
use crate::load::LoadError;

pub use crate::limits::GUARDED_INSTRUCTIONS;

/// The WebAssembly that a module may use: 1.0, sign extension, bulk memory, multi-value.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::MULTI_VALUE);

/// Compiles and runs modules.
#[derive(Clone)]
pub struct Engine {
    pub(crate) wasmtime: wasmtime::Engine,
    /// Instructions that one call may execute; `None`: as many as it takes.
    pub(crate) fuel: Option<u64>,
}

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
        Self::with(None)
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

    fn with(fuel: Option<u64>) -> Result<Self, LoadError> {
        let (reservation, guard) = match direct::is_address_space_limited() {
            true => (SMALL_RESERVATION_BYTES, SMALL_GUARD_BYTES),
            false => (MEMORY_RESERVATION_BYTES, MEMORY_GUARD_BYTES),
        };
        let mut config = wasmtime::Config::new();
        config
            .wasm_features(WasmFeatures::all().difference(FEATURES), false)
            .strategy(wasmtime::Strategy::Cranelift)
            .consume_fuel(fuel.is_some())
            .memory_reservation(reservation)
            .memory_reservation_for_growth(0)
            .memory_guard_size(guard)
            .max_wasm_stack(WASM_STACK_BYTES)
            // Shapes and kinds are many small functions that call each other.
            .compiler_inlining(Inlining::Yes)
            // Filling the table when it is first used would be a call out of the guest.
            .table_lazy_init(false)
            // Traps are told apart by their code; nobody reads frames of generated code.
            .wasm_backtrace_max_frames(None)
            .native_unwind_info(false)
            .generate_address_map(false);
        let engine = wasmtime::Engine::new(&config);
        let wasmtime = engine.map_err(|error| LoadError::Engine(error.into()))?;
        direct::install();
        Ok(Self { wasmtime, fuel })
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}
