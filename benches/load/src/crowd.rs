//! A crowd of clients, each with an event stream, that note when they hear of a revision.
//!
//! In: how many, and where. Out: when each heard of what. A client is a socket and a few bytes: it
//! reads HTTP no further than it must to find `id: REVISION`, so that the crowd takes as little of
//! the machine as it can.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::times::Times;

/// Connections that are being made at a time.
const CONNECTING: usize = 512;
/// Bytes that are kept of what was read, in which a revision might begin.
const TAIL: usize = 64;

/// What the clients have heard.
#[derive(Debug)]
struct Heard {
    since: Instant,
    /// The newest revision of each client.
    revisions: Vec<AtomicU64>,
    /// When it came, in nanoseconds.
    at: Vec<AtomicU64>,
    /// Streams that ended, and attempts that failed.
    broken: AtomicUsize,
    refused: AtomicUsize,
}

/// Clients whose streams are open.
pub struct Crowd {
    heard: Arc<Heard>,
    tasks: Vec<JoinHandle<()>>,
}

/// Whose streams to open.
#[derive(Clone, Debug)]
pub struct Door {
    address: SocketAddr,
    request: Arc<str>,
}

impl Door {
    /// The stream of the environment `e` of the project `p`.
    ///
    /// # Errors
    /// The URL is not one of an address.
    pub fn new(url: &str, key: Option<&str>) -> Result<Self> {
        let address = url.strip_prefix("http://").context("the server's URL")?.parse()?;
        let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let request = format!(
            "GET /v1/projects/p/environments/e/events HTTP/1.1\r\nhost: {address}\r\n\
             {key}accept: text/event-stream\r\n\r\n"
        );
        Ok(Self { address, request: request.into() })
    }
}

impl Crowd {
    /// Begins to open `count` streams, all at once as far as the machine lets it.
    #[must_use]
    pub fn gather(door: &Door, count: usize) -> Self {
        let zeros = || (0..count).map(|_| AtomicU64::new(0)).collect();
        let heard = Arc::new(Heard {
            since: Instant::now(),
            revisions: zeros(),
            at: zeros(),
            broken: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        });
        let places = Arc::new(Semaphore::new(CONNECTING));
        let tasks = (0..count).map(|number| join(door, &heard, number, &places));
        let tasks = tasks.collect();
        Self { heard, tasks }
    }

    /// One leaves, and another comes in its place.
    pub fn replace(&mut self, number: usize, door: &Door) {
        let Some(task) = self.tasks.get_mut(number) else { return };
        task.abort();
        *task = join(door, &self.heard, number, &Arc::new(Semaphore::new(1)));
    }

    /// How many have heard of `revision` or a newer one.
    #[must_use]
    pub fn informed(&self, revision: u64) -> usize {
        let newer = |heard: &&AtomicU64| heard.load(Ordering::Acquire) >= revision;
        self.heard.revisions.iter().filter(newer).count()
    }

    /// Waits until all have; fails when some have not in time.
    ///
    /// # Errors
    /// Some have not heard of it within `patience`.
    pub async fn all_informed(&self, revision: u64, patience: Duration) -> Result<()> {
        let started = Instant::now();
        loop {
            let informed = self.informed(revision);
            if informed == self.tasks.len() {
                return Ok(());
            }
            if started.elapsed() > patience {
                let (broken, refused) = self.lost();
                bail!(
                    "{informed} of {} clients have heard of revision {revision}; {broken} streams \
                     have ended, {refused} were refused",
                    self.tasks.len()
                );
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The times from `start` on at which the newest frames came.
    ///
    /// # Errors
    /// Never, for these bounds.
    pub fn times(&self, start: Instant) -> Result<Times> {
        let mut times = Times::new()?;
        let start = start.saturating_duration_since(self.heard.since);
        for at in &self.heard.at {
            let at = Duration::from_nanos(at.load(Ordering::Relaxed));
            times.add(at.saturating_sub(start));
        }
        Ok(times)
    }

    /// Streams that have ended, and attempts that were refused.
    #[must_use]
    pub fn lost(&self) -> (usize, usize) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        (count(&self.heard.broken), count(&self.heard.refused))
    }
}

impl Drop for Crowd {
    /// All leave at once, without a word.
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Begins a client, and notes how it ends.
fn join(door: &Door, heard: &Arc<Heard>, number: usize, places: &Arc<Semaphore>) -> JoinHandle<()> {
    let (door, heard, places) = (door.clone(), Arc::clone(heard), Arc::clone(places));
    tokio::spawn(async move {
        let ended = match follow(&door, &heard, number, &places).await {
            Err(_) => &heard.refused,
            Ok(()) => &heard.broken,
        };
        ended.fetch_add(1, Ordering::Relaxed);
    })
}

/// Opens a stream and reads it to its end.
async fn follow(door: &Door, heard: &Heard, number: usize, places: &Semaphore) -> Result<()> {
    let mut buffer = vec![0; 4 << 10];
    let mut kept = 0;
    let place = places.acquire().await?;
    let mut socket = TcpStream::connect(door.address).await?;
    socket.set_nodelay(true)?;
    socket.write_all(door.request.as_bytes()).await?;
    let first = socket.read(&mut buffer).await?;
    drop(place);
    if !buffer.starts_with(b"HTTP/1.1 200") {
        bail!("refused");
    }
    let mut filled = first;
    loop {
        let bytes = buffer.get(..kept + filled).unwrap_or_default();
        if let Some(revision) = newest(bytes) {
            let now = u64::try_from(heard.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
            if let (Some(at), Some(known)) = (heard.at.get(number), heard.revisions.get(number)) {
                at.store(now, Ordering::Relaxed);
                known.fetch_max(revision, Ordering::Release);
            }
        }
        // What may be the beginning of a revision goes to the front.
        let from = (kept + filled).saturating_sub(TAIL);
        buffer.copy_within(from..kept + filled, 0);
        kept = kept + filled - from;
        let Some(free) = buffer.get_mut(kept..) else { bail!("no room") };
        match socket.read(free).await {
            Ok(0) | Err(_) => return Ok(()),
            Ok(read) => filled = read,
        }
    }
}

/// The revision of the last event in `bytes` that is there to its line's end.
fn newest(bytes: &[u8]) -> Option<u64> {
    const ID: &[u8] = b"\nid: ";
    let ends = bytes.windows(ID.len()).rposition(|window| window == ID)? + ID.len();
    let digits = bytes.get(ends..)?;
    let end = digits.iter().position(|byte| *byte == b'\n')?;
    std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_whole_revision_is_found() {
        assert_eq!(newest(b"event: announcement\nid: 41\ndata: x\n\nevent: y\nid: 42\n"), Some(42));
        assert_eq!(newest(b"event: announcement\nid: 4"), None);
        assert_eq!(newest(b":\n\n"), None);
    }
}
