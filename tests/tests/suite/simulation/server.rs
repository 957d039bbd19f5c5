//! The server of a world: the real one, from its routes to its log, without a socket.
//!
//! In: requests; orders to end and to begin. Out: answers, or that nobody is there. All that is kept
//! from one life to the next is the store's content.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;
use tower::ServiceExt as _;
use vexil_runtime::transport::TransportError;
use vexil_server::access::{Access, Mode};
use vexil_server::fleet::Fleet;
use vexil_server::http::rate::{Limiter, Rates};
use vexil_server::http::{App, router};
use vexil_server::hub::Hub;
use vexil_server::limits::{DRAIN_TIME, HEARTBEAT, PUBLISH_PAUSE, STREAMS_MAX};
use vexil_server::publish::sabotage::Sabotage;
use vexil_server::publish::sign::{SecretKey, Signer};
use vexil_server::telemetry::Telemetry;

use super::store::{Content, Mortal};

/// Turns true when the server that it was got from is dead.
pub type Death = watch::Receiver<bool>;

/// A server that lives, or not.
pub struct Server {
    content: Content,
    sabotage: Option<Sabotage>,
    life: Mutex<Option<Life>>,
}

struct Life {
    router: Router,
    store: Mortal,
    accepts: bool,
    shutdown: watch::Sender<bool>,
    dead: watch::Sender<bool>,
}

impl Server {
    /// A server that has not begun.
    pub fn new(content: Content, sabotage: Option<Sabotage>) -> Self {
        Self { content, sabotage, life: Mutex::default() }
    }

    fn life(&self) -> MutexGuard<'_, Option<Life>> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins, with what the store holds.
    pub fn begin(&self) {
        let mortal = Mortal::new(self.content.clone());
        let store: Arc<dyn vexil_server::log::store::Store> = Arc::new(mortal.clone());
        let telemetry = Arc::new(Telemetry::default());
        let signer = Signer::own(SecretKey::of([7; 32]));
        let (measured, sabotage) = (Arc::clone(&telemetry), self.sabotage);
        let hub = Hub::open(Arc::clone(&store), measured, PUBLISH_PAUSE, signer, None, sabotage);
        let hub = Arc::new(hub.unwrap());
        let access = Arc::new(Access::open(store, Mode::Open).unwrap());
        hub.publish_all();
        let (shutdown, down) = watch::channel(false);
        let app = Arc::new(App {
            bodies: Arc::new(Semaphore::new(1 << 20)),
            hub,
            access,
            fleet: Fleet::new(telemetry),
            trusted_proxies: Vec::new(),
            copies: PathBuf::from("."),
            limiter: Limiter::new(Rates::default()),
            shutdown: down,
            heartbeat: HEARTBEAT,
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            page_streams: Arc::new(Semaphore::new(STREAMS_MAX)),
        });
        let (router, dead) = (router(app), watch::Sender::new(false));
        *self.life() = Some(Life { router, store: mortal, accepts: true, shutdown, dead });
    }

    /// Ends at once, whatever is under way.
    pub fn kill(&self) {
        let life = self.life().take();
        if let Some(life) = life {
            life.store.kill();
            life.dead.send_replace(true);
        }
    }

    /// Takes no more requests, says good-bye to streams, and ends.
    pub async fn stop(&self) {
        if let Some(life) = &mut *self.life() {
            life.accepts = false;
            life.shutdown.send_replace(true);
        }
        sleep(DRAIN_TIME).await;
        self.kill();
    }

    /// Answers a request, unless there is nobody, or nobody any more.
    pub async fn answer(
        &self,
        request: Request<Bytes>,
    ) -> Result<(Response<Body>, Death), TransportError> {
        let (router, mut death) = match &*self.life() {
            Some(life) if life.accepts => (life.router.clone(), life.dead.subscribe()),
            _ => return Err("connection refused".into()),
        };
        let answered = tokio::select! {
            biased;
            _ = death.wait_for(|dead| *dead) => return Err("connection reset".into()),
            answered = router.oneshot(request.map(Body::from)) => answered,
        };
        let response = answered.unwrap_or_else(|never: Infallible| match never {});
        Ok((response, death))
    }
}
