//! Bodies of requests: bounded, of a known type.
//!
//! In: a request's headers and body. Out: its bytes, and how they are written. A body is never read beyond its limit
//! into memory, whether its length was announced or not.

use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use rand::RngExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::{Kind, Problem};
use crate::limits::{BODIES_FULL_RETRY_S, BODY_BYTES_DISCARDED_MAX, BODY_TIME_MAX};

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`, or not said.
    Json,
    /// `application/yaml`.
    Yaml,
}

/// Memory for a body: as much as it may take, until that is given back.
///
/// # Errors
/// `unavailable`: too many are in memory.
pub fn room(
    bodies: &Arc<Semaphore>,
    body: &Body,
    bytes_max: usize,
) -> Result<OwnedSemaphorePermit, Problem> {
    let bytes = body.size_hint().upper().and_then(|length| usize::try_from(length).ok());
    let kibibytes = bytes.unwrap_or(bytes_max).min(bytes_max).div_ceil(1 << 10);
    let permits = u32::try_from(kibibytes).unwrap_or(u32::MAX);
    Arc::clone(bodies).try_acquire_many_owned(permits).map_err(|_| {
        let detail = "too many requests with bodies are being carried out";
        let problem = Problem::new(Kind::Unavailable, detail);
        problem.retry_after(rand::rng().random_range(BODIES_FULL_RETRY_S))
    })
}

/// The whole body, at most `bytes_max` bytes. One that is announced as longer is refused at once;
/// what comes of it is read (within bounds) and forgotten beside the answer.
///
/// # Errors
///
/// `body-too-large`; `malformed-request` when the connection breaks or the body takes too long.
pub async fn read(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    let too_long = announced.is_some_and(|length| length > bytes_max as u64);
    if too_long {
        // Who waits for leave before it sends is not to send.
        if !headers.contains_key(header::EXPECT) {
            tokio::spawn(tokio::time::timeout(BODY_TIME_MAX, collect(body, 0)));
        }
        return Err(too_large(bytes_max));
    }
    match tokio::time::timeout(BODY_TIME_MAX, collect(body, bytes_max)).await {
        Ok(result) => result,
        Err(_) => Err(Problem::malformed("the body did not arrive in time")),
    }
}

/// Reads on after the limit, without keeping what comes, so that a client that only writes at
/// first lives to read the answer.
async fn collect(mut body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut kept = BytesMut::new();
    let mut seen: usize = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::malformed("the body broke off"))?;
        let Ok(chunk) = frame.into_data() else { continue };
        seen = seen.saturating_add(chunk.len());
        if seen <= bytes_max {
            kept.extend_from_slice(&chunk);
        } else if seen > bytes_max.saturating_add(BODY_BYTES_DISCARDED_MAX) {
            break;
        }
    }
    if seen > bytes_max { Err(too_large(bytes_max)) } else { Ok(kept.freeze()) }
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(Kind::BodyTooLarge, format!("a body here has at most {bytes_max} bytes"))
}

/// The format that `Content-Type` names; JSON when there is none.
///
/// # Errors
///
/// `unsupported-media-type` for other types, and for YAML where only JSON is read.
pub fn format(headers: &HeaderMap, yaml_too: bool) -> Result<Format, Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(Format::Json) };
    let text = value.to_str().unwrap_or("?");
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => Ok(Format::Json),
        "application/yaml" | "application/x-yaml" | "text/yaml" if yaml_too => Ok(Format::Yaml),
        _ => {
            let read = if yaml_too {
                "`application/json` or `application/yaml`"
            } else {
                "`application/json`"
            };
            let detail = format!("`{essence}` is not read here; send {read}");
            Err(Problem::new(Kind::UnsupportedMediaType, detail))
        }
    }
}
