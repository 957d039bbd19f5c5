//! The last good module on disk, so that a service starts without its server.
//!
//! In: modules as they are swapped in; a folder. Out: at the next start, the module with its
//! revision. A file is written beside the old one and takes its name when it is whole on the disk;
//! one that is damaged, of another environment or written by a later version is not used, and said
//! so in the log. What comes from disk is checked as if it came from the network.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::load::{LoadError, Loaded, load};
use crate::selection::{Selection, described};
use crate::simulated::spawn_blocking;
use crate::trust::Anchor;

/// A module that is served before the server is heard of.
pub(crate) struct First {
    pub(crate) revision: u64,
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) bytes: Bytes,
}

/// Where a client keeps its last module.
#[derive(Clone, Debug)]
pub(crate) struct Cache(Arc<Place>);

#[derive(Debug)]
struct Place {
    file: PathBuf,
    /// Trust is the same, whatever flags are followed.
    anchor: PathBuf,
    project: String,
    environment: String,
    selection: Option<Selection>,
}

/// What stands before the module's bytes, as one line of JSON.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    vexil_module: u32,
    project: String,
    environment: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    selection: Option<Selection>,
    revision: u64,
    digest: String,
}

/// The layout that this version writes.
const LAYOUT: u32 = 1;

#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("it does not begin with a line of JSON that describes it")]
    Head,
    #[error("its layout {0} is not known to this version")]
    Layout(u32),
    #[error("it is of environment `{environment}` in project `{project}`")]
    Other { project: String, environment: String },
    #[error("it is of {0}")]
    Selection(String),
    #[error("its module is refused: {0}")]
    Module(#[from] LoadError),
}

impl Cache {
    /// In `folder`, which is made when there is something to keep.
    pub(crate) fn new(
        folder: &Path,
        project: &str,
        environment: &str,
        selection: Option<&Selection>,
    ) -> Self {
        let place = format!("{}.{}", safe(project), safe(environment));
        let anchor = folder.join(format!("{place}.trust"));
        let file = folder.join(match selection {
            None => format!("{place}.module"),
            Some(selection) => format!("{place}.{}.module", selection.file_name()),
        });
        let (project, environment) = (project.to_owned(), environment.to_owned());
        let selection = selection.cloned();
        Self(Arc::new(Place { file, anchor, project, environment, selection }))
    }

    /// The module that was kept last and its revision, if there is one that is good.
    pub(crate) async fn last(&self, engine: &Engine) -> Option<First> {
        let (place, engine) = (Arc::clone(&self.0), engine.clone());
        let read = spawn_blocking(move || place.read(&engine)).await.ok()?;
        match read {
            Ok(last) => last,
            Err(error) => {
                tracing::warn!(file = %self.0.file.display(), %error, "module on disk not used");
                None
            }
        }
    }

    /// The functions that were compiled for this environment before.
    pub(crate) async fn functions(&self, engine: &Engine) {
        let (place, functions) = (Arc::clone(&self.0), Arc::clone(&engine.functions));
        let read = spawn_blocking(move || functions.read(&place.functions())).await;
        if let Ok(Err(error)) = read {
            let file = self.0.functions();
            tracing::warn!(file = %file.display(), %error, "functions on disk not used");
        }
    }

    /// Whom an earlier client came to trust.
    pub(crate) async fn anchor(&self) -> Option<Anchor> {
        let place = Arc::clone(&self.0);
        let read = spawn_blocking(move || place.read_anchor()).await.ok()?;
        match read {
            Ok(anchor) => anchor,
            Err(error) => {
                let file = &self.0.anchor;
                tracing::warn!(file = %file.display(), %error, "trust on disk not used");
                None
            }
        }
    }

    /// Keeps whom the client trusts.
    pub(crate) async fn keep_anchor(&self, anchor: Anchor) {
        let place = Arc::clone(&self.0);
        let written = spawn_blocking(move || place.write_anchor(&anchor)).await;
        if let Ok(Err(error)) = written {
            let file = &self.0.anchor;
            tracing::warn!(file = %file.display(), %error, "trust not kept on disk");
        }
    }

    /// Keeps the functions that were compiled for this environment.
    pub(crate) async fn keep_functions(&self, engine: &Engine) {
        let (place, functions) = (Arc::clone(&self.0), Arc::clone(&engine.functions));
        let written = spawn_blocking(move || functions.write(&place.functions())).await;
        if let Ok(Err(error)) = written {
            let file = self.0.functions();
            tracing::warn!(file = %file.display(), %error, "functions not kept on disk");
        }
    }

    /// Keeps a module. That it cannot is logged: the service runs without.
    pub(crate) async fn keep(&self, revision: u64, digest: &str, module: Bytes) {
        let (place, digest) = (Arc::clone(&self.0), digest.to_owned());
        let written = spawn_blocking(move || place.write(revision, digest, &module)).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(file = %self.0.file.display(), %error, "module not kept on disk");
        }
    }
}

impl Place {
    fn functions(&self) -> PathBuf {
        self.file.with_extension("functions")
    }

