//! Looking things up: the past of a project, and modules.
//!
//! In: a project and a revision, or a digest. Out: the state of that time, the module it compiles
//! to, the bytes of a module. Looking never changes a project.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use vexil_compiler::Audience;

use super::Hub;
use super::error::PastError;
use crate::clock;
use crate::log::event::Revision;
use crate::log::store::{Store, StoreError};
use crate::projection::State;
use crate::projection::rebuild::rebuild;
use crate::publish::compiling::CompileError;
use crate::publish::modules::{Compiled, Owner};

/// A place in a project's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// After this event.
    Revision(Revision),
    /// At this time, in milliseconds since the Unix epoch: after the last event that is not younger.
    TimeMs(i64),
}

impl At {
    /// Reads a revision or a time (RFC 3339).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let revision = Revision::parse(text).map(Self::Revision);
        revision.or_else(|| clock::parse(text).map(Self::TimeMs))
    }
}

/// The last event that is not younger than a time; 0 when all are. Times never go back in a log.
fn at_time(store: &dyn Store, project: &str, time_ms: i64) -> Result<Revision, StoreError> {
    let (mut least, mut most) = (0, store.head(project)?.map_or(0, |head| head.revision.0));
    while least < most {
        let middle = least + (most - least).div_ceil(2);
        let records = store.records(project, Revision(middle - 1), 1)?;
        match records.first().is_some_and(|record| record.time_ms <= time_ms) {
            true => least = middle,
            false => most = middle - 1,
        }
    }
    Ok(Revision(least))
}

impl Hub {
    /// The project as it is, or as it was at `at`.
    ///
    /// # Errors
    /// There is no such project or revision, or the past cannot be rebuilt.
    pub async fn state(&self, project: &str, at: Option<At>) -> Result<Arc<State>, PastError> {
        let live = self.live(project);
        let live = live.ok_or_else(|| PastError::UnknownProject(project.to_owned()))?;
        let current = live.state();
        let at = match at {
            None => return Ok(current),
            Some(At::Revision(at)) => at,
            Some(At::TimeMs(time_ms)) if time_ms >= current.time_ms => return Ok(current),
            Some(At::TimeMs(time_ms)) => {
                let key = project.to_owned();
                let found = self.past(move |store| at_time(store, &key, time_ms)).await??;
                if found == Revision::ZERO {
                    return Err(PastError::BeforeItsTime(clock::rfc3339(time_ms)));
                }
                found
            }
        };
        if at == current.revision {
            return Ok(current);
        }
        if at == Revision::ZERO || at > current.revision {
            return Err(PastError::UnknownRevision { at, current: current.revision });
        }
        let key = project.to_owned();
        Ok(Arc::new(self.past(move |store| rebuild(store, &key, Some(at))).await??))
    }

    /// Does long work on the log, a little of it at a time, on a thread that may wait.
    ///
    /// # Errors
    /// It broke off.
    pub async fn past<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> T + Send + 'static,
    ) -> Result<T, PastError> {
        let broken = || PastError::Broken("work on the store broke off");
        // The semaphore is never closed.
        let _place = self.past.acquire().await.map_err(|_| broken())?;
        self.blocking(work).await.map_err(|_| broken())
    }

    /// The module of an environment as it is, or as it was at `at`, and the revision it is of.
    /// From then on it can be fetched for a while.
    ///
    /// # Errors
    /// There is no such project, revision or environment, or the flags of that time do not compile.
    pub async fn module_at(
        &self,
        project: &str,
        environment: &str,
        at: Option<At>,
    ) -> Result<(Revision, Compiled), PastError> {
        let state = self.state(project, at).await?;
        let flag_set = state.project.flag_set(environment);
        let flag_set =
            flag_set.ok_or_else(|| PastError::UnknownEnvironment(environment.to_owned()))?;
        let (flag_set, audience) = (Arc::new(flag_set), Audience::Server);
        let module = match self.press().compilers.compile(flag_set, audience, None).await {
            Ok(module) => module,
            Err(CompileError::Faults(faults)) => return Err(PastError::Faults(faults)),
            Err(CompileError::Broken | CompileError::Verify(_)) => {
                return Err(PastError::Broken("the compiler broke off"));
            }
        };
        let mut shelf = self.looked_up.lock().unwrap_or_else(PoisonError::into_inner);
        let (project, environment) = (project.to_owned(), environment.to_owned());
        let owner = Arc::new(Owner { project, environment, audience, selection: None });
        self.press().modules.put(&mut shelf, &owner, &module);
        Ok((state.revision, module))
    }

    /// The bytes of a module, if it is kept as one of something that `may` be had.
    #[must_use]
    pub fn module(&self, digest: &str, may: impl FnMut(&Owner) -> bool) -> Option<Bytes> {
        self.press().modules.get(digest, may)
    }
}
