//! Keys as the log of access makes them.
//!
//! In: events, one by one. Out: every key there ever was, and which of them a token belongs to.
//! Pure: no store, clock or randomness. An event that is not known is an error, never a guess.

use std::collections::BTreeMap;
use std::sync::Arc;

use subtle::ConstantTimeEq as _;

use super::grant::Scope;
use super::token::{KeyKind, Token};
use crate::log::change::{KeyChange, NewKey};
use crate::log::event::{Event, Hash, Revision};
use crate::log::payload::ReadError;
use crate::log::upcast;

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in tokens and in the log.
    pub id: String,
    /// What it is for.
    pub kind: KeyKind,
    /// Whose it is: the actor of what it does.
    pub name: String,
    /// Where it is good.
    pub scope: Scope,
    /// Origins of pages that may use it; `*` is any.
    pub origins: Vec<String>,
    /// Until when it is good, in milliseconds since the Unix epoch.
    pub expires_ms: Option<i64>,
    /// May it say who acts: for gateways that know their users.
    pub names_actors: bool,
    /// The event that created it.
    pub created_at: Revision,
    /// Who created it.
    pub created_by: String,
    /// When, in milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// Since when it is good no more.
    pub revoked_ms: Option<i64>,
    /// Its secrets, newest last: one, or two while an old one runs out.
    pub secrets: Vec<Secret>,
}

/// One secret of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// See [`Token::digest`].
    pub digest: Hash,
    /// Until when it is good, if it was replaced; in milliseconds since the Unix epoch.
    pub until_ms: Option<i64>,
}

/// All keys at one revision of the log of access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// The newest event in it.
    pub revision: Revision,
    /// The time of that event, in milliseconds since the Unix epoch.
    pub time_ms: i64,
    by_id: BTreeMap<String, Arc<Key>>,
}

/// Why an event about keys cannot be applied. The keys stay as they were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// This version of Vexil does not know the event.
    #[error(
        "event {revision} is of kind `{kind}`, schema {schema}, which this version of vexil does not know"
    )]
    Unknown {
        /// Which event.
        revision: Revision,
        /// Its kind.
        kind: String,
        /// Its schema.
        schema: u32,
    },
    /// It cannot be read, or does not fit.
    #[error("event {revision} of kind `{kind}` does not fit: {message}")]
    Misfit {
        /// Which event.
        revision: Revision,
        /// Its kind.
        kind: String,
        /// What is wrong.
        message: String,
    },
}

impl Key {
    /// Is it good at `now_ms`, with some secret?
    #[must_use]
    pub fn is_good(&self, now_ms: i64) -> bool {
        self.revoked_ms.is_none() && self.expires_ms.is_none_or(|until| now_ms < until)
    }

    /// Is it good with the secret of this digest?
    #[must_use]
    pub fn is_good_with(&self, digest: &Hash, now_ms: i64) -> bool {
        // Every secret is compared, and each in the same time whatever is in it.
        let found = self.secrets.iter().filter(|secret| {
            let same: bool = secret.digest.0.ct_eq(&digest.0).into();
            same && secret.until_ms.is_none_or(|until| now_ms < until)
        });
        found.count() > 0 && self.is_good(now_ms)
    }
}

impl Keys {
    /// The key of this id, also one that is good no more.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Key>> {
        self.by_id.get(id).cloned()
    }

    /// Every key there ever was, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Key>> {
        self.by_id.values()
    }

    /// The key that `token` is of, if it is good, and the digest of the secret.
    #[must_use]
    pub fn find(&self, token: &Token, now_ms: i64) -> Option<(Arc<Key>, Hash)> {
        let digest = token.digest();
        let key = self.by_id.get(&token.id)?;
        let good = key.kind == token.kind && key.is_good_with(&digest, now_ms);
        good.then(|| (Arc::clone(key), digest))
    }

    /// Is what an identity showed still good?
    #[must_use]
    pub fn still_know(&self, key: &Key, digest: &Hash, now_ms: i64) -> bool {
        self.by_id.get(&key.id).is_some_and(|key| key.is_good_with(digest, now_ms))
    }

    /// Is there a key with which somebody could give others?
    #[must_use]
    pub fn has_admin(&self, now_ms: i64) -> bool {
        self.iter().any(|key| {
            key.kind == KeyKind::Admin && key.scope == Scope::default() && key.is_good(now_ms)
        })
    }

    /// Applies the next event.
    ///
    /// # Errors
    /// It does not follow, or is not known.
    pub fn apply(&mut self, event: &Event) -> Result<(), KeysError> {
        let revision = event.revision;
        let misfit = |message: &str| KeysError::Misfit {
            revision,
            kind: event.kind.clone(),
            message: message.to_owned(),
        };
        let unknown =
            || KeysError::Unknown { revision, kind: event.kind.clone(), schema: event.schema };
        if revision != self.revision.next() {
            return Err(misfit("the log has a gap before it"));
        }
        let payload = upcast::raise(&event.kind, event.schema, &event.payload);
        let payload = payload.ok_or_else(unknown)?;
        let (id, change) = KeyChange::read(&event.kind, &payload).map_err(|error| match error {
            ReadError::Unknown => unknown(),
            ReadError::Malformed(message) => misfit(&message),
        })?;
        if let KeyChange::Created(new) = change {
            if self.by_id.contains_key(&id) {
                return Err(misfit("there is such a key already"));
            }
            let key = created(id.clone(), new, event);
            self.by_id.insert(id, Arc::new(key));
        } else {
            let key = self.by_id.get_mut(&id).ok_or_else(|| misfit("there is no such key"))?;
            match (Arc::make_mut(key), change) {
                (key, KeyChange::Rotated { secret, old_until_ms }) => {
                    rotate(&mut key.secrets, secret, old_until_ms);
                }
                (key, KeyChange::Revoked) => key.revoked_ms = Some(event.time_ms),
                (_, KeyChange::Created(_)) => {}
            }
        }
        (self.revision, self.time_ms) = (revision, event.time_ms);
        Ok(())
    }
}

fn created(id: String, new: NewKey, event: &Event) -> Key {
    let NewKey { kind, name, scope, origins, expires_ms, names_actors, secret } = new;
    Key {
        id,
        kind,
        name,
        scope,
        origins,
        expires_ms,
        names_actors,
        created_at: event.revision,
        created_by: event.actor.clone(),
        created_ms: event.time_ms,
        revoked_ms: None,
        secrets: vec![Secret { digest: secret, until_ms: None }],
    }
}

/// Only the secret before the new one stays for a while; those before it end now.
fn rotate(secrets: &mut Vec<Secret>, new: Hash, old_until_ms: i64) {
    let old = secrets.pop().map(|old| Secret { until_ms: Some(old_until_ms), ..old });
    secrets.clear();
    secrets.extend(old);
    secrets.push(Secret { digest: new, until_ms: None });
}
