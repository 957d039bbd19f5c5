//! Carrying out a command: one at a time in each project.
//!
//! In: a command and who asks. Out: the events that came of it. The order is fixed: an append that
//! was made before is answered with its first result; the expected revision is checked; the command
//! is decided; what would result is compiled; only then it is appended, applied and published.

use std::mem::discriminant;
use std::sync::Arc;
use std::time::Instant;

use tracing::Instrument as _;
use vexil_compiler::Audience;

use super::error::{ExecuteError, chain};
use super::live::{Live, Ready, Turn};
use super::prepare::{Prepared, prepare};
use super::{Caller, Hub, Mode, Outcome, repeat};
use crate::clock;
use crate::command::{Command, need_reason};
use crate::limits::{CHECKPOINT_EVENTS, CONFLICT_CHANGES_MAX, STORE_CONFLICTS_MAX};
use crate::log::event::{Append, Appended, Revision};
use crate::log::store::AppendError;
use crate::projection::State;
use crate::projection::rebuild::rebuild;
use crate::publish::compiling::CompileError;
use crate::trace::Cause;

/// Carries out a command when its turn has come.
///
/// # Errors
/// See [`ExecuteError`].
pub async fn execute(
    hub: &Arc<Hub>,
    live: &Arc<Live>,
    command: Command,
    caller: Caller,
    mode: Mode,
) -> Result<Outcome, ExecuteError> {
    if let Some(why) = live.frozen() {
        return Err(ExecuteError::Frozen(why.to_owned()));
    }
    let mut turn = live.turn.lock().await;
    let (command, caller) = (Arc::new(command), Arc::new(caller));
    for _ in 0..STORE_CONFLICTS_MAX {
        if turn.behind {
            catch_up(hub, live, &mut turn).await?;
        }
        if let Some(outcome) = repeat::first_result(hub, live, &caller).await? {
            return Ok(outcome);
        }
        let state = live.state();
        expect(hub, &state, &caller).await?;
        let mut prepared = decide(hub, &state, &command, &caller).await?;
        compile(hub, &mut prepared.ready).await?;
        let (Some(append), Mode::Do) = (prepared.append.take(), mode) else {
            let (revision, plan) = (state.revision, prepared.plan);
            let events = Vec::new();
            return Ok(Outcome { revision, repeated: false, events, plan });
        };
        need_reason(&state, &append.changes, caller.comment.as_deref())?;
        // Until the store has answered, what it holds is not known.
        turn.behind = true;
        let appended = store(hub, &state.key, append).await;
        tell(&mut turn, &state.key, &appended);
        match appended {
            Ok(appended) => {
                let cause = Cause::here(caller.via.request.as_deref());
                return Ok(finish(hub, live, &mut turn, (prepared, appended), &cause));
            }
            // Somebody else has written to the store: decide again on what is there now.
            Err(ExecuteError::Append(AppendError::Conflict { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Err(ExecuteError::Busy)
}

/// Refuses a caller who has seen another revision.
async fn expect(hub: &Arc<Hub>, state: &State, caller: &Caller) -> Result<(), ExecuteError> {
    let current = state.revision;
    let Some(expected) = caller.expected.filter(|expected| *expected != current) else {
        return Ok(());
    };
    let newest = Revision(current.0.saturating_sub(CONFLICT_CHANGES_MAX as u64));
    let (after, key) = (expected.max(newest), state.key.clone());
    let read =
        move |store: &dyn crate::log::store::Store| store.read(&key, after, CONFLICT_CHANGES_MAX);
    let changes = hub.blocking(read).await??;
    Err(ExecuteError::Conflict { expected, current, changes })
}

async fn decide(
    hub: &Arc<Hub>,
    state: &Arc<State>,
    command: &Arc<Command>,
    caller: &Arc<Caller>,
) -> Result<Prepared, ExecuteError> {
    let started = Instant::now();
    let (state, command) = (Arc::clone(state), Arc::clone(command));
    let caller = Arc::clone(caller);
    // Time never goes back in a log, whatever the clock does.
    let time_ms = clock::now_ms().max(state.time_ms);
    let work = hub.blocking(move |store| prepare(&state, &command, &caller, time_ms, store));
    let prepared = work.instrument(tracing::debug_span!("projection")).await?;
    hub.telemetry().projection(started.elapsed());
    prepared
}

/// Compiles what the command touches, all environments at once as far as there are threads.
async fn compile(hub: &Arc<Hub>, ready: &mut [Ready]) -> Result<(), ExecuteError> {
    let compilers = &hub.press().compilers;
    let jobs = ready.iter().map(|one| {
        let span = tracing::debug_span!("compile", environment = one.environment);
        compilers.compile(Arc::clone(&one.flag_set), Audience::Server, None).instrument(span)
    });
    let modules = futures_util::future::join_all(jobs).await;
    for (one, module) in ready.iter_mut().zip(modules) {
        match module {
            Ok(module) => one.module = Some(module),
            Err(CompileError::Faults(faults)) => return Err(ExecuteError::Faults(faults)),
            Err(CompileError::Broken | CompileError::Verify(_)) => {
                return Err(ExecuteError::Broken("the compiler broke off"));
            }
        }
    }
    Ok(())
}

async fn store(hub: &Arc<Hub>, key: &str, append: Append) -> Result<Appended, ExecuteError> {
    let (key, events) = (key.to_owned(), append.changes.len() as u64);
    let started = Instant::now();
    let span = tracing::debug_span!("append", events);
    let appended = hub.blocking(move |store| store.append(&key, append)).instrument(span).await?;
    let appended = appended.map_err(ExecuteError::Append)?;
    hub.telemetry().append(events, started.elapsed());
    Ok(appended)
}

/// Logs an append that failed for the operator to mend, once for each kind of failure until one
/// succeeds. A caller's mistake is not logged.
fn tell(turn: &mut Turn, project: &str, result: &Result<Appended, ExecuteError>) {
    let error = match result {
        Ok(_) => {
            if turn.failing.take().is_some() {
                tracing::info!(project, "the store appends again");
            }
            return;
        }
        Err(ExecuteError::Append(error)) => error,
        Err(_) => return,
    };
    if turn.failing == Some(discriminant(error)) {
        return;
    }
    let cause = chain(error);
    match error {
        AppendError::Conflict { .. }
        | AppendError::Reused { .. }
        | AppendError::Empty
        | AppendError::TooLarge { .. } => return,
        AppendError::Busy => tracing::warn!(project, cause, "the store could not append"),
        AppendError::Full
        | AppendError::Broken { .. }
        | AppendError::Stopped(_)
        | AppendError::Database(_) => tracing::error!(project, cause, "the store could not append"),
    }
    turn.failing = Some(discriminant(error));
}

/// Makes what was appended the state of the project.
fn finish(
    hub: &Arc<Hub>,
    live: &Arc<Live>,
    turn: &mut Turn,
    (prepared, appended): (Prepared, Appended),
    cause: &Cause,
) -> Outcome {
    let Prepared { next, ready, events, plan, .. } = prepared;
    // The records were sealed as the store seals them. Should it have written others (it must
    // not), the state is taken from the store before the next command.
    turn.behind = (appended.last, appended.hash) != (next.revision, next.hash);
    let revision = next.revision;
    live.advance(next, ready, cause);
    if !turn.behind && revision.0.saturating_sub(turn.checkpoint.0) >= CHECKPOINT_EVENTS {
        turn.checkpoint = revision;
        hub.save_checkpoint(live);
    }
    Outcome { revision, repeated: false, events, plan }
}

/// Applies what the store holds beyond the state, and publishes every environment.
async fn catch_up(hub: &Arc<Hub>, live: &Arc<Live>, turn: &mut Turn) -> Result<(), ExecuteError> {
    let state = live.state();
    let key = state.key.clone();
    let newest = hub.blocking(move |store| rebuild(store, &key, None)).await??;
    if (newest.revision, newest.hash) != (state.revision, state.hash) {
        tracing::warn!(project = state.key, from = %state.revision, to = %newest.revision,
            "the state was taken from the store again");
        let ready = Ready::all(&newest);
        live.advance(newest, ready, &Cause::default());
    }
    turn.behind = false;
    Ok(())
}
