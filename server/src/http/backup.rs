//! A copy of the whole store, while it is being written to.
//!
//! In: `GET /v1/backup` by an operator of everything. Out: a file that is a store, as all of it was
//! at one moment. It is first made beside the store, so that a slow reader holds up nobody, and is
//! gone when it was sent.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, Uri, header};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::problem::Problem;
use super::query::Query;
use super::{App, answer, refusal};
use crate::limits::{BACKUP_CHUNK_BYTES, BACKUP_CHUNKS_AHEAD};
use crate::log::store::StoreError;

/// `GET /v1/backup`
pub async fn show(State(app): State<Arc<App>>, uri: Uri) -> Result<Response<Body>, Problem> {
    Query::read(&uri, &[])?;
    let folder = app.copies.clone();
    let copy = app.hub.past(move |store| -> Result<(File, u64), StoreError> {
        std::fs::create_dir_all(&folder).map_err(StoreError::Copy)?;
        // Where it is open it needs no name, and leaves nothing behind.
        let folder = tempfile::Builder::new().prefix("backup-").tempdir_in(folder);
        let folder = folder.map_err(StoreError::Copy)?;
        let path = folder.path().join("vexil.db");
        store.copy_to(&path)?;
        let file = File::open(&path).map_err(StoreError::Copy)?;
        let bytes = file.metadata().map_err(StoreError::Copy)?.len();
        Ok((file, bytes))
    });
    let (mut file, bytes) = copy.await?.map_err(|error| refusal::store(&error))?;
    let (sender, chunks) = mpsc::channel(BACKUP_CHUNKS_AHEAD);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut chunk = vec![0; BACKUP_CHUNK_BYTES];
            let read = file.read(&mut chunk);
            let (end, chunk) = match read {
                Ok(0) => return,
                Ok(read) => {
                    chunk.truncate(read);
                    (false, Ok(Bytes::from(chunk)))
                }
                // The client sees fewer bytes than it was told of.
                Err(error) => (true, Err(error)),
            };
            if sender.blocking_send(chunk).is_err() || end {
                return;
            }
        }
    });
    let body = Body::from_stream(ReceiverStream::new(chunks));
    let mut response = answer::text("application/vnd.sqlite3", body);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    Ok(response)
}
