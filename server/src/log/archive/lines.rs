//! The lines of an archive: a header, and events.
//!
//! In: headers and records. Out: lines of JSON, and back. An event's line is the canonical form that
//! was hashed, with its hash behind it: payloads come back byte for byte.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{ArchiveError, Header, VERSION};
use crate::log::canonical::canonical;
use crate::log::event::{Hash, Record, Revision};
use crate::log::store::{Checkpoint, Head};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderLine {
    vexil_archive: u32,
    project: String,
    first: Revision,
    last: Revision,
    /// The hash before the first event.
    before: String,
    /// The hash of the last.
    head: String,
    checkpoint: Option<CheckpointLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointLine {
    revision: Revision,
    hash: String,
    body: String,
    digest: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventLine<'l> {
    actor: String,
    comment: Option<String>,
    id: Uuid,
    kind: String,
    #[serde(borrow)]
    payload: &'l RawValue,
    revision: Revision,
    schema: u32,
    time_ms: i64,
    #[serde(borrow)]
    via: Option<&'l RawValue>,
    hash: String,
}

pub(super) fn header(header: &Header) -> String {
    let Header { project, before, end, checkpoint } = header;
    let checkpoint = checkpoint.as_ref().map(|it| CheckpointLine {
        revision: it.revision,
        hash: it.hash.to_string(),
        body: it.body.clone(),
        digest: it.digest.to_string(),
    });
    let line = HeaderLine {
        vexil_archive: VERSION,
        project: project.clone(),
        first: before.revision.next(),
        last: end.revision,
        before: before.hash.to_string(),
        head: end.hash.to_string(),
        checkpoint,
    };
    // The shape holds no maps with odd keys and no floats: it always serialises.
    format!("{}\n", serde_json::to_string(&line).unwrap_or_default())
}

pub(super) fn read_header(text: &str) -> Result<Header, ArchiveError> {
    let damaged = |why: String| ArchiveError::Damaged(format!("its first line: {why}"));
    let line: HeaderLine =
        serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
    if line.vexil_archive != VERSION {
        return Err(ArchiveError::Version(line.vexil_archive));
    }
    let hash =
        |text: &str| Hash::parse(text).ok_or_else(|| damaged(format!("`{text}` is no hash")));
    let checkpoint = line.checkpoint.map(|it| {
        let CheckpointLine { revision, hash: at, body, digest } = it;
        Ok::<_, ArchiveError>(Checkpoint {
            revision,
            hash: hash(&at)?,
            body,
            digest: hash(&digest)?,
        })
    });
    let before = line.first.0.checked_sub(1).map(Revision);
    let before = before.ok_or_else(|| damaged("there is no event 0".to_owned()))?;
    Ok(Header {
        project: line.project,
        before: Head { revision: before, hash: hash(&line.before)? },
        end: Head { revision: line.last, hash: hash(&line.head)? },
        checkpoint: checkpoint.transpose()?,
    })
}

pub(super) fn event(record: &Record) -> String {
    let mut line = canonical(record);
    line.pop();
    line + &format!(",\"hash\":\"{}\"}}\n", record.hash)
}

pub(super) fn read_event(text: &str) -> Result<Record, ArchiveError> {
    let line: EventLine<'_> = serde_json::from_str(text)
        .map_err(|error| ArchiveError::Damaged(format!("a line of it: {error}")))?;
    let hash = Hash::parse(&line.hash);
    let hash = hash.ok_or_else(|| ArchiveError::Damaged(format!("`{}` is no hash", line.hash)))?;
    // In a canonical form `null` stands where nothing is said.
    let nothing = (line.schema > 1).then(|| "null".to_owned());
    Ok(Record {
        revision: line.revision,
        id: line.id,
        time_ms: line.time_ms,
        actor: line.actor,
        comment: line.comment,
        schema: line.schema,
        kind: line.kind,
        payload: line.payload.get().to_owned(),
        via: line.via.map(|via| via.get().to_owned()).or(nothing),
        hash,
    })
}
