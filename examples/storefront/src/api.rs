//! The shop's JSON: decisions for scripts, load tests and the curious.
//!
//! A value and the revision beside it always belong together: both come from one evaluation.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, json};
use vexil_runtime::{Context, State as ClientState};

use crate::decisions::{Decision, Decisions, decide_by_key};
use crate::shop::Shop;
use crate::shopper::Shopper;

type Pairs = Query<Vec<(String, String)>>;

/// `GET /healthz`: the process lives.
pub async fn healthz() -> Response {
    Json(json!({"status": "ok"})).into_response()
}

/// `GET /readyz`: flags have arrived; until then pages show defaults.
pub async fn readyz(State(shop): State<Shop>) -> Response {
    let state = shop.client.state();
    let ready = matches!(state, ClientState::Ready | ClientState::Stale);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let revision = shop.client.current().map(|current| current.revision);
    (status, Json(json!({"ready": ready, "state": state.name(), "revision": revision})))
        .into_response()
}

/// `GET /api/decisions`: every flag of the shop for one shopper.
pub async fn decisions(
    State(shop): State<Shop>,
    headers: HeaderMap,
    Query(query): Pairs,
) -> Response {
    let (shopper, context) = match subject(&headers, &query) {
        Ok(subject) => subject,
        Err(fault) => return refusal(&fault),
    };
    let decisions = Decisions::take(&shop.client, &context);
    let flags: Map<_, _> =
        decisions.all.iter().map(|one| (one.key.clone(), detail(one).into())).collect();
    Json(json!({
        "persona": shopper.persona.id,
        "context": shopper.attributes,
        "state": shop.client.state().name(),
        "revision": decisions.source().map(|(revision, _)| revision),
        "digest": decisions.source().map(|(_, digest)| digest),
        "flags": flags,
    }))
    .into_response()
}

/// `GET /api/flag/{key}`: one flag of the project; 404 when there is none of this key.
pub async fn flag(
    State(shop): State<Shop>,
    Path(key): Path<String>,
    headers: HeaderMap,
    Query(query): Pairs,
) -> Response {
    let (_, context) = match subject(&headers, &query) {
        Ok(subject) => subject,
        Err(fault) => return refusal(&fault),
    };
    let decision = decide_by_key(&shop.client, &key, &context);
    let unknown = decision.error_code == Some("FLAG_NOT_FOUND");
    let status = if unknown { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let mut body = Map::from_iter([("key".to_owned(), key.into())]);
    body.extend(detail(&decision));
    body.insert("revision".to_owned(), decision.source.as_ref().map(|source| source.0).into());
    body.insert("digest".to_owned(), decision.source.map(|source| source.1).into());
    (status, Json(body)).into_response()
}

/// Whom a query means, or what is wrong with it.
fn subject(
    headers: &HeaderMap,
    query: &[(String, String)],
) -> Result<(Shopper, Context<'static>), String> {
    let named = query.iter().find_map(|(name, value)| (name == "persona").then_some(value));
    if let Some(id) = named.filter(|id| crate::shopper::persona(id).is_none()) {
        return Err(format!("there is no persona `{id}`"));
    }
    let mut shopper = Shopper::of(named.map(String::as_str), headers);
    shopper.amend(query).map_err(|error| format!("`context` is not an object: {error}"))?;
    let context = shopper.context().map_err(|error| error.to_string())?;
    Ok((shopper, context))
}

fn refusal(fault: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": fault}))).into_response()
}

fn detail(decision: &Decision) -> Map<String, serde_json::Value> {
    Map::from_iter([
        ("value".to_owned(), decision.value.clone()),
        ("variant".to_owned(), decision.variant.clone().into()),
        ("reason".to_owned(), decision.reason.into()),
        ("rule".to_owned(), decision.rule.clone().into()),
        ("detail".to_owned(), decision.detail.clone().into()),
        ("errorCode".to_owned(), decision.error_code.into()),
        ("errorMessage".to_owned(), decision.error_message.clone().into()),
    ])
}
