//! Delivery: the announcement, deltas, flag sets, modules.
//!
//! In: requests below `/v1/projects/{p}/environments/{e}`, and for modules. Out: answers as in
//! `docs/http-api.md`. The stream of announcements is `events`' business.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, Response, Uri, header};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use vexil_compiler::Audience;
use vexil_compiler::document;
use vexil_compiler::flag_set::{Flag, FlagSet};

use super::configuration::written_out;
use super::guard::Asker;
use super::problem::{Kind, Problem};
use super::query::Query;
use super::request::Keys;
use super::{App, answer, negotiation, off, precondition};
use crate::access::grant::Need;
use crate::hub::error::PastError;
use crate::hub::live::Live;
use crate::hub::lookup::At;
use crate::limits::{FIRST_MODULE_TIME_MAX, SELECTIONS_FULL_RETRY_S};
use crate::log::event::Revision;
use crate::projection::State;
use crate::publish::announcement::module_url;
use crate::publish::encoding::{Coding, Dictionary};
use crate::publish::modules::Owner;
use crate::publish::publisher::Published;
use crate::publish::selection::Selection;

type Answer = Result<Response<Body>, Problem>;
/// Project, environment.
type Place = (String, String);

/// For whom something is asked: a page gets what pages get, others say it.
///
/// # Errors
/// `malformed-request`: `audience` is neither `server` nor `browser`. `forbidden`: a page asks for
/// what is not for pages.
pub fn audience(asker: &Asker, query: &Query) -> Result<Audience, Problem> {
    let given = match query.text("audience") {
        None => None,
        Some("server") => Some(Audience::Server),
        Some("browser") => Some(Audience::Browser),
        Some(other) => {
            return Err(Problem::malformed(format!(
                "the query parameter `audience` is `server` or `browser`; not `{other}`"
            )));
        }
    };
    match (asker.identity.is_browser(), given) {
        (true, Some(Audience::Server)) => {
            Err(Problem::new(Kind::Forbidden, "a browser key gets modules for browsers only"))
        }
        (true, _) => Ok(Audience::Browser),
        (false, given) => Ok(given.unwrap_or_default()),
    }
}

/// Which flags are asked for; `None`: all.
///
/// # Errors
/// `malformed-request`: `flags` or `tags` is no list, or too much is selected.
pub fn selection(query: &Query) -> Result<Option<Selection>, Problem> {
    let selection = Selection::of_lists(query.text("flags"), query.text("tags"));
    selection.map_err(|error| Problem::malformed(error.to_string()))
}

/// What is announced of an environment, now and later.
pub fn published(
    app: &App,
    place: &Place,
    audience: Audience,
) -> Result<watch::Receiver<Published>, Problem> {
    found(&place.1, live(app, place)?.published(&place.1, audience))
}

/// What is announced of some of its flags, now and later.
///
/// # Errors
/// There is no such environment, or no room for one more selection.
pub fn selected(
    app: &App,
    place: &Place,
    audience: Audience,
    selection: Option<Selection>,
) -> Result<watch::Receiver<Published>, Problem> {
    let Some(selection) = selection else { return published(app, place, audience) };
    let selected = live(app, place)?.selected(&place.1, audience, selection, Instant::now());
    let selected = selected.map_err(|full| {
        Problem::new(Kind::Unavailable, full.to_string()).retry_after(SELECTIONS_FULL_RETRY_S)
    })?;
    found(&place.1, selected)
}

fn live(app: &App, (project, _): &Place) -> Result<Arc<Live>, Problem> {
    app.hub.live(project).ok_or_else(|| {
        Problem::new(Kind::UnknownProject, format!("there is no project `{project}`"))
    })
}

fn found<T>(environment: &str, published: Option<T>) -> Result<T, Problem> {
    published.ok_or_else(|| {
        let detail = format!("there is no environment `{environment}`");
        Problem::new(Kind::UnknownEnvironment, detail)
    })
}

/// The same, once there is something: what pages get, and what is selected, is compiled from the
/// first time on that somebody asks, who waits for it.
pub async fn first_published(
    app: &App,
    place: &Place,
    audience: Audience,
    selection: Option<Selection>,
) -> Result<Published, Problem> {
    let waits = audience == Audience::Browser || selection.is_some();
    let mut published = selected(app, place, audience, selection)?;
    if waits {
        let done = |now: &Published| now.announced.is_some() || now.failure.is_some();
        // An error means that the environment is gone; what is there then tells it.
        let _ = tokio::time::timeout(FIRST_MODULE_TIME_MAX, published.wait_for(done)).await;
    }
    let now = published.borrow().clone();
    Ok(now)
}

