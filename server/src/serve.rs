//! `serve`: a whole server, from a store to a listening socket.
//!
//! In: options. Out: a running server that knows its address and can be shut down. Used by `vexil
//! serve` and, in-process, by tests. Logging is the caller's business.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::access::grant::{Identity, Scope};
use crate::access::token::{KeyKind, Token};
use crate::access::{self, Access, AccessError, Ask, Mode};
use crate::clock;
use crate::fleet::Fleet;
use crate::http::connection::{self, Bounds};
use crate::http::rate::{Limiter, Rates};
use crate::http::tls::{Tls, TlsError, TlsFiles};
use crate::http::{App, router};
use crate::hub::{Caller, Hub, OpenError};
use crate::limits::{
    BODIES_BYTES_MAX, CONNECTIONS_BESIDE_STREAMS, DRAIN_TIME, HEADER_TIME_MAX, HEARTBEAT,
    KEEP_EVENTS, LISTEN_BACKLOG, PUBLISH_PAUSE, STREAMS_MAX, TIDY_INTERVAL, WRITE_STALL_MAX,
};
use crate::log::memory::MemoryStore;
use crate::log::sqlite::{self, SqliteStore};
use crate::log::store::Store;
use crate::publish::sabotage::Sabotage;
use crate::publish::sign::{SecretKey, SignError, SignedKeys, Signer};
use crate::telemetry::Telemetry;

/// How to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where to listen; a loopback address where no keys are asked for. Port 0 takes any free port.
    pub listen: SocketAddr,
    /// Where events are kept.
    pub store: StoreOption,
    /// With what HTTPS is spoken; `None`: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Between two signs of life on a quiet event stream.
    pub heartbeat: Duration,
    /// The pause of an environment after an announcement: changes within it are announced together.
    pub publish_pause: Duration,
    /// Event streams that may be open at a time; further ones are refused with 503.
    pub streams_max: usize,
    /// How long open connections may take to finish at a shutdown.
    pub drain: Duration,
    /// Whether callers have to show keys.
    pub access: Mode,
    /// The file of the key that signs announcements, made when it is not there; `None`: beside the
    /// store's file, or with a store in memory a key of this start only.
    pub signing_key: Option<PathBuf>,
    /// The list of keys that names it; `None`: the server is its own root.
    pub trust: Option<PathBuf>,
    /// Proxies that are believed when they say who called.
    pub trusted_proxies: Vec<IpAddr>,
    /// How often the holder of a key may ask.
    pub rates: Rates,
    /// How many of the newest events of a project stay in the database; older ones are archived.
    /// `None`: all stay.
    pub keep_events: Option<u64>,
    /// A compiler that is wrong on purpose; for tests.
    pub sabotage: Option<Sabotage>,
    /// Make a further key that gives others, for operators who have lost theirs.
    pub new_admin: bool,
}

/// Where events are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreOption {
    /// In memory: all is lost at the end.
    Memory,
    /// In this SQLite file, which is created when it does not exist.
    Sqlite(PathBuf),
}

