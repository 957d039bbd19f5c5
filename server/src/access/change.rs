//! Changes of keys: what is asked, decided against the keys there are.
//!
//! In: keys, who asks, what. Out: the change, with the token that it brings, or a refusal. Nobody
//! gives what it does not have: a key that is made lies within the scope of the one who makes it.

use std::collections::BTreeSet;

use vexil_compiler::check;

use super::grant::{Identity, Scope};
use super::keys::{Key, Keys};
use super::token::{KeyKind, Token};
use crate::limits::{
    ACTOR_BYTES_MAX, KEY_ENVIRONMENTS_MAX, KEY_ORIGINS_MAX, KEYS_MAX, ORIGIN_BYTES_MAX,
};
use crate::log::change::{Change, KeyChange, NewKey};

/// What is asked.
#[derive(Clone, Debug)]
pub enum Ask {
    /// A new key.
    Create {
        /// What it is for.
        kind: KeyKind,
        /// Whose it is.
        name: String,
        /// Where it is good.
        scope: Scope,
        /// Origins of pages that may use it.
        origins: Vec<String>,
        /// Until when it is good, in milliseconds since the Unix epoch.
        expires_ms: Option<i64>,
        /// May it say who acts.
        names_actors: bool,
    },
    /// A new secret for a key.
    Rotate {
        /// The key's id.
        key: String,
        /// For how long the old secret is good beside it, in milliseconds.
        overlap_ms: i64,
    },
    /// That a key is good no more.
    Revoke {
        /// The key's id.
        key: String,
    },
}

/// Why keys were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such key, or it is not for the asker to see.
    #[error("there is no key `{0}`")]
    UnknownKey(String),
    /// Its time is over.
    #[error("the key `{0}` is revoked or has expired; create another")]
    NotGood(String),
    /// It would be good for more than the key that asks for it.
    #[error("a key gives no more than it has: {0}")]
    Wider(&'static str),
    /// It makes no sense.
    #[error("{0}")]
    Senseless(String),
    /// It is the last one that can give keys.
    #[error("the key `{0}` is the last one that can give others; create another admin key first")]
    LastAdmin(String),
    /// There are too many.
    #[error("there are {KEYS_MAX} keys, and no room for more")]
    TooMany,
}

/// A change and the token that it brings.
pub(super) struct Draft {
    pub(super) change: Change,
    pub(super) token: Option<Token>,
}

/// Decides what is asked.
pub(super) fn prepare(
    keys: &Keys,
    identity: &Identity,
    ask: Ask,
    now_ms: i64,
) -> Result<Draft, Refusal> {
    match ask {
        Ask::Create { kind, name, scope, origins, expires_ms, names_actors } => {
            if keys.iter().count() >= KEYS_MAX {
                return Err(Refusal::TooMany);
            }
            check_name(&name)?;
            check_scope(kind, &scope)?;
            check_origins(kind, &origins)?;
            if expires_ms.is_some_and(|until| until <= now_ms) {
                return Err(senseless("a key that expires in the past is good for nothing"));
            }
            if names_actors && !matches!(kind, KeyKind::Admin | KeyKind::Editor) {
                return Err(senseless("only admin and editor keys act, and so can say who acts"));
            }
            if keys.iter().any(|key| key.name == name && acts(key.kind) && key.is_good(now_ms)) {
                return Err(senseless(format!(
                    "another key is called `{name}`: a name stands in the log for who did it"
                )));
            }
            within(identity, kind, &scope, names_actors, expires_ms)?;
            let token = Token::new(kind);
            let secret = token.digest();
            let new = NewKey { kind, name, scope, origins, expires_ms, names_actors, secret };
            let (key, change) = (token.id.clone(), KeyChange::Created(new));
            Ok(Draft { change: Change::Key { key, change }, token: Some(token) })
        }
        Ask::Rotate { key, overlap_ms } => {
            let known = find(keys, identity, &key)?;
            if !known.is_good(now_ms) {
                return Err(Refusal::NotGood(key));
            }
            // Who is told its secret has all that it has.
            within(identity, known.kind, &known.scope, known.names_actors, known.expires_ms)?;
            let token = Token::again(known.kind, &key);
            let old_until_ms = now_ms.saturating_add(overlap_ms);
            let change = KeyChange::Rotated { secret: token.digest(), old_until_ms };
            Ok(Draft { change: Change::Key { key, change }, token: Some(token) })
        }
        Ask::Revoke { key } => {
            let known = find(keys, identity, &key)?;
            if known.revoked_ms.is_some() {
                return Err(Refusal::NotGood(key));
            }
            let mut others = keys.iter().filter(|other| other.id != key);
            let gives = |key: &Key| {
                key.kind == KeyKind::Admin && key.scope == Scope::default() && key.is_good(now_ms)
            };
            // One that expires sooner does not take its place.
            let stays = |key: &Key| match (key.expires_ms, known.expires_ms) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(other), Some(own)) => other >= own,
            };
            if gives(&known) && !others.any(|other| gives(other) && stays(other)) {
                return Err(Refusal::LastAdmin(key));
            }
            let change = KeyChange::Revoked;
            Ok(Draft { change: Change::Key { key, change }, token: None })
        }
    }
}

