//! Health, for machines that watch: alive, ready, measured.
//!
//! In: nothing. Out: whether the process lives, whether it can serve, and Prometheus text.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde_json::{Value, json};
use vexil_compiler::Audience;

use super::fleet::announced_digest;
use super::guard::Asker;
use super::problem::{Kind, Problem};
use super::{App, answer, off};
use crate::access::grant::Need;
use crate::access::token::KeyKind;
use crate::clock;
use crate::fleet::Followed;
use crate::hub::live::Standing;
use crate::limits::READY_TIME_MAX;
use crate::telemetry::memory::Memory;

/// `GET /healthz`
pub async fn alive() -> Response<Body> {
    answer::json(&json!({ "status": "alive" }))
}

/// `GET /readyz`: to whom may look at the whole server, also what is missing.
pub async fn ready(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Asker>,
) -> Result<Response<Body>, Problem> {
    let (mut missing, mut stale, mut environments) = (Vec::<Value>::new(), Vec::<Value>::new(), 0);
    if *app.shutdown.borrow() {
        missing.push("the server is shutting down".into());
    }
    if !store_reads(&app).await {
        missing.push("the store cannot be read".into());
    }
    let mut read_only: Vec<Value> = Vec::new();
    for (project, live) in app.hub.projects() {
        if let Some(why) = live.frozen() {
            read_only.push(json!({ "project": project, "message": why }));
        }
        for Standing { environment, audience, selection, published } in live.all_published() {
            let is_needed = audience == Audience::Server && selection.is_none();
            environments += usize::from(is_needed);
            let failure = published.failure.as_ref();
            if published.announced.is_none() && is_needed {
                let why = failure.map_or("is being compiled", |failure| failure.message.as_str());
                missing.push(format!("{project}/{environment}: {why}").into());
            } else if let Some(failure) = failure {
                let mut one = json!({
                    "project": project, "environment": environment,
                    "audience": audience.name(),
                    "revision": failure.revision, "message": failure.message,
                });
                if let (Some(selection), Some(members)) = (selection, one.as_object_mut()) {
                    members.insert("selection".to_owned(), json!(*selection));
                }
                stale.push(one);
            }
        }
    }
    let tells = asker.identity.may(Need::Observe, None, None);
    if !missing.is_empty() {
        let problem = Problem::new(Kind::Unavailable, "the server is not ready");
        return Err(if tells { problem.with("missing", missing) } else { problem });
    }
    let mut document = json!({ "status": "ready" });
    if let (true, Some(members)) = (tells, document.as_object_mut()) {
        members.insert("environments".to_owned(), environments.into());
        members.insert("stale".to_owned(), stale.into());
        members.insert("read_only".to_owned(), read_only.into());
    }
    Ok(answer::json(&document))
}

async fn store_reads(app: &App) -> bool {
    let read = app.hub.blocking(|store| store.projects().is_ok());
    matches!(tokio::time::timeout(READY_TIME_MAX, read).await, Ok(Ok(true)))
}

/// `GET /metrics`
pub async fn metrics(State(app): State<Arc<App>>) -> Result<Response<Body>, Problem> {
    let projects = app.hub.projects();
    let standing = projects.iter().flat_map(|(_, live)| live.all_published());
    let (selections, environments): (Vec<_>, Vec<_>) =
        standing.partition(|standing| standing.selection.is_some());
    let (modules, module_bytes) = app.hub.press().modules.size();
    let telemetry = app.hub.telemetry();
    let announced = |(project, environment): &(String, String), followed: &Followed| {
        announced_digest(&*app.hub.live(project)?, environment, followed)
    };
    let (clients, behind) = app.fleet.count(announced);
    telemetry.fleet(clients, behind);
    let (keys, now_ms) = (app.access.keys(), clock::now_ms());
    telemetry.keys(KeyKind::ALL.into_iter().map(|kind| {
        let good = keys.iter().filter(|key| key.kind == kind && key.is_good(now_ms));
        (kind.name(), good.count())
    }));
    let hub = Arc::clone(&app.hub);
    telemetry.memory(&off(move || Memory::of(&hub)).await?);
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let held = (environments.len(), selections.len());
    telemetry.held(projects.len(), held, (modules, module_bytes), tasks);
    let text = telemetry.render();
    Ok(answer::text("text/plain; version=0.0.4; charset=utf-8", text))
}
