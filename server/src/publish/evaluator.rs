//! Evaluating on the server: for those who ask over HTTP instead of running modules.
//!
//! In: an announced module that was verified. Out: verdicts. Instances are kept for the next who
//! asks; each serves one at a time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use vexil_abi::verdict::Verdict;
use vexil_runtime::{Context, EvaluateError, FlagRow, Instance, Loaded};

use crate::limits::INSTANCES_KEPT;

/// A module that can be asked.
pub struct Evaluator {
    loaded: Arc<Loaded>,
    instances: Mutex<Vec<Instance>>,
}

impl fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluator").field("digest", &self.loaded.digest).finish_non_exhaustive()
    }
}

impl Evaluator {
    /// Of a module that an instance was just tried of.
    #[must_use]
    pub fn new(loaded: Arc<Loaded>, tried: Instance) -> Self {
        Self { loaded, instances: Mutex::new(vec![tried]) }
    }

    /// The flags of the module, by flag number.
    #[must_use]
    pub fn flags(&self) -> &[FlagRow] {
        &self.loaded.manifest.flags
    }

    /// Bytes of machine code, and of the memories of the instances that are kept.
    #[must_use]
    pub fn size(&self) -> (u64, u64) {
        let instances = self.kept().len() as u64;
        (self.loaded.code_bytes() as u64, instances * self.loaded.memory_bytes())
    }

    /// The row of a flag and its verdict; `None` when there is no such flag.
    ///
    /// # Errors
    /// The context is too large, or the module cannot be run.
    pub fn one(
        &self,
        key: &str,
        context: &Context<'_>,
        now_ms: f64,
    ) -> Result<Option<(&FlagRow, Verdict)>, EvaluateError> {
        let Some((number, row)) = self.loaded.manifest.flag(key) else { return Ok(None) };
        let verdict = self.with(|instance| instance.evaluate(number, context, now_ms))?;
        Ok(Some((row, verdict)))
    }

    /// The verdicts of all flags, by flag number.
    ///
    /// # Errors
    /// As [`Self::one`].
    pub fn all(&self, context: &Context<'_>, now_ms: f64) -> Result<Vec<Verdict>, EvaluateError> {
        self.with(|instance| instance.evaluate_all(context, now_ms))
    }

    fn with<T>(
        &self,
        ask: impl FnOnce(&mut Instance) -> Result<T, EvaluateError>,
    ) -> Result<T, EvaluateError> {
        let kept = self.kept().pop();
        let mut instance = match kept {
            Some(instance) => instance,
            None => Instance::new(&self.loaded)?,
        };
        let answer = ask(&mut instance);
        let mut kept = self.kept();
        if kept.len() < INSTANCES_KEPT {
            kept.push(instance);
        }
        answer
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        // Instances are put in and taken out whole.
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