/// `GET …/head`
pub async fn head(
    Shared(app): Shared<Arc<App>>,
    Extension(asker): Extension<Asker>,
    Keys(place): Keys<Place>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let query = Query::read(&uri, &["audience", "flags", "tags"])?;
    let (audience, selection) = (audience(&asker, &query)?, selection(&query)?);
    let announced = first_published(&app, &place, audience, selection).await?.announced;
    let Some(announced) = announced else {
        let detail = format!("`{}` is being compiled for the first time", place.1);
        return Err(Problem::new(Kind::NotPublished, detail));
    };
    if precondition::none_match(&headers, &announced.tag) {
        return Ok(answer::not_modified(&announced.tag, "no-cache"));
    }
    let mut response = answer::text("application/json", announced.json.clone());
    let no_cache = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, no_cache);
    answer::tag(&mut response, &announced.tag);
    Ok(response)
}

/// The flag set of an environment in a state. It copies all of it.
fn flag_set(state: &State, environment: &str) -> Result<FlagSet, PastError> {
    let flag_set = state.project.flag_set(environment);
    flag_set.ok_or_else(|| PastError::UnknownEnvironment(environment.to_owned()))
}

/// A flag of one environment, as a document has it.
fn written_flag(flag: &Flag, environment: &str) -> Value {
    let mut written = document::write_definition(&flag.definition);
    if let Some(members) = written.as_object_mut() {
        let configuration = written_out(&flag.configuration);
        members.insert("environments".to_owned(), json!({ environment: configuration }));
    }
    written
}

fn written_set(flag_set: &FlagSet, environment: &str) -> (Value, Value) {
    let flag = |(key, flag): (&String, &Flag)| (key.clone(), written_flag(flag, environment));
    let flags: Map<String, Value> = flag_set.flags.iter().map(flag).collect();
    let segments: Map<String, Value> = flag_set
        .segments
        .iter()
        .map(|(key, segment)| (key.clone(), document::write_segment(segment)))
        .collect();
    (flags.into(), segments.into())
}

/// `GET …/flags`
pub async fn flags(Shared(app): Shared<Arc<App>>, Keys(place): Keys<Place>, uri: Uri) -> Answer {
    let at = Query::read(&uri, &["at"])?.at()?;
    let state = app.hub.state(&place.0, at).await?;
    let text = off(move || {
        let flag_set = flag_set(&state, &place.1)?;
        let (flags, segments) = written_set(&flag_set, &place.1);
        let document = json!({ "revision": state.revision, "flags": flags, "segments": segments });
        Ok::<_, PastError>(document.to_string())
    });
    Ok(answer::text("application/json", text.await??))
}

/// `GET …/deltas`
pub async fn deltas(Shared(app): Shared<Arc<App>>, Keys(place): Keys<Place>, uri: Uri) -> Answer {
    let query = Query::read(&uri, &["since"])?;
    let since = query.revision("since")?.ok_or_else(|| {
        Problem::malformed("the query parameter `since` is missing: a revision, or 0")
    })?;
    let now = app.hub.state(&place.0, None).await?;
    let before = match since {
        Revision::ZERO => None,
        since => Some(app.hub.state(&place.0, Some(At::Revision(since))).await?),
    };
    let (project, environment) = place;
    let text = off(move || {
        let (flags, segments) = written_set(&flag_set(&now, &environment)?, &environment);
        // The environment may be younger than `since`.
        let before = before.and_then(|before| flag_set(&before, &environment).ok());
        let snapshot = before.is_none();
        let (flags, segments) = match before {
            None => (flags, segments),
            Some(before) => {
                let (old_flags, old_segments) = written_set(&before, &environment);
                (difference(&old_flags, flags), difference(&old_segments, segments))
            }
        };
        let document = json!({
            "project": project, "environment": environment, "from": since, "to": now.revision,
            "snapshot": snapshot, "flags": flags, "segments": segments,
        });
        Ok::<_, PastError>(document.to_string())
    });
    Ok(answer::text("application/json", text.await??))
}

