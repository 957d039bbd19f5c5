//! Reports to the server: what this client serves, and since when.
//!
//! In: arrivals of modules, failures, the passing of time. Out: a small request soon after each
//! change, and one a minute, spread at random over the time that the server asks for. Nothing
//! depends on them: a report that is lost or refused is not sent again. They hold no context and
//! nothing that was evaluated. Times are told as differences, so that no clock of this machine
//! counts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use crate::backoff::{around, up_to, upper_half};
use crate::follow::Follow;
use crate::http::HttpError;
use crate::limits::{
    ERROR_CHARS, NAME_BYTES, REPORT_INTERVAL, REPORT_INTERVAL_MAX, REPORT_INTERVAL_MIN,
    REPORT_LAST, REPORT_SPREAD, REPORT_SPREAD_MAX,
};
use crate::selection::Selection;

/// Who reports.
#[derive(Debug)]
pub(crate) struct Reporter {
    /// Drawn at the start: no other client has it.
    instance: String,
    name: Option<String>,
}

/// A report; `docs/http-api.md`, "The fleet".
#[derive(Debug, Serialize)]
struct Report<'a> {
    instance: &'a str,
    name: Option<&'a str>,
    version: &'static str,
    state: &'static str,
    revision: u64,
    digest: Option<&'a str>,
    served_for_ms: u64,
    live: bool,
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selection: Option<&'a Selection>,
}

/// What the server answers.
#[derive(Debug, Deserialize)]
struct Answer {
    interval_ms: u64,
    spread_ms: u64,
}

/// When to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pace {
    interval: Duration,
    spread: Duration,
}

impl Reporter {
    /// One that is called `name`, or as its host is.
    pub(crate) fn new(name: Option<String>) -> Self {
        let host = || gethostname::gethostname().into_string().ok();
        let name = name.or_else(host).map(|name| {
            let plain = name.chars().filter(|c| !c.is_control());
            cut(&plain.collect::<String>(), NAME_BYTES).to_owned()
        });
        let name = name.filter(|name| !name.is_empty());
        Self { instance: format!("{:032x}", rand::random::<u128>()), name }
    }
}

/// The beginning of `text`, of at most `bytes` bytes.
fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

impl Pace {
    const FIRST: Self = Self { interval: REPORT_INTERVAL, spread: REPORT_SPREAD };

    /// What the server asks for, within bounds.
    fn asked(answer: &Answer) -> Self {
        let interval = Duration::from_millis(answer.interval_ms);
        let spread = Duration::from_millis(answer.spread_ms);
        Self {
            interval: interval.clamp(REPORT_INTERVAL_MIN, REPORT_INTERVAL_MAX),
            spread: spread.min(REPORT_SPREAD_MAX),
        }
    }
}

/// Reports until the task is aborted.
pub(crate) async fn run(follow: &Follow) {
    if follow.reporter.is_none() {
        return;
    }
    let mut arrivals = follow.served.arrival.subscribe();
    let mut pace = Pace::FIRST;
    loop {
        let interval = around(pace.interval, &mut *follow.chance());
        // The sender lives in `follow`: waiting cannot fail.
        tokio::select! {
            biased;
            _ = arrivals.changed() => {}
            () = sleep(interval) => {}
        }
        // What changes meanwhile is told by the same report.
        let spread = up_to(pace.spread, &mut *follow.chance());
        sleep(spread).await;
        arrivals.mark_unchanged();
        match report(follow, None).await {
            Ok(asked) => pace = asked,
            Err(error) => {
                tracing::debug!(environment = follow.served.environment, %error, "not reported");
                let pause = error.retry_after().unwrap_or_default();
                sleep(pause.max(refused(follow, &error))).await;
            }
        }
    }
}

/// How long to leave a server alone that refuses: it will not think better of it soon.
fn refused(follow: &Follow, error: &HttpError) -> Duration {
    match error {
        HttpError::Refused(_) | HttpError::Status(_) => {
            upper_half(REPORT_INTERVAL_MAX, &mut *follow.chance())
        }
        _ => Duration::ZERO,
    }
}

/// Tells the server that this client ends.
pub(crate) async fn bye(follow: &Follow) {
    // Whoever hears nothing forgets the client a little later.
    let _ = timeout(REPORT_LAST, report(follow, Some("CLOSED"))).await;
}

async fn report(follow: &Follow, state: Option<&'static str>) -> Result<Pace, HttpError> {
    let Some(Reporter { instance, name }) = &follow.reporter else { return Ok(Pace::FIRST) };
    let arrival = follow.served.arrival.borrow().clone();
    let error: Option<String> =
        arrival.error.map(|error| error.chars().take(ERROR_CHARS).collect());
    let served_for_ms = u64::try_from(arrival.at.elapsed().as_millis()).unwrap_or(u64::MAX);
    let report = Report {
        instance,
        name: name.as_deref(),
        version: concat!("vexil-runtime/", env!("CARGO_PKG_VERSION")),
        state: state.unwrap_or_else(|| follow.served.state().name()),
        revision: arrival.revision,
        digest: arrival.digest.as_deref(),
        served_for_ms,
        live: arrival.live,
        error: error.as_deref(),
        selection: follow.selection.as_ref(),
    };
    let answer = follow.http.report(&report).await?;
    let answer: Option<Answer> = serde_json::from_slice(&answer).ok();
    Ok(answer.as_ref().map_or(Pace::FIRST, Pace::asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_sets_the_pace_within_bounds() {
        let asked = |interval_ms, spread_ms| Pace::asked(&Answer { interval_ms, spread_ms });
        let ms = Duration::from_millis;
        assert_eq!(asked(30_000, 2_000), Pace { interval: ms(30_000), spread: ms(2_000) });
        assert_eq!(asked(0, 0), Pace { interval: REPORT_INTERVAL_MIN, spread: ms(0) });
        let most = Pace { interval: REPORT_INTERVAL_MAX, spread: REPORT_SPREAD_MAX };
        assert_eq!(asked(u64::MAX, u64::MAX), most);
    }

    #[test]
    fn names_are_what_the_server_takes() {
        let reporter = Reporter::new(Some(format!("a\u{1b}[1m{}", "ü".repeat(500))));
        let name = reporter.name.unwrap_or_default();
        assert!(name.starts_with("a[1mü") && name.len() <= NAME_BYTES, "{name}");
        assert_eq!(reporter.instance.len(), 32);
        assert_eq!(Reporter::new(Some(String::new())).name, None);
        assert_ne!(Reporter::new(None).instance, Reporter::new(None).instance);
    }
}
