//! Archives: old events in compressed files of their own, which any tool can read.
//!
//! In: the records of a stretch of a log. Out: a file of JSON lines in zstd frames, and records
//! read back from it, each stretch of it held against its digest. The format is fixed byte for byte
//! in `docs/log.md`. Where files are, and which events went into which, is the store's business.

mod lines;

mod read;

mod write;

use serde::{Deserialize, Serialize};

use super::event::{Hash, Revision};
use super::store::{Checkpoint, Head};

pub use read::Reader;
pub use write::write;

/// What an archive says of itself: the first line of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Whose events they are.
    pub project: String,
    /// The head before its first event.
    pub before: Head,
    /// The head at its last event.
    pub end: Head,
    /// The state before its first event, so that what is in it is rebuilt from it alone.
    pub checkpoint: Option<Checkpoint>,
}

/// A stretch of a log that was archived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// Its first event.
    pub first: Revision,
    /// Its last event.
    pub last: Revision,
    /// The hash chain up to and with `last`.
    pub hash: Hash,
    /// The name of its file.
    pub file: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of its index, which holds those of all its parts.
    pub digest: Hash,
}

/// Why an archive cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// It is something else, or was cut.
    #[error("it is no archive of vexil, or its end is missing")]
    NoArchive,
    /// It is of a version to come.
    #[error("it is of version {0}, which this vexil does not know")]
    Version(u32),
    /// Bits of it have changed, or it is another one.
    #[error("{0}")]
    Damaged(String),
}

/// The version of the format.
const VERSION: u32 = 1;

/// What begins the index: a frame that readers of zstd skip (RFC 8878 §3.1.2).
const SKIPPED: [u8; 4] = [0x56, 0x2a, 0x4d, 0x18];

/// What ends an archive, behind the length of the index in four bytes, the lowest first.
const END: [u8; 12] = *b"vexil index\n";

/// Where the parts of an archive are.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    version: u32,
    parts: Vec<Part>,
}

/// A zstd frame of an archive. The first holds the header, the others events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    /// The revision of its first event; 0 of the header.
    first: Revision,
    offset: u64,
    bytes: u64,
    /// SHA-256 of the frame, in hexadecimal.
    sha256: String,
}

#[cfg(test)]
mod tests;
