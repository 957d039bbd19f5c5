//! The HTTP interface: `docs/http-api.md`, route by route.
//!
//! In: requests. Out: answers, announcements, modules, problems. Handlers hold no state of their
//! own: all of it is in the hub.

pub mod connection;

mod stall;

pub mod tls;

mod watch;

mod hardened;

pub mod rate;

mod guard;

mod cors;

pub mod problem;

mod refusal;

mod query;

mod precondition;

mod fingerprint;

mod body;

mod json;

mod words;

mod heavy;

mod request;

mod answer;

mod projects;

mod flags;

mod configuration;

mod negotiation;

mod delivery;

mod wat;

mod events;

mod fleet;

mod log;

mod archive;

mod ofrep;

mod backup;

mod health;

mod openapi;

mod keys;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::handler::Handler;
use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{self, MethodRouter};
use tokio::sync::{Semaphore, watch as signal};
use tower_http::catch_panic::CatchPanicLayer;

use crate::access::Access;
use crate::access::grant::Need;
use crate::fleet::Fleet;
use crate::hub::Hub;
use crate::telemetry::Telemetry;
use guard::{Door, guard};
use heavy::off;
use problem::{Kind, Problem};
use rate::Limiter;

/// What handlers need.
pub struct App {
    /// All projects.
    pub hub: Arc<Hub>,
    /// All keys.
    pub access: Arc<Access>,
    /// The clients that report.
    pub fleet: Fleet,
    /// Proxies that are believed when they say who called.
    pub trusted_proxies: Vec<IpAddr>,
    /// Where copies of the store come to be.
    pub copies: PathBuf,
    /// How often callers may ask.
    pub limiter: Limiter,
    /// Turns true when the server is to end.
    pub shutdown: signal::Receiver<bool>,
    /// Between two signs of life on a quiet event stream.
    pub heartbeat: Duration,
    /// Kibibytes of memory for bodies of requests.
    pub bodies: Arc<Semaphore>,
    /// Places for event streams.
    pub streams: Arc<Semaphore>,
    /// Those of them that pages may take: services always find some.
    pub page_streams: Arc<Semaphore>,
}

impl App {
    fn telemetry(&self) -> Arc<Telemetry> {
        Arc::clone(&self.hub.press().telemetry)
    }
}

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    let for_panics = Arc::clone(&app);
    let mut router = Router::new();
    for Route { path, need, handler, .. } in routes() {
        let door = Door { app: Arc::clone(&app), need };
        router = router.route(&path, handler.route_layer(from_fn_with_state(door, guard)));
    }
    router
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_allowed)
        .layer(CatchPanicLayer::custom(move |panic: Box<dyn std::any::Any + Send>| {
            watch::panicked(&for_panics, &*panic)
        }))
        .layer(from_fn_with_state(Arc::clone(&app), watch::watch))
        .layer(from_fn(hardened::hardened))
        .with_state(app)
}

/// One route.
struct Route {
    method: Method,
    path: String,
    need: Need,
    handler: MethodRouter<Arc<App>>,
}

/// What each route needs: method, path, need. For documents, and for the tests that no route is
/// without a guard.
#[must_use]
pub fn table() -> Vec<(Method, String, Need)> {
    routes().into_iter().map(|Route { method, path, need, .. }| (method, path, need)).collect()
}

macro_rules! methods {
    ($($name:ident $method:ident;)*) => {$(
        fn $name<H: Handler<T, Arc<App>>, T: 'static>(path: &str, need: Need, handler: H) -> Route {
            let (method, path) = (Method::$method, path.to_owned());
            Route { method, path, need, handler: routing::$name(handler) }
        }
    )*};
}

methods! {
    get GET;
    post POST;
    put PUT;
    delete DELETE;
}

/// Every route there is.
fn routes() -> Vec<Route> {
    let mut routes = vec![
        get("/healthz", Need::Nothing, health::alive),
        get("/readyz", Need::Nothing, health::ready),
        get("/metrics", Need::Observe, health::metrics),
        get("/v1/backup", Need::Copy, backup::show),
        get("/openapi.json", Need::Nothing, openapi::json),
        get("/openapi", Need::Nothing, openapi::page),
    ];
    routes.extend(access_routes());
    routes.extend(project_routes());
    routes.extend(configuration_routes());
    routes.extend(delivery_routes());
    routes.extend(ofrep_routes());
    routes
}

fn access_routes() -> [Route; 8] {
    [
        get("/v1/keys", Need::Administer, keys::list),
        post("/v1/keys", Need::Administer, keys::create),
        get("/v1/keys/self", Need::Nothing, keys::own),
        get("/v1/keys/{id}", Need::Administer, keys::show),
        post("/v1/keys/{id}/rotate", Need::Administer, keys::rotate),
        delete("/v1/keys/{id}", Need::Administer, keys::revoke),
        get("/v1/access/log", Need::Administer, keys::log),
        get("/v1/access/log/verify", Need::Administer, keys::verify_log),
    ]
}

