//! Flags and segments of a project.
//!
//! In: requests below `/v1/projects/{p}/flags` and `…/segments`. Out: answers as in
//! `docs/http-api.md`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use serde_json::{Value, json};

use super::problem::{Kind, Problem};
use super::projects::document_of;
use super::query::Query;
use super::request::{Keys, Write};
use super::{App, answer};
use crate::command::Command;
use crate::hub::Mode;

type Answer = Result<Response<Body>, Problem>;

/// The member `name` of a project's document, as it is or was, and the revision as an entity tag.
async fn part(app: &App, project: &str, uri: &Uri, name: &str) -> Result<(Value, String), Problem> {
    let at = Query::read(uri, &["at"])?.at()?;
    let state = app.hub.state(project, at).await?;
    let tag = format!("\"{}\"", state.revision);
    let mut document = document_of(state).await?;
    let part = document.get_mut(name).map_or_else(|| json!({}), Value::take);
    Ok((part, tag))
}

async fn all(app: &App, project: &str, uri: &Uri, name: &str) -> Answer {
    let (part, tag) = part(app, project, uri, name).await?;
    let mut response = answer::json(&json!({ name: part }));
    answer::tag(&mut response, &tag);
    Ok(response)
}

/// `GET /v1/projects/{p}/flags`
pub async fn list(State(app): State<Arc<App>>, Keys(project): Keys<String>, uri: Uri) -> Answer {
    all(&app, &project, &uri, "flags").await
}

/// `GET /v1/projects/{p}/segments`
pub async fn list_segments(
    State(app): State<Arc<App>>,
    Keys(project): Keys<String>,
    uri: Uri,
) -> Answer {
    all(&app, &project, &uri, "segments").await
}

/// `GET /v1/projects/{p}/flags/{f}`
pub async fn show(
    State(app): State<Arc<App>>,
    Keys((project, flag)): Keys<(String, String)>,
    uri: Uri,
) -> Answer {
    let (flags, tag) = part(&app, &project, &uri, "flags").await?;
    let found = flags
        .get(&flag)
        .ok_or_else(|| Problem::new(Kind::UnknownFlag, format!("there is no flag `{flag}`")))?;
    let mut response = answer::json(found);
    answer::tag(&mut response, &tag);
    Ok(response)
}

/// `GET /v1/projects/{p}/segments/{s}`
pub async fn show_segment(
    State(app): State<Arc<App>>,
    Keys((project, segment)): Keys<(String, String)>,
    uri: Uri,
) -> Answer {
    let (segments, tag) = part(&app, &project, &uri, "segments").await?;
    let found = segments.get(&segment).ok_or_else(|| {
        Problem::new(Kind::UnknownSegment, format!("there is no segment `{segment}`"))
    })?;
    let mut response = answer::json(found);
    answer::tag(&mut response, &tag);
    Ok(response)
}

async fn carry_out(app: &App, project: &str, write: &Write, command: Command) -> Answer {
    let (caller, _) = write.caller(&[])?;
    Ok(answer::written(&app.hub.execute(project, command, caller, Mode::Do).await?))
}

/// `PUT /v1/projects/{p}/flags/{f}`
pub async fn put(
    State(app): State<Arc<App>>,
    Keys((project, flag)): Keys<(String, String)>,
    write: Write,
) -> Answer {
    let definition = write.json()?;
    carry_out(&app, &project, &write, Command::PutFlag { flag, definition }).await
}

/// `POST /v1/projects/{p}/flags/{f}/archive`
pub async fn archive(
    State(app): State<Arc<App>>,
    Keys((project, flag)): Keys<(String, String)>,
    write: Write,
) -> Answer {
    carry_out(&app, &project, &write, Command::ArchiveFlag { flag }).await
}

/// `POST /v1/projects/{p}/flags/{f}/restore`
pub async fn restore(
    State(app): State<Arc<App>>,
    Keys((project, flag)): Keys<(String, String)>,
    write: Write,
) -> Answer {
    carry_out(&app, &project, &write, Command::RestoreFlag { flag }).await
}

/// `DELETE /v1/projects/{p}/flags/{f}`
pub async fn delete(
    State(app): State<Arc<App>>,
    Keys((project, flag)): Keys<(String, String)>,
    write: Write,
) -> Answer {
    carry_out(&app, &project, &write, Command::DeleteFlag { flag }).await
}

/// `PUT /v1/projects/{p}/segments/{s}`
pub async fn put_segment(
    State(app): State<Arc<App>>,
    Keys((project, segment)): Keys<(String, String)>,
    write: Write,
) -> Answer {
    let definition = write.json()?;
    carry_out(&app, &project, &write, Command::PutSegment { segment, definition }).await
}

/// `DELETE /v1/projects/{p}/segments/{s}`
pub async fn delete_segment(
    State(app): State<Arc<App>>,
    Keys((project, segment)): Keys<(String, String)>,
    write: Write,
) -> Answer {
    carry_out(&app, &project, &write, Command::DeleteSegment { segment }).await
}
