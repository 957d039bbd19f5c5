//! An instance: a loaded module that one thread can evaluate on.
//!
//! In: a [`Loaded`] module; then contexts. Out: verdicts whose every number is in the manifest's
//! range. A guest is not trusted: what it answers is checked, and after a trap its state is thrown
//! away. An instance is never used by two threads at a time.

use std::sync::Arc;

use vexil_abi::record::ALIGN;
use vexil_abi::verdict::{Verdict, error_code};

use crate::context::Context;
use crate::guest::{Guest, Trap};
use crate::load::Loaded;
use crate::manifest::FlagRow;
use crate::pseudo::Pseudo;
use crate::record::{self, Full};

/// An instance of a [`Loaded`] module.
pub struct Instance {
    loaded: Arc<Loaded>,
    /// `None` after a trap: the next evaluation builds another.
    guest: Option<Guest>,
    /// Where each slot's attribute stood in the last context.
    hints: Box<[u32]>,
    /// Whose bound record stands in the arena; 0: nobody's.
    bound: u64,
    /// End of the bound record.
    end: u32,
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// An error on its way through what is fast because nothing larger than two registers returns.
type Boxed = Box<EvaluateError>;

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
    /// Instantiates a module.
    ///
    /// # Errors
    ///
    /// [`EvaluateError::Instantiate`].
    pub fn new(loaded: &Arc<Loaded>) -> Result<Self, EvaluateError> {
        Ok(Self {
            guest: Some(instantiate(loaded)?),
            hints: vec![0; loaded.manifest.attributes.len()].into(),
            bound: 0,
            end: 0,
            loaded: Arc::clone(loaded),
        })
    }

