//! Projects: list, create, look at; environments; the whole document.
//!
//! In: requests below `/v1/projects`. Out: answers as in `docs/http-api.md`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use serde::Deserialize;
use serde_json::{Value, json};
use vexil_compiler::document;

use super::guard::Asker;
use super::problem::Problem;
use super::query::Query;
use super::request::{DocumentWrite, Keys, Write};
use super::{App, answer, off};
use crate::access::grant::Need;
use crate::command::{Command, Refusal, Unnamed};
use crate::hub::Mode;
use crate::hub::live::Live;
use crate::log::event::Revision;
use crate::projection;

type Answer = Result<Response<Body>, Problem>;

/// `GET /v1/projects`
pub async fn list(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Asker>,
    uri: Uri,
) -> Answer {
    Query::read(&uri, &[])?;
    let seen = app.hub.projects().into_iter();
    let seen = seen.filter(|(key, _)| asker.identity.may(Need::Read, Some(key), None));
    let project =
        |(key, live): (String, Arc<Live>)| json!({ "key": key, "revision": live.state().revision });
    let projects: Vec<Value> = seen.map(project).collect();
    Ok(answer::json(&json!({ "projects": projects })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewProject {
    key: String,
    #[serde(default)]
    environments: Vec<String>,
}

/// `POST /v1/projects`
pub async fn create(State(app): State<Arc<App>>, write: Write) -> Answer {
    let (caller, _) = write.caller(&[])?;
    let NewProject { key, environments } = write.shape()?;
    let command = Command::CreateProject { environments };
    Ok(answer::written(&app.hub.execute(&key, command, caller, Mode::Do).await?))
}

/// `GET /v1/projects/{p}`
pub async fn show(State(app): State<Arc<App>>, Keys(key): Keys<String>, uri: Uri) -> Answer {
    Query::read(&uri, &[])?;
    let state = app.hub.state(&key, None).await?;
    let mut response = answer::json(&json!({
        "key": state.key,
        "revision": state.revision,
        "environments": state.project.environments,
        "flags": state.project.flags.len(),
        "segments": state.project.segments.len(),
    }));
    answer::tag(&mut response, &format!("\"{}\"", state.revision));
    Ok(response)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEnvironment {
    key: String,
}

/// `POST /v1/projects/{p}/environments`
pub async fn create_environment(
    State(app): State<Arc<App>>,
    Keys(key): Keys<String>,
    write: Write,
) -> Answer {
    let (caller, _) = write.caller(&[])?;
    let NewEnvironment { key: environment } = write.shape()?;
    let command = Command::CreateEnvironment { environment };
    Ok(answer::written(&app.hub.execute(&key, command, caller, Mode::Do).await?))
}

/// `GET …/environments/{e}/settings`
pub async fn show_settings(
    State(app): State<Arc<App>>,
    Keys((project, environment)): Keys<(String, String)>,
    uri: Uri,
) -> Answer {
    Query::read(&uri, &[])?;
    let state = app.hub.state(&project, None).await?;
    if !state.project.environments.contains(&environment) {
        return Err(Refusal::UnknownEnvironment(environment).into());
    }
    let settings = state.settings.get(&environment).copied().unwrap_or_default();
    let mut response = answer::json(&json!(settings));
    answer::tag(&mut response, &format!("\"{}\"", state.revision));
    Ok(response)
}

/// `PUT …/environments/{e}/settings`
pub async fn put_settings(
    State(app): State<Arc<App>>,
    Keys((project, environment)): Keys<(String, String)>,
    write: Write,
) -> Answer {
    let (caller, _) = write.caller(&[])?;
    let command = Command::ChangeEnvironment { environment, settings: write.shape()? };
    Ok(answer::written(&app.hub.execute(&project, command, caller, Mode::Do).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sensitive {
    attributes: Vec<String>,
}

/// `GET …/sensitive`
pub async fn show_sensitive(
    State(app): State<Arc<App>>,
    Keys(key): Keys<String>,
    uri: Uri,
) -> Answer {
    let at = Query::read(&uri, &["at"])?.at()?;
    let state = app.hub.state(&key, at).await?;
    let mut response = answer::json(&json!({ "attributes": state.project.sensitive }));
    answer::tag(&mut response, &format!("\"{}\"", state.revision));
    Ok(response)
}

/// `PUT …/sensitive`
pub async fn put_sensitive(
    State(app): State<Arc<App>>,
    Keys(key): Keys<String>,
    write: Write,
) -> Answer {
    let (caller, _) = write.caller(&[])?;
    let Sensitive { attributes } = write.shape()?;
    let command = Command::SetSensitive { attributes };
    Ok(answer::written(&app.hub.execute(&key, command, caller, Mode::Do).await?))
}

/// A state as a document.
pub async fn document_of(state: Arc<projection::State>) -> Result<Value, Problem> {
    off(move || {
        let key = Some(state.key.clone());
        let project = vexil_compiler::flag_set::Project { key, ..state.project.clone() };
        document::write(&project)
    })
    .await
}

/// `GET /v1/projects/{p}/document`
pub async fn show_document(
    State(app): State<Arc<App>>,
    Keys(key): Keys<String>,
    uri: Uri,
) -> Answer {
    let at = Query::read(&uri, &["at"])?.at()?;
    let state = app.hub.state(&key, at).await?;
    let tag = format!("\"{}\"", state.revision);
    let mut response = answer::json(&document_of(state).await?);
    answer::tag(&mut response, &tag);
    Ok(response)
}

/// `POST /v1/projects/{p}/apply`
pub async fn apply(
    State(app): State<Arc<App>>,
    Keys(key): Keys<String>,
    write: DocumentWrite,
) -> Answer {
    let (caller, query) = write.caller(&["dry_run", "prune"])?;
    let mode = if query.truth("dry_run")? { Mode::Try } else { Mode::Do };
    let unnamed = if query.truth("prune")? { Unnamed::Prune } else { Unnamed::Keep };
    let text = write.document()?.to_owned();
    let document = off(move || document::read(&text)).await?;
    let document = document.map_err(|faults| Problem::invalid_flags(&faults))?;
    if let Some(named) = document.key.as_deref().filter(|named| *named != key) {
        let detail = format!("the document is of project `{named}`, not `{key}`");
        return Err(Problem::malformed(detail));
    }
    let command = Command::Apply { document, unnamed };
    Ok(answer::applied(&app.hub.execute(&key, command, caller, mode).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revert {
    to: Revision,
    #[serde(default)]
    environment: Option<String>,
}

/// `POST /v1/projects/{p}/revert`
pub async fn revert(State(app): State<Arc<App>>, Keys(key): Keys<String>, write: Write) -> Answer {
    let (caller, _) = write.caller(&[])?;
    let Revert { to, environment } = write.shape()?;
    match environment.as_deref() {
        None => write.asker().need(Need::Define, Some(&key), None)?,
        one => write.asker().need(Need::Configure, Some(&key), one)?,
    }
    let command = Command::Revert { environment, to };
    Ok(answer::written(&app.hub.execute(&key, command, caller, Mode::Do).await?))
}
