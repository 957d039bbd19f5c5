//! An instance: a loaded module that one thread can evaluate on.
//!
//! In: a [`Loaded`] module; then contexts. Out: verdicts whose every number is in the manifest's
//! range. A guest is not trusted: what it answers is checked, and after a trap its state is thrown
//! away. An instance is never shared between threads.

use std::sync::Arc;

use vexil_abi::export;
use vexil_abi::record::{ALIGN, TAIL};
use vexil_abi::verdict::{Verdict, error_code};
use wasmtime::{Memory, Store, TypedFunc};

use crate::context::Context;
use crate::load::Loaded;
use crate::record::{self, Full};

/// One thread's instance of a [`Loaded`] module.
pub struct Instance {
    loaded: Arc<Loaded>,
    /// `None` after a trap: the next evaluation builds another.
    guest: Option<Guest>,
}

struct Guest {
    store: Store<()>,
    memory: Memory,
    bind: TypedFunc<u32, ()>,
    evaluate: TypedFunc<(u32, u32), i64>,
    evaluate_all: TypedFunc<(u32, u32), ()>,
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The context does not fit the module's arena; OpenFeature's `INVALID_CONTEXT`.
    #[error("the context is too large for the module's arena")]
    ContextTooLarge,
    /// The guest trapped; OpenFeature's `GENERAL`.
    #[error("the module trapped: {0}")]
    Trap(#[source] Source),
    /// The guest answered with a number that its manifest does not know; `GENERAL`.
    #[error("the module's verdict on flag `{key}` names {fault}")]
    BadVerdict {
        /// The flag's key.
        key: String,
        /// What is wrong.
        fault: String,
    },
    /// The module could not be instantiated; `GENERAL`.
    #[error("the module could not be instantiated: {0}")]
    Instantiate(#[source] Source),
}

impl From<Full> for EvaluateError {
    fn from(Full: Full) -> Self {
        Self::ContextTooLarge
    }
}

impl Instance {
    /// Instantiates a module for the current thread.
    ///
    /// # Errors
    ///
    /// [`EvaluateError::Instantiate`].
    pub fn new(loaded: &Arc<Loaded>) -> Result<Self, EvaluateError> {
        Ok(Self { guest: Some(Guest::new(loaded)?), loaded: Arc::clone(loaded) })
    }

    /// The module of which this is an instance.
    #[must_use]
    pub fn loaded(&self) -> &Arc<Loaded> {
        &self.loaded
    }

    /// The verdict of flag number `flag`; constants are answered without entering the guest.
    ///
    /// `now_ms` is the value of `$now` where the context does not set it.
    ///
    /// # Errors
    ///
    /// See [`EvaluateError`]. After a trap the next call works on a fresh instance.
    pub fn evaluate(
        &mut self,
        flag: u32,
        context: &Context,
        now_ms: f64,
    ) -> Result<Verdict, EvaluateError> {
        let row = self.loaded.manifest.flags.get(flag as usize);
        match row.map(|row| row.constant) {
            None => Ok(Verdict::error(error_code::FLAG_NOT_FOUND)),
            Some(Some(packed)) => Ok(Verdict::unpack(packed)),
            Some(None) => self.evaluate_in_guest(flag, context, now_ms),
        }
    }

    /// Like [`Instance::evaluate`], but asks the guest even for what the manifest knows.
    ///
    /// # Errors
    ///
    /// See [`EvaluateError`].
    pub fn evaluate_in_guest(
        &mut self,
        flag: u32,
        context: &Context,
        now_ms: f64,
    ) -> Result<Verdict, EvaluateError> {
        let loaded = Arc::clone(&self.loaded);
        let row = loaded.manifest.flags.get(flag as usize);
        let reads = row.map(|row| &*row.reads).unwrap_or_default();
        let packed = self.enter(|guest| {
            guest.bind(&loaded, reads.iter().copied(), context, now_ms)?;
            let packed = guest.evaluate.call(&mut guest.store, (flag, loaded.arena));
            packed.map_err(|trap| EvaluateError::Trap(trap.into()))
        })?;
        match row {
            Some(_) => checked(&loaded, flag as usize, packed),
            None => Ok(Verdict::unpack(packed)),
        }
    }

    /// The verdicts of all flags, by flag number, on one bound context.
    ///
    /// # Errors
    ///
    /// See [`EvaluateError`].
    pub fn evaluate_all(
        &mut self,
        context: &Context,
        now_ms: f64,
    ) -> Result<Vec<Verdict>, EvaluateError> {
        let loaded = Arc::clone(&self.loaded);
        let slots = 0..loaded.manifest.attributes.len() as u32;
        let packed = self.enter(|guest| {
            let end = guest.bind(&loaded, slots, context, now_ms)?;
            guest.evaluate_all(&loaded, end)
        })?;
        packed
            .into_iter()
            .enumerate()
            .map(|(flag, packed)| checked(&loaded, flag, packed))
            .collect()
    }

    /// Runs `call` on the guest, which is thrown away if it traps.
    fn enter<T>(
        &mut self,
        call: impl FnOnce(&mut Guest) -> Result<T, EvaluateError>,
    ) -> Result<T, EvaluateError> {
        let guest = match &mut self.guest {
            Some(guest) => guest,
            absent => absent.insert(Guest::new(&self.loaded)?),
        };
        let result = call(guest);
        if matches!(result, Err(EvaluateError::Trap(_))) {
            self.guest = None;
        }
        result
    }
}

impl Guest {
    fn new(loaded: &Loaded) -> Result<Self, EvaluateError> {
        Self::instantiate(loaded).map_err(|error| EvaluateError::Instantiate(error.into()))
    }

    fn instantiate(loaded: &Loaded) -> wasmtime::Result<Self> {
        let mut store = Store::new(loaded.module.engine(), ());
        let instance = wasmtime::Instance::new(&mut store, &loaded.module, &[])?;
        let memory = instance.get_memory(&mut store, export::MEMORY);
        Ok(Self {
            memory: memory.ok_or_else(|| wasmtime::Error::msg("no memory"))?,
            bind: instance.get_typed_func(&mut store, export::BIND)?,
            evaluate: instance.get_typed_func(&mut store, export::EVALUATE)?,
            evaluate_all: instance.get_typed_func(&mut store, export::EVALUATE_ALL)?,
            store,
        })
    }

    /// Writes a record at the arena and binds it; returns the address of the byte behind it.
    fn bind(
        &mut self,
        loaded: &Loaded,
        slots: impl Iterator<Item = u32>,
        context: &Context,
        now_ms: f64,
    ) -> Result<u32, EvaluateError> {
        let memory = self.memory.data_mut(&mut self.store);
        let end = memory.len().saturating_sub(TAIL as usize);
        let arena = memory.get_mut(loaded.arena as usize..end).unwrap_or_default();
        let length = record::write(arena, &loaded.manifest, slots, context, now_ms)?;
        let bound = self.bind.call(&mut self.store, loaded.arena);
        bound.map_err(|trap| EvaluateError::Trap(trap.into()))?;
        // INVARIANT: the record lies in the memory, whose addresses are well below 2^31.
        Ok(loaded.arena.saturating_add(length))
    }

    /// Evaluates all flags on the bound record that ends at `end`.
    fn evaluate_all(&mut self, loaded: &Loaded, end: u32) -> Result<Vec<i64>, EvaluateError> {
        let out = end.next_multiple_of(ALIGN);
        let range = out as usize..out as usize + 8 * loaded.manifest.flags.len();
        if range.end > self.memory.data_size(&self.store).saturating_sub(TAIL as usize) {
            return Err(EvaluateError::ContextTooLarge);
        }
        let all = self.evaluate_all.call(&mut self.store, (loaded.arena, out));
        all.map_err(|trap| EvaluateError::Trap(trap.into()))?;
        let verdicts = self.memory.data(&self.store).get(range).unwrap_or_default();
        let (verdicts, _) = verdicts.as_chunks::<8>();
        Ok(verdicts.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect())
    }
}

fn checked(loaded: &Loaded, flag: usize, packed: i64) -> Result<Verdict, EvaluateError> {
    let verdict = Verdict::unpack(packed);
    let bad = |key: &str, fault| EvaluateError::BadVerdict { key: key.to_owned(), fault };
    let row = loaded.manifest.flags.get(flag).ok_or_else(|| bad("", "no flag".into()))?;
    row.check_verdict(verdict).map_err(|fault| bad(&row.key, fault))?;
    Ok(verdict)
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").field("digest", &self.loaded.digest).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
