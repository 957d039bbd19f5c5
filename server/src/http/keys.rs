//! Keys over HTTP: list, create, rotate, revoke; and the log of access.
//!
//! In: requests below `/v1/keys` and `/v1/access`. Out: keys without their secrets, and a new
//! secret once. An asker sees the keys within its own scope.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use axum::{Extension, response::IntoResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::guard::{Asker, stranger};
use super::log::Wanted;
use super::problem::{Kind, Problem};
use super::query::Query;
use super::request::{Keys as InPath, Write};
use super::{App, answer, refusal};
use crate::access::grant::{Identity, Scope};
use crate::access::keys::Key;
use crate::access::token::{KeyKind, Token};
use crate::access::{AccessError, Ask, Changed, LOG, Refusal, Stranger};
use crate::clock;
use crate::hub::Caller;
use crate::limits::{OVERLAP_MS_DEFAULT, OVERLAP_MS_MAX};
use crate::log::event::Event;
use crate::log::store::Store;
use crate::projection::verify::verify;

type Answer = Result<Response<Body>, Problem>;

/// A key, for those who may see it.
fn view(key: &Key, now_ms: i64) -> Value {
    let state = match (key.revoked_ms, key.is_good(now_ms)) {
        (Some(_), _) => "revoked",
        (None, true) => "good",
        (None, false) => "expired",
    };
    let time = |ms: Option<i64>| ms.map(clock::rfc3339);
    let old = key.secrets.iter().filter_map(|secret| secret.until_ms);
    json!({
        "id": key.id,
        "kind": key.kind,
        "name": key.name,
        "state": state,
        "project": key.scope.project,
        "environments": key.scope.environments,
        "origins": key.origins,
        "names_actors": key.names_actors,
        "created_by": key.created_by,
        "created": clock::rfc3339(key.created_ms),
        "expires": time(key.expires_ms),
        "revoked": time(key.revoked_ms),
        "old_secret_until": time(old.filter(|until| *until > now_ms).max()),
    })
}

/// What came of a change; the secret is told here and nowhere else.
fn changed(changed: &Changed) -> Response<Body> {
    let mut document = json!({
        "revision": changed.revision,
        "repeated": changed.repeated,
        "key": view(&changed.key, clock::now_ms()),
    });
    if let (Some(members), Some(token)) = (document.as_object_mut(), &changed.token) {
        members.insert("token".to_owned(), Token::reveal(token).into());
    }
    answer::json(&document).into_response()
}

/// `GET /v1/keys`
pub async fn list(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Asker>,
    uri: Uri,
) -> Answer {
    Query::read(&uri, &[])?;
    let (keys, now_ms) = (app.access.keys(), clock::now_ms());
    let seen = keys.iter().filter(|key| asker.may_see(key));
    let mut seen: Vec<&Arc<Key>> = seen.collect();
    seen.sort_by_key(|key| key.created_at);
    let views: Vec<Value> = seen.into_iter().map(|key| view(key, now_ms)).collect();
    Ok(answer::json(&json!({ "keys": views })))
}

/// `GET /v1/keys/{id}`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Asker>,
    InPath(id): InPath<String>,
    uri: Uri,
) -> Answer {
    Query::read(&uri, &[])?;
    let key = app.access.keys().get(&id).filter(|key| asker.may_see(key));
    let key = key.ok_or_else(|| Problem::from(Refusal::UnknownKey(id)))?;
    Ok(answer::json(&view(&key, clock::now_ms())))
}

