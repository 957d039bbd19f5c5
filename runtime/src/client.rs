//! The client: what a service holds.
//!
//! In: flag keys, contexts, defaults. Out: values, at once and always: every evaluation answers
//! from the last good module, and with the caller's default when there is none.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinHandle};

use crate::builder::ClientBuilder;
use crate::context::Context;
use crate::details::Details;
use crate::engine::Engine;
use crate::evaluate::{Answer, Failure, evaluate};
use crate::flag::{FlagValue, Named};
use crate::follow::{self, Follow};
use crate::listener::{Change, Subscription};
use crate::load::{LoadError, load_best};
use crate::manifest::Kind;
use crate::metrics::Metrics;
use crate::prepared::Prepared;
use crate::seat;
use crate::served::Served;
use crate::slot::Slot;
use crate::state::State;

/// Follows one environment of a Vexil server and evaluates its flags.
///
/// Cheap to clone; clones share everything. When the last is dropped its background task stops.
#[derive(Clone)]
pub struct Client {
    /// The slot of `served`, one step nearer.
    slot: Arc<Slot>,
    served: Arc<Served>,
    engine: Engine,
    /// `None`: there is no server.
    task: Option<Arc<Task>>,
}

/// The background task.
struct Task {
    follow: Arc<Follow>,
    abort: AbortHandle,
    /// Taken by the first [`Client::close`].
    handle: Mutex<Option<JoinHandle<()>>>,
}

/// What a client serves at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// The environment's revision.
    pub revision: u64,
    /// SHA-256 of the module, in 64 lower-case hexadecimal digits.
    pub digest: String,
    /// Bytes of the module.
    pub bytes: usize,
    /// Number of flags.
    pub flags: usize,
    /// When it began to be served, in milliseconds since the Unix epoch.
    pub loaded_at_ms: i64,
}

/// A flag that can be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagInfo {
    /// Its key.
    pub key: String,
    /// The kind of its values.
    pub kind: Kind,
}

