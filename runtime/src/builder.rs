//! Building a client.
//!
//! In: the server's address, a project, an environment, options. Out: a [`Client`] whose
//! background task runs, or why there is none. Building never waits for the server.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::Url;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use crate::cache::{Cache, First};
use crate::client::Client;
use crate::engine::Engine;
use crate::follow::Follow;
use crate::http::Http;
use crate::load::{LoadError, load};
use crate::options::Options;
use crate::report::Reporter;
use crate::sabotage::Sabotage;
use crate::selection::{Selection, SelectionError};
use crate::served::Served;
use crate::simulated::{self, spawn_blocking};
use crate::slot::Slot;
use crate::transport::{Network, Transport};
use crate::trust::{Trust, Trusting};
use crate::usage::Usage;
use crate::wanted::Wanted;

/// What a [`Client`] is built from.
#[derive(Clone)]
#[must_use = "call `.build().await`"]
pub struct ClientBuilder {
    url: String,
    project: String,
    environment: String,
    /// `None`: all flags.
    selection: Option<Selection>,
    /// Never shown: not in errors, logs or `Debug`.
    key: Option<String>,
    trust: Trust,
    options: Options,
    bootstrap: Option<Vec<u8>>,
    cache: Option<PathBuf>,
    on_usage: Option<OnUsage>,
    instructions: Option<u64>,
    reports: bool,
    name: Option<String>,
    transport: Option<Arc<dyn Transport>>,
    sabotage: Option<Sabotage>,
}

/// Who is told what was counted.
pub(crate) type OnUsage = Arc<dyn Fn(&Usage) + Send + Sync>;

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("url", &self.url)
            .field("project", &self.project)
            .field("environment", &self.environment)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Why a client cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The server's address is not an `http` or `https` URL.
    #[error("`{url}` is not an `http` or `https` address")]
    Url {
        /// The address given.
        url: String,
    },
    /// No project was named.
    #[error("no project is named; call `.project(…)`")]
    NoProject,
    /// No environment was named.
    #[error("no environment is named; call `.environment(…)`")]
    NoEnvironment,
    /// What was given with [`ClientBuilder::flags`] and [`ClientBuilder::tags`] cannot be followed.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// `build` was not called on a tokio runtime.
    #[error("a client needs a tokio runtime")]
    NoRuntime,
    /// The key holds characters that no header may.
    #[error("the key given with `.key(…)` is none: it holds characters that no key has")]
    Key,
    /// The system's certificates cannot be used.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be set up: {0}")]
    Http(#[from] reqwest::Error),
    /// Modules cannot be compiled on this machine.
    #[error(transparent)]
    Engine(#[from] LoadError),
    /// The module given with [`ClientBuilder::bootstrap`] is refused.
    #[error("the module to start with is refused: {0}")]
    Bootstrap(#[source] LoadError),
}

impl ClientBuilder {
    pub(crate) fn new(url: String) -> Self {
        let (project, environment) = (String::new(), String::new());
        let options = Options::default();
        Self {
            url,
            project,
            environment,
            selection: None,
            key: None,
            trust: Trust::default(),
            options,
            bootstrap: None,
            cache: None,
            on_usage: None,
            instructions: None,
            reports: true,
            name: None,
            transport: None,
            sabotage: None,
        }
    }

    /// The project whose flags are evaluated.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = project.into();
        self
    }

    /// The environment whose flags are evaluated.
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = environment.into();
        self
    }

    /// Follows only these flags, and those of [`ClientBuilder::tags`]: the module is of them alone,
    /// and a change of others wakes nobody. Any other flag is not found, whether or not there is
    /// one. A key that names no flag yet may be given. May be called several times.
    pub fn flags(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let keys = keys.into_iter().map(Into::into);
        self.selection.get_or_insert_default().flags.extend(keys);
        self
    }

    /// Follows only flags that carry one of these tags, as they come to carry it and lose it, and
    /// those of [`ClientBuilder::flags`]. May be called several times.
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let tags = tags.into_iter().map(Into::into);
        self.selection.get_or_insert_default().tags.extend(tags);
        self
    }

    /// The key to show to the server: one of kind `server` that is good for the environment.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Whose announcements to follow; without this the server's that is heard of first.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// How long to wait for what.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The bytes of a module that is served until the server's first, or the one on disk, is there.
    pub fn bootstrap(mut self, module: impl Into<Vec<u8>>) -> Self {
        self.bootstrap = Some(module.into());
        self
    }

    /// A folder in which the last good module is kept, so that a later start needs no server.
    /// Several clients may share it; it is made when there is something to keep.
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Counts evaluations, and calls `listener` with what was counted, every
    /// [`Options::usage_interval`] and when the client is closed, on a thread where it may block.
    ///
    /// Without this nothing is counted, and counting costs nothing.
    pub fn on_usage(mut self, listener: impl Fn(&Usage) + Send + Sync + 'static) -> Self {
        self.on_usage = Some(Arc::new(listener));
        self
    }

    /// What people call this client in `vexil fleet`; without this the host's name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Tells the server nothing of what is served here. Otherwise it is told the revision, the
    /// digest, since when, the state and the last failure, so that operators see how far a change
    /// has come; never a context, nor what was evaluated.
    pub fn without_reports(mut self) -> Self {
        self.reports = false;
        self
    }

    /// For a server whose modules are not to be trusted: an evaluation that executes more than
    /// `instructions` is ended, and the caller's default served; see [`Engine::guarded`]. Each
    /// evaluation takes longer.
    pub fn guarded(mut self, instructions: u64) -> Self {
        self.instructions = Some(instructions);
        self
    }

    /// Sends requests over something else than the network; see [`Transport`].
    /// [`Options::connect_timeout`] then means nothing, because connecting is its business.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// A client that is wrong on purpose, for tests.
    #[doc(hidden)]
    pub fn sabotage(mut self, sabotage: Sabotage) -> Self {
        self.sabotage = Some(sabotage);
        self
    }

    /// Starts to follow the server, on the tokio runtime that this is called on.
    ///
    /// It does not wait for the server: see [`Client::ready`]. A module that is on disk or was given
    /// as bytes serves when this returns.
    ///
    /// # Errors
    ///
    /// When what was given cannot work, whatever the server does; see [`BuildError`].
    pub async fn build(self) -> Result<Client, BuildError> {
        let base = base(&self.url).ok_or_else(|| BuildError::Url { url: self.url.clone() })?;
        if self.project.is_empty() {
            return Err(BuildError::NoProject);
        }
        if self.environment.is_empty() {
            return Err(BuildError::NoEnvironment);
        }
        let selection = self.selection;
        selection.as_ref().map_or(Ok(()), Selection::check)?;
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let headers = headers(self.key.as_deref())?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(Network::new(&base, &self.options)?),
        };
        let (project, environment) = (self.project.as_str(), self.environment.as_str());
        let selected = selection.as_ref();
        let place = (project, environment, selected);
        let http = Http::new((transport, headers), base, place, &self.options);
        let http = http.ok_or(BuildError::Url { url: self.url })?;
        let engine = self.instructions.map_or_else(Engine::new, Engine::guarded)?;
        let cache = self.cache.map(|dir| Cache::new(&dir, project, environment, selected));
        let anchor = match &cache {
            Some(cache) => cache.anchor().await,
            None => None,
        };
        let trusting = Trusting::new(self.trust, anchor);
        let watchdog = Some(self.options.watchdog);
        let slot = if self.on_usage.is_some() { Slot::counting() } else { Slot::default() };
        let served = Served::at(slot, self.project, self.environment, watchdog);
        let first = first(&engine, cache.as_ref(), self.bootstrap).await?;
        if let Some(First { revision, loaded, .. }) = &first {
            served.begin_with(*revision, Arc::clone(loaded));
        }
        let follow = Follow {
            served: Arc::new(served),
            options: self.options,
            engine,
            http,
            cache,
            on_usage: self.on_usage,
            reporter: self.reports.then(|| Reporter::new(self.name)),
            first: Mutex::new(first),
            selection,
            wanted: Wanted::new(self.sabotage),
            trusting,
            polling: watch::Sender::new(false),
            chance: Mutex::new(simulated::chance()),
            poll_once: Notify::new(),
        };
        Ok(Client::start(&runtime, follow))
    }
}

