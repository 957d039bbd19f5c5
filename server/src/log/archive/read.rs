//! Reading an archive: any event of it, without reading what stands before.
//!
//! In: a file, or its bytes. Out: its header, and records. Nothing in it is believed: each part is
//! held against its digest in the index, the index against the one that the store has noted, and no
//! more is unpacked than an archive may hold.

use std::io::{Read, Seek, SeekFrom};

use super::{ArchiveError, END, Header, Index, Part, VERSION, lines};
use crate::limits::{ARCHIVE_INDEX_BYTES_MAX, ARCHIVE_PART_UNPACKED_MAX};
use crate::log::canonical;
use crate::log::event::{Hash, Record, Revision};

/// An archive that is open.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    parts: Vec<Part>,
    digest: Hash,
}

impl<R: Read + Seek> Reader<R> {
    /// Opens an archive by its index, which is to have the digest that was noted, if one was.
    ///
    /// # Errors
    /// It cannot be read, or is another one.
    pub fn open(mut source: R, noted: Option<Hash>) -> Result<Self, ArchiveError> {
        let size = source.seek(SeekFrom::End(0))?;
        let end = size.checked_sub(16).ok_or(ArchiveError::NoArchive)?;
        let tail = bytes_at(&mut source, end, 16)?;
        let (length, magic) = tail.split_at_checked(4).ok_or(ArchiveError::NoArchive)?;
        let length = length.try_into().map(u32::from_le_bytes).unwrap_or(u32::MAX);
        if magic != END || length as usize > ARCHIVE_INDEX_BYTES_MAX {
            return Err(ArchiveError::NoArchive);
        }
        let start = end.checked_sub(u64::from(length)).ok_or(ArchiveError::NoArchive)?;
        let text = bytes_at(&mut source, start, length as usize)?;
        let digest = canonical::hash(&[&text]);
        if noted.is_some_and(|noted| noted != digest) {
            let why = "its index is not the one that was noted when it was written";
            return Err(ArchiveError::Damaged(why.to_owned()));
        }
        let index: Index = serde_json::from_slice(&text)
            .map_err(|error| ArchiveError::Damaged(format!("its index: {error}")))?;
        if index.version != VERSION {
            return Err(ArchiveError::Version(index.version));
        }
        let within =
            |part: &Part| part.offset.checked_add(part.bytes).is_some_and(|it| it <= start);
        let rises = index.parts.windows(2).all(|two| matches!(two, [a, b] if a.first < b.first));
        if !rises || !index.parts.iter().all(within) {
            return Err(ArchiveError::Damaged("its index is not in order".to_owned()));
        }
        Ok(Self { source, parts: index.parts, digest })
    }

    /// SHA-256 of its index.
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn header(&mut self) -> Result<Header, ArchiveError> {
        let part = self.parts.first().cloned().ok_or(ArchiveError::NoArchive)?;
        lines::read_header(&self.text(&part)?)
    }

    /// Holds every part against its digest.
    ///
    /// # Errors
    /// One was altered, or cannot be read.
    pub fn check(&mut self) -> Result<(), ArchiveError> {
        for part in self.parts.clone() {
            self.text(&part)?;
        }
        Ok(())
    }

    /// The records after `after` in the part that holds the next one; none when it has no such part.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn records(&mut self, after: Revision) -> Result<Vec<Record>, ArchiveError> {
        let next = after.next();
        let events = self.parts.iter().skip(1);
        let Some(part) = events.rev().find(|part| part.first <= next).cloned() else {
            return Ok(Vec::new());
        };
        let text = self.text(&part)?;
        let mut records = Vec::new();
        for line in text.lines() {
            let record = lines::read_event(line)?;
            if record.revision > after {
                records.push(record);
            }
        }
        Ok(records)
    }

    /// What a part holds.
    fn text(&mut self, part: &Part) -> Result<String, ArchiveError> {
        let length = usize::try_from(part.bytes).unwrap_or(usize::MAX);
        let frame = bytes_at(&mut self.source, part.offset, length)?;
        let of = |what: &str| match part.first {
            Revision::ZERO => ArchiveError::Damaged(format!("its first line {what}")),
            first => ArchiveError::Damaged(format!("what stands from event {first} on {what}")),
        };
        if canonical::hash(&[&frame]).to_string() != part.sha256 {
            return Err(of("was altered"));
        }
        let mut unpacked = Vec::new();
        let decoder = zstd::Decoder::with_buffer(frame.as_slice())?;
        let limit = ARCHIVE_PART_UNPACKED_MAX as u64;
        decoder.single_frame().take(limit + 1).read_to_end(&mut unpacked)?;
        if unpacked.len() > ARCHIVE_PART_UNPACKED_MAX {
            return Err(of("is longer than an archive may hold"));
        }
        String::from_utf8(unpacked).map_err(|_| of("is no text"))
    }
}

/// So many bytes from there on; an archive that ends before was cut.
fn bytes_at(
    source: &mut (impl Read + Seek),
    offset: u64,
    length: usize,
) -> Result<Vec<u8>, ArchiveError> {
    source.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    source.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(ArchiveError::NoArchive) }
}
