//! Events: what the log holds, as stored and as read.
//!
//! In: appends from the hub, records from a store. Out: `Record` (the exact stored text, for
//! stores and for verification), `Event` (its payload parsed, for the projection and HTTP). What a
//! payload means is `change`'s business.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::change::Change;

/// A position in a project's log: 1 is its first event, 0 stands before it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// Before the first event: a project that does not exist.
    pub const ZERO: Self = Self(0);

    /// A revision in decimal digits, without sign or leading zeros.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text == "0" || !text.starts_with('0');
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain && digits { text.parse().ok().map(Self) } else { None }
    }

    /// The revision after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A link of the hash chain.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes().as_chunks::<2>();
        let ([..], []) = digits else { return None };
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let byte = |[high, low]: &[u8; 2]| Some(value(*high)? << 4 | value(*low)?);
        let bytes: Vec<u8> = digits.0.iter().map(byte).collect::<Option<_>>()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// What happened, with its payload parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the project's log.
    pub revision: Revision,
    /// The id of the append that brought it; the events of one append share it.
    pub id: Uuid,
    /// When, in milliseconds since the Unix epoch; for people, never for order.
    pub time_ms: i64,
    /// Who did it.
    pub actor: String,
    /// Why, where given.
    pub comment: Option<String>,
    /// The version of the event's shape.
    pub schema: u32,
    /// What happened, in the past tense: see `docs/log.md`.
    pub kind: String,
    /// To what.
    pub payload: Value,
    /// From where; of no event of schema 1.
    pub via: Option<Via>,
    /// The hash chain up to and with this event.
    pub hash: Hash,
}

/// From where a write came: what the server knows of its caller besides what the caller says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Via {
    /// The caller's IP address.
    pub address: Option<String>,
    /// The id of the key that it showed; `None`: the server asked for none.
    pub key: Option<String>,
    /// The request's id, as in the server's log.
    pub request: Option<String>,
}

/// An event exactly as stored: the payload is the canonical text that was hashed.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// See [`Event::revision`].
    pub revision: Revision,
    /// See [`Event::id`].
    pub id: Uuid,
    /// See [`Event::time_ms`].
    pub time_ms: i64,
    /// See [`Event::actor`].
    pub actor: String,
    /// See [`Event::comment`].
    pub comment: Option<String>,
    /// See [`Event::schema`].
    pub schema: u32,
    /// See [`Event::kind`].
    pub kind: String,
    /// The payload's JSON text.
    pub payload: String,
    /// The JSON text of [`Event::via`].
    pub via: Option<String>,
    /// See [`Event::hash`].
    pub hash: Hash,
}

/// The payload of a stored event, or where it came from, is not JSON of its shape: somebody has
/// edited the store.
#[derive(Debug, thiserror::Error)]
#[error(
    "the payload of event {revision} is not JSON, or where it came from is not told as it should"
)]
pub struct PayloadError {
    /// Which event.
    pub revision: Revision,
    /// Where it breaks.
    pub source: serde_json::Error,
}

impl TryFrom<Record> for Event {
    type Error = PayloadError;

    fn try_from(record: Record) -> Result<Self, PayloadError> {
        let Record { revision, id, time_ms, actor, comment, schema, kind, payload, via, hash } =
            record;
        let fault = |source| PayloadError { revision, source };
        let payload = serde_json::from_str(&payload).map_err(fault)?;
        let via = via.as_deref().map(serde_json::from_str::<Option<Via>>);
        let via = via.transpose().map_err(fault)?.flatten();
        Ok(Self { revision, id, time_ms, actor, comment, schema, kind, payload, via, hash })
    }
}

impl Event {
    /// One line for people: see [`super::summary::summary`].
    #[must_use]
    pub fn summary(&self) -> String {
        super::summary::summary(&self.kind, &self.payload)
    }
}

/// What is to be appended: all of it, or nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// Names the append: the same id again is answered with the first result.
    pub id: Uuid,
    /// A fingerprint of what was asked: the same id with another one is refused.
    pub request: Hash,
    /// When, in milliseconds since the Unix epoch.
    pub time_ms: i64,
    /// Who does it.
    pub actor: String,
    /// Why.
    pub comment: Option<String>,
    /// From where.
    pub via: Via,
    /// What happened, in order; one event each, at least one.
    pub changes: Vec<Change>,
    /// The head that the caller decided on; `None` appends to whatever is there.
    pub expected: Option<Revision>,
}

/// What an append came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Revision of its first event.
    pub first: Revision,
    /// Revision of its last event.
    pub last: Revision,
    /// The hash chain up to and with `last`.
    pub hash: Hash,
    /// The fingerprint of what was asked.
    pub request: Hash,
    /// It had been appended before, under the same id.
    pub repeated: bool,
}