/// `GET /v1/keys/self`: whose key is shown.
pub async fn own(Extension(asker): Extension<Asker>, uri: Uri) -> Answer {
    Query::read(&uri, &[])?;
    match &asker.identity {
        Identity::Nobody => Err(stranger(Stranger::NoKey)),
        Identity::Anybody => Ok(answer::json(&json!({ "kind": null, "asked_for": false }))),
        // What stands in a page is told to every visitor.
        Identity::Key { key, .. } if asker.identity.is_browser() => Ok(answer::json(&json!({
            "id": key.id, "kind": key.kind, "state": "good",
            "project": key.scope.project, "environments": key.scope.environments,
        }))),
        Identity::Key { key, .. } => Ok(answer::json(&view(key, clock::now_ms()))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    kind: String,
    name: String,
    #[serde(default)]
    project: Option<String>,
    #[serde(default)]
    environments: Option<Vec<String>>,
    #[serde(default)]
    origins: Vec<String>,
    /// RFC 3339.
    #[serde(default)]
    expires: Option<String>,
    #[serde(default)]
    names_actors: bool,
}

/// `POST /v1/keys`
pub async fn create(State(app): State<Arc<App>>, write: Write) -> Answer {
    let (caller, _) = write.caller(&[])?;
    let NewKey { kind, name, project, environments, origins, expires, names_actors } =
        write.shape()?;
    let kind = KeyKind::from_name(&kind).ok_or_else(|| {
        let names: Vec<&str> = KeyKind::ALL.iter().map(|kind| kind.name()).collect();
        Problem::malformed(format!("`{kind}` is no kind of key; kinds are {}", names.join(", ")))
    })?;
    let expires_ms = expires.as_deref().map(time).transpose()?;
    let scope = Scope { project, environments };
    let ask = Ask::Create { kind, name, scope, origins, expires_ms, names_actors };
    change(&app, write.asker(), ask, caller).await
}

fn time(text: &str) -> Result<i64, Problem> {
    clock::parse(text).ok_or_else(|| {
        Problem::malformed(format!(
            "`expires` is a time such as `2027-01-31T00:00:00Z` (RFC 3339), not `{text}`"
        ))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    #[serde(default)]
    overlap_s: Option<u32>,
}

/// `POST /v1/keys/{id}/rotate`
pub async fn rotate(
    State(app): State<Arc<App>>,
    InPath(key): InPath<String>,
    write: Write,
) -> Answer {
    let (caller, _) = write.caller(&[])?;
    let Rotation { overlap_s } = match write.is_empty() {
        true => Rotation { overlap_s: None },
        false => write.shape()?,
    };
    let overlap_ms = overlap_s.map_or(OVERLAP_MS_DEFAULT, |seconds| i64::from(seconds) * 1_000);
    if overlap_ms > OVERLAP_MS_MAX {
        let most = OVERLAP_MS_MAX / 1_000;
        return Err(Problem::malformed(format!("`overlap_s` is at most {most} seconds")));
    }
    change(&app, write.asker(), Ask::Rotate { key, overlap_ms }, caller).await
}

/// `DELETE /v1/keys/{id}`
pub async fn revoke(
    State(app): State<Arc<App>>,
    InPath(key): InPath<String>,
    write: Write,
) -> Answer {
    let (caller, _) = write.caller(&[])?;
    change(&app, write.asker(), Ask::Revoke { key }, caller).await
}

async fn change(app: &Arc<App>, asker: &Asker, ask: Ask, caller: Caller) -> Answer {
    if caller.expected.is_some() {
        return Err(Problem::malformed("keys take no `If-Match`: none of them has a revision"));
    }
    let done = app.access.change(&asker.identity, ask, caller).await?;
    Ok(changed(&done))
}

/// `GET /v1/access/log`
pub async fn log(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Asker>,
    uri: Uri,
) -> Answer {
    let wanted = Wanted::read(&uri)?;
    let keys = app.access.keys();
    let head = keys.revision;
    let seen = move |event: &Event| {
        let id = event.payload.get("key").and_then(Value::as_str);
        id.and_then(|id| keys.get(id)).is_some_and(|key| asker.may_see(&key))
    };
    let find = move |store: &dyn Store| (wanted.find(store, LOG, seen), wanted);
    let (found, wanted) = app.hub.past(find).await?;
    let events = found.map_err(|error| refusal::store(&error))?;
    Ok(wanted.answer(&events.iter().collect::<Vec<_>>(), head))
}

/// `GET /v1/access/log/verify`
pub async fn verify_log(State(app): State<Arc<App>>, uri: Uri) -> Answer {
    Query::read(&uri, &[])?;
    let verification = app.hub.past(move |store| verify(store, LOG)).await?;
    let verification = verification.map_err(|error| refusal::store(&error))?;
    Ok(answer::json(&verification.to_json()))
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Refused(refusal) => refusal.into(),
            AccessError::Stranger(error) => stranger(error),
            AccessError::Append(error) => refusal::append(&error),
            AccessError::Store(error) => refusal::store(&error),
            AccessError::Broken(_) => Self::internal(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::UnknownKey(_) => Kind::UnknownKey,
            Refusal::NotGood(_) => Kind::KeyNotGood,
            Refusal::Wider(_) => Kind::Forbidden,
            Refusal::Senseless(_) => Kind::InvalidKey,
            Refusal::LastAdmin(_) | Refusal::TooMany => Kind::InUse,
        };
        Self::new(kind, refusal.to_string())
    }
}