    fn read_anchor(&self) -> Result<Option<Anchor>, io::Error> {
        match fs::read(&self.anchor) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write_anchor(&self, anchor: &Anchor) -> io::Result<()> {
        if self.read_anchor().is_ok_and(|known| known.as_ref() == Some(anchor)) {
            return Ok(());
        }
        replace(&self.anchor, &[&serde_json::to_vec(anchor)?])
    }

    fn read(&self, engine: &Engine) -> Result<Option<First>, ReadError> {
        let bytes = match fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(ReadError::Head)?;
        let (head, module) = bytes.split_at(end);
        let head: Head = serde_json::from_slice(head).map_err(|_| ReadError::Head)?;
        if head.vexil_module != LAYOUT {
            return Err(ReadError::Layout(head.vexil_module));
        }
        if head.project != self.project || head.environment != self.environment {
            let Head { project, environment, .. } = head;
            return Err(ReadError::Other { project, environment });
        }
        if head.selection != self.selection {
            return Err(ReadError::Selection(described(head.selection.as_ref())));
        }
        let module = Bytes::copy_from_slice(module.get(1..).unwrap_or_default());
        let loaded = load(engine, &module, Some(&head.digest))?;
        Ok(Some(First { revision: head.revision, loaded, bytes: module }))
    }

    fn write(&self, revision: u64, digest: String, module: &[u8]) -> io::Result<()> {
        let head = Head {
            vexil_module: LAYOUT,
            project: self.project.clone(),
            environment: self.environment.clone(),
            selection: self.selection.clone(),
            revision,
            digest,
        };
        replace(&self.file, &[&serde_json::to_vec(&head)?, b"\n", module])
    }
}

/// Writes a file of these parts in the place of the one that is there, or not at all.
pub(crate) fn replace(file: &Path, parts: &[&[u8]]) -> io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    let mut name = file.as_os_str().to_owned();
    // Whoever else writes the same file writes another beside it.
    name.push(format!(".{:016x}.partial", rand::random::<u64>()));
    let partial = PathBuf::from(name);
    let mut written = File::create(&partial)?;
    let result = parts
        .iter()
        .try_for_each(|part| written.write_all(part))
        .and_then(|()| written.sync_all())
        .and_then(|()| fs::rename(&partial, file));
    if result.is_err() {
        // It is of no use, and whether it can be removed changes nothing.
        let _ = fs::remove_file(&partial);
    }
    result
}

/// A name as part of a file's: what file systems do not take stands as a number.
fn safe(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => safe.push(char::from(byte)),
            other => safe.push_str(&format!("%{other:02x}")),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::fixture;

    async fn kept(folder: &Path, revision: u64, text: &str) -> Cache {
        let cache = Cache::new(folder, "shop", "production", None);
        let (module, digest) = fixture::module(text);
        cache.keep(revision, &digest, module.into()).await;
        cache
    }

    #[tokio::test]
    async fn the_last_module_that_was_kept_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("made/when/needed");
        let engine = Engine::new().unwrap();
        let nothing = Cache::new(&folder, "shop", "production", None);
        assert!(nothing.last(&engine).await.is_none());
        kept(&folder, 7, "old").await;
        let cache = kept(&folder, 8, "new").await;
        let First { revision, loaded, .. } = cache.last(&engine).await.unwrap();
        assert_eq!((revision, &loaded.digest), (8, &fixture::module("new").1));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
    }

    #[tokio::test]
    async fn what_is_of_some_flags_has_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::new().unwrap();
        let all = kept(folder.path(), 7, "all").await;
        let selection = Selection { flags: ["banner".to_owned()].into(), ..Selection::default() };
        let some = Cache::new(folder.path(), "shop", "production", Some(&selection));
        assert!(some.last(&engine).await.is_none());
        let (module, digest) = fixture::module("some");
        some.keep(9, &digest, module.into()).await;
        assert_eq!(some.last(&engine).await.unwrap().revision, 9);
        assert_eq!(all.last(&engine).await.unwrap().revision, 7);
        assert_eq!(all.0.anchor, some.0.anchor, "whom to trust is known for both");
        fs::copy(&all.0.file, &some.0.file).unwrap();
        let error = some.0.read(&engine).map(|_| ()).unwrap_err().to_string();
        assert_eq!(error, "it is of all flags");
    }

    #[tokio::test]
    async fn damaged_and_foreign_files_are_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::new().unwrap();
        let cache = kept(folder.path(), 7, "x").await;
        let whole = fs::read(&cache.0.file).unwrap();
        let read = |bytes: &[u8]| {
            fs::write(&cache.0.file, bytes).unwrap();
            cache.0.read(&engine).map(|_| ()).map_err(|error| error.to_string())
        };
        let no_head = "it does not begin with a line of JSON that describes it";
        for cut in [0, 1, 40] {
            assert_eq!(read(&whole[..cut]).unwrap_err(), no_head);
        }
        assert!(read(&whole[..whole.len() - 1]).unwrap_err().contains("digest"));
        let text = String::from_utf8_lossy(&whole).into_owned();
        let other = text.replacen("production", "staging", 1);
        assert_eq!(
            read(other.as_bytes()).unwrap_err(),
            "it is of environment `staging` in project `shop`"
        );
        let later = text.replacen("\"vexil_module\":1", "\"vexil_module\":2", 1);
        assert_eq!(
            read(later.as_bytes()).unwrap_err(),
            "its layout 2 is not known to this version"
        );
        assert_eq!(read(&whole), Ok(()));
    }

    #[test]
    fn names_become_parts_of_file_names() {
        assert_eq!(safe("shop-1_A"), "shop-1_A");
        assert_eq!(safe("../ä"), "%2e%2e%2f%c3%a4");
    }
}
