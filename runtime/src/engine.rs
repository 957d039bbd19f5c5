//! What compiles and runs modules: wasmtime, configured for Vexil's modules and nothing else.
//!
//! In: nothing. Out: an [`Engine`], cheap to clone and shared by every module of a client. It
//! accepts only the WebAssembly that guest-abi's `ABI.md` allows.

use wasmparser::WasmFeatures;

use crate::limits::{MEMORY_GUARD_BYTES, MEMORY_RESERVATION_BYTES, WASM_STACK_BYTES};
use crate::load::LoadError;

/// The WebAssembly that a module may use: 1.0, sign extension, bulk memory, multi-value.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::MULTI_VALUE);

/// Compiles and runs modules.
#[derive(Clone)]
pub struct Engine(pub(crate) wasmtime::Engine);

impl Engine {
    /// An engine that compiles with Cranelift.
    ///
    /// # Errors
    ///
    /// When this machine is one that wasmtime cannot generate code for.
    pub fn new() -> Result<Self, LoadError> {
        let mut config = wasmtime::Config::new();
        config
            .wasm_features(WasmFeatures::all().difference(FEATURES), false)
            .strategy(wasmtime::Strategy::Cranelift)
            .memory_reservation(MEMORY_RESERVATION_BYTES)
            .memory_reservation_for_growth(0)
            .memory_guard_size(MEMORY_GUARD_BYTES)
            .max_wasm_stack(WASM_STACK_BYTES)
            // Traps are told apart by their code; nobody reads frames of generated code.
            .wasm_backtrace_max_frames(None)
            .native_unwind_info(false)
            .generate_address_map(false);
        // No fuel and no epochs: generated code has no loop that the context does not bound, and
        // either would cost a fifth of an evaluation.
        let engine = wasmtime::Engine::new(&config);
        engine.map(Self).map_err(|error| LoadError::Engine(error.into()))
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}
