//! The one thread that writes: it commits what waits together.
//!
//! In: requests through a bounded queue. Out: an answer to each, after its commit is on the disk.
//! Within a group each append succeeds or fails on its own. After a fault of the disk it writes
//! nothing more: what a failed sync left behind is known only after reading the file again.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use rusqlite::{Connection, ErrorCode, params};

use super::archived;
use super::open::OpenError;
use super::read::{self, integer};
use crate::limits;
use crate::log::archive::Archived;
use crate::log::checkpoints::surplus;
use crate::log::event::{Appended, Record};
use crate::log::heads::Heads;
use crate::log::seal::{Prepared, again, expects, seal};
use crate::log::store::{AppendError, Checkpoint, Head, StoreError};
use crate::log::witness::Witness;

/// The writer's queue and thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
}

enum Request {
    Append(Pending),
    Checkpoint { project: String, checkpoint: Checkpoint, answer: Answer<StoreError> },
    Archived { project: i64, archived: Archived, answer: Answer<StoreError> },
    Forget { project: i64, answer: Answer<StoreError, usize> },
    LimitPages { pages: u32, answer: Answer<StoreError> },
}

type Answer<E, T = ()> = SyncSender<Result<T, E>>;

/// An append that waits.
struct Pending {
    project: String,
    prepared: Prepared,
    answer: Answer<AppendError, Appended>,
}

impl Writer {
    /// Starts the thread on `connection`.
    pub(super) fn start(
        connection: Connection,
        heads: Arc<Heads>,
        witness: Witness,
    ) -> Result<Self, OpenError> {
        let (queue, requests) = sync_channel(limits::APPEND_QUEUE);
        let thread = std::thread::Builder::new()
            .name("vexil-log".to_owned())
            .spawn(move || {
                Thread { connection, heads, witness, written: None, fault: None }.run(&requests);
            })
            .map_err(OpenError::Writer)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// See `Store::append`.
    pub(super) fn append(
        &self,
        project: &str,
        prepared: Prepared,
    ) -> Result<Appended, AppendError> {
        let (answer, answered) = sync_channel(1);
        let pending = Pending { project: project.to_owned(), prepared, answer };
        let Some(queue) = &self.queue else { return Err(AppendError::Stopped(ENDED.to_owned())) };
        queue.try_send(Request::Append(pending)).map_err(|error| match error {
            TrySendError::Full(_) => AppendError::Busy,
            TrySendError::Disconnected(_) => AppendError::Stopped(ENDED.to_owned()),
        })?;
        answered.recv().unwrap_or_else(|_| Err(AppendError::Stopped(ENDED.to_owned())))
    }

    /// See `Store::save_checkpoint`.
    pub(super) fn save_checkpoint(
        &self,
        project: &str,
        checkpoint: Checkpoint,
    ) -> Result<(), StoreError> {
        let project = project.to_owned();
        self.ask(|answer| Request::Checkpoint { project, checkpoint, answer })
    }

    /// Notes that events were archived.
    pub(super) fn archived(&self, project: i64, archived: Archived) -> Result<(), StoreError> {
        self.ask(|answer| Request::Archived { project, archived, answer })
    }

    /// Takes out some events that are archived; gives how many.
    pub(super) fn forget(&self, project: i64) -> Result<usize, StoreError> {
        self.ask(|answer| Request::Forget { project, answer })
    }

    /// See `SqliteStore::limit_pages`.
    pub(super) fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        self.ask(|answer| Request::LimitPages { pages, answer })
    }

    fn ask<T>(
        &self,
        request: impl FnOnce(Answer<StoreError, T>) -> Request,
    ) -> Result<T, StoreError> {
        let ended = || StoreError::Stopped(ENDED.to_owned());
        let (answer, answered) = sync_channel(1);
        let queue = self.queue.as_ref().ok_or_else(ended)?;
        queue.send(request(answer)).map_err(|_| ended())?;
        answered.recv().map_err(|_| ended())?
    }
}

const ENDED: &str = "its writer has ended";

impl Drop for Writer {
    /// Lets the thread finish what waits, and waits for it.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer of the log has panicked");
        }
    }
}

