//! Verification: is the log what was written?
//!
//! In: a store and a project. Out: the length and head of its log, or the first event that was
//! altered or is missing. It hashes the stored text; it neither parses payloads nor projects them.

use serde_json::{Value, json};

use super::canonical;
use super::event::{Record, Revision};
use super::store::{Checkpoint, Head, Store, StoreError};
use crate::limits;

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Every event is as it was written.
    Whole(Head),
    /// Some event is not.
    Broken(Fault),
}

impl Verification {
    /// As the HTTP API and the command line tell it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Whole(head) => json!({
                "ok": true, "events": head.revision, "head_hash": head.hash.to_string(),
            }),
            Self::Broken(fault) => json!({
                "ok": false, "revision": fault.revision, "message": fault.message,
            }),
        }
    }
}

/// The first event that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which one.
    pub revision: Revision,
    /// What is wrong with it.
    pub message: String,
}

/// Verifies the whole log of `project`.
///
/// # Errors
/// The store could not be read.
pub fn verify(store: &dyn Store, project: &str) -> Result<Verification, StoreError> {
    verify_after(store, project, Head::start(project))
}

/// Verifies what the log holds after its newest checkpoint or archive: what a server does when it
/// opens it. Should the two not fit together, the whole log is verified, to tell which one is to
/// blame.
///
/// # Errors
/// The store could not be read.
pub fn verify_newest(store: &dyn Store, project: &str) -> Result<Verification, StoreError> {
    let checkpoint = store.checkpoint(project, Revision(u64::MAX))?;
    let checkpoint = checkpoint.filter(Checkpoint::is_whole);
    let archived = store.archives(project)?.pop();
    let heads = [
        checkpoint.map(|it| Head { revision: it.revision, hash: it.hash }),
        archived.map(|it| Head { revision: it.last, hash: it.hash }),
    ];
    let newest = heads.into_iter().flatten().max_by_key(|head| head.revision);
    let Some(newest) = newest else { return verify(store, project) };
    let found = verify_after(store, project, newest)?;
    if matches!(found, Verification::Whole(_)) {
        return Ok(found);
    }
    match verify(store, project) {
        // What is archived cannot be read either: the fault that is known is told.
        Err(StoreError::Archive { .. }) => Ok(found),
        verified => verified,
    }
}

fn verify_after(store: &dyn Store, project: &str, from: Head) -> Result<Verification, StoreError> {
    let stated = store.head(project)?.unwrap_or_else(|| Head::start(project));
    let mut head = from;
    loop {
        let records = store.records(project, head.revision, limits::READ_EVENTS_MAX)?;
        if records.is_empty() {
            // What was appended while this ran is behind the head of now.
            let now = store.head(project)?.unwrap_or_else(|| Head::start(project));
            return Ok(check_end(head, stated, now));
        }
        for record in &records {
            match follow(head, record) {
                Ok(next) => head = next,
                Err(fault) => return Ok(Verification::Broken(fault)),
            }
        }
    }
}

/// The head after `record`, should it follow `head`.
fn follow(head: Head, record: &Record) -> Result<Head, Fault> {
    let revision = head.revision.next();
    if record.revision != revision {
        let message = format!("event {revision} is missing");
        return Err(Fault { revision, message });
    }
    let hash = canonical::link(head.hash, record);
    if hash != record.hash {
        let message = format!(
            "event {revision} was altered, or an event before it: its hash is {}, not {hash}",
            record.hash
        );
        return Err(Fault { revision, message });
    }
    Ok(Head { revision, hash })
}

/// Compares the end of the events with the head that the store stated before they were read, and
/// with the one that it states now.
fn check_end(head: Head, stated: Head, now: Head) -> Verification {
    if head.revision > now.revision {
        let revision = now.revision.next();
        let message = format!(
            "event {revision} stands behind the end: the head was set back to {}",
            now.revision
        );
        return Verification::Broken(Fault { revision, message });
    }
    if head.revision < stated.revision {
        let revision = head.revision.next();
        let message = format!("event {revision} is missing: the log goes to {}", stated.revision);
        return Verification::Broken(Fault { revision, message });
    }
    // Events appended while this ran lie after `stated`, and prove it by following it.
    if head.revision == stated.revision && head.hash != stated.hash {
        let revision = head.revision;
        let message = format!("event {revision} was altered: the store states another hash for it");
        return Verification::Broken(Fault { revision, message });
    }
    Verification::Whole(head)
}