    /// The module of which this is an instance.
    #[must_use]
    #[inline]
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
    #[inline]
    pub fn evaluate(
        &mut self,
        flag: u32,
        context: &Context<'_>,
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
    /// Only what the flag reads is written to the guest, and it is entered once.
    ///
    /// # Errors
    ///
    /// See [`EvaluateError`].
    pub fn evaluate_in_guest(
        &mut self,
        flag: u32,
        context: &Context<'_>,
        now_ms: f64,
    ) -> Result<Verdict, EvaluateError> {
        let loaded = Arc::clone(&self.loaded);
        let Some(row) = loaded.manifest.flags.get(flag as usize) else {
            return Ok(Verdict::error(error_code::FLAG_NOT_FOUND));
        };
        let packed = self.evaluate_packed(flag, row, context, now_ms);
        packed.map(Verdict::unpack).map_err(|error| *error)
    }

    /// [`Instance::evaluate_in_guest`] with the verdict packed. `row` is that of the flag in the
    /// module of which this is an instance.
    #[inline]
    pub(crate) fn evaluate_packed(
        &mut self,
        flag: u32,
        row: &FlagRow,
        context: &Context<'_>,
        now_ms: f64,
    ) -> Result<i64, Boxed> {
        let Self { loaded, guest, hints, bound, .. } = self;
        let guest = match guest {
            Some(guest) => guest,
            absent => again(absent, loaded)?,
        };
        let pseudo = Pseudo::at(now_ms);
        *bound = 0;
        record::write(guest.arena(), &loaded.manifest, &row.asks, context, &pseudo, hints)
            .map_err(too_large)?;
        match guest.evaluate_once(flag, loaded.arena) {
            Ok(packed) => checked(row, packed),
            Err(trap) => Err(self.trapped(trap)),
        }
    }

    /// Writes the whole context and binds it, on behalf of `who`, which is not 0.
    pub(crate) fn bind(
        &mut self,
        who: u64,
        context: &Context<'_>,
        pseudo: &Pseudo,
    ) -> Result<(), Boxed> {
        let Self { loaded, guest, hints, bound, end, .. } = self;
        let guest = present(guest, loaded)?;
        let manifest = &loaded.manifest;
        *bound = 0;
        let length = record::write(guest.arena(), manifest, &manifest.asks, context, pseudo, hints)
            .map_err(too_large)?;
        // INVARIANT: the record lies in the memory, whose addresses are well below 2^31.
        *end = loaded.arena.saturating_add(length);
        match guest.bind(loaded.arena) {
            Ok(()) => {
                *bound = who;
                Ok(())
            }
            Err(trap) => Err(self.trapped(trap)),
        }
    }

    /// Whatever was bound is bound no longer.
    pub(crate) fn forget(&mut self) {
        self.bound = 0;
    }

    /// Does the record that `who` bound still stand in the arena?
    #[inline]
    pub(crate) fn is_bound(&self, who: u64) -> bool {
        self.bound == who
    }

    /// The packed verdict of flag number `flag`, whose row is `row`, on the bound record.
    #[inline]
    pub(crate) fn evaluate_bound(&mut self, flag: u32, row: &FlagRow) -> Result<i64, Boxed> {
        let Self { loaded, guest, .. } = self;
        let guest = present(guest, loaded)?;
        match guest.evaluate(flag, loaded.arena) {
            Ok(packed) => checked(row, packed),
            Err(trap) => Err(self.trapped(trap)),
        }
    }

    /// The verdicts of all flags, by flag number, on one bound context.
    ///
    /// # Errors
    ///
    /// See [`EvaluateError`].
    pub fn evaluate_all(
        &mut self,
        context: &Context<'_>,
        now_ms: f64,
    ) -> Result<Vec<Verdict>, EvaluateError> {
        let mut verdicts = Vec::with_capacity(self.loaded.manifest.flags.len());
        self.evaluate_all_with(context, now_ms, |verdict| verdicts.push(verdict))?;
        Ok(verdicts)
    }

    /// Like [`Instance::evaluate_all`], but hands each verdict to `each`, in the order of flag
    /// numbers, and allocates nothing.
    ///
    /// # Errors
    ///
    /// See [`EvaluateError`]; `each` may have seen some verdicts then.
    pub fn evaluate_all_with(
        &mut self,
        context: &Context<'_>,
        now_ms: f64,
        mut each: impl FnMut(Verdict),
    ) -> Result<(), EvaluateError> {
        self.bind(ALL, context, &Pseudo::at(now_ms)).map_err(|error| *error)?;
        let Self { loaded, guest, end, .. } = self;
        let guest = present(guest, loaded).map_err(|error| *error)?;
        let out = end.next_multiple_of(ALIGN);
        let flags = &loaded.manifest.flags;
        let first = out.saturating_sub(loaded.arena) as usize;
        let range = first..first + 8 * flags.len();
        if range.end > guest.arena().len() {
            return Err(EvaluateError::ContextTooLarge);
        }
        if let Err(trap) = guest.evaluate_all(loaded.arena, out) {
            return Err(*self.trapped(trap));
        }
        let verdicts = guest.arena().get(range).unwrap_or_default();
        for (row, bytes) in flags.iter().zip(verdicts.as_chunks::<8>().0) {
            let packed = checked(row, i64::from_le_bytes(*bytes));
            each(Verdict::unpack(packed.map_err(|error| *error)?));
        }
        Ok(())
    }

    /// Throws the guest away.
    #[cold]
    #[allow(clippy::boxed_local, reason = "it comes boxed, so that results fit registers")]
    fn trapped(&mut self, trap: Box<Trap>) -> Boxed {
        self.guest = None;
        self.bound = 0;
        Box::new(EvaluateError::Trap(*trap))
    }
}

/// On whose behalf all flags are evaluated.
const ALL: u64 = u64::MAX;

#[cold]
fn too_large(full: Full) -> Boxed {
    Box::new(full.into())
}

fn instantiate(loaded: &Loaded) -> Result<Guest, EvaluateError> {
    Guest::new(loaded).map_err(|error| EvaluateError::Instantiate(error.into()))
}

/// The guest, or a fresh one.
#[inline]
fn present<'a>(guest: &'a mut Option<Guest>, loaded: &Loaded) -> Result<&'a mut Guest, Boxed> {
    match guest {
        Some(guest) => Ok(guest),
        absent => again(absent, loaded),
    }
}

#[cold]
fn again<'a>(absent: &'a mut Option<Guest>, loaded: &Loaded) -> Result<&'a mut Guest, Boxed> {
    Ok(absent.insert(instantiate(loaded)?))
}

/// The verdict, if all its numbers are those of its flag.
#[inline(always)]
fn checked(row: &FlagRow, packed: i64) -> Result<i64, Boxed> {
    match row.knows(packed) {
        true => Ok(packed),
        false => Err(unknown(row, packed)),
    }
}

#[cold]
fn unknown(row: &FlagRow, packed: i64) -> Boxed {
    let fault = row.check_verdict(Verdict::unpack(packed)).err().unwrap_or_default();
    Box::new(EvaluateError::BadVerdict { key: row.key.clone(), fault })
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").field("digest", &self.loaded.digest).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
