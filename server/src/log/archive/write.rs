//! Writing an archive.
//!
//! In: a header, and the records of its stretch in order. Out: the bytes of a file, and the digest
//! of its index. Equal records give equal bytes, with the same version of zstd.

use std::io::{self, Write};

use super::lines;
use super::{ArchiveError, END, Header, Index, Part, SKIPPED, VERSION};
use crate::limits::{ARCHIVE_PART_BYTES, ARCHIVE_PART_EVENTS};
use crate::log::canonical;
use crate::log::event::{Hash, Record, Revision};

/// The level of zstd: what is written once and kept for years may take its time.
const LEVEL: i32 = 12;

/// Writes an archive, page by page of records until one is empty; gives its size and the digest of
/// its index.
///
/// # Errors
/// A page cannot be had, or the file cannot be written.
pub fn write<E: From<ArchiveError>>(
    target: &mut impl Write,
    header: &Header,
    mut page: impl FnMut(Revision) -> Result<Vec<Record>, E>,
) -> Result<(u64, Hash), E> {
    let mut parts = Parts { target, parts: Vec::new(), offset: 0 };
    parts.put(Revision::ZERO, &lines::header(header)).map_err(ArchiveError::from)?;
    let mut after = header.before.revision;
    let (mut text, mut first, mut events) = (String::new(), after.next(), 0);
    while after < header.end.revision {
        let records = page(after)?;
        if records.is_empty() {
            let missing = format!("event {} is missing", after.next());
            return Err(ArchiveError::Damaged(missing).into());
        }
        for record in records.iter().filter(|it| it.revision <= header.end.revision) {
            after = record.revision;
            text.push_str(&lines::event(record));
            events += 1;
            if events >= ARCHIVE_PART_EVENTS || text.len() >= ARCHIVE_PART_BYTES {
                parts.put(first, &text).map_err(ArchiveError::from)?;
                (first, events) = (after.next(), 0);
                text.clear();
            }
        }
    }
    if events > 0 {
        parts.put(first, &text).map_err(ArchiveError::from)?;
    }
    Ok(parts.finish().map_err(ArchiveError::from)?)
}

struct Parts<'t, W> {
    target: &'t mut W,
    parts: Vec<Part>,
    offset: u64,
}

impl<W: Write> Parts<'_, W> {
    fn put(&mut self, first: Revision, text: &str) -> io::Result<()> {
        let mut frame = zstd::Encoder::new(Vec::new(), LEVEL)?;
        frame.set_pledged_src_size(Some(text.len() as u64))?;
        frame.include_contentsize(true)?;
        frame.write_all(text.as_bytes())?;
        let frame = frame.finish()?;
        self.target.write_all(&frame)?;
        let (offset, bytes) = (self.offset, frame.len() as u64);
        let sha256 = canonical::hash(&[&frame]).to_string();
        self.parts.push(Part { first, offset, bytes, sha256 });
        self.offset += bytes;
        Ok(())
    }

    fn finish(self) -> io::Result<(u64, Hash)> {
        let index = Index { version: VERSION, parts: self.parts };
        // The shape holds no maps with odd keys and no floats: it always serialises.
        let index = serde_json::to_string(&index).unwrap_or_default();
        let length = |bytes: usize| {
            u32::try_from(bytes).map(u32::to_le_bytes).map_err(|_| io::ErrorKind::FileTooLarge)
        };
        let (known, skipped) = (length(index.len())?, length(index.len() + 4 + END.len())?);
        let end = [&SKIPPED, skipped.as_slice(), index.as_bytes(), &known, &END].concat();
        self.target.write_all(&end)?;
        Ok((self.offset + end.len() as u64, canonical::hash(&[index.as_bytes()])))
    }
}
