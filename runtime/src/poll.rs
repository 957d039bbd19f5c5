//! Polls of the head, for as long as the event stream does not deliver.
//!
//! In: the switch that `stream` turns, or its wish for a single poll. Out: offers to `wanted`.
//! Polls are additive: the stream goes on retrying beside them, and its first announcement ends
//! them, but for an answer that could not be read: then the head is asked for until it can. Nothing depends on who delivers first, because only a higher revision counts.

use std::time::Duration;

use tokio::time::sleep;

use crate::backoff::{around, up_to, upper_half};
use crate::follow::Follow;
use crate::http::{Head, HttpError};
use crate::wanted::Follows;

/// Polls whenever the stream is down, for ever.
pub(crate) async fn run(follow: &Follow) {
    let mut on = follow.polling.subscribe();
    let mut etag = None;
    loop {
        // Both ends of the channel live in `follow`: waiting on it cannot fail.
        tokio::select! {
            biased;
            _ = on.wait_for(|on| *on) => {}
            () = follow.poll_once.notified() => {}
        }
        // Clients that lost the stream at the same instant do not all ask at the same instant.
        let first = up_to(follow.options.backoff_base, &mut *follow.chance());
        sleep(first).await;
        // An answer that cannot be read is no end: the client counts as stale until it has a good one,
        // for which a quiet stream may take an hour.
        let mut is_readable = true;
        loop {
            let pause = poll(follow, &mut etag, &mut is_readable).await;
            tokio::select! {
                biased;
                _ = on.wait_for(|on| !*on), if is_readable => break,
                () = follow.poll_once.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }
}

/// Polls once; returns how long to wait before the next poll. `is_readable` tells whether the last
/// answer, if there was any, could be read and trusted.
async fn poll(follow: &Follow, etag: &mut Option<String>, is_readable: &mut bool) -> Duration {
    follow.served.counters.polls.count();
    // Where there is doubt, it is asked for as a whole: that nothing is new would not dispel it.
    let is_doubted = follow.wanted.is_doubted() || follow.served.health.is_distrusted();
    let known = etag.as_deref().filter(|_| !is_doubted);
    match follow.http.head(known).await {
        Ok(Head::Unchanged) => {
            *is_readable = true;
            follow.served.health.contact();
        }
        Ok(Head::Changed { body, etag: new }) => {
            follow.served.health.contact();
            let read = follow.announced(&body, Follows::Unknown);
            *is_readable = read.is_some();
            *etag = read.and(new);
        }
        Err(error) => {
            follow.served.counters.poll_failures.count();
            follow.served.health.connect_failed();
            tracing::warn!(environment = follow.served.environment, %error, "poll of the head failed");
            return after_failure(follow, &error);
        }
    }
    interval(follow)
}

/// Never longer than the watchdog, or a client that polls well would be stale between polls.
fn interval(follow: &Follow) -> Duration {
    let interval = around(follow.options.poll_interval, &mut *follow.chance());
    interval.min(follow.options.watchdog.mul_f64(0.9))
}

fn after_failure(follow: &Follow, error: &HttpError) -> Duration {
    match error {
        HttpError::Refused(_) => upper_half(follow.options.refused_retry, &mut *follow.chance()),
        _ => error.retry_after().unwrap_or_default() + interval(follow),
    }
}
