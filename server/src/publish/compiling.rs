//! Compiling flag sets off the runtime's threads, a few at a time.
//!
//! In: a flag set. Out: its module, or every fault. Compiling never runs on a thread that serves
//! requests, and a panic of the compiler is an error, not the end of the server.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::{Audience, Module};
use vexil_runtime::simulated::spawn_blocking;

use super::evaluator::Evaluator;
use super::modules::Compiled;
use super::sabotage::Sabotage;
use super::selection::Selection;
use super::verified::{Verifier, VerifyError};
use crate::log::event::Revision;
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
    /// It compiled to something else than it says.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

impl CompileError {
    /// May the same flags be compiled and verified at another time: when there is memory again, or a
    /// file handle?
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Broken | Self::Verify(VerifyError::Unusable(_)) => true,
            Self::Faults(_) | Self::Verify(VerifyError::Mismatch(_)) => false,
        }
    }
}

/// The threads that compile.
pub struct Compilers {
    places: Semaphore,
    telemetry: Arc<Telemetry>,
    sabotage: Option<Sabotage>,
}

impl Compilers {
    /// At most `parallel` flag sets are compiled at a time; `sabotage` is for tests.
    #[must_use]
    pub const fn new(
        parallel: usize,
        telemetry: Arc<Telemetry>,
        sabotage: Option<Sabotage>,
    ) -> Self {
        Self { places: Semaphore::const_new(parallel), telemetry, sabotage }
    }

    /// Is the announcement of `revision` one that is to be forgotten? Only in a test.
    #[must_use]
    pub fn forgets(&self, revision: Revision) -> bool {
        self.sabotage.is_some_and(|sabotage| sabotage.forgets(revision))
    }

    /// Holds a module against the flags that it was compiled from; see [`Verifier::verify`].
    ///
    /// # Errors
    /// It differs, cannot be run, or the comparison broke off.
    pub async fn verify(
        &self,
        verifier: &Verifier,
        module: &Compiled,
        flag_set: Arc<FlagSet>,
        changed: Option<Vec<String>>,
    ) -> Result<Evaluator, CompileError> {
        // The semaphore is never closed.
        let _place = self.places.acquire().await.map_err(|_| CompileError::Broken)?;
        let started = Instant::now();
        let (verifier, bytes) = (verifier.clone(), module.bytes.clone());
        let work = move || verifier.verify(&bytes, &flag_set, changed.as_deref());
        let result = spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "a verification broke off");
            CompileError::Broken
        })?;
        self.telemetry.verification(result.is_ok(), started.elapsed());
        Ok(result?)
    }

    /// Compiles one flag set for an audience, or what is selected of it.
    ///
    /// # Errors
    /// The flags are faulty, or the compiler broke off.
    pub async fn compile(
        &self,
        flag_set: Arc<FlagSet>,
        audience: Audience,
        selection: Option<Arc<Selection>>,
    ) -> Result<Compiled, CompileError> {
        // The semaphore is never closed.
        let _place = self.places.acquire().await.map_err(|_| CompileError::Broken)?;
        let started = Instant::now();
        let sabotage = self.sabotage;
        let compile = move || match sabotage {
            None => compiled(&flag_set, audience, selection.as_deref()),
            Some(sabotage) => compiled(&sabotage.of(&flag_set), audience, selection.as_deref()),
        };
        let work = spawn_blocking(compile);
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

fn compiled(
    flag_set: &FlagSet,
    audience: Audience,
    selection: Option<&Selection>,
) -> Result<Module, Vec<Diagnostic>> {
    match selection {
        None => vexil_compiler::compile_for(flag_set, audience),
        Some(selection) => {
            let keys = selection.keys(flag_set, audience);
            vexil_compiler::compile_some(flag_set, audience, &keys)
        }
    }
}
