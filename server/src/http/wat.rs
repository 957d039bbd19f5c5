//! The code of one flag of a module, as WebAssembly text.
//!
//! In: a module's digest and a flag's key. Out: text. Whoever may fetch the module may read its
//! code: it is in the module. Printing takes a processor for milliseconds, so it is heavy work, and
//! its rate is that of reads.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{Response, Uri};
use vexil_compiler::module::{SubsetError, wat};

use super::delivery::{no_module, owned_for};
use super::guard::Asker;
use super::problem::{Kind, Problem};
use super::query::Query;
use super::request::Keys;
use super::{App, answer, off};

/// `GET /v1/modules/{digest}/wat?flag=`
pub async fn show(
    Shared(app): Shared<Arc<App>>,
    Extension(asker): Extension<Asker>,
    Keys(digest): Keys<String>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    let query = Query::read(&uri, &["flag"])?;
    let flag = query.text("flag").ok_or_else(|| {
        Problem::malformed("the query parameter `flag` is missing: the key of a flag")
    })?;
    let module = app.hub.module(&digest, owned_for(&asker)).ok_or_else(|| no_module(&digest))?;
    let flag = flag.to_owned();
    let code = off(move || wat(&module, &flag)).await?.map_err(unprinted)?;
    Ok(answer::text("text/plain; charset=utf-8", code))
}

fn unprinted(error: SubsetError) -> Problem {
    match error {
        SubsetError::UnknownFlags(_) => Problem::new(Kind::UnknownFlag, error.to_string()),
        // The module is one of ours.
        error => {
            tracing::error!(%error, "a module that was published cannot be printed");
            Problem::internal()
        }
    }
}
