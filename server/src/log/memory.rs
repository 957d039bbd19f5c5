//! The store in memory: for tests, and for servers that may forget.
//!
//! In and out: see `store`. It keeps the same records with the same hashes as any other store, for
//! as long as the process lives. Clones share their content, which is how tests reopen it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

use super::checkpoints::surplus;
use super::event::{Append, Appended, Record, Revision};
use super::heads::Heads;
use super::seal::{Prepared, again, expects, prepare, seal};
use super::store::{AppendError, Checkpoint, Head, Store, StoreError};
use crate::limits;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    logs: Mutex<BTreeMap<String, Log>>,
    heads: Heads,
}

/// One project's log. INVARIANT: `records[i]` is of revision `i + 1`.
#[derive(Debug, Default)]
struct Log {
    records: Vec<Record>,
    appends: BTreeMap<Uuid, Appended>,
    checkpoints: BTreeMap<Revision, Checkpoint>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn logs(&self) -> MutexGuard<'_, BTreeMap<String, Log>> {
        self.0.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn head(&self) -> Option<Head> {
        self.records.last().map(|record| Head { revision: record.revision, hash: record.hash })
    }

    fn append(&mut self, project: &str, prepared: &Prepared) -> Result<Appended, AppendError> {
        if let Some(earlier) = self.appends.get(&prepared.id) {
            return again(*earlier, prepared.id, prepared.request);
        }
        let head = self.head().unwrap_or_else(|| Head::start(project));
        expects(prepared, head.revision)?;
        self.records.extend(seal(head, prepared));
        let last = self.head().unwrap_or(head);
        let (first, request) = (head.revision.next(), prepared.request);
        let Head { revision: last, hash } = last;
        let appended = Appended { first, last, hash, request, repeated: false };
        self.appends.insert(prepared.id, appended);
        Ok(appended)
    }
}

impl Store for MemoryStore {
    fn append(&self, project: &str, append: Append) -> Result<Appended, AppendError> {
        let prepared = prepare(append)?;
        let mut logs = self.logs();
        let appended = match logs.get_mut(project) {
            Some(log) => log.append(project, &prepared)?,
            None => {
                let mut log = Log::default();
                let appended = log.append(project, &prepared)?;
                logs.insert(project.to_owned(), log);
                appended
            }
        };
        drop(logs);
        self.0.heads.announce(project, appended.last);
        Ok(appended)
    }

    fn appended(&self, project: &str, id: Uuid) -> Result<Option<Appended>, StoreError> {
        let logs = self.logs();
        let earlier = logs.get(project).and_then(|log| log.appends.get(&id));
        Ok(earlier.map(|earlier| Appended { repeated: true, ..*earlier }))
    }

    fn records(
        &self,
        project: &str,
        after: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let logs = self.logs();
        let Some(log) = logs.get(project) else { return Ok(Vec::new()) };
        let limit = limit.min(limits::READ_EVENTS_MAX);
        let after = usize::try_from(after.0).unwrap_or(usize::MAX);
        let mut bytes = 0;
        let records = log.records.iter().skip(after).take(limit).take_while(|record| {
            let first = bytes == 0;
            bytes += record.payload.len();
            first || bytes <= limits::READ_BYTES_MAX
        });
        Ok(records.cloned().collect())
    }

    fn head(&self, project: &str) -> Result<Option<Head>, StoreError> {
        Ok(self.logs().get(project).and_then(Log::head))
    }

    fn projects(&self) -> Result<Vec<(String, Head)>, StoreError> {
        let logs = self.logs();
        let heads = logs.iter().filter_map(|(key, log)| Some((key.clone(), log.head()?)));
        Ok(heads.collect())
    }

    fn subscribe(&self, project: &str) -> watch::Receiver<Revision> {
        let receiver = self.0.heads.subscribe(project);
        if let Some(head) = self.logs().get(project).and_then(Log::head) {
            self.0.heads.announce(project, head.revision);
        }
        receiver
    }

    fn save_checkpoint(&self, project: &str, checkpoint: Checkpoint) -> Result<(), StoreError> {
        let mut logs = self.logs();
        let Some(log) = logs.get_mut(project) else { return Ok(()) };
        log.checkpoints.insert(checkpoint.revision, checkpoint);
        let kept: Vec<Revision> = log.checkpoints.keys().copied().collect();
        if let Some(surplus) = surplus(&kept) {
            log.checkpoints.remove(&surplus);
        }
        Ok(())
    }

    fn checkpoint(&self, project: &str, at: Revision) -> Result<Option<Checkpoint>, StoreError> {
        let logs = self.logs();
        let newest = logs.get(project).and_then(|log| log.checkpoints.range(..=at).next_back());
        Ok(newest.map(|(_, checkpoint)| checkpoint.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::conformance::{Reopen, suite};

    impl Reopen for MemoryStore {
        fn open(&self) -> Arc<dyn Store> {
            Arc::new(self.clone())
        }
    }

    suite!(MemoryStore::new());
}
