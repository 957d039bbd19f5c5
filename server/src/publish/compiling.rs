//! Compiling flag sets off the runtime's threads, a few at a time.
//!
//! In: a flag set. Out: its module, or every fault. Compiling never runs on a thread that serves
//! requests, and a panic of the compiler is an error, not the end of the server.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::flag_set::FlagSet;

use super::modules::Compiled;
use crate::telemetry::Telemetry;

/// Why a flag set has no module.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The flags are at fault.
    #[error("{} faults: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Faults(Vec<Diagnostic>),
    /// The compiler is.
    #[error("the compiler broke off")]
    Broken,
}

/// The threads that compile.
pub struct Compilers {
    places: Semaphore,
    telemetry: Arc<Telemetry>,
}

impl Compilers {
    /// At most `parallel` flag sets are compiled at a time.
    #[must_use]
    pub const fn new(parallel: usize, telemetry: Arc<Telemetry>) -> Self {
        Self { places: Semaphore::const_new(parallel), telemetry }
    }

    /// Compiles one flag set.
    ///
    /// # Errors
    /// The flags are faulty, or the compiler broke off.
    pub async fn compile(&self, flag_set: Arc<FlagSet>) -> Result<Compiled, CompileError> {
        // The semaphore is never closed.
        let _place = self.places.acquire().await.map_err(|_| CompileError::Broken)?;
        let started = Instant::now();
        let work = tokio::task::spawn_blocking(move || vexil_compiler::compile(&flag_set));
        let result = match work.await {
            Ok(Ok(module)) => {
                Ok(Compiled { digest: module.digest.clone(), bytes: module.bytes.into() })
            }
            Ok(Err(faults)) => Err(CompileError::Faults(faults)),
            Err(broken) => {
                tracing::error!(error = %broken, "the compiler broke off");
                Err(CompileError::Broken)
            }
        };
        self.telemetry.compile(result.is_ok(), started.elapsed());
        result
    }
}
