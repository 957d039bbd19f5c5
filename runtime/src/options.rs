//! The times that a client waits, all of them changeable.
//!
//! In: nothing. Out: [`Options`] with defaults for production; tests shorten them.

use std::time::Duration;

/// How long a client waits for what.
///
/// ```
/// use std::time::Duration;
/// use vexil_runtime::Options;
///
/// let options = Options { poll_interval: Duration::from_secs(10), ..Options::default() };
/// assert_eq!(options.watchdog, Duration::from_secs(45));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Between two polls of the head while the stream is down; each pause is 50–150 % of it.
    pub poll_interval: Duration,
    /// Without a byte from the server for this long a stream is cut and the client is stale.
    /// The server sends a heartbeat every 15 s: three may be lost.
    pub watchdog: Duration,
    /// The first reconnect waits at most this long, or the server's `retry:` hint if that is
    /// longer; each further one at most twice as long.
    pub backoff_base: Duration,
    /// No reconnect waits longer than this, unless the server asks for it with `Retry-After`.
    pub backoff_max: Duration,
    /// A stream that lived this long counts as healthy: the next reconnect is a first one.
    pub healthy_after: Duration,
    /// After 401 and 403 the next attempt waits 50–100 % of this.
    pub refused_retry: Duration,
    /// For a TCP and TLS connection to be made.
    pub connect_timeout: Duration,
    /// For the head of a response to arrive, and for the whole answer to a poll.
    pub request_timeout: Duration,
    /// For a whole module to arrive.
    pub fetch_timeout: Duration,
    /// For a module to be checked and compiled. A compilation that takes longer is logged, and
    /// abandoned when something newer is announced.
    pub compile_deadline: Duration,
    /// Between two reports of what was counted; see
    /// [`ClientBuilder::on_usage`](crate::ClientBuilder::on_usage).
    pub usage_interval: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_secs(30),
            watchdog: Duration::from_secs(45),
            backoff_base: Duration::from_secs(1),
            backoff_max: Duration::from_secs(30),
            healthy_after: Duration::from_secs(60),
            refused_retry: Duration::from_secs(300),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            fetch_timeout: Duration::from_secs(60),
            compile_deadline: Duration::from_secs(5),
            usage_interval: Duration::from_secs(60),
        }
    }
}
