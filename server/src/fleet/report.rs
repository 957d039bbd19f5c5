//! A report: what one client says of itself.
//!
//! In: JSON as clients send it. Out: a [`Report`] whose texts are short and plain, or what is wrong
//! with it. Times in it are differences and the server's own: no clock of a client counts.

use serde::Deserialize;

use crate::limits::{FLEET_ERROR_CHARS_MAX, FLEET_NAME_BYTES_MAX};
use crate::log::event::Hash;
use crate::publish::selection::Selection;

/// Milliseconds for which nothing was ever served.
const SERVED_FOR_MS_MAX: u64 = 10 * 366 * 24 * 3_600_000;

/// What is announced in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Its revision.
    pub revision: u64,
    /// The module's digest.
    pub digest: String,
    /// When the newest event in it was committed, in milliseconds since the Unix epoch.
    pub committed_at_ms: i64,
}

/// What a client says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// A name that no other client has, drawn by the client at its start.
    pub instance: String,
    /// What people call it: a host, a pod.
    #[serde(default)]
    pub name: Option<String>,
    /// Its software.
    #[serde(default)]
    pub version: Option<String>,
    /// Whether it can be relied on.
    pub state: State,
    /// The revision that it serves; 0: none that was announced.
    #[serde(default)]
    pub revision: u64,
    /// The digest of the module that it serves; `None`: it serves defaults.
    #[serde(default)]
    pub digest: Option<String>,
    /// For how many milliseconds it has served this revision.
    #[serde(default)]
    pub served_for_ms: u64,
    /// Was it announced while the client was following, so that its lag means something?
    #[serde(default)]
    pub live: bool,
    /// Why it could not load what was announced.
    #[serde(default)]
    pub error: Option<String>,
    /// Which flags it follows; `None`: all.
    #[serde(default)]
    pub selection: Option<Selection>,
}

/// Whether a client can be relied on; OpenFeature's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// It has nothing to serve yet.
    NotReady,
    /// It serves what was announced, and hears of the server.
    Ready,
    /// It serves something, and has not heard of the server for a while.
    Stale,
    /// It has nothing to serve, and could not get it.
    Error,
    /// It ends: forget it.
    Closed,
}

impl State {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotReady => "NOT_READY",
            Self::Ready => "READY",
            Self::Stale => "STALE",
            Self::Error => "ERROR",
            Self::Closed => "CLOSED",
        }
    }
}

impl Report {
    /// Says what is wrong with it, and shortens what may be long.
    ///
    /// # Errors
    /// A sentence on the first member that makes no sense.
    pub fn checked(mut self) -> Result<Self, String> {
        let plain = |text: &str| {
            let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            (1..=64).contains(&text.len()) && text.bytes().all(letters)
        };
        if !plain(&self.instance) {
            return Err("`instance` has 1 to 64 letters, digits, `-`, `_` or `.`".into());
        }
        for (name, text) in [("name", &self.name), ("version", &self.version)] {
            let Some(text) = text else { continue };
            if text.len() > FLEET_NAME_BYTES_MAX || text.chars().any(char::is_control) {
                return Err(format!(
                    "`{name}` has at most {FLEET_NAME_BYTES_MAX} bytes and no control characters"
                ));
            }
        }
        if self.digest.as_ref().is_some_and(|digest| Hash::parse(digest).is_none()) {
            return Err("`digest` is 64 lower-case hexadecimal digits".into());
        }
        if self.served_for_ms > SERVED_FOR_MS_MAX {
            return Err(format!("`served_for_ms` is at most {SERVED_FOR_MS_MAX}: ten years"));
        }
        self.selection = self
            .selection
            .map(Selection::checked)
            .transpose()
            .map_err(|error| format!("`selection` is none: {error}"))?;
        self.error = self.error.map(|error| {
            let short = error.chars().take(FLEET_ERROR_CHARS_MAX);
            short.map(|c| if c.is_control() { ' ' } else { c }).collect()
        });
        Ok(self)
    }

    /// From commit to service, when it is `now_ms` here: of who serves what is announced.
    pub(super) fn lag_ms(&self, announced: Option<&Announced>, now_ms: i64) -> Option<u64> {
        let is_same = |announced: &&Announced| {
            announced.revision == self.revision && self.digest.as_ref() == Some(&announced.digest)
        };
        let committed_ms = announced.filter(is_same).filter(|_| self.live)?.committed_at_ms;
        let served_for_ms = i64::try_from(self.served_for_ms).ok()?;
        let served_ms = now_ms.checked_sub(served_for_ms)?;
        // The way of the report itself is part of it, so it is never too small.
        u64::try_from(served_ms.checked_sub(committed_ms)?).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;

    fn read(edit: impl FnOnce(&mut Value)) -> Result<Report, String> {
        let mut value = json!({
            "instance": "0f3a", "name": "checkout-7", "version": "vexil-runtime/0.1.0",
            "state": "READY", "revision": 7, "digest": "ab".repeat(32), "served_for_ms": 5,
            "live": true,
        });
        edit(&mut value);
        let report: Report = serde_json::from_value(value).map_err(|error| error.to_string())?;
        report.checked()
    }

    #[test]
    fn a_good_report_is_read() {
        let report = read(|_| {}).unwrap();
        assert_eq!((report.state.name(), report.revision), ("READY", 7));
        let announced = |revision, digest: &str| Announced {
            revision,
            digest: digest.repeat(32),
            committed_at_ms: 100,
        };
        assert_eq!(report.lag_ms(Some(&announced(7, "ab")), 150), Some(45));
        for other in [announced(8, "ab"), announced(7, "cd")] {
            assert_eq!(report.lag_ms(Some(&other), 150), None, "it serves something else");
        }
        assert_eq!(report.lag_ms(None, 150), None);
        // Served before it was committed: one of the two times is wrong.
        assert_eq!(report.lag_ms(Some(&announced(7, "ab")), 104), None);
        let nothing = read(|value| *value = json!({ "instance": "a", "state": "NOT_READY" }));
        assert_eq!(nothing.unwrap().digest, None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (name, value) in [
            ("instance", json!("")),
            ("instance", json!("a b")),
            ("instance", json!("a".repeat(65))),
            ("name", json!("a\u{1b}[31m")),
            ("name", json!("a".repeat(FLEET_NAME_BYTES_MAX + 1))),
            ("digest", json!("AB".repeat(32))),
            ("digest", json!("ab")),
            ("state", json!("FINE")),
            ("revision", json!(-1)),
            ("served_for_ms", json!(u64::MAX)),
        ] {
            let edit = |report: &mut Value| report[name] = value.clone();
            assert!(read(edit).is_err(), "{name} {value}");
        }
        assert!(read(|report| report["colour"] = json!("red")).is_err());
    }

    #[test]
    fn a_long_error_is_shortened_and_made_harmless() {
        let long = format!("a\nb{}", "x".repeat(5_000));
        let report = read(|report| report["error"] = json!(long)).unwrap();
        let error = report.error.unwrap();
        assert!(error.starts_with("a b"), "{error}");
        assert_eq!(error.chars().count(), FLEET_ERROR_CHARS_MAX);
    }
}
