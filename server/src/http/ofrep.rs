//! OFREP: evaluation over HTTP, for every OpenFeature SDK that has no host for modules.
//!
//! In: requests of the OpenFeature Remote Evaluation Protocol 0.3.0. Out: answers as its OpenAPI
//! document has them (<https://github.com/open-feature/protocol>). The environment is that of the
//! path, or, below the root, the one that the caller's key is good for. What the protocol leaves
//! open is decided in `docs/ofrep.md`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use serde_json::{Map, Value, json};
use tracing::Span;
use vexil_abi::verdict::{NO_RULE, NO_VARIANT, Verdict, error_code, reason};
use vexil_compiler::Audience;
use vexil_runtime::{Context, ContextError, EvaluateError, FlagRow};

use super::guard::Asker;
use super::problem::{Kind, Problem};
use super::query::Query;
use super::request::{Keys, Write};
use super::{App, answer, delivery, events, off, precondition};
use crate::access::grant::{Identity, Need};
use crate::clock;
use crate::limits::OFREP_INACTIVITY_S;
use crate::log::canonical;
use crate::publish::evaluator::Evaluator;
use crate::publish::publisher::Published;
use crate::trace::{self, Evaluation};

type Answer = Result<Response<Body>, Problem>;
/// Project, environment.
type Place = (String, String);

/// For whom, and what a client may add when it asks again because it was told to: the newest is given
/// anyway.
const KNOWN: [&str; 3] = ["audience", "flagConfigEtag", "flagConfigLastModified"];

/// `POST /ofrep/v1/evaluate/flags/{key}`
pub async fn one(State(app): State<Arc<App>>, Keys(key): Keys<String>, write: Write) -> Answer {
    match place(write.asker()) {
        Ok(place) => evaluate_one(&app, &place, &key, &write).await,
        Err(bad) => Ok(bad.answer(Some(&key))),
    }
}

/// `POST …/ofrep/v1/evaluate/flags/{f}` below an environment
pub async fn one_at(
    State(app): State<Arc<App>>,
    Keys((project, environment, key)): Keys<(String, String, String)>,
    write: Write,
) -> Answer {
    evaluate_one(&app, &(project, environment), &key, &write).await
}

/// `POST /ofrep/v1/evaluate/flags`
pub async fn all(State(app): State<Arc<App>>, write: Write) -> Answer {
    match place(write.asker()) {
        Ok(place) => evaluate_all(&app, place, write).await,
        Err(bad) => Ok(bad.answer(None)),
    }
}

/// `POST …/ofrep/v1/evaluate/flags` below an environment
pub async fn all_at(State(app): State<Arc<App>>, Keys(place): Keys<Place>, write: Write) -> Answer {
    evaluate_all(&app, place, write).await
}

/// `GET /ofrep/v1/sse`
pub async fn stream(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Asker>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let place = place(&asker).map_err(|bad| Problem::malformed(bad.details))?;
    Query::read(&uri, &[])?;
    events::open(&app, &place, asker, &headers, events::Wire::Ofrep)
}

/// `GET …/ofrep/v1/sse` below an environment
pub async fn stream_at(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Asker>,
    Keys(place): Keys<Place>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    Query::read(&uri, &[])?;
    events::open(&app, &place, asker, &headers, events::Wire::Ofrep)
}

/// The environment that a key is good for, where it is one.
fn place(asker: &Asker) -> Result<Place, Bad> {
    let general = |details: String| Bad { code: "GENERAL", details };
    let below = "use the base URL `…/v1/projects/{project}/environments/{environment}`";
    let Identity::Key { key, .. } = &asker.identity else {
        let detail = format!("without a key nothing says which environment is meant; {below}");
        return Err(general(detail));
    };
    let environments = key.scope.environments.as_deref().unwrap_or_default();
    match (&key.scope.project, environments) {
        (Some(project), [environment]) => Ok((project.clone(), environment.clone())),
        _ => Err(general(format!(
            "the key `{}` is good for more than one environment; {below}",
            key.id
        ))),
    }
}

/// What is announced there, to evaluate on.
async fn announced(
    app: &App,
    place: &Place,
    asker: &Asker,
    audience: Audience,
) -> Result<(Published, Arc<Evaluator>), Problem> {
    asker.need(Need::Follow, Some(&place.0), Some(&place.1))?;
    let published = delivery::first_published(app, place, audience, None).await?;
    let evaluator = published.evaluator.clone();
    match evaluator {
        Some(evaluator) => Ok((published, evaluator)),
        None => {
            let detail = format!("`{}` is being compiled for the first time", place.1);
            Err(Problem::new(Kind::NotPublished, detail))
        }
    }
}

