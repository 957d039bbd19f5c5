//! Archives over HTTP: which there are, and making one now.
//!
//! In: requests below `/v1/projects/{p}/log`. Out: archives, oldest first. What is in them is read
//! like the rest of the log, at `/v1/projects/{p}/log`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Kind, Problem};
use super::query::Query;
use super::request::{Keys, Write};
use super::{App, answer, refusal};
use crate::hub::When;
use crate::limits::{ARCHIVE_WAIT_MAX, KEEP_EVENTS};
use crate::log::archive::Archived;

type Answer = Result<Response<Body>, Problem>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Archive {
    #[serde(default = "usual")]
    keep: u64,
}

const fn usual() -> u64 {
    KEEP_EVENTS
}

fn written(archives: &[Archived]) -> Value {
    let each = archives.iter().map(|it| {
        json!({
            "first": it.first, "last": it.last, "hash": it.hash.to_string(),
            "file": it.file, "bytes": it.bytes, "digest": it.digest.to_string(),
        })
    });
    json!({ "archives": each.collect::<Vec<_>>() })
}

/// `GET /v1/projects/{p}/log/archives`
pub async fn list(State(app): State<Arc<App>>, Keys(project): Keys<String>, uri: Uri) -> Answer {
    Query::read(&uri, &[])?;
    if app.hub.live(&project).is_none() {
        let detail = format!("there is no project `{project}`");
        return Err(Problem::new(Kind::UnknownProject, detail));
    }
    let archives = app.hub.past(move |store| store.archives(&project)).await?;
    Ok(answer::json(&written(&archives.map_err(|error| refusal::store(&error))?)))
}

/// `POST /v1/projects/{p}/log/archive`
pub async fn make(
    State(app): State<Arc<App>>,
    Keys(project): Keys<String>,
    write: Write,
) -> Answer {
    write.query(&[])?;
    let Archive { keep } = write.shape()?;
    if keep == 0 {
        return Err(Problem::malformed("the newest event stays where it is: `keep` is 1 at least"));
    }
    // A caller who goes away does not leave half of it.
    let work = tokio::spawn(async move { app.hub.archive(&project, keep, When::Now).await });
    let Ok(done) = tokio::time::timeout(ARCHIVE_WAIT_MAX, work).await else {
        let detail = "archiving takes long, and goes on: `GET …/log/archives` tells what is done";
        return Err(Problem::new(Kind::Unavailable, detail));
    };
    Ok(answer::json(&written(&done.map_err(|_| Problem::internal())??)))
}
