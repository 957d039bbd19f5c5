//! Access: who may do what, by keys that are events of a log of their own.
//!
//! In: the log of access, commands about keys, the secrets that callers show. Out: identities, and
//! new keys, whose secret is told once. A secret is never kept: its SHA-256 is. Nothing here may
//! write a secret to a log, an event, an error or a measurement.
//!
//! A key that is shown is looked up in memory, and one SHA-256 is computed: a bad one costs no more
//! than a good one, and a revoked key is refused from the moment of its event on. So there is no
//! cache of either to go stale.

// Blank lines keep rustfmt from sorting the modules: they stand in reading order.

pub mod token;

pub mod grant;

pub mod keys;

mod change;

use std::sync::Arc;

use tokio::sync::watch;
use vexil_runtime::simulated::spawn_blocking;

use crate::clock;
use crate::hub::Caller;
use crate::limits::READ_EVENTS_MAX;
use crate::log::event::{Append, Appended, Revision};
use crate::log::store::{AppendError, Store, StoreError};
use crate::log::verify::{Verification, verify_newest};
use change::{Draft, prepare};
use grant::Identity;
use keys::{Key, Keys, KeysError};
use token::Token;

pub use change::{Ask, Refusal, may_see};

/// The key under which stores keep the log of access. No project is called like this: names that
/// begin with `$` are the server's own.
pub const LOG: &str = "$access";

/// Is this the name of a log that is not a project's?
#[must_use]
pub fn is_reserved(project: &str) -> bool {
    project.starts_with('$')
}

/// Keys, and the one way to change them.
pub struct Access {
    store: Arc<dyn Store>,
    /// Held while a change is decided, appended and applied.
    turn: tokio::sync::Mutex<()>,
    keys: watch::Sender<Arc<Keys>>,
    mode: Mode,
}

/// Whether keys are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are.
    Keys,
    /// Who shows none may do everything: for a developer's own machine.
    Open,
}

/// Why access could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store could not be read.
    #[error("the keys cannot be read")]
    Store(#[from] StoreError),
    /// The log was edited, or has lost events.
    #[error("the log of keys is not as it was written: {0}")]
    Broken(String),
    /// An event is not known.
    #[error("the log of keys cannot be projected")]
    Keys(#[from] KeysError),
}

/// Why keys were not changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It is not allowed, or makes no sense.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The key of who asks is good no more.
    #[error(transparent)]
    Stranger(#[from] Stranger),
    /// The store did not append.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug of ours.
    #[error("{0}")]
    Broken(&'static str),
}

/// What came of a change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The log's revision after it.
    pub revision: Revision,
    /// It had been made before, under the same id: its secret was told then.
    pub repeated: bool,
    /// The key as it is now.
    pub key: Arc<Key>,
    /// A new secret; told this once.
    pub token: Option<Token>,
}

/// Why a caller is not who it claims to be. Nothing in it says how close a guess was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stranger {
    /// It showed no key.
    #[error("no key was shown")]
    NoKey,
    /// What it showed is no key, or none that is good.
    #[error("the key is not good: it is not known, was revoked or has expired")]
    BadKey,
}

impl Access {
    /// Opens the keys of a store. This call blocks while it reads them.
    ///
    /// # Errors
    /// The log is broken or not known to this version.
    pub fn open(store: Arc<dyn Store>, mode: Mode) -> Result<Self, OpenError> {
        if let Verification::Broken(fault) = verify_newest(&*store, LOG)? {
            return Err(OpenError::Broken(fault.message));
        }
        let mut keys = Keys::default();
        loop {
            let events = store.read(LOG, keys.revision, READ_EVENTS_MAX)?;
            if events.is_empty() {
                break;
            }
            events.iter().try_for_each(|event| keys.apply(event))?;
        }
        let keys = watch::Sender::new(Arc::new(keys));
        Ok(Self { store, turn: tokio::sync::Mutex::default(), keys, mode })
    }

