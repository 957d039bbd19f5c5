//! Health, for machines that watch: alive, ready, measured.
//!
//! In: nothing. Out: whether the process lives, whether it can serve, and Prometheus text.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde_json::{Value, json};

use super::problem::{Kind, Problem};
use super::{App, answer};
use crate::limits::READY_TIME_MAX;

/// `GET /healthz`
pub async fn alive() -> Response<Body> {
    answer::json(&json!({ "status": "alive" }))
}

/// `GET /readyz`
pub async fn ready(State(app): State<Arc<App>>) -> Result<Response<Body>, Problem> {
    let (mut missing, mut stale, mut environments) = (Vec::<Value>::new(), Vec::<Value>::new(), 0);
    if *app.shutdown.borrow() {
        missing.push("the server is shutting down".into());
    }
    if !store_reads(&app).await {
        missing.push("the store cannot be read".into());
    }
    for (project, live) in app.hub.projects() {
        for (environment, published) in live.all_published() {
            environments += 1;
            let failure = published.failure.as_ref();
            if published.announced.is_none() {
                let why = failure.map_or("is being compiled", |failure| failure.message.as_str());
                missing.push(format!("{project}/{environment}: {why}").into());
            } else if let Some(failure) = failure {
                stale.push(json!({
                    "project": project, "environment": environment,
                    "revision": failure.revision, "message": failure.message,
                }));
            }
        }
    }
    if !missing.is_empty() {
        let problem = Problem::new(Kind::Unavailable, "the server is not ready");
        return Err(problem.with("missing", missing));
    }
    Ok(answer::json(&json!({ "status": "ready", "environments": environments, "stale": stale })))
}

async fn store_reads(app: &App) -> bool {
    let read = app.hub.blocking(|store| store.projects().is_ok());
    matches!(tokio::time::timeout(READY_TIME_MAX, read).await, Ok(Ok(true)))
}

/// `GET /metrics`
pub async fn metrics(State(app): State<Arc<App>>) -> Response<Body> {
    let projects = app.hub.projects();
    let environments = projects.iter().map(|(_, live)| live.all_published().len()).sum();
    let (modules, module_bytes) = app.hub.press().modules.size();
    let telemetry = app.hub.telemetry();
    telemetry.held(projects.len(), environments, modules, module_bytes);
    answer::text("text/plain; version=0.0.4; charset=utf-8", telemetry.render())
}
