//! Looking things up: the past of a project, and modules.
//!
//! In: a project and a revision, or a digest. Out: the state of that time, the module it compiles
//! to, the bytes of a module. Looking never changes a project.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use vexil_compiler::Audience;

use super::Hub;
use super::error::PastError;
use crate::log::event::Revision;
use crate::log::store::Store;
use crate::projection::State;
use crate::projection::rebuild::rebuild;
use crate::publish::compiling::CompileError;
use crate::publish::modules::{Compiled, Owner};

impl Hub {
    /// The project as it is, or as it was at `at`.
    ///
    /// # Errors
    /// There is no such project or revision, or the past cannot be rebuilt.
    pub async fn state(
        &self,
        project: &str,
        at: Option<Revision>,
    ) -> Result<Arc<State>, PastError> {
        let live = self.live(project);
        let live = live.ok_or_else(|| PastError::UnknownProject(project.to_owned()))?;
        let current = live.state();
        let Some(at) = at.filter(|at| *at != current.revision) else { return Ok(current) };
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
        at: Option<Revision>,
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
