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
use crate::fleet::convergence::Convergence;
use crate::fleet::report::{Announced, Report};
use crate::fleet::{Client, Followed};
use crate::hub::live::Live;
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
    // Also that there is such an environment.
    let whole = published(&app, &place, Audience::Server)?.borrow().clone();
    let live = app.hub.live(&place.0);
    let (followed, published) = match report.selection.clone() {
        None => (Followed::Whole, whole),
        Some(selection) => match live.and_then(|live| live.known(&place.1, selection)) {
            Some((selection, published)) => (Followed::Selection(selection), published),
            // It follows nothing: whoever does has asked for it.
            None => (Followed::Unknown, Published::default()),
        },
    };
    let announced = published.announced.map(|announced| Announced {
        revision: announced.announcement.revision.0,
        digest: announced.announcement.digest.clone(),
        committed_at_ms: announced.announcement.committed_at_ms,
    });
    let revision = announced.as_ref().map(|announced| announced.revision);
    let Via { address, key, .. } = request.asker().via.clone();
    let spread_ms = app
        .fleet
        .take(place, report, (followed, announced.as_ref()), (address, key), clock::now_ms())
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
    let live = app.hub.live(&place.0);
    // A large fleet is looked through for a while.
    let document = off(move || {
        let announced =
            |followed: &Followed| announced_digest(live.as_deref()?, &place.1, followed);
        let convergence = app.fleet.convergence(&place, announced);
        document(&place, &published, &convergence, limit)
    });
    Ok(answer::json(&document.await?))
}

/// The digest that is announced to whom follows this.
pub fn announced_digest(live: &Live, environment: &str, followed: &Followed) -> Option<String> {
    let whole = live.published(environment, Audience::Server)?.borrow().announced.clone()?;
    let announced = match followed {
        Followed::Whole => whole,
        // Until it has come as far as the whole it is not known what is to be served.
        Followed::Selection(selection) => {
            let announced = live.known(environment, (**selection).clone())?.1.announced?;
            let revision = announced.announcement.revision;
            Some(announced).filter(|_| revision >= whole.announcement.revision)?
        }
        Followed::Unknown => return None,
    };
    Some(announced.announcement.digest.clone())
}

fn document(place: &Place, published: &Published, fleet: &Convergence, limit: usize) -> Value {
    let announced = published.announced.as_ref().map(|announced| &announced.announcement);
    let digest = announced.map(|announced| announced.digest.as_str());
    let modules: Vec<Value> = fleet
        .modules
        .iter()
        .map(|served| {
            let module = json!({
                "digest": served.digest, "revision": served.revision, "clients": served.clients,
                "current": served.current,
            });
            with_selection(module, &served.followed)
        })
        .collect();
    // Those that are current stand last.
    let behind = fleet.clients.len() - fleet.current;
    let clients = fleet.clients.iter().enumerate().take(limit);
    let clients = clients.map(|(number, client)| view(client, number >= behind));
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

fn view(client: &Client, current: bool) -> Value {
    let Client { report, followed, address, key, heard_ms, lag_ms } = client;
    let served_for_ms = i64::try_from(report.served_for_ms).unwrap_or(i64::MAX);
    let since_ms = report.digest.is_some().then(|| heard_ms.saturating_sub(served_for_ms));
    let view = json!({
        "instance": report.instance,
        "name": report.name,
        "version": report.version,
        "state": report.state.name(),
        "revision": report.revision,
        "digest": report.digest,
        "current": current,
        "lag_ms": lag_ms,
        "served_since": since_ms.map(clock::rfc3339),
        "heard": clock::rfc3339(*heard_ms),
        "error": report.error,
        "address": address,
        "key": key,
    });
    with_selection(view, followed)
}

/// The same, with the flags that are followed, unless they are all. `null`: flags that are not
/// published here.
fn with_selection(mut document: Value, followed: &Followed) -> Value {
    let selection = match followed {
        Followed::Whole => return document,
        Followed::Selection(selection) => json!(**selection),
        Followed::Unknown => Value::Null,
    };
    if let Some(members) = document.as_object_mut() {
        members.insert("selection".to_owned(), selection);
    }
    document
}