/// Why a request is answered with `400`, as the protocol has it.
struct Bad {
    code: &'static str,
    details: String,
}

impl Bad {
    fn answer(&self, key: Option<&str>) -> Response<Body> {
        let mut document = Map::new();
        document.extend(key.map(|key| ("key".to_owned(), key.into())));
        document.insert("errorCode".to_owned(), self.code.into());
        document.insert("errorDetails".to_owned(), self.details.as_str().into());
        status(StatusCode::BAD_REQUEST, &Value::Object(document))
    }
}

fn status(status: StatusCode, document: &Value) -> Response<Body> {
    let mut response = answer::json(document);
    *response.status_mut() = status;
    response
}

/// The context in a body.
fn context(body: &Value) -> Result<Context<'_>, Bad> {
    let invalid = |details: String| Bad { code: "INVALID_CONTEXT", details };
    let context = body.get("context").ok_or_else(|| {
        invalid("the body is `{\"context\": {\"targetingKey\": …}}`, and has no `context`".into())
    })?;
    Context::from_json(context).map_err(|error: ContextError| invalid(error.to_string()))
}

/// For whom flags are evaluated.
fn query(write: &Write) -> Result<Audience, Bad> {
    let general = |problem: Problem| Bad { code: "GENERAL", details: problem.detail };
    let query = write.query(&KNOWN).map_err(general)?;
    delivery::audience(write.asker(), &query).map_err(general)
}

fn body(write: &Write) -> Result<Value, Bad> {
    let parse = |problem: Problem| Bad { code: "PARSE_ERROR", details: problem.detail };
    write.json().map_err(parse)
}

async fn evaluate_one(app: &App, place: &Place, key: &str, write: &Write) -> Answer {
    let audience = match query(write) {
        Ok(audience) => audience,
        Err(bad) => return Ok(bad.answer(Some(key))),
    };
    let (published, evaluator) = announced(app, place, write.asker(), audience).await?;
    let body = match body(write) {
        Ok(body) => body,
        Err(bad) => return Ok(bad.answer(Some(key))),
    };
    let context = match context(&body) {
        Ok(context) => context,
        Err(bad) => return Ok(bad.answer(Some(key))),
    };
    let told = Told::of(place, &published);
    Ok(match evaluator.one(key, &context, clock::now_ms() as f64) {
        Ok(None) => status(
            StatusCode::NOT_FOUND,
            &json!({
                "key": key,
                "errorCode": "FLAG_NOT_FOUND",
                "errorDetails": format!("`{}` has no flag `{key}`", place.1),
            }),
        ),
        Ok(Some((row, verdict))) => match told.result(row, verdict) {
            Ok(mut result) => {
                result.insert("metadata".to_owned(), metadata(place, &published, row, verdict));
                answer::json(&Value::Object(result))
            }
            Err(error) => status(StatusCode::BAD_REQUEST, &Value::Object(error)),
        },
        Err(error) => failed(&error)?.answer(Some(key)),
    })
}

async fn evaluate_all(app: &Arc<App>, place: Place, write: Write) -> Answer {
    let audience = match query(&write) {
        Ok(audience) => audience,
        Err(bad) => return Ok(bad.answer(None)),
    };
    let (published, evaluator) = announced(app, &place, write.asker(), audience).await?;
    let streams = streams(&place, &write);
    let headers = write.headers().clone();
    let told = Told::of(&place, &published);
    let work = move || -> Result<Result<Value, Bad>, Problem> {
        let body = match body(&write) {
            Ok(body) => body,
            Err(bad) => return Ok(Err(bad)),
        };
        let context = match context(&body) {
            Ok(context) => context,
            Err(bad) => return Ok(Err(bad)),
        };
        let verdicts = match evaluator.all(&context, clock::now_ms() as f64) {
            Ok(verdicts) => verdicts,
            Err(error) => return Ok(Err(failed(&error)?)),
        };
        let each = evaluator.flags().iter().zip(verdicts);
        let flags: Vec<Value> = each
            .map(|(row, verdict)| match told.result(row, verdict) {
                Ok(mut result) | Err(mut result) => {
                    if let Some(rule) = rule(row, verdict) {
                        result.insert("metadata".to_owned(), json!({ "rule": rule }));
                    }
                    Value::Object(result)
                }
            })
            .collect();
        Ok(Ok(json!({
            "flags": flags,
            "metadata": set_metadata(&place, &published),
            "eventStreams": streams,
        })))
    };
    let document = match off(work).await?? {
        Ok(document) => document,
        Err(bad) => return Ok(bad.answer(None)),
    };
    // It depends on the flags, the context and the time: so it is made of the answer itself.
    let text = document.to_string();
    let hash = canonical::hash(&[text.as_bytes()]).to_string();
    let tag = format!("\"{}\"", hash.get(..32).unwrap_or(&hash));
    if precondition::none_match(&headers, &tag) {
        return Ok(answer::not_modified(&tag, "no-cache"));
    }
    let mut response = answer::text("application/json", text);
    let no_cache = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, no_cache);
    answer::tag(&mut response, &tag);
    Ok(response)
}

