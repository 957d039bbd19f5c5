//! The queries of the SQLite store.
//!
//! In: a connection, a project. Out: records, heads, checkpoints. Nothing here writes. What stands
//! in the file is not trusted: a value out of shape is `Damaged`, not a panic.

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::limits;
use crate::log::event::{Appended, Hash, Record, Revision};
use crate::log::store::{Checkpoint, Head, StoreError};

/// A revision as SQLite keeps it.
pub(super) fn integer(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX)
}

/// See `Store::copy_to`. In one step, and so within one transaction: what is written meanwhile is not
/// in it, and does not make it begin again.
pub(super) fn copy(
    connection: &Connection,
    file: &std::path::Path,
) -> Result<Connection, StoreError> {
    let mut target = Connection::open(file)?;
    rusqlite::backup::Backup::new(connection, &mut target)?.step(-1)?;
    // All of it in the one file, on the disk.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(target)
}

/// Events that belong to no project.
pub(super) fn orphans(connection: &Connection) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM events WHERE project NOT IN (SELECT id FROM projects)";
    Ok(connection.query_row(sql, (), |row| row.get(0))?)
}

/// Whether an event is in the database.
pub(super) fn has(
    connection: &Connection,
    project: &str,
    event: Revision,
) -> Result<bool, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT 1 FROM events JOIN projects ON projects.id = events.project
         WHERE projects.key = ? AND revision = ?",
    )?;
    Ok(select.exists(params![project, integer(event)])?)
}

/// See `Store::records`, for events that are not archived.
pub(super) fn records(
    connection: &Connection,
    project: &str,
    after: Revision,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT revision, events.id, time_ms, actor, comment, schema, kind, payload, via,
                hash
         FROM events JOIN projects ON projects.id = events.project
         WHERE projects.key = ? AND revision > ? ORDER BY revision LIMIT ?",
    )?;
    let limit = limit.min(limits::READ_EVENTS_MAX);
    let mut rows = select.query(params![project, integer(after), limit as i64])?;
    let mut records = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let record = record(row)?;
        bytes += record.payload.len();
        if bytes > limits::READ_BYTES_MAX && !records.is_empty() {
            break;
        }
        records.push(record);
    }
    Ok(records)
}

fn record(row: &Row<'_>) -> Result<Record, StoreError> {
    Ok(Record {
        revision: revision(row, 0)?,
        id: Uuid::from_bytes(bytes(row, 1)?),
        time_ms: row.get(2)?,
        actor: row.get(3)?,
        comment: row.get(4)?,
        schema: row.get(5)?,
        kind: row.get(6)?,
        payload: row.get(7)?,
        via: row.get(8)?,
        hash: Hash(bytes(row, 9)?),
    })
}

pub(super) fn revision(row: &Row<'_>, column: usize) -> Result<Revision, StoreError> {
    let number: i64 = row.get(column)?;
    let number = u64::try_from(number);
    number.map(Revision).map_err(|_| StoreError::Damaged("a revision is negative".to_owned()))
}

pub(super) fn bytes<const N: usize>(row: &Row<'_>, column: usize) -> Result<[u8; N], StoreError> {
    let value = row.get_ref(column)?;
    let bytes = value.as_blob().map_err(rusqlite::Error::from)?;
    let damaged = |_| StoreError::Damaged(format!("{} bytes stand where {N} belong", bytes.len()));
    bytes.try_into().map_err(damaged)
}

/// A project's row: its id in the file, and its head.
pub(super) fn project(
    connection: &Connection,
    project: &str,
) -> Result<Option<(i64, Head)>, StoreError> {
    let mut select =
        connection.prepare_cached("SELECT id, head, head_hash FROM projects WHERE key = ?")?;
    let mut rows = select.query(params![project])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let head = Head { revision: revision(row, 1)?, hash: Hash(bytes(row, 2)?) };
    Ok(Some((row.get(0)?, head)))
}

/// See `Store::head`.
pub(super) fn head(connection: &Connection, key: &str) -> Result<Option<Head>, StoreError> {
    Ok(project(connection, key)?.map(|(_, head)| head))
}

/// See `Store::projects`.
pub(super) fn projects(connection: &Connection) -> Result<Vec<(String, Head)>, StoreError> {
    let mut select =
        connection.prepare_cached("SELECT key, head, head_hash FROM projects ORDER BY key")?;
    let mut rows = select.query(())?;
    let mut projects = Vec::new();
    while let Some(row) = rows.next()? {
        let head = Head { revision: revision(row, 1)?, hash: Hash(bytes(row, 2)?) };
        projects.push((row.get(0)?, head));
    }
    Ok(projects)
}

/// See `Store::appended`.
pub(super) fn appended(
    connection: &Connection,
    project: &str,
    id: Uuid,
) -> Result<Option<Appended>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT first, last, hash, request FROM appends
         JOIN projects ON projects.id = appends.project
         JOIN events ON events.project = appends.project AND events.revision = appends.last
         WHERE projects.key = ? AND appends.id = ?",
    )?;
    let mut rows = select.query(params![project, id.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (first, last) = (revision(row, 0)?, revision(row, 1)?);
    let (hash, request) = (Hash(bytes(row, 2)?), Hash(bytes(row, 3)?));
    Ok(Some(Appended { first, last, hash, request, repeated: true }))
}

/// See `Store::checkpoint`, for those outside of archives.
pub(super) fn checkpoint(
    connection: &Connection,
    project: &str,
    at: Revision,
) -> Result<Option<Checkpoint>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT revision, hash, body, digest FROM checkpoints
         JOIN projects ON projects.id = checkpoints.project
         WHERE projects.key = ? AND revision <= ? ORDER BY revision DESC LIMIT 1",
    )?;
    let mut rows = select.query(params![project, integer(at)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Checkpoint {
        revision: revision(row, 0)?,
        hash: Hash(bytes(row, 1)?),
        body: row.get(2)?,
        digest: Hash(bytes(row, 3)?),
    }))
}

/// The revisions of the checkpoints of the project with this id, oldest first.
pub(super) fn checkpoints(
    connection: &Connection,
    project: i64,
) -> Result<Vec<Revision>, StoreError> {
    let mut select = connection
        .prepare_cached("SELECT revision FROM checkpoints WHERE project = ? ORDER BY revision")?;
    let mut rows = select.query(params![project])?;
    let mut revisions = Vec::new();
    while let Some(row) = rows.next()? {
        revisions.push(revision(row, 0)?);
    }
    Ok(revisions)
}