/// A key that the asker may see.
fn find(keys: &Keys, identity: &Identity, id: &str) -> Result<std::sync::Arc<Key>, Refusal> {
    let known = keys.get(id).filter(|key| may_see(identity, key));
    known.ok_or_else(|| Refusal::UnknownKey(id.to_owned()))
}

/// May this identity, which administers, see and change this key?
#[must_use]
pub fn may_see(identity: &Identity, key: &Key) -> bool {
    match identity {
        Identity::Nobody => false,
        Identity::Anybody => true,
        Identity::Key { key: own, .. } => own.scope.holds(&key.scope),
    }
}

/// Does a key of this kind change anything?
const fn acts(kind: KeyKind) -> bool {
    matches!(kind, KeyKind::Admin | KeyKind::Editor)
}

fn within(
    identity: &Identity,
    kind: KeyKind,
    scope: &Scope,
    names_actors: bool,
    expires_ms: Option<i64>,
) -> Result<(), Refusal> {
    let Some(own) = identity.key() else { return Ok(()) };
    if kind < own.kind {
        return Err(Refusal::Wider("its kind may do more"));
    }
    if !own.scope.holds(scope) {
        return Err(Refusal::Wider("its scope is wider"));
    }
    if names_actors && !own.names_actors && own.scope != Scope::default() {
        return Err(Refusal::Wider("it could say who acts"));
    }
    let outlives = own.expires_ms.is_some_and(|own| expires_ms.is_none_or(|other| other > own));
    if outlives {
        return Err(Refusal::Wider("it would be good for longer"));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let odd = name.trim().is_empty() || name.chars().any(char::is_control);
    if odd || name.len() > ACTOR_BYTES_MAX {
        return Err(senseless(format!(
            "the name of a key is 1 to {ACTOR_BYTES_MAX} bytes without control characters, and \
             not only blanks: whose it is, or what for"
        )));
    }
    Ok(())
}

fn check_scope(kind: KeyKind, scope: &Scope) -> Result<(), Refusal> {
    let environments = scope.environments.as_deref();
    if scope.project.as_deref().is_some_and(super::is_reserved) {
        return Err(senseless("names that begin with `$` are the server's own"));
    }
    if environments.is_some() && scope.project.is_none() {
        return Err(senseless("environments are of a project: name it"));
    }
    if environments.is_some_and(<[String]>::is_empty) {
        return Err(senseless(
            "a key without environments is good for nothing; leave them out, \
                              and it is good for all",
        ));
    }
    if environments.is_some_and(|names| names.len() > KEY_ENVIRONMENTS_MAX) {
        return Err(senseless(format!("a key names at most {KEY_ENVIRONMENTS_MAX} environments")));
    }
    let named = scope.project.iter().chain(environments.unwrap_or_default());
    for name in named {
        check::name(name).map_err(|wrong| senseless(format!("the name `{name}` {wrong}")))?;
    }
    let all: BTreeSet<&String> = environments.unwrap_or_default().iter().collect();
    if all.len() < environments.unwrap_or_default().len() {
        return Err(senseless("an environment is named twice"));
    }
    if matches!(kind, KeyKind::Server | KeyKind::Browser) && scope.project.is_none() {
        return Err(senseless(format!("a {} key is of one project: name it", kind.name())));
    }
    if kind == KeyKind::Browser && environments.is_none() {
        return Err(senseless("a browser key is for everybody to read: name its environments"));
    }
    Ok(())
}

fn check_origins(kind: KeyKind, origins: &[String]) -> Result<(), Refusal> {
    if kind != KeyKind::Browser {
        return match origins {
            [] => Ok(()),
            _ => Err(senseless("only browser keys have origins")),
        };
    }
    if origins.is_empty() {
        return Err(senseless(
            "a browser key names the origins of its pages, such as `https://shop.example`, or `*`",
        ));
    }
    if origins.len() > KEY_ORIGINS_MAX {
        return Err(senseless(format!("a key names at most {KEY_ORIGINS_MAX} origins")));
    }
    match origins.iter().find(|origin| !is_origin(origin)) {
        None => Ok(()),
        Some(bad) => Err(senseless(format!(
            "`{bad}` is no origin: one is a scheme, a host in lower case and perhaps a port, such \
             as `https://shop.example:8443`, without a slash at its end; `*` is any, and there are \
             no other wildcards"
        ))),
    }
}

/// As browsers send it in `Origin`, or `*`.
fn is_origin(origin: &str) -> bool {
    let host = origin.split_once("://").filter(|(scheme, _)| {
        matches!(*scheme, "http" | "https" | "chrome-extension" | "moz-extension")
    });
    let plain = |host: &str| {
        host.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'[')
            && host.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte)
            })
    };
    origin.len() <= ORIGIN_BYTES_MAX && (origin == "*" || host.is_some_and(|(_, host)| plain(host)))
}

fn senseless(message: impl Into<String>) -> Refusal {
    Refusal::Senseless(message.into())
}
