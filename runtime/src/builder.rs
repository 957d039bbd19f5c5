//! Building a client.
//!
//! In: the server's address, a project, an environment, options. Out: a [`Client`] whose
//! background task runs, or why there is none. Building never waits for the server.

use std::sync::Arc;

use reqwest::Url;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use crate::client::Client;
use crate::engine::Engine;
use crate::follow::Follow;
use crate::http::Http;
use crate::listener::Listeners;
use crate::load::LoadError;
use crate::metrics::Counters;
use crate::options::Options;
use crate::slot::Slot;
use crate::state::Health;
use crate::tls;
use crate::wanted::Wanted;

/// What a [`Client`] is built from.
#[derive(Clone, Debug)]
#[must_use = "call `.build().await`"]
pub struct ClientBuilder {
    url: String,
    project: String,
    environment: String,
    options: Options,
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
    /// `build` was not called on a tokio runtime.
    #[error("a client needs a tokio runtime")]
    NoRuntime,
    /// The system's certificates cannot be used.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be set up: {0}")]
    Http(#[from] reqwest::Error),
    /// Modules cannot be compiled on this machine.
    #[error(transparent)]
    Engine(#[from] LoadError),
}

impl ClientBuilder {
    pub(crate) fn new(url: String) -> Self {
        let (project, environment) = (String::new(), String::new());
        Self { url, project, environment, options: Options::default() }
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

    /// How long to wait for what.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Starts to follow the server, on the tokio runtime that this is called on.
    ///
    /// It does not wait for the server: see [`Client::ready`].
    ///
    /// # Errors
    ///
    /// When what was given cannot work, whatever the server does; see [`BuildError`].
    // Asynchronous because a client of a later version may read its last module from disk here.
    pub async fn build(self) -> Result<Client, BuildError> {
        let base = base(&self.url).ok_or_else(|| BuildError::Url { url: self.url.clone() })?;
        if self.project.is_empty() {
            return Err(BuildError::NoProject);
        }
        if self.environment.is_empty() {
            return Err(BuildError::NoEnvironment);
        }
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::config(base.scheme() == "https")?)
            .connect_timeout(self.options.connect_timeout)
            .user_agent(concat!("vexil-runtime/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let http = Http::new(client, base, &self.project, &self.environment, &self.options);
        let follow = Follow {
            http: http.ok_or(BuildError::Url { url: self.url })?,
            project: self.project,
            environment: self.environment,
            options: self.options,
            engine: Engine::new()?,
            slot: Arc::new(Slot::default()),
            wanted: Wanted::new(),
            health: Health::new(),
            counters: Counters::default(),
            listeners: Arc::new(Listeners::default()),
            serving: watch::Sender::new(false),
            polling: watch::Sender::new(false),
            poll_once: Notify::new(),
        };
        Ok(Client::start(&runtime, follow))
    }
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
