//! The network between clients, or writers, and the server: requests.
//!
//! In: a request. Out: the server's answer late, a cache's, or none. What happens to a request is
//! drawn from the seed, from whose it is and from how many came before it, and so does not depend
//! on what else happens.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, Request, Response, header};
use tokio::time::{sleep, sleep_until};
use vexil_runtime::transport::{Answer, Body, Transport, TransportError};
use vexil_tests::generate::Dice;

use super::wire;
use super::world::World;

/// Something that will never come; who waits for it has to give up.
pub async fn nothing<T>() -> T {
    pending().await
}

/// A client's way into the network.
pub struct Line {
    world: Arc<World>,
    client: usize,
    /// Which of the clients that were there one after the other.
    life: u64,
    sent: AtomicU64,
}

impl Line {
    pub fn new(world: Arc<World>, client: usize, life: u64) -> Self {
        Self { world, client, life, sent: AtomicU64::new(0) }
    }
}

impl Transport for Line {
    fn send(&self, request: Request<Bytes>) -> Answer {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let Self { world, client, life, .. } = self;
        let name = format!("client {client}.{life} request {number}");
        let dice = world.dice([1, *client as u64, *life, number]);
        let (world, what) = (Arc::clone(world), String::new());
        let call = Call { world, name, what, client: Some(*client), dice };
        Box::pin(call.carry(request))
    }
}

/// One request, and the body that answers it.
pub struct Call {
    pub world: Arc<World>,
    /// For the history.
    pub name: String,
    /// The last part of the path, shortened.
    pub what: String,
    /// Whose it is; `None`: a writer's, who is never cut off.
    pub client: Option<usize>,
    pub dice: Dice,
}

impl Call {
    /// Notes what happens to it.
    pub fn note(&self, what: &str) {
        self.world.history.note(format!("{}: {what}", self.name));
    }

    /// Draws whether something happens.
    pub fn happens(&mut self, percent: usize) -> bool {
        percent > 0 && self.dice.chance(percent)
    }

    /// How long something is under way.
    pub fn latency(&mut self) -> Duration {
        let slow = self.world.faults().slow;
        let most = if self.happens(slow) { 15_000 } else { 40 };
        Duration::from_millis(1 + self.dice.below(most) as u64)
    }

    /// Waits while the client is cut off, or for ever; an error when that is told at once.
    pub async fn reach(&mut self) -> Result<(), TransportError> {
        let Some(until) = self.client.and_then(|client| self.world.cut_off(client)) else {
            return Ok(());
        };
        match self.dice.below(3) {
            0 => {
                self.note("waits until the cut is over");
                sleep_until(until).await;
                Ok(())
            }
            1 => {
                self.note("vanishes in the cut");
                nothing().await
            }
            _ => Err("no route to the server".into()),
        }
    }

    /// Carries a request to the server, and its answer back.
    pub async fn carry(
        mut self,
        request: Request<Bytes>,
    ) -> Result<Response<Body>, TransportError> {
        let what = request.uri().path().rsplit('/').next().unwrap_or_default();
        let what = what.get(..12).unwrap_or(what).to_owned();
        self.what.clone_from(&what);
        let faults = self.world.faults();
        sleep(self.latency()).await;
        self.reach().await?;
        if self.happens(faults.refused) {
            self.note(&format!("{what} refused"));
            return Err("connection refused".into());
        }
        if self.happens(faults.lost) {
            self.note(&format!("{what} lost"));
            return nothing().await;
        }
        if what == "head"
            && self.happens(faults.stale)
            && let Some(old) = self.stale()
        {
            sleep(self.latency()).await;
            return Ok(old);
        }
        let answered = self.world.server.answer(as_sent(request)).await;
        if let Err(error) = &answered {
            self.note(&format!("{what}: {error}"));
        }
        let (response, death) = answered?;
        self.note(&format!("{what} answered {}", response.status().as_u16()));
        if self.happens(faults.unheard) {
            self.note(&format!("the answer to {what} is lost"));
            return nothing().await;
        }
        sleep(self.latency()).await;
        self.reach().await?;
        Ok(response.map(|body| wire::body(self, body, death)))
    }

    /// An answer to `head` of before, validly signed.
    fn stale(&mut self) -> Option<Response<Body>> {
        let frame = self.old_frame()?;
        let text = std::str::from_utf8(&frame).ok()?;
        let data = text.lines().find_map(|line| line.strip_prefix("data: "))?.to_owned();
        let id = text.lines().find_map(|line| line.strip_prefix("id: "))?;
        self.note(&format!("a cache answers head with revision {id}"));
        let tag = format!("\"cached-{id}\"");
        let mut response = Response::new(stream::once(async { Ok(data.into()) }).boxed());
        response.headers_mut().insert(header::ETAG, tag.parse().ok()?);
        Some(response)
    }

    /// An announcement that was made before, perhaps the newest.
    pub fn old_frame(&mut self) -> Option<Bytes> {
        let said = self.world.said();
        (!said.is_empty()).then(|| self.dice.one_of(&said).clone())
    }
}

/// A request as a connection carries it: the address is a path and a host.
fn as_sent(mut request: Request<Bytes>) -> Request<Bytes> {
    let host = request.uri().authority().map(ToString::to_string);
    if let Some(host) = host.and_then(|host| HeaderValue::from_str(&host).ok()) {
        request.headers_mut().insert(header::HOST, host);
    }
    let path = request.uri().path_and_query().map(ToString::to_string);
    *request.uri_mut() = path.unwrap_or_default().parse().unwrap_or_default();
    request
}
