//! Payloads of events about keys; they stand in the log of access.
//!
//! In: what happened to a key; or an event's kind and payload. Out: the other. A secret is never in
//! them, only its digest.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ReadError, malformed, shape};
use crate::access::grant::Scope;
use crate::access::token::KeyKind;
use crate::log::change::{KeyChange, NewKey};
use crate::log::event::Hash;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct CreatedBody {
    key: String,
    kind: KeyKind,
    name: String,
    project: Option<String>,
    environments: Option<Vec<String>>,
    origins: Vec<String>,
    expires_ms: Option<i64>,
    names_actors: bool,
    secret_digest: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RotatedBody {
    key: String,
    secret_digest: String,
    old_until_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokedBody {
    key: String,
}

impl KeyChange {
    /// Its name in the log.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Created(_) => "KeyCreated",
            Self::Rotated { .. } => "KeyRotated",
            Self::Revoked => "KeyRevoked",
        }
    }

    /// Its payload in the log.
    pub(super) fn payload(&self, key: &str) -> Value {
        match self {
            Self::Created(new) => json!(CreatedBody {
                key: key.to_owned(),
                kind: new.kind,
                name: new.name.clone(),
                project: new.scope.project.clone(),
                environments: new.scope.environments.clone(),
                origins: new.origins.clone(),
                expires_ms: new.expires_ms,
                names_actors: new.names_actors,
                secret_digest: new.secret.to_string(),
            }),
            Self::Rotated { secret, old_until_ms } => json!({
                "key": key, "secret_digest": secret.to_string(), "old_until_ms": old_until_ms,
            }),
            Self::Revoked => json!({ "key": key }),
        }
    }

    /// The key's id and what happened to it.
    ///
    /// # Errors
    /// The kind is not known, or the payload is not of its shape.
    pub fn read(kind: &str, payload: &Value) -> Result<(String, Self), ReadError> {
        Ok(match kind {
            "KeyCreated" => {
                let body: CreatedBody = shape(payload)?;
                let new = NewKey {
                    kind: body.kind,
                    name: body.name,
                    scope: Scope { project: body.project, environments: body.environments },
                    origins: body.origins,
                    expires_ms: body.expires_ms,
                    names_actors: body.names_actors,
                    secret: digest(&body.secret_digest)?,
                };
                (body.key, Self::Created(new))
            }
            "KeyRotated" => {
                let RotatedBody { key, secret_digest, old_until_ms } = shape(payload)?;
                (key, Self::Rotated { secret: digest(&secret_digest)?, old_until_ms })
            }
            "KeyRevoked" => (shape::<RevokedBody>(payload)?.key, Self::Revoked),
            _ => return Err(ReadError::Unknown),
        })
    }
}

fn digest(text: &str) -> Result<Hash, ReadError> {
    Hash::parse(text).ok_or_else(|| malformed("`secret_digest` is not 64 hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_happens_to_keys_reads_back() {
        let created = NewKey {
            kind: KeyKind::Browser,
            name: "shop pages".into(),
            scope: Scope { project: Some("shop".into()), environments: Some(vec!["live".into()]) },
            origins: vec!["https://shop.example".into()],
            expires_ms: Some(7),
            names_actors: false,
            secret: Hash([0xab; 32]),
        };
        let changes = [
            KeyChange::Created(created),
            KeyChange::Rotated { secret: Hash([1; 32]), old_until_ms: 8 },
            KeyChange::Revoked,
        ];
        for change in changes {
            let payload = change.payload("0123456789");
            let read = KeyChange::read(change.kind(), &payload).unwrap();
            assert_eq!(read, ("0123456789".to_owned(), change));
        }
    }

    #[test]
    fn another_shape_is_refused() {
        let revoked = |payload| KeyChange::read("KeyRevoked", &payload);
        assert!(matches!(revoked(json!({})), Err(ReadError::Malformed(_))));
        assert!(matches!(revoked(json!({ "key": "k", "x": 1 })), Err(ReadError::Malformed(_))));
        assert_eq!(KeyChange::read("KeyPainted", &json!({})), Err(ReadError::Unknown));
        let rotated = json!({ "key": "k", "secret_digest": "ab", "old_until_ms": 1 });
        assert!(matches!(KeyChange::read("KeyRotated", &rotated), Err(ReadError::Malformed(_))));
    }
}