/// Where changes are told: with a browser's key in the URL, as an `EventSource` sends no headers.
fn streams(place: &Place, write: &Write) -> Value {
    let encoded = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let (project, environment) = (encoded(&place.0), encoded(&place.1));
    let path = format!("/v1/projects/{project}/environments/{environment}/ofrep/v1/sse");
    let uri = match write.asker().identity.is_browser().then(|| write.token()).flatten() {
        Some(token) => format!("{path}?key={token}"),
        None => path,
    };
    json!([{
        "type": "sse",
        "endpoint": { "requestUri": uri },
        "inactivityDelaySec": OFREP_INACTIVITY_S,
    }])
}

/// Who is told of evaluations besides the caller: the request's trace, if there is one.
struct Told(Option<(Span, String, String)>);

impl Told {
    fn of(place: &Place, published: &Published) -> Self {
        let span = Span::current();
        Self(trace::is_recorded(&span).then(|| {
            let announced = published.announced.as_ref();
            let digest = announced.map(|announced| announced.announcement.digest.clone());
            (span, format!("{}/{}", place.0, place.1), digest.unwrap_or_default())
        }))
    }

    /// As [`result`], and tells it.
    fn result(
        &self,
        row: &FlagRow,
        verdict: Verdict,
    ) -> Result<Map<String, Value>, Map<String, Value>> {
        let result = result(row, verdict);
        if let Some((span, set, version)) = &self.0 {
            let (Ok(members) | Err(members)) = &result;
            let text = |name: &str| members.get(name).and_then(Value::as_str);
            let (variant, error) = (text("variant"), text("errorCode"));
            let reason = text("reason").unwrap_or("ERROR");
            let evaluation = Evaluation { key: &row.key, variant, reason, error, set, version };
            trace::evaluated(span, &evaluation);
        }
        result
    }
}

/// A verdict as the protocol has it: a result, or an error.
fn result(row: &FlagRow, verdict: Verdict) -> Result<Map<String, Value>, Map<String, Value>> {
    let mut result = Map::new();
    result.insert("key".to_owned(), row.key.as_str().into());
    let served = row.variants.get(usize::from(verdict.variant));
    let served = served.filter(|_| verdict.variant != NO_VARIANT);
    let Some((variant, value)) = served else {
        let name = error_code::NAMES.get(usize::from(verdict.error_code)).copied();
        result.insert("errorCode".to_owned(), name.unwrap_or("GENERAL").into());
        return Err(result);
    };
    let name = reason::NAMES.get(usize::from(verdict.reason)).copied();
    result.insert("value".to_owned(), value.clone());
    result.insert("variant".to_owned(), variant.as_str().into());
    result.insert("reason".to_owned(), name.unwrap_or("UNKNOWN").into());
    Ok(result)
}

/// OpenFeature's names for the flags and their version.
fn set_metadata(place: &Place, published: &Published) -> Value {
    let announcement = published.announced.as_ref().map(|announced| &announced.announcement);
    json!({
        "flagSetId": format!("{}/{}", place.0, place.1),
        "version": announcement.map(|announcement| announcement.digest.as_str()).unwrap_or_default(),
        "revision": announcement.map_or(0, |announcement| announcement.revision.0),
    })
}

fn metadata(place: &Place, published: &Published, row: &FlagRow, verdict: Verdict) -> Value {
    let mut metadata = set_metadata(place, published);
    if let (Some(rule), Some(members)) = (rule(row, verdict), metadata.as_object_mut()) {
        members.insert("rule".to_owned(), rule.into());
    }
    metadata
}

/// Id of the rule that decided, if one did.
fn rule(row: &FlagRow, verdict: Verdict) -> Option<&str> {
    row.rules.get(usize::from(verdict.rule)).filter(|_| verdict.rule != NO_RULE).map(String::as_str)
}

/// An evaluation that failed: the context's fault, or ours.
fn failed(error: &EvaluateError) -> Result<Bad, Problem> {
    match error {
        EvaluateError::ContextTooLarge => {
            Ok(Bad { code: "INVALID_CONTEXT", details: error.to_string() })
        }
        other => {
            tracing::error!(error = %other, "an evaluation failed");
            Err(Problem::internal())
        }
    }
}