struct Thread {
    connection: Connection,
    heads: Arc<Heads>,
    witness: Witness,
    /// When it was written last.
    written: Option<Instant>,
    /// Why nothing more is written.
    fault: Option<String>,
}

impl Thread {
    fn run(mut self, requests: &Receiver<Request>) {
        let mut next = self.next(requests);
        while let Some(request) = next.take() {
            match request {
                Request::Append(first) => {
                    let (group, rest) = collect(first, requests);
                    next = rest;
                    self.commit(group);
                }
                // Nobody may wait for an answer any more: that is theirs to decide.
                Request::Checkpoint { project, checkpoint, answer } => {
                    drop(answer.send(self.save_checkpoint(&project, &checkpoint)));
                }
                Request::Archived { project, archived, answer } => {
                    drop(answer.send(self.write(|it| archived::insert(it, project, &archived))));
                }
                Request::Forget { project, answer } => {
                    drop(answer.send(self.write(|it| archived::forget(it, project))));
                }
                Request::LimitPages { pages, answer } => {
                    drop(answer.send(self.limit_pages(pages)));
                }
            }
            next = next.or_else(|| self.next(requests));
        }
        if self.witness.is_behind() {
            self.witness.write();
        }
    }

    /// The next request; `None` at the end. Meanwhile what was acknowledged is noted.
    fn next(&mut self, requests: &Receiver<Request>) -> Option<Request> {
        while self.witness.is_behind() {
            let since = self.written.map_or(limits::WITNESS_INTERVAL, |written| written.elapsed());
            let left = limits::WITNESS_INTERVAL.saturating_sub(since);
            if left.is_zero() {
                self.witness.write();
                self.written = Some(Instant::now());
                // What could not be written is tried again with the next request.
                break;
            }
            match requests.recv_timeout(left) {
                Ok(request) => return Some(request),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        requests.recv().ok()
    }

    /// Does something in a transaction of its own.
    fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(fault) = &self.fault {
            return Err(StoreError::Stopped(fault.clone()));
        }
        let transaction = self.connection.unchecked_transaction()?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Commits `group` and answers all of it.
    fn commit(&mut self, group: Vec<Pending>) {
        match self.try_commit(&group) {
            Ok(results) => self.answer(group, results),
            Err(error) if is_fatal(&error) => {
                tracing::error!(%error, "the log takes no more events");
                let fault = format!("the disk failed ({error}); start again to read it anew");
                let stopped = |_| Err(AppendError::Stopped(fault.clone()));
                let results = group.iter().map(stopped).collect();
                self.fault = Some(fault);
                self.answer(group, results);
            }
            Err(error) if group.len() == 1 => self.answer(group, vec![Err(error)]),
            // SQLite took the whole transaction back, perhaps for one that did not fit.
            Err(_) => group.into_iter().for_each(|pending| self.commit(vec![pending])),
        }
    }

    fn answer(&mut self, group: Vec<Pending>, results: Vec<Result<Appended, AppendError>>) {
        for (pending, result) in group.into_iter().zip(results) {
            if let Ok(appended) = &result {
                let Appended { last: revision, hash, .. } = *appended;
                self.witness.note(&pending.project, Head { revision, hash });
                self.heads.announce(&pending.project, appended.last);
            }
            drop(pending.answer.send(result));
        }
    }

    /// One transaction over `group`; an error means that none of it was committed.
    fn try_commit(
        &self,
        group: &[Pending],
    ) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
        if let Some(fault) = &self.fault {
            let stopped = |_| Err(AppendError::Stopped(fault.clone()));
            return Ok(group.iter().map(stopped).collect());
        }
        let transaction = rusqlite::Transaction::new_unchecked(
            &self.connection,
            rusqlite::TransactionBehavior::Immediate,
        )?;
        let mut results = Vec::with_capacity(group.len());
        for pending in group {
            results.push(append_alone(&transaction, pending)?);
        }
        transaction.commit()?;
        Ok(results)
    }

    fn save_checkpoint(&self, project: &str, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.write(|transaction| {
            let Some((id, _)) = read::project(transaction, project)? else { return Ok(()) };
            let Checkpoint { revision, hash, body, digest } = checkpoint;
            let mut insert = transaction
                .prepare_cached("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)")?;
            insert.execute(params![id, integer(*revision), hash.0, body, digest.0])?;
            if let Some(surplus) = surplus(&read::checkpoints(transaction, id)?) {
                let delete = "DELETE FROM checkpoints WHERE project = ? AND revision = ?";
                transaction.execute(delete, params![id, integer(surplus)])?;
            }
            Ok(())
        })
    }

    fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        // SQLite answers with the limit that holds, which is never below the pages in use.
        let mut set = self.connection.prepare(&format!("PRAGMA max_page_count = {pages}"))?;
        set.query_row((), |_| Ok(()))?;
        Ok(())
    }
}

