//! The witness: a note, beside the store, of how far its logs have come.
//!
//! In: heads of appends that were acknowledged. Out: projects whose log does not reach as far any
//! more. Where a write-ahead log rots, SQLite goes on with what stands before the rot and says
//! nothing; where somebody puts an older file in its place, neither does the hash chain. A note
//! that is behind the log says less, and never something wrong: it is written a moment after the
//! append, and not synced.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::canonical;
use super::event::{Hash, Revision};
use super::store::{Head, Store, StoreError};

/// See the module.
#[derive(Debug)]
pub struct Witness {
    path: PathBuf,
    heads: BTreeMap<String, Head>,
    /// What is noted is not in the file yet.
    is_behind: bool,
}

#[derive(Serialize, Deserialize)]
struct Noted {
    heads: BTreeMap<String, NotedHead>,
}

#[derive(Serialize, Deserialize)]
struct NotedHead {
    revision: Revision,
    hash: String,
}

impl Witness {
    /// That of the store at `store`. A note that cannot be read is none.
    #[must_use]
    pub fn beside(store: &Path) -> Self {
        let mut path = store.as_os_str().to_owned();
        path.push(".heads");
        let path = PathBuf::from(path);
        let heads = match fs::read_to_string(&path) {
            Ok(text) => read(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(BTreeMap::new()),
            Err(_) => None,
        };
        if heads.is_none() {
            tracing::warn!(file = %path.display(), "the note of the heads is damaged, and not used");
        }
        Self { path, heads: heads.unwrap_or_default(), is_behind: false }
    }

    /// Projects whose logs are not those that were acknowledged, and why.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn contradicted(&self, store: &dyn Store) -> Result<BTreeMap<String, String>, StoreError> {
        let mut found = BTreeMap::new();
        for (project, noted) in &self.heads {
            if let Some(why) = self.contradiction(store, project, *noted)? {
                found.insert(project.clone(), why);
            }
        }
        Ok(found)
    }

    fn contradiction(
        &self,
        store: &dyn Store,
        project: &str,
        noted: Head,
    ) -> Result<Option<String>, StoreError> {
        let head = store.head(project)?.map_or(Revision::ZERO, |head| head.revision);
        let what = if head < noted.revision {
            format!(
                "it ends at {head}, and appends up to {} were acknowledged: its file has lost its \
                 end, or an older one was put in its place",
                noted.revision
            )
        } else {
            let before = Revision(noted.revision.0.saturating_sub(1));
            let records = store.records(project, before, 1)?;
            if records.first().is_some_and(|record| record.hash == noted.hash) {
                return Ok(None);
            }
            format!("event {} is not the one that was acknowledged", noted.revision)
        };
        Ok(Some(format!(
            "{what}; restore a backup that has it, or remove `{}` to go on with what is there",
            self.path.display()
        )))
    }

    /// Notes an append that was acknowledged.
    pub fn note(&mut self, project: &str, head: Head) {
        if self.heads.get(project).is_none_or(|noted| noted.revision < head.revision) {
            self.heads.insert(project.to_owned(), head);
            self.is_behind = true;
        }
    }

    /// Notes heads of projects of which nothing is noted yet.
    pub fn begin(&mut self, heads: Vec<(String, Head)>) {
        for (project, head) in heads {
            if !self.heads.contains_key(&project) {
                self.note(&project, head);
            }
        }
    }

    /// What is noted now.
    #[must_use]
    pub fn heads(&self) -> Self {
        Self { path: self.path.clone(), heads: self.heads.clone(), is_behind: false }
    }

    /// Is there something to be written?
    #[must_use]
    pub const fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Writes the note. One that cannot be written is written later.
    pub fn write(&mut self) {
        match self.try_write() {
            Ok(()) => self.is_behind = false,
            Err(error) => tracing::debug!(%error, "the note of the heads cannot be written"),
        }
    }

    fn try_write(&self) -> io::Result<()> {
        let noted =
            |head: &Head| NotedHead { revision: head.revision, hash: head.hash.to_string() };
        let heads = self.heads.iter().map(|(project, head)| (project.clone(), noted(head)));
        let text = serde_json::to_string(&Noted { heads: heads.collect() })?;
        let digest = canonical::hash(&[text.as_bytes()]);
        let mut part = self.path.clone().into_os_string();
        part.push(".part");
        fs::write(&part, format!("{text}\n{digest}\n"))?;
        fs::rename(&part, &self.path)
    }
}

/// What a note says; `None` when bits of it have changed.
fn read(text: &str) -> Option<BTreeMap<String, Head>> {
    let mut lines = text.lines();
    let (text, digest) = (lines.next()?, Hash::parse(lines.next()?)?);
    if canonical::hash(&[text.as_bytes()]) != digest {
        return None;
    }
    let Noted { heads } = serde_json::from_str(text).ok()?;
    let head = |(project, NotedHead { revision, hash }): (String, NotedHead)| {
        Some((project, Head { revision, hash: Hash::parse(&hash)? }))
    };
    heads.into_iter().map(head).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_comes_back_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("vexil.db");
        let mut witness = Witness::beside(&store);
        let head = Head { revision: Revision(7), hash: Hash([3; 32]) };
        witness.note("shop", head);
        witness.note("shop", Head { revision: Revision(6), ..head });
        assert!(witness.is_behind());
        witness.write();
        assert!(!witness.is_behind());
        assert_eq!(Witness::beside(&store).heads, BTreeMap::from([("shop".to_owned(), head)]));
        let path = folder.path().join("vexil.db.heads");
        let whole = fs::read(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &flipped).unwrap();
            let read = Witness::beside(&store).heads;
            assert!(read.is_empty() || read.get("shop") == Some(&head), "bit {bit}: {read:?}");
        }
    }
}