    /// All keys, now.
    #[must_use]
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.borrow())
    }

    /// All keys, now and whenever one changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Keys>> {
        self.keys.subscribe()
    }

    /// Whether keys are asked for.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Who shows `token`, or who shows nothing.
    ///
    /// # Errors
    /// See [`Stranger`].
    pub fn identify(&self, token: Option<&str>) -> Result<Identity, Stranger> {
        let Some(token) = token else {
            return match self.mode {
                Mode::Open => Ok(Identity::Anybody),
                Mode::Keys => Err(Stranger::NoKey),
            };
        };
        let token = Token::parse(token).ok_or(Stranger::BadKey)?;
        let keys = self.keys();
        let (key, secret) = keys.find(&token, clock::now_ms()).ok_or(Stranger::BadKey)?;
        Ok(Identity::Key { key, secret })
    }

    /// Is who was let in still to be let in? A body may take half a minute to arrive.
    ///
    /// # Errors
    /// The key is good no more.
    pub fn still_knows(&self, identity: &Identity) -> Result<(), Stranger> {
        let good = match identity {
            Identity::Nobody | Identity::Anybody => true,
            Identity::Key { key, secret } => self.keys().still_know(key, secret, clock::now_ms()),
        };
        if good { Ok(()) } else { Err(Stranger::BadKey) }
    }

    /// Changes keys on behalf of `identity`.
    ///
    /// # Errors
    /// See [`AccessError`]; nothing was changed.
    pub async fn change(
        self: &Arc<Self>,
        identity: &Identity,
        ask: Ask,
        caller: Caller,
    ) -> Result<Changed, AccessError> {
        let (access, identity) = (Arc::clone(self), identity.clone());
        // A task of its own: a caller who goes away must not leave an append without its state.
        let task = tokio::spawn(async move { access.carry_out(&identity, ask, caller).await });
        task.await.unwrap_or(Err(AccessError::Broken("a change of keys broke off")))
    }

    async fn carry_out(
        &self,
        identity: &Identity,
        ask: Ask,
        caller: Caller,
    ) -> Result<Changed, AccessError> {
        let _turn = self.turn.lock().await;
        // Another turn may have taken the key away.
        self.still_knows(identity)?;
        let keys = self.keys();
        if let Some(id) = caller.id
            && let Some(changed) = self.first_result(&keys, id, &caller).await?
        {
            return Ok(changed);
        }
        // Time never goes back in a log, whatever the clock does.
        let now_ms = clock::now_ms().max(keys.time_ms);
        let Draft { change, token } = prepare(&keys, identity, ask, now_ms)?;
        let append = Append {
            id: caller.id.unwrap_or_else(uuid::Uuid::now_v7),
            request: caller.request,
            time_ms: now_ms,
            actor: caller.actor,
            comment: caller.comment,
            via: caller.via,
            changes: vec![change],
            expected: Some(keys.revision),
        };
        let appended = self.blocking(move |store| store.append(LOG, append)).await??;
        let mut next = Keys::clone(&keys);
        let events = {
            let after = keys.revision;
            self.blocking(move |store| store.read(LOG, after, READ_EVENTS_MAX)).await??
        };
        let applied = events.iter().try_for_each(|event| next.apply(event));
        let id = events.last().and_then(|event| event.payload.get("key")?.as_str());
        let key = id.and_then(|id| next.get(id));
        let (Ok(()), Some(key)) = (applied, key) else {
            return Err(AccessError::Broken("a change of keys does not read back"));
        };
        self.keys.send_replace(Arc::new(next));
        Ok(Changed { revision: appended.last, repeated: false, key, token })
    }

    /// What a change came to that was made before under the same id.
    async fn first_result(
        &self,
        keys: &Keys,
        id: uuid::Uuid,
        caller: &Caller,
    ) -> Result<Option<Changed>, AccessError> {
        let found = self.blocking(move |store| store.appended(LOG, id)).await??;
        let Some(Appended { last, request, first, .. }) = found else { return Ok(None) };
        if request != caller.request {
            return Err(AppendError::Reused { id, last }.into());
        }
        let after = Revision(first.0.saturating_sub(1));
        let events = self.blocking(move |store| store.read(LOG, after, 1)).await??;
        let key = events.first().and_then(|event| event.payload.get("key")?.as_str());
        let key = key.and_then(|id| keys.get(id));
        let key = key.ok_or(AccessError::Broken("a change of keys does not read back"))?;
        Ok(Some(Changed { revision: last, repeated: true, key, token: None }))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> T + Send + 'static,
    ) -> Result<T, AccessError> {
        let store = Arc::clone(&self.store);
        let result = spawn_blocking(move || work(&*store)).await;
        result.map_err(|_| AccessError::Broken("work on the store broke off"))
    }
}

#[cfg(test)]
mod tests;