fn project_routes() -> [Route; 25] {
    let at = |end: &str| format!("/v1/projects/{{p}}{end}");
    [
        get("/v1/projects", Need::List, projects::list),
        post("/v1/projects", Need::Create, projects::create),
        get(&at(""), Need::Read, projects::show),
        post(&at("/environments"), Need::Define, projects::create_environment),
        get(&at("/environments/{e}/settings"), Need::Read, projects::show_settings),
        put(&at("/environments/{e}/settings"), Need::Govern, projects::put_settings),
        get(&at("/sensitive"), Need::Read, projects::show_sensitive),
        put(&at("/sensitive"), Need::Define, projects::put_sensitive),
        get(&at("/document"), Need::Read, projects::show_document),
        post(&at("/apply"), Need::Define, projects::apply),
        post(&at("/revert"), Need::Revert, projects::revert),
        get(&at("/log"), Need::Read, log::show),
        get(&at("/log/verify"), Need::Read, log::show_verification),
        get(&at("/log/archives"), Need::Read, archive::list),
        post(&at("/log/archive"), Need::Archive, archive::make),
        get(&at("/flags"), Need::Read, flags::list),
        get(&at("/flags/{f}"), Need::Read, flags::show),
        put(&at("/flags/{f}"), Need::Define, flags::put),
        delete(&at("/flags/{f}"), Need::Define, flags::delete),
        post(&at("/flags/{f}/archive"), Need::Define, flags::archive),
        post(&at("/flags/{f}/restore"), Need::Define, flags::restore),
        get(&at("/segments"), Need::Read, flags::list_segments),
        get(&at("/segments/{s}"), Need::Read, flags::show_segment),
        put(&at("/segments/{s}"), Need::Define, flags::put_segment),
        delete(&at("/segments/{s}"), Need::Define, flags::delete_segment),
    ]
}

/// Not nested: a nested handler does not see the whole path, which belongs to a write's fingerprint.
fn configuration_routes() -> [Route; 12] {
    let at = |end: &str| format!("/v1/projects/{{p}}/environments/{{e}}/flags/{{f}}{end}");
    [
        get(&at(""), Need::Read, configuration::show),
        put(&at(""), Need::Configure, configuration::replace),
        post(&at("/enable"), Need::Configure, configuration::enable),
        post(&at("/disable"), Need::Configure, configuration::disable),
        put(&at("/fallthrough"), Need::Configure, configuration::fallthrough),
        put(&at("/overrides"), Need::Configure, configuration::overrides),
        put(&at("/prerequisites"), Need::Configure, configuration::prerequisites),
        get(&at("/rules"), Need::Read, configuration::rules),
        post(&at("/rules"), Need::Configure, configuration::add_rule),
        put(&at("/rules"), Need::Configure, configuration::reorder_rules),
        put(&at("/rules/{id}"), Need::Configure, configuration::put_rule),
        delete(&at("/rules/{id}"), Need::Configure, configuration::remove_rule),
    ]
}

fn delivery_routes() -> [Route; 9] {
    let at = |end: &str| format!("/v1/projects/{{p}}/environments/{{e}}{end}");
    [
        get(&at("/head"), Need::Follow, delivery::head),
        get(&at("/events"), Need::Follow, events::events),
        get(&at("/deltas"), Need::Rules, delivery::deltas),
        get(&at("/flags"), Need::Rules, delivery::flags),
        get(&at("/module"), Need::Rules, delivery::module_at),
        get(&at("/fleet"), Need::Read, fleet::show),
        post(&at("/fleet"), Need::Report, fleet::report),
        get("/v1/modules/{file}", Need::Fetch, delivery::module),
        get("/v1/modules/{digest}/wat", Need::Print, wat::show),
    ]
}

fn ofrep_routes() -> [Route; 6] {
    let at = |end: &str| format!("/v1/projects/{{p}}/environments/{{e}}/ofrep/v1{end}");
    [
        post("/ofrep/v1/evaluate/flags", Need::Evaluate, ofrep::all),
        post("/ofrep/v1/evaluate/flags/{f}", Need::Evaluate, ofrep::one),
        get("/ofrep/v1/sse", Need::Evaluate, ofrep::stream),
        post(&at("/evaluate/flags"), Need::Follow, ofrep::all_at),
        post(&at("/evaluate/flags/{f}"), Need::Follow, ofrep::one_at),
        get(&at("/sse"), Need::Follow, ofrep::stream_at),
    ]
}

async fn nothing_here(uri: Uri) -> Problem {
    Problem::new(Kind::NotFound, format!("there is nothing at `{}`", uri.path()))
}

async fn not_allowed(method: Method, uri: Uri) -> Problem {
    let detail = format!("`{method}` means nothing at `{}`", uri.path());
    Problem::new(Kind::MethodNotAllowed, detail)
}
