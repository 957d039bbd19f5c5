//! The table of archives: which events are in which file.
//!
//! In: a connection. Out: rows, and what leaves the database once it is archived. Files are
//! `archive`'s business.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::read::{self, bytes, integer, revision};
use crate::limits;
use crate::log::archive::Archived;
use crate::log::event::{Hash, Revision};
use crate::log::store::{Head, StoreError};

/// A row of `archives`.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) id: i64,
    pub(super) project: i64,
    pub(super) archived: Archived,
}

const SELECT: &str = "SELECT rowid, project, first, last, hash, file, bytes, digest FROM archives";

fn placed(row: &Row<'_>) -> Result<Placed, StoreError> {
    let size: i64 = row.get(6)?;
    let archived = Archived {
        first: revision(row, 2)?,
        last: revision(row, 3)?,
        hash: Hash(bytes(row, 4)?),
        file: row.get(5)?,
        bytes: u64::try_from(size).unwrap_or_default(),
        digest: Hash(bytes(row, 7)?),
    };
    Ok(Placed { id: row.get(0)?, project: row.get(1)?, archived })
}

/// Every row, oldest first.
pub(super) fn all(connection: &Connection) -> Result<Vec<Placed>, StoreError> {
    let mut select = connection.prepare(&format!("{SELECT} ORDER BY project, first"))?;
    let rows = select.query_map((), |row| Ok(placed(row)))?;
    rows.map(|row| row?).collect()
}

/// Those whose files the store does not hold itself.
pub(super) fn elsewhere(connection: &Connection) -> Result<Vec<Placed>, StoreError> {
    let mut select = connection.prepare(&format!("{SELECT} WHERE held IS NULL"))?;
    let rows = select.query_map((), |row| Ok(placed(row)))?;
    rows.map(|row| row?).collect()
}

/// See `Store::archives`.
pub(super) fn of_project(
    connection: &Connection,
    project: &str,
) -> Result<Vec<Archived>, StoreError> {
    let Some((id, _)) = read::project(connection, project)? else { return Ok(Vec::new()) };
    let found = all(connection)?.into_iter().filter(|row| row.project == id);
    Ok(found.map(|row| row.archived).collect())
}

/// The archive that holds an event.
pub(super) fn of_event(
    connection: &Connection,
    project: &str,
    event: Revision,
) -> Result<Option<Placed>, StoreError> {
    let newest = newest_first(connection, project, event.0)?;
    Ok(newest.filter(|row| row.archived.last >= event))
}

/// The newest archive whose first event is not after `most`.
pub(super) fn newest_first(
    connection: &Connection,
    project: &str,
    most: u64,
) -> Result<Option<Placed>, StoreError> {
    let mut select = connection.prepare_cached(&format!(
        "{SELECT} WHERE project = (SELECT id FROM projects WHERE key = ?) AND first <= ?
         ORDER BY first DESC LIMIT 1"
    ))?;
    let mut rows = select.query(params![project, integer(Revision(most))])?;
    rows.next()?.map(placed).transpose()
}

/// The bytes of an archive that the store holds itself; with `only_whether`, none of them.
pub(super) fn held(
    connection: &Connection,
    row: &Placed,
    only_whether: bool,
) -> Result<Option<Vec<u8>>, StoreError> {
    let what = if only_whether { "substr(held, 1, 0)" } else { "held" };
    let mut select =
        connection.prepare_cached(&format!("SELECT {what} FROM archives WHERE rowid = ?"))?;
    Ok(select.query_row(params![row.id], |row| row.get(0)).optional()?.flatten())
}

/// What up to `last` would be archived with: whose row, and the heads around the stretch, which ends
/// earlier when its payloads are many bytes.
pub(super) fn stretch(
    connection: &Connection,
    project: &str,
    last: Revision,
) -> Result<(i64, Head, Head), StoreError> {
    let cannot = |why: String| StoreError::NotArchived { last, why };
    let found = read::project(connection, project)?;
    let (id, head) = found.ok_or_else(|| cannot(format!("there is no project `{project}`")))?;
    if last >= head.revision {
        return Err(cannot(format!("the newest event, {}, stays where it is", head.revision)));
    }
    let before = match of_project(connection, project)?.last() {
        Some(archived) => Head { revision: archived.last, hash: archived.hash },
        None => Head::start(project),
    };
    if last <= before.revision {
        return Err(cannot(format!("they are already, up to {}", before.revision)));
    }
    if last.0 - before.revision.0 > limits::ARCHIVE_EVENTS_MAX {
        let most = limits::ARCHIVE_EVENTS_MAX;
        return Err(cannot(format!("an archive holds {most} events at most")));
    }
    let last = fitting(connection, id, before.revision, last)?;
    let previous = Revision(last.0 - 1);
    let records = read::records(connection, project, previous, 1)?;
    let end = records.first().filter(|record| record.revision == last);
    let end = end.ok_or_else(|| cannot(format!("event {last} is missing")))?;
    Ok((id, before, Head { revision: last, hash: end.hash }))
}

/// The last event, `last` at most, up to which the payloads after `before` are few enough bytes.
fn fitting(
    connection: &Connection,
    project: i64,
    before: Revision,
    last: Revision,
) -> Result<Revision, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT revision, octet_length(payload) FROM events
         WHERE project = ? AND revision > ? AND revision <= ? ORDER BY revision",
    )?;
    let mut rows = select.query(params![project, integer(before), integer(last)])?;
    let (mut bytes, mut end) = (0_u64, None);
    while let Some(row) = rows.next()? {
        let length: i64 = row.get(1)?;
        bytes = bytes.saturating_add(u64::try_from(length).unwrap_or_default());
        if bytes > limits::ARCHIVE_BYTES_MAX && end.is_some() {
            break;
        }
        end = Some(revision(row, 0)?);
    }
    Ok(end.unwrap_or(last))
}

/// Notes an archive. From then on its events may be taken out.
pub(super) fn insert(
    connection: &Connection,
    project: i64,
    archived: &Archived,
) -> Result<(), StoreError> {
    let Archived { first, last, hash, file, bytes, digest } = archived;
    let bytes = i64::try_from(*bytes).unwrap_or(i64::MAX);
    connection.execute(
        "INSERT INTO archives (project, first, last, hash, file, bytes, digest)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
        params![project, integer(*first), integer(*last), hash.0, file, bytes, digest.0],
    )?;
    Ok(())
}

/// Takes out some of the events that are archived, the oldest first; gives how many.
pub(super) fn forget(connection: &Connection, project: i64) -> Result<usize, StoreError> {
    let mut select = connection
        .prepare_cached("SELECT coalesce(max(last), 0) FROM archives WHERE project = ?")?;
    let last: i64 = select.query_row(params![project], |row| row.get(0))?;
    let mut select = connection
        .prepare_cached("SELECT min(revision) FROM events WHERE project = ? AND revision <= ?")?;
    let first: Option<i64> = select.query_row(params![project, last], |row| row.get(0))?;
    let Some(first) = first else { return Ok(0) };
    let end = last.min(first.saturating_add(limits::FORGET_EVENTS - 1));
    // The ids first, which are found by the events that they brought.
    connection
        .prepare_cached(
            "DELETE FROM appends WHERE project = ?1 AND last <= ?3 AND id IN
                (SELECT id FROM events WHERE project = ?1 AND revision BETWEEN ?2 AND ?3)",
        )?
        .execute(params![project, first, end])?;
    let mut delete = connection
        .prepare_cached("DELETE FROM events WHERE project = ? AND revision BETWEEN ? AND ?")?;
    Ok(delete.execute(params![project, first, end])?)
}