impl Options {
    /// The usual options.
    #[must_use]
    pub fn new(listen: SocketAddr, store: StoreOption) -> Self {
        Self {
            listen,
            store,
            tls: None,
            heartbeat: HEARTBEAT,
            publish_pause: PUBLISH_PAUSE,
            streams_max: STREAMS_MAX,
            drain: DRAIN_TIME,
            access: Mode::Keys,
            signing_key: None,
            trust: None,
            trusted_proxies: Vec::new(),
            rates: Rates::default(),
            keep_events: Some(KEEP_EVENTS),
            sabotage: None,
            new_admin: false,
        }
    }
}

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can be reached from other machines, and no keys are asked for.
    #[error(
        "cannot listen on {0} without keys: whoever reaches it could change every flag; leave \
         `--dev` out, or listen on a loopback address such as 127.0.0.1:7070"
    )]
    NotLoopback(SocketAddr),
    /// The address is not free, or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// HTTPS could not be spoken.
    #[error("cannot speak TLS")]
    Tls(#[from] TlsError),
    /// The file could not be opened as a store.
    #[error("cannot open the store `{}`", path.display())]
    Store {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: sqlite::OpenError,
    },
    /// The store was opened, but what is in it cannot be served.
    #[error("cannot serve what is in the store")]
    Hub(#[from] OpenError),
    /// The keys in the store cannot be used.
    #[error("cannot open the keys in the store")]
    Access(#[from] access::OpenError),
    /// Announcements could not be signed.
    #[error("cannot sign announcements")]
    Sign(#[from] SignError),
    /// The first key could not be made.
    #[error("cannot make the first key")]
    FirstKey(#[from] AccessError),
    /// A bug of ours.
    #[error("opening the store broke off")]
    Broken,
}

/// A running server. Dropping it ends it without a drain.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// A key that gives others, made at this start: the first one, or one that was asked for. It
    /// is known to nobody else and told nowhere else.
    pub admin: Option<Token>,
    /// There is no key but the one that the first start has made: perhaps nobody has seen it.
    pub only_first_key: bool,
    secured: bool,
    shutdown: watch::Sender<bool>,
    connections: JoinHandle<()>,
    tidying: JoinHandle<()>,
}

impl Running {
    /// The server's URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.secured { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Ends the server: it stops being ready, says `bye` to event streams, lets requests finish for
    /// a bounded time, and closes the store.
    pub async fn shutdown(mut self) {
        self.shutdown.send_replace(true);
        // The drain bounds this wait. A task that panicked has nothing left to drain.
        let _ = (&mut self.connections).await;
        tracing::info!("the server has ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.connections.abort();
        self.tidying.abort();
    }
}

/// Starts a server. It answers requests when this returns, and becomes ready when every environment
/// has been compiled.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(options: Options) -> Result<Running, ServeError> {
    // Before the store is touched: a bad address is to leave no file behind.
    let listener = listen(&options).await?;
    let tls = tls(&options)?;
    let option = options.store.clone();
    let store = tokio::task::spawn_blocking(move || open_store(option)).await;
    let store = store.map_err(|_| ServeError::Broken)??;
    start(listener, tls, store, &options).await
}

/// Starts a server on a store that is open; `options.store` is not looked at.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve_on(store: Arc<dyn Store>, options: Options) -> Result<Running, ServeError> {
    let listener = listen(&options).await?;
    start(listener, tls(&options)?, store, &options).await
}

/// Says whether a server could be started with these options, as far as that can be told without
/// starting one: nothing is made, and an address that is taken is let pass.
///
/// # Errors
/// Why it could not.
pub fn check(options: &Options) -> Result<(), ServeError> {
    if options.access == Mode::Open && !options.listen.ip().is_loopback() {
        return Err(ServeError::NotLoopback(options.listen));
    }
    if let StoreOption::Sqlite(path) = &options.store {
        let unfit = |source| ServeError::Store { path: path.clone(), source };
        sqlite::check(path).map_err(unfit)?;
    }
    let address = options.listen;
    match std::net::TcpListener::bind(address) {
        Ok(_) => {}
        // Often by the very server whose settings these are.
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
        Err(source) => return Err(ServeError::Listen { address, source }),
    }
    options.tls.as_ref().map(TlsFiles::check).transpose()?;
    let key = key_file(options).filter(|path| path.exists());
    let key = key.map(|path| SecretKey::open(&path)).transpose()?;
    match (&options.trust, key) {
        (Some(list), Some(key)) => Signer::listed(key, list).map(drop)?,
        (Some(list), None) => SignedKeys::read(list).map(drop)?,
        (None, _) => {}
    }
    Ok(())
}

async fn listen(options: &Options) -> Result<TcpListener, ServeError> {
    let address = options.listen;
    if options.access == Mode::Open && !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    bind(address).map_err(|source| ServeError::Listen { address, source })
}

/// As [`TcpListener::bind`], which lets 1,024 connections wait at most.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Elsewhere it would let two servers share an address.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(LISTEN_BACKLOG)
}

fn open_store(option: StoreOption) -> Result<Arc<dyn Store>, ServeError> {
    match option {
        StoreOption::Memory => Ok(Arc::new(MemoryStore::new())),
        StoreOption::Sqlite(path) => match SqliteStore::open(&path) {
            Ok(store) => Ok(Arc::new(store)),
            Err(source) => Err(ServeError::Store { path, source }),
        },
    }
}

fn tls(options: &Options) -> Result<Option<Arc<Tls>>, TlsError> {
    options.tls.clone().map(Tls::open).transpose().map(|tls| tls.map(Arc::new))
}

async fn start(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    store: Arc<dyn Store>,
    options: &Options,
) -> Result<Running, ServeError> {
    let address = listener.local_addr();
    let address =
        address.map_err(|source| ServeError::Listen { address: options.listen, source })?;
    let telemetry = Arc::new(Telemetry::default());
    let (measured, pause) = (Arc::clone(&telemetry), options.publish_pause);
    let (mode, keep, sabotage) = (options.access, options.keep_events, options.sabotage);
    let signing = options.clone();
    let open = move || {
        let signer = signer(&signing)?;
        let access = Access::open(Arc::clone(&store), mode)?;
        Ok::<_, ServeError>((Hub::open(store, measured, pause, signer, keep, sabotage)?, access))
    };
    let opened = tokio::task::spawn_blocking(open).await;
    let (hub, access) = opened.map_err(|_| ServeError::Broken)??;
    let (hub, access) = (Arc::new(hub), Arc::new(access));
    let admin = first_key(&access, options.new_admin).await?;
    let only_first_key = mode == Mode::Keys && access.keys().iter().count() == 1;
    hub.publish_all();
    let (shutdown, down) = watch::channel(false);
    let app = Arc::new(App {
        hub,
        access,
        fleet: Fleet::new(Arc::clone(&telemetry)),
        trusted_proxies: options.trusted_proxies.iter().map(IpAddr::to_canonical).collect(),
        copies: copies(options),
        limiter: Limiter::new(options.rates),
        shutdown: down.clone(),
        heartbeat: options.heartbeat,
        bodies: Arc::new(Semaphore::new(BODIES_BYTES_MAX >> 10)),
        streams: Arc::new(Semaphore::new(options.streams_max)),
        page_streams: Arc::new(Semaphore::new(options.streams_max * 3 / 4)),
    });
    let bounds = Bounds {
        connections_max: options.streams_max + CONNECTIONS_BESIDE_STREAMS,
        header_time: HEADER_TIME_MAX,
        stall_time: WRITE_STALL_MAX,
        drain: options.drain,
    };
    let tidying = tokio::spawn(tidy(telemetry, Arc::downgrade(&app), tls.clone()));
    let secured = tls.is_some();
    let connections = connection::serve(listener, tls, router(app), bounds, down);
    let connections = tokio::spawn(connections);
    match mode {
        Mode::Open => tracing::info!(%address, "listening; whoever reaches this may change flags"),
        Mode::Keys => tracing::info!(%address, "listening"),
    }
    Ok(Running { address, admin, only_first_key, secured, shutdown, connections, tidying })
}

/// Where copies of the store come to be: in a folder beside it, where there is room for it, and of
/// which nothing is left at the next start.
fn copies(options: &Options) -> PathBuf {
    match &options.store {
        StoreOption::Sqlite(store) => {
            let mut path = store.canonicalize().unwrap_or_else(|_| store.clone()).into_os_string();
            path.push(sqlite::COPIES);
            path.into()
        }
        StoreOption::Memory => std::env::temp_dir(),
    }
}

/// Where the signing key is, if it is kept.
fn key_file(options: &Options) -> Option<PathBuf> {
    match (&options.signing_key, &options.store) {
        (Some(path), _) => Some(path.clone()),
        (None, StoreOption::Sqlite(store)) => {
            let mut path = store.clone().into_os_string();
            path.push(".signing-key");
            Some(path.into())
        }
        (None, StoreOption::Memory) => None,
    }
}

fn signer(options: &Options) -> Result<Signer, SignError> {
    let key = match key_file(options) {
        Some(path) => SecretKey::open(&path)?,
        None => SecretKey::new(),
    };
    match &options.trust {
        Some(list) => Signer::listed(key, list),
        None => Ok(Signer::own(key)),
    }
}

/// The first key, where there is none that could give others.
async fn first_key(access: &Arc<Access>, wanted: bool) -> Result<Option<Token>, ServeError> {
    let missing = access.mode() == Mode::Keys && !access.keys().has_admin(clock::now_ms());
    if !missing && !wanted {
        return Ok(None);
    }
    let ask = Ask::Create {
        kind: KeyKind::Admin,
        name: "operator".to_owned(),
        scope: Scope::default(),
        origins: Vec::new(),
        expires_ms: None,
        names_actors: false,
    };
    let comment = Some("made by the server at its start".to_owned());
    let caller = Caller { actor: "vexil serve".to_owned(), comment, ..Caller::default() };
    Ok(access.change(&Identity::Anybody, ask, caller).await?.token)
}

/// Goes on for as long as there is a server; it must not keep one, nor the store behind it.
async fn tidy(telemetry: Arc<Telemetry>, app: Weak<App>, tls: Option<Arc<Tls>>) {
    let mut looking = tokio::task::spawn_blocking(|| {});
    loop {
        tokio::time::sleep(TIDY_INTERVAL).await;
        telemetry.tidy();
        // A file system that does not answer holds up nothing else.
        if let Some(tls) = tls.clone().filter(|_| looking.is_finished()) {
            looking = tokio::task::spawn_blocking(move || tls.renew());
        }
        let Some(app) = app.upgrade() else { return };
        app.limiter.tidy();
        app.fleet.tidy(clock::now_ms());
        app.hub.tidy(Instant::now());
    }
}
