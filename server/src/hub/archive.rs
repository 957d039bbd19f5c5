//! Archiving: old events leave the database for files of their own, a stretch at a time.
//!
//! In: a project, and how many of its newest events stay. Out: what was archived. Appends and reads
//! go on meanwhile. A stretch that could not be archived stays where it is and is tried again after
//! the next checkpoint.

use std::sync::Arc;

use super::Hub;
use super::error::PastError;
use super::live::Live;
use crate::limits::ARCHIVE_EVENTS_MAX;
use crate::log::archive::Archived;
use crate::log::event::Revision;
use crate::log::store::{Store, StoreError};
use crate::projection::rebuild::rebuild;
use crate::projection::{ProjectionError, checkpoint};

/// When a project's events are archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Those that are older than the newest so many, as soon as they fill an archive.
    Full,
    /// All of them now.
    Now,
}

impl Hub {
    /// Archives what is older than the newest `keep` events of a project.
    ///
    /// # Errors
    /// There is no such project, or the store cannot archive; what was archived before stays so.
    pub async fn archive(
        &self,
        project: &str,
        keep: u64,
        when: When,
    ) -> Result<Vec<Archived>, PastError> {
        let live = self.live(project);
        let live = live.ok_or_else(|| PastError::UnknownProject(project.to_owned()))?;
        // Not a turn among those who look into the past: it takes long, and nobody waits.
        let _alone = live.archiving.lock().await;
        let mut done = Vec::new();
        // As it is now: who writes all the time would never let it come to an end.
        let end = Revision(live.state().revision.0.saturating_sub(keep.max(1)));
        loop {
            let key = project.to_owned();
            let stretch = self.blocking(move |store| stretch(store, &key, end, when)).await;
            let stretch = stretch.map_err(|_| PastError::Broken("archiving broke off"))??;
            let Some(archived) = stretch else { return Ok(done) };
            let Archived { first, last, file, bytes, .. } = &archived;
            tracing::info!(project, %first, %last, file, bytes, "archived");
            self.telemetry().archived(last.0 - first.0 + 1);
            done.push(archived);
        }
    }

    /// Begins to archive what has become old, if anything has and nobody does so already.
    pub(super) fn archive_in_background(self: &Arc<Self>, live: &Arc<Live>) {
        let Some(keep) = self.keep_events else { return };
        if live.archiving.try_lock().is_err() {
            return;
        }
        let (hub, project) = (Arc::clone(self), live.state().key.clone());
        tokio::spawn(async move {
            if let Err(error) = hub.archive(&project, keep, When::Full).await {
                let error = super::error::chain(&error);
                tracing::warn!(project, error, "old events could not be archived");
            }
        });
    }
}

/// Archives the next stretch up to `end`, if there is one.
fn stretch(
    store: &dyn Store,
    project: &str,
    end: Revision,
    when: When,
) -> Result<Option<Archived>, ProjectionError> {
    let before = store.archives(project)?.last().map_or(Revision::ZERO, |it| it.last);
    let old = end.0.saturating_sub(before.0);
    let least = if when == When::Full { ARCHIVE_EVENTS_MAX } else { 1 };
    if old < least {
        return Ok(None);
    }
    let last = Revision(before.0 + old.min(ARCHIVE_EVENTS_MAX));
    let state = match before {
        Revision::ZERO => None,
        // An archive that is missing is to hold up none that could be made.
        before => match rebuild(store, project, Some(before)) {
            Ok(state) => Some(checkpoint::write(&state)),
            Err(error) => {
                let error = super::error::chain(&error);
                tracing::warn!(project, error, "an archive begins without a state");
                None
            }
        },
    };
    match store.archive(project, last, state) {
        Ok(archived) => Ok(Some(archived)),
        Err(StoreError::NoArchives) if when == When::Full => Ok(None),
        Err(error) => Err(error.into()),
    }
}