/// What is served before the server is heard of: what was served last, or else what was given.
async fn first(
    engine: &Engine,
    cache: Option<&Cache>,
    bootstrap: Option<Vec<u8>>,
) -> Result<Option<First>, BuildError> {
    if let Some(cache) = cache {
        cache.functions(engine).await;
        if let Some(last) = cache.last(engine).await {
            cache.keep_functions(engine).await;
            return Ok(Some(last));
        }
    }
    let Some(module) = bootstrap.map(Bytes::from) else { return Ok(None) };
    let (engine, bytes) = (engine.clone(), module.clone());
    let loaded = spawn_blocking(move || load(&engine, &module, None)).await;
    let loaded = loaded.map_err(|_| BuildError::NoRuntime)?.map_err(BuildError::Bootstrap)?;
    Ok(Some(First { revision: 0, loaded, bytes }))
}

/// What every request carries: who asks, and the key.
fn headers(key: Option<&str>) -> Result<HeaderMap, BuildError> {
    let mut headers = HeaderMap::new();
    let agent = concat!("vexil-runtime/", env!("CARGO_PKG_VERSION"));
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    if let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) {
        let value = HeaderValue::from_str(&format!("Bearer {key}"));
        let mut value = value.map_err(|_| BuildError::Key)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// The server's address with a path that ends in a slash, so that other paths join below it.
fn base(url: &str) -> Option<Url> {
    let mut base = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    base.set_query(None);
    base.set_fragment(None);
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    Some(base)
}
