//! The log over HTTP: what happened, and whether it is as it was written.
//!
//! In: requests below `/v1/projects/{p}/log`. Out: events, oldest first; the result of a
//! verification.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use serde_json::{Value, json};

use super::problem::{Kind, Problem};
use super::query::Query;
use super::request::Keys;
use super::{App, answer, refusal};
use crate::clock;
use crate::limits::{LOG_EVENTS_DEFAULT, READ_EVENTS_MAX};
use crate::log::event::{Event, Revision};
use crate::log::store::{Store, StoreError};
use crate::log::verify::{Verification, verify};

type Answer = Result<Response<Body>, Problem>;

/// Which events are asked for.
#[derive(Debug, Default)]
struct Wanted {
    after: Revision,
    limit: usize,
    flag: Option<String>,
    environment: Option<String>,
    actor: Option<String>,
}

impl Wanted {
    fn read(uri: &Uri) -> Result<Self, Problem> {
        let query = Query::read(uri, &["after", "limit", "flag", "environment", "actor"])?;
        let text = |name| query.text(name).map(str::to_owned);
        Ok(Self {
            after: query.revision("after")?.unwrap_or_default(),
            limit: query.number("limit", 1, READ_EVENTS_MAX)?.unwrap_or(LOG_EVENTS_DEFAULT),
            flag: text("flag"),
            environment: text("environment"),
            actor: text("actor"),
        })
    }

    fn wants(&self, event: &Event) -> bool {
        let says = |name: &str, wanted: &Option<String>| {
            wanted.as_deref().is_none_or(|wanted| {
                event.payload.get(name).and_then(Value::as_str) == Some(wanted)
            })
        };
        says("flag", &self.flag)
            && says("environment", &self.environment)
            && self.actor.as_ref().is_none_or(|actor| *actor == event.actor)
    }

    fn find(&self, store: &dyn Store, project: &str) -> Result<Vec<Event>, StoreError> {
        let mut found = Vec::new();
        let mut after = self.after;
        loop {
            let events = store.read(project, after, READ_EVENTS_MAX)?;
            let Some(last) = events.last() else { return Ok(found) };
            after = last.revision;
            for event in events.into_iter().filter(|event| self.wants(event)) {
                found.push(event);
                if found.len() == self.limit {
                    return Ok(found);
                }
            }
        }
    }
}

fn written(event: &Event) -> Value {
    json!({
        "revision": event.revision,
        "id": event.id,
        "time": clock::rfc3339(event.time_ms),
        "actor": event.actor,
        "comment": event.comment,
        "schema": event.schema,
        "kind": event.kind,
        "payload": event.payload,
        "hash": event.hash.to_string(),
    })
}

/// `GET /v1/projects/{p}/log`
pub async fn show(State(app): State<Arc<App>>, Keys(project): Keys<String>, uri: Uri) -> Answer {
    let wanted = Wanted::read(&uri)?;
    let head = app.hub.state(&project, None).await?.revision;
    let found = app.hub.past(move |store| wanted.find(store, &project)).await?;
    let events = found.map_err(|error| refusal::store(&error))?;
    let events: Vec<Value> = events.iter().map(written).collect();
    Ok(answer::json(&json!({ "events": events, "head": head })))
}

/// `GET /v1/projects/{p}/log/verify`
pub async fn show_verification(
    State(app): State<Arc<App>>,
    Keys(project): Keys<String>,
    uri: Uri,
) -> Answer {
    Query::read(&uri, &[])?;
    if app.hub.live(&project).is_none() {
        let detail = format!("there is no project `{project}`");
        return Err(Problem::new(Kind::UnknownProject, detail));
    }
    let verification = app.hub.past(move |store| verify(store, &project)).await?;
    let verification = verification.map_err(|error| refusal::store(&error))?;
    Ok(answer::json(&match verification {
        Verification::Whole(head) => json!({
            "ok": true, "events": head.revision, "head_hash": head.hash.to_string(),
        }),
        Verification::Broken(fault) => json!({
            "ok": false, "revision": fault.revision, "message": fault.message,
        }),
    }))
}