/// The appends that wait behind `first`, up to a group, and what came after them.
fn collect(first: Pending, requests: &Receiver<Request>) -> (Vec<Pending>, Option<Request>) {
    let mut group = vec![first];
    while group.len() < limits::GROUP_MAX {
        match requests.try_recv() {
            Ok(Request::Append(pending)) => group.push(pending),
            Ok(other) => return (group, Some(other)),
            Err(_) => break,
        }
    }
    (group, None)
}

/// Appends `pending` within the group's transaction: an inner error is its own, and has left no
/// trace; an outer error is of the whole transaction.
fn append_alone(
    connection: &Connection,
    pending: &Pending,
) -> Result<Result<Appended, AppendError>, AppendError> {
    connection.execute_batch("SAVEPOINT alone")?;
    let result = append(connection, pending);
    match result {
        Err(error) if is_fatal(&error) || connection.is_autocommit() => return Err(error),
        Err(_) => connection.execute_batch("ROLLBACK TO alone; RELEASE alone")?,
        Ok(_) => connection.execute_batch("RELEASE alone")?,
    }
    Ok(result)
}

/// Whether what is on the disk is not known any more.
fn is_fatal(error: &AppendError) -> bool {
    let AppendError::Database(StoreError::Database(rusqlite::Error::SqliteFailure(failure, _))) =
        error
    else {
        return false;
    };
    matches!(
        failure.code,
        ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase
    )
}

fn append(connection: &Connection, pending: &Pending) -> Result<Appended, AppendError> {
    let Pending { project, prepared, .. } = pending;
    if let Some(earlier) = read::appended(connection, project, prepared.id)? {
        return again(earlier, prepared.id, prepared.request);
    }
    let found = read::project(connection, project)?;
    let head = found.map_or_else(|| Head::start(project), |(_, head)| head);
    expects(prepared, head.revision)?;
    let id = match found {
        Some((id, _)) => id,
        None => {
            let mut insert = connection
                .prepare_cached("INSERT INTO projects (key, head, head_hash) VALUES (?, 0, ?)")?;
            insert.insert(params![project, head.hash.0])?
        }
    };
    let last = insert_events(connection, id, head, prepared)?;
    let (first, request) = (head.revision.next(), prepared.request);
    connection.prepare_cached("INSERT INTO appends VALUES (?, ?, ?, ?, ?)")?.execute(params![
        id,
        prepared.id.as_bytes(),
        integer(first),
        integer(last.revision),
        request.0
    ])?;
    connection
        .prepare_cached("UPDATE projects SET head = ?, head_hash = ? WHERE id = ?")?
        .execute(params![integer(last.revision), last.hash.0, id])?;
    let Head { revision: last, hash } = last;
    Ok(Appended { first, last, hash, request, repeated: false })
}

fn insert_events(
    connection: &Connection,
    project: i64,
    mut head: Head,
    prepared: &Prepared,
) -> Result<Head, rusqlite::Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO events (project, revision, id, time_ms, actor, comment, schema, kind, payload,
                             hash, via)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for record in seal(head, prepared) {
        let Record { revision, id, time_ms, actor, comment, schema, kind, payload, via, hash } =
            &record;
        insert.execute(params![
            project,
            integer(*revision),
            id.as_bytes(),
            time_ms,
            actor,
            comment,
            schema,
            kind,
            payload,
            hash.0,
            via
        ])?;
        head = Head { revision: *revision, hash: *hash };
    }
    Ok(head)
}
