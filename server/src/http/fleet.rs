//! The fleet over HTTP: clients report what they serve, people ask how far they are.
//!
//! In: `POST …/fleet` with a report, `GET …/fleet`. Out: when to report again, and the convergence
//! of an environment. Pages do not report: whoever sees one could invent any number of them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use serde_json::{Value, json};
use vexil_compiler::Audience;

use super::delivery::published;
use super::problem::{Kind, Problem};
use super::query::Query;
use super::request::{Bounded, Keys};
use super::{App, answer, off};
use crate::clock;
use crate::fleet::Client;
use crate::fleet::convergence::Convergence;
use crate::fleet::report::{Announced, Report};
use crate::limits::{
    FLEET_CLIENTS_SHOWN, FLEET_CLIENTS_SHOWN_MAX, FLEET_FULL_RETRY_S, FLEET_INTERVAL,
    FLEET_REPORT_BYTES_MAX,
};
use crate::log::event::Via;
use crate::publish::publisher::Published;

type Answer = Result<Response<Body>, Problem>;
/// Project, environment.
type Place = (String, String);

/// `POST …/fleet`
pub async fn report(
    State(app): State<Arc<App>>,
    Keys(place): Keys<Place>,
    request: Bounded<FLEET_REPORT_BYTES_MAX>,
) -> Answer {
    request.query(&[])?;
    let report: Report = request.shape()?;
    let report = report.checked().map_err(Problem::malformed)?;
    let announced = published(&app, &place, Audience::Server)?.borrow().announced.clone();
    let announced = announced.map(|announced| Announced {
        revision: announced.announcement.revision.0,
        digest: announced.announcement.digest.clone(),
        committed_at_ms: announced.announcement.committed_at_ms,
    });
    let revision = announced.as_ref().map(|announced| announced.revision);
    let Via { address, key, .. } = request.asker().via.clone();
    let spread_ms = app
        .fleet
        .take(place, report, announced.as_ref(), (address, key), clock::now_ms())
        .map_err(|full| {
            app.telemetry().report_refused();
            Problem::new(Kind::Unavailable, full.to_string()).retry_after(FLEET_FULL_RETRY_S)
        })?;
    let interval_ms = u64::try_from(FLEET_INTERVAL.as_millis()).unwrap_or(u64::MAX);
    Ok(answer::json(&json!({
        "revision": revision, "interval_ms": interval_ms, "spread_ms": spread_ms,
    })))
}

/// `GET …/fleet`
pub async fn show(State(app): State<Arc<App>>, Keys(place): Keys<Place>, uri: Uri) -> Answer {
    let query = Query::read(&uri, &["limit"])?;
    let limit = query.number("limit", 1, FLEET_CLIENTS_SHOWN_MAX)?;
    let limit = limit.unwrap_or(FLEET_CLIENTS_SHOWN);
    let published = published(&app, &place, Audience::Server)?.borrow().clone();
    // A large fleet is looked through for a while.
    let document = off(move || {
        let announced = published.announced.as_ref();
        let digest = announced.map(|announced| announced.announcement.digest.as_str());
        let convergence = app.fleet.convergence(&place, digest);
        document(&place, &published, &convergence, limit)
    });
    Ok(answer::json(&document.await?))
}

fn document(place: &Place, published: &Published, fleet: &Convergence, limit: usize) -> Value {
    let announced = published.announced.as_ref().map(|announced| &announced.announcement);
    let digest = announced.map(|announced| announced.digest.as_str());
    let modules: Vec<Value> = fleet
        .modules
        .iter()
        .map(|served| {
            json!({
                "digest": served.digest, "revision": served.revision, "clients": served.clients,
                "current": served.digest.as_deref() == digest,
            })
        })
        .collect();
    let clients = fleet.clients.iter().take(limit).map(|client| view(client, digest));
    let lag_ms = fleet.lag_ms.map(|lag| json!({ "p50": lag.p50, "p99": lag.p99, "max": lag.max }));
    json!({
        "project": place.0,
        "environment": place.1,
        "revision": announced.map(|announced| announced.revision),
        "digest": digest,
        "clients": fleet.clients.len(),
        "current": fleet.current,
        "lag_ms": lag_ms,
        "modules": modules,
        "instances": clients.collect::<Vec<Value>>(),
    })
}

fn view(client: &Client, announced: Option<&str>) -> Value {
    let Client { report, address, key, heard_ms, lag_ms } = client;
    let served_for_ms = i64::try_from(report.served_for_ms).unwrap_or(i64::MAX);
    let since_ms = report.digest.is_some().then(|| heard_ms.saturating_sub(served_for_ms));
    json!({
        "instance": report.instance,
        "name": report.name,
        "version": report.version,
        "state": report.state.name(),
        "revision": report.revision,
        "digest": report.digest,
        "current": report.digest.as_deref() == announced,
        "lag_ms": lag_ms,
        "served_since": since_ms.map(clock::rfc3339),
        "heard": clock::rfc3339(*heard_ms),
        "error": report.error,
        "address": address,
        "key": key,
    })
}