impl Client {
    /// Begins to build a client of the server at `url`, such as `http://127.0.0.1:8080`.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url.into())
    }

    /// A client of one module that is at hand: it has no server and no background, and serves that
    /// module for ever. It needs no tokio runtime.
    ///
    /// # Errors
    ///
    /// When the module is refused; see [`LoadError`].
    pub fn from_module(module: &[u8]) -> Result<Self, LoadError> {
        let engine = Engine::new()?;
        let loaded = load_best(&engine, module)?;
        let served = Served::new(String::new(), String::new(), None);
        served.begin_with(0, loaded);
        Ok(Self::of(served, engine, None))
    }

    /// Serves another module that is at hand from now on, until the server announces its next, if
    /// there is one. Listeners are called before this returns.
    ///
    /// # Errors
    ///
    /// When the module is refused; then the one before goes on serving.
    pub fn swap_module(&self, module: &[u8]) -> Result<(), LoadError> {
        let loaded = load_best(&self.engine, module)?;
        self.served.replace(&loaded);
        self.served.listeners.call();
        Ok(())
    }

    pub(crate) fn start(runtime: &Handle, follow: Follow) -> Self {
        let follow = Arc::new(follow);
        let handle = runtime.spawn(follow::run(Arc::clone(&follow)));
        let (served, abort) = (Arc::clone(&follow.served), handle.abort_handle());
        let engine = follow.engine.clone();
        let task = Task { follow, abort, handle: Mutex::new(Some(handle)) };
        Self::of(served, engine, Some(Arc::new(task)))
    }

    fn of(served: impl Into<Arc<Served>>, engine: Engine, task: Option<Arc<Task>>) -> Self {
        let served = served.into();
        Self { slot: Arc::clone(&served.slot), served, engine, task }
    }

    /// The value of a boolean flag, or `default`.
    #[must_use]
    #[inline]
    pub fn bool(&self, flag: impl Named<bool>, context: &Context<'_>, default: bool) -> bool {
        match flag.known(self.slot().epoch()) {
            Some(known) => known,
            None => self.evaluate_bool(flag, context, default),
        }
    }

    // Apart, so that what is known is answered where it is asked.
    #[inline(never)]
    fn evaluate_bool(&self, flag: impl Named<bool>, context: &Context<'_>, default: bool) -> bool {
        self.value(flag, context, |value| value.and_then(Value::as_bool).unwrap_or(default))
    }

    /// The value of a string flag, or `default`, in a `String` of its own; see
    /// [`Client::string_with`].
    #[must_use]
    pub fn string(&self, flag: impl Named<String>, context: &Context<'_>, default: &str) -> String {
        self.string_with(flag, context, default, str::to_owned)
    }

    /// What `then` makes of the value of a string flag, or of `default`. Nothing is copied.
    #[inline]
    pub fn string_with<R>(
        &self,
        flag: impl Named<String>,
        context: &Context<'_>,
        default: &str,
        then: impl FnOnce(&str) -> R,
    ) -> R {
        self.value(flag, context, |value| then(value.and_then(Value::as_str).unwrap_or(default)))
    }

    /// The value of a number flag, or `default`.
    #[must_use]
    #[inline]
    pub fn number(&self, flag: impl Named<f64>, context: &Context<'_>, default: f64) -> f64 {
        self.value(flag, context, |value| value.and_then(Value::as_f64).unwrap_or(default))
    }

    /// The value of a json flag, or `default`; see [`Client::json_with`].
    #[must_use]
    pub fn json(&self, flag: impl Named<Value>, context: &Context<'_>, default: Value) -> Value {
        self.value(flag, context, |value| value.cloned().unwrap_or(default))
    }

    /// What `then` makes of the value of a json flag, or of `default`. Nothing is copied.
    #[inline]
    pub fn json_with<R>(
        &self,
        flag: impl Named<Value>,
        context: &Context<'_>,
        default: &Value,
        then: impl FnOnce(&Value) -> R,
    ) -> R {
        self.value(flag, context, |value| then(value.unwrap_or(default)))
    }

    /// Like [`Client::bool`], and why.
    #[must_use]
    pub fn bool_detail(
        &self,
        flag: impl Named<bool>,
        context: &Context<'_>,
        default: bool,
    ) -> Details<bool> {
        self.detail(flag, context, default, Value::as_bool)
    }

    /// Like [`Client::string`], and why.
    #[must_use]
    pub fn string_detail(
        &self,
        flag: impl Named<String>,
        context: &Context<'_>,
        default: &str,
    ) -> Details<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.detail(flag, context, default.to_owned(), text)
    }

    /// Like [`Client::number`], and why.
    #[must_use]
    pub fn number_detail(
        &self,
        flag: impl Named<f64>,
        context: &Context<'_>,
        default: f64,
    ) -> Details<f64> {
        self.detail(flag, context, default, Value::as_f64)
    }

    /// Like [`Client::json`], and why.
    #[must_use]
    pub fn json_detail(
        &self,
        flag: impl Named<Value>,
        context: &Context<'_>,
        default: Value,
    ) -> Details<Value> {
        self.detail(flag, context, default, |value| Some(value.clone()))
    }

    /// Prepares a context for several flags: it is written to the module once, and all flags are
    /// evaluated on the same module, at the same time of day.
    #[must_use]
    pub fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Prepared<'a> {
        Prepared::new(self, context)
    }

    /// The flags that can be evaluated now, by key; none before the first module.
    #[must_use]
    pub fn flags(&self) -> Vec<FlagInfo> {
        let serving = self.slot.serving();
        let rows = serving.as_ref().map(|serving| serving.loaded.manifest.flags.as_slice());
        let rows = rows.unwrap_or_default();
        rows.iter().map(|row| FlagInfo { key: row.key.clone(), kind: row.kind }).collect()
    }

    /// What is served now; `None` before the first module.
    #[must_use]
    pub fn current(&self) -> Option<Current> {
        let serving = self.slot.serving();
        serving.as_ref().map(|serving| Current {
            revision: serving.revision,
            digest: serving.loaded.digest.clone(),
            bytes: serving.loaded.bytes,
            flags: serving.loaded.manifest.flags.len(),
            loaded_at_ms: serving.loaded_at_ms,
        })
    }

    /// Whether the client can be relied on. Evaluations work in every state.
    #[must_use]
    pub fn state(&self) -> State {
        self.served.state()
    }

    /// For how long nothing was heard of the server: the age of what a [`State::Stale`] client
    /// serves, at least. Zero for a client that has no server.
    #[must_use]
    pub fn silence(&self) -> Duration {
        self.task.as_ref().map_or(Duration::ZERO, |_| self.served.health.silence())
    }

    /// Waits until a module serves, at most for `timeout`; says whether one does.
    pub async fn ready(&self, timeout: Duration) -> bool {
        let mut serving = self.served.serving.subscribe();
        tokio::time::timeout(timeout, serving.wait_for(|serving| *serving)).await.is_ok()
    }

    /// Calls `listener` after each swap that may have changed what flags serve, on a thread where
    /// it may block. Changes that happen during a call are merged into the next.
    pub fn on_change(&self, listener: impl Fn(&Change) + Send + Sync + 'static) -> Subscription {
        self.served.listeners.subscribe(listener)
    }

    /// What the client has done since it was built.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.served.counters.snapshot()
    }

    /// Stops following the server; all clones go on evaluating on the last module.
    pub async fn close(&self) {
        let Some(task) = &self.task else { return };
        task.abort.abort();
        let handle = task.handle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handle) = handle {
            // The error says that the task was aborted.
            let _ = handle.await;
            task.follow.tell_usage().await;
            crate::report::bye(&task.follow).await;
        }
    }

    #[inline]
    pub(crate) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    #[inline(always)]
    fn value<T: FlagValue, R>(
        &self,
        flag: impl Named<T>,
        context: &Context<'_>,
        then: impl FnOnce(Option<&Value>) -> R,
    ) -> R {
        match seat::seat(&self.slot) {
            Ok(seat) => {
                let result = match evaluate(&seat, flag, context) {
                    Ok((row, packed)) => then(row.value(packed)),
                    Err(failure) => then(self.failed(flag.key(), &failure)),
                };
                seat::put_back(seat);
                result
            }
            Err(failure) => then(self.failed(flag.key(), &failure)),
        }
    }

    #[cold]
    #[inline(never)]
    fn failed(&self, flag: &str, failure: &Failure) -> Option<&Value> {
        self.note(flag, failure);
        None
    }

    fn detail<T: FlagValue, V>(
        &self,
        flag: impl Named<T>,
        context: &Context<'_>,
        default: V,
        read: impl FnOnce(&Value) -> Option<V>,
    ) -> Details<V> {
        let seat = seat::seat(&self.slot);
        let (pin, result) = match &seat {
            Ok(seat) => (Some(&**seat.pin), evaluate(seat, flag, context)),
            Err(failure) => (None, Err(failure.clone())),
        };
        if let Err(failure) = &result {
            self.note(flag.key(), failure);
        }
        let answer = Answer { pin, result };
        let value = answer.value().and_then(read).unwrap_or(default);
        let details = answer.details(flag.key(), value);
        if let Ok(seat) = seat {
            seat::put_back(seat);
        }
        details
    }

    #[cold]
    pub(crate) fn note(&self, flag: &str, failure: &Failure) {
        self.served.note(flag, failure);
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("project", &self.served.project)
            .field("environment", &self.served.environment)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
