//! The HTTP interface: `docs/http-api.md`, route by route.
//!
//! In: requests. Out: answers, announcements, modules, problems. Handlers hold no state of their
//! own: all of it is in the hub.

pub mod connection;

mod stall;

mod watch;

pub mod problem;

mod refusal;

mod query;

mod precondition;

mod fingerprint;

mod body;

mod json;

mod words;

mod request;

mod answer;

mod projects;

mod flags;

mod configuration;

mod delivery;

mod events;

mod log;

mod health;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use tokio::sync::{Semaphore, watch as signal};
use tower_http::catch_panic::CatchPanicLayer;

use crate::hub::Hub;
use crate::telemetry::Telemetry;
use problem::{Kind, Problem};

/// What handlers need.
pub struct App {
    /// All projects.
    pub hub: Arc<Hub>,
    /// Turns true when the server is to end.
    pub shutdown: signal::Receiver<bool>,
    /// Between two signs of life on a quiet event stream.
    pub heartbeat: Duration,
    /// Places for event streams.
    pub streams: Arc<Semaphore>,
}

impl App {
    fn telemetry(&self) -> Arc<Telemetry> {
        Arc::clone(&self.hub.press().telemetry)
    }
}

/// Does heavy work without a wait, on a thread that may be busy.
async fn off<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "work broke off");
        Problem::internal()
    })
}

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    let for_panics = Arc::clone(&app);
    Router::new()
        .merge(project_routes())
        .merge(configuration_routes())
        .merge(delivery_routes())
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_allowed)
        .layer(CatchPanicLayer::custom(move |panic: Box<dyn std::any::Any + Send>| {
            watch::panicked(&for_panics, &*panic)
        }))
        .layer(from_fn_with_state(Arc::clone(&app), watch::watch))
        .with_state(app)
}

fn project_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/projects", get(projects::list).post(projects::create))
        .route("/v1/projects/{p}", get(projects::show))
        .route("/v1/projects/{p}/environments", post(projects::create_environment))
        .route("/v1/projects/{p}/document", get(projects::show_document))
        .route("/v1/projects/{p}/apply", post(projects::apply))
        .route("/v1/projects/{p}/revert", post(projects::revert))
        .route("/v1/projects/{p}/log", get(log::show))
        .route("/v1/projects/{p}/log/verify", get(log::show_verification))
        .route("/v1/projects/{p}/flags", get(flags::list))
        .route("/v1/projects/{p}/flags/{f}", get(flags::show).put(flags::put).delete(flags::delete))
        .route("/v1/projects/{p}/flags/{f}/archive", post(flags::archive))
        .route("/v1/projects/{p}/flags/{f}/restore", post(flags::restore))
        .route("/v1/projects/{p}/segments", get(flags::list_segments))
        .route(
            "/v1/projects/{p}/segments/{s}",
            get(flags::show_segment).put(flags::put_segment).delete(flags::delete_segment),
        )
}

/// Not nested: a nested handler does not see the whole path, which belongs to a write's fingerprint.
fn configuration_routes() -> Router<Arc<App>> {
    let below = |end: &str| format!("/v1/projects/{{p}}/environments/{{e}}/flags/{{f}}{end}");
    Router::new()
        .route(&below(""), get(configuration::show).put(configuration::replace))
        .route(&below("/enable"), post(configuration::enable))
        .route(&below("/disable"), post(configuration::disable))
        .route(&below("/fallthrough"), put(configuration::fallthrough))
        .route(&below("/overrides"), put(configuration::overrides))
        .route(&below("/prerequisites"), put(configuration::prerequisites))
        .route(
            &below("/rules"),
            get(configuration::rules)
                .post(configuration::add_rule)
                .put(configuration::reorder_rules),
        )
        .route(
            &below("/rules/{id}"),
            put(configuration::put_rule).delete(configuration::remove_rule),
        )
}

fn delivery_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/projects/{p}/environments/{e}/head", get(delivery::head))
        .route("/v1/projects/{p}/environments/{e}/events", get(events::events))
        .route("/v1/projects/{p}/environments/{e}/deltas", get(delivery::deltas))
        .route("/v1/projects/{p}/environments/{e}/flags", get(delivery::flags))
        .route("/v1/projects/{p}/environments/{e}/module", get(delivery::module_at))
        .route("/v1/modules/{file}", get(delivery::module))
}

async fn nothing_here(uri: Uri) -> Problem {
    Problem::new(Kind::NotFound, format!("there is nothing at `{}`", uri.path()))
}

async fn not_allowed(method: Method, uri: Uri) -> Problem {
    let detail = format!("`{method}` means nothing at `{}`", uri.path());
    Problem::new(Kind::MethodNotAllowed, detail)
}
