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
use crate::evaluate::{Answer, evaluate};
use crate::follow::{self, Follow};
use crate::listener::{Change, Subscription};
use crate::manifest::Kind;
use crate::metrics::Metrics;
use crate::state::State;

/// Follows one environment of a Vexil server and evaluates its flags.
///
/// Cheap to clone; clones share everything. When the last is dropped its background task stops.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    follow: Arc<Follow>,
    abort: AbortHandle,
    /// Taken by the first [`Client::close`].
    task: Mutex<Option<JoinHandle<()>>>,
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
pub struct Flag {
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

    pub(crate) fn start(runtime: &Handle, follow: Follow) -> Self {
        let follow = Arc::new(follow);
        let task = runtime.spawn(follow::run(Arc::clone(&follow)));
        let abort = task.abort_handle();
        Self { inner: Arc::new(Inner { follow, abort, task: Mutex::new(Some(task)) }) }
    }

    /// The value of a boolean flag, or `default`.
    #[must_use]
    pub fn bool(&self, key: &str, context: &Context, default: bool) -> bool {
        self.evaluate(key, Kind::Boolean, context, |answer| {
            answer.value().and_then(Value::as_bool).unwrap_or(default)
        })
    }

    /// The value of a string flag, or `default`.
    #[must_use]
    pub fn string(&self, key: &str, context: &Context, default: &str) -> String {
        self.evaluate(key, Kind::String, context, |answer| {
            answer.value().and_then(Value::as_str).unwrap_or(default).to_owned()
        })
    }

    /// The value of a number flag, or `default`.
    #[must_use]
    pub fn number(&self, key: &str, context: &Context, default: f64) -> f64 {
        self.evaluate(key, Kind::Number, context, |answer| {
            answer.value().and_then(Value::as_f64).unwrap_or(default)
        })
    }

    /// The value of a json flag, or `default`.
    #[must_use]
    pub fn json(&self, key: &str, context: &Context, default: Value) -> Value {
        self.evaluate(key, Kind::Json, context, |answer| answer.value().cloned().unwrap_or(default))
    }

    /// Like [`Client::bool`], and why.
    #[must_use]
    pub fn bool_detail(&self, key: &str, context: &Context, default: bool) -> Details<bool> {
        self.detail(key, Kind::Boolean, context, default, Value::as_bool)
    }

    /// Like [`Client::string`], and why.
    #[must_use]
    pub fn string_detail(&self, key: &str, context: &Context, default: &str) -> Details<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.detail(key, Kind::String, context, default.to_owned(), text)
    }

    /// Like [`Client::number`], and why.
    #[must_use]
    pub fn number_detail(&self, key: &str, context: &Context, default: f64) -> Details<f64> {
        self.detail(key, Kind::Number, context, default, Value::as_f64)
    }

    /// Like [`Client::json`], and why.
    #[must_use]
    pub fn json_detail(&self, key: &str, context: &Context, default: Value) -> Details<Value> {
        self.detail(key, Kind::Json, context, default, |value| Some(value.clone()))
    }

    /// The flags that can be evaluated now, by key; none before the first module.
    #[must_use]
    pub fn flags(&self) -> Vec<Flag> {
        let serving = self.inner.follow.slot.serving();
        let rows = serving.as_ref().map(|serving| serving.loaded.manifest.flags.as_slice());
        let rows = rows.unwrap_or_default();
        rows.iter().map(|row| Flag { key: row.key.clone(), kind: row.kind }).collect()
    }

    /// What is served now; `None` before the first module.
    #[must_use]
    pub fn current(&self) -> Option<Current> {
        let serving = self.inner.follow.slot.serving();
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
        self.inner.follow.state()
    }

    /// Waits until a module serves, at most for `timeout`; says whether one does.
    pub async fn ready(&self, timeout: Duration) -> bool {
        let mut serving = self.inner.follow.serving.subscribe();
        tokio::time::timeout(timeout, serving.wait_for(|serving| *serving)).await.is_ok()
    }

    /// Calls `listener` after each swap that may have changed what flags serve, on a thread where
    /// it may block. Changes that happen during a call are merged into the next.
    pub fn on_change(&self, listener: impl Fn(&Change) + Send + Sync + 'static) -> Subscription {
        self.inner.follow.listeners.subscribe(listener)
    }

    /// What the client has done since it was built.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.inner.follow.counters.snapshot()
    }

    /// Stops following the server; all clones go on evaluating on the last module.
    pub async fn close(&self) {
        self.inner.abort.abort();
        let task = self.inner.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // The error says that the task was aborted.
            let _ = task.await;
        }
    }

    fn evaluate<T>(
        &self,
        key: &str,
        kind: Kind,
        context: &Context,
        then: impl FnOnce(&Answer<'_>) -> T,
    ) -> T {
        evaluate(&self.inner.follow.slot, key, kind, context, |answer| {
            self.note(key, &answer);
            then(&answer)
        })
    }

    fn detail<T>(
        &self,
        key: &str,
        kind: Kind,
        context: &Context,
        default: T,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Details<T> {
        evaluate(&self.inner.follow.slot, key, kind, context, |answer| {
            self.note(key, &answer);
            let value = answer.value().and_then(read).unwrap_or(default);
            answer.details(key, value)
        })
    }

    fn note(&self, key: &str, answer: &Answer<'_>) {
        if let Err(failure) = &answer.result {
            self.inner.follow.note(key, failure);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("project", &self.inner.follow.project)
            .field("environment", &self.inner.follow.environment)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