/// The members of `after` that `before` does not have like that, and `null` for those that went.
fn difference(before: &Value, after: Value) -> Value {
    let (Some(before), Value::Object(after)) = (before.as_object(), after) else {
        return Value::Null;
    };
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let mut difference: Map<String, Value> = gone.map(|key| (key.clone(), Value::Null)).collect();
    // As text, because the order of variants and weights has a meaning.
    let text = Value::to_string;
    let differs = |key: &String, new: &Value| before.get(key).map(text) != Some(text(new));
    difference.extend(after.into_iter().filter(|(key, value)| differs(key, value)));
    difference.sort_keys();
    Value::Object(difference)
}

/// `GET …/module`
pub async fn module_at(
    Shared(app): Shared<Arc<App>>,
    Keys((project, environment)): Keys<Place>,
    uri: Uri,
) -> Answer {
    let at = Query::read(&uri, &["at"])?.at()?;
    let (revision, module) = app.hub.module_at(&project, &environment, at).await?;
    Ok(answer::json(&json!({
        "revision": revision,
        "digest": module.digest,
        "bytes": module.bytes.len(),
        "url": module_url(&module.digest),
    })))
}

/// Is a module of this owner there for who asks: one of what it may follow?
pub fn owned_for(asker: &Asker) -> impl Fn(&Owner) -> bool + Copy {
    move |owner| {
        let Owner { project, environment, audience, .. } = owner;
        let fits = !asker.identity.is_browser() || *audience == Audience::Browser;
        fits && asker.identity.may(Need::Follow, Some(project), Some(environment))
    }
}

/// No module of this name is kept, or not for who asks.
pub fn no_module(name: &str) -> Problem {
    Problem::new(Kind::UnknownModule, format!("there is no module `{name}`"))
}

/// `GET /v1/modules/{digest}.wasm`
pub async fn module(
    Shared(app): Shared<Arc<App>>,
    Extension(asker): Extension<Asker>,
    Keys(file): Keys<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    Query::read(&uri, &[])?;
    // What pages get is public; the rest says whom flags target, and is for caches of one's own.
    let immutable = match asker.identity.is_browser() {
        true => "public, max-age=31536000, immutable",
        false => "private, max-age=31536000, immutable",
    };
    let digest = file.strip_suffix(".wasm").unwrap_or_default();
    let may = owned_for(&asker);
    let bytes = app.hub.module(digest, may).ok_or_else(|| no_module(&file))?;
    let known = negotiation::dictionary(&headers)
        .and_then(|digest| app.hub.module(&digest, may).map(|bytes| Dictionary { digest, bytes }));
    let (coding, body) = encoded(&app, digest, bytes, &headers, known).await;
    // Each coding is a representation of its own, and has a tag of its own.
    let tag = match coding {
        None => format!("\"{digest}\""),
        Some(coding) => format!("\"{digest}-{}\"", coding.name()),
    };
    let mut response = match precondition::none_match(&headers, &tag) {
        true => answer::not_modified(&tag, immutable),
        false => answer::text("application/wasm", body),
    };
    answer::tag(&mut response, &tag);
    let headers = response.headers_mut();
    if let (Some(coding), true) = (coding, headers.contains_key(header::CONTENT_TYPE)) {
        let name = HeaderValue::from_static(coding.name());
        headers.insert(header::CONTENT_ENCODING, name);
    }
    let vary = HeaderValue::from_static("accept-encoding, available-dictionary");
    headers.append(header::VARY, vary);
    let use_as = HeaderValue::from_static("match=\"/v1/modules/*\"");
    headers.insert(negotiation::USE_AS, use_as);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(immutable));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// A module in the shortest way that its client accepts, and how that is.
async fn encoded(
    app: &App,
    digest: &str,
    bytes: Bytes,
    headers: &HeaderMap,
    known: Option<Dictionary>,
) -> (Option<Coding>, Bytes) {
    let encodings = &app.hub.press().encodings;
    if let Some(known) = known {
        let coding = Coding::Dictionary;
        if let Some(patch) = encodings.get(digest, &bytes, coding, Some(known)).await {
            return (Some(coding), patch);
        }
    }
    for coding in negotiation::codings(headers) {
        if let Some(body) = encodings.get(digest, &bytes, coding, None).await {
            return (Some(coding), body);
        }
    }
    (None, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_what_came_changed_and_went() {
        let before = json!({"a": {"w": {"x": 1, "y": 2}}, "b": 1, "c": 1, "d": 1});
        let after = json!({"a": {"w": {"y": 2, "x": 1}}, "b": 1, "d": 2, "e": 1});
        assert_eq!(
            difference(&before, after).to_string(),
            r#"{"a":{"w":{"y":2,"x":1}},"c":null,"d":2,"e":1}"#
        );
    }
}
