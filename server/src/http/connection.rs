//! Connections: accepted, bounded in number and time, drained at the end.
//!
//! In: a listening socket and the router. Out: answers. `axum::serve` sets no header time-out and
//! costs twice the memory per idle stream, so the loop is our own, on hyper. It must never end
//! because of one client, and never wait for one.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower::Service;

use super::stall::Stall;
use crate::limits::{CONNECTION_BUFFER_BYTES_MAX, HEADER_TIME_MAX, HEADERS_MAX};

/// Sent to those who come when the house is full.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
content-type: application/problem+json\r\nretry-after: 5\r\nconnection: close\r\n\
content-length: 151\r\n\r\n\
{\"type\":\"https://vexil.dev/problems/unavailable\",\"title\":\"not available now\",\
\"status\":503,\"detail\":\"too many connections are open; try again later\"}";

/// How long to wait when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until `shutdown` turns true, then lets those that are open finish for at
/// most `drain`, and cuts the rest.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections_max: usize,
    mut shutdown: watch::Receiver<bool>,
    drain: Duration,
) {
    let places = Arc::new(Semaphore::new(connections_max));
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = ended(&mut shutdown) => break,
            Some(_) = open.join_next(), if !open.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => admit(stream, &router, &places, &shutdown, &mut open),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let finished = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(drain, finished).await.is_err() {
        tracing::warn!("connections were cut at the end of the drain time");
    }
}

/// Resolves when `shutdown` is true, or can no longer become so.
pub async fn ended(shutdown: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it the server.
    let _ = shutdown.wait_for(|down| *down).await;
}

fn admit(
    stream: TcpStream,
    router: &Router,
    places: &Arc<Semaphore>,
    shutdown: &watch::Receiver<bool>,
    open: &mut JoinSet<()>,
) {
    let Ok(place) = Arc::clone(places).try_acquire_owned() else {
        // What does not fit into an empty socket buffer is not worth waiting for.
        let _ = stream.try_write(FULL);
        return;
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    open.spawn(connection(stream, router.clone(), shutdown.clone(), place));
}

async fn connection(
    stream: TcpStream,
    router: Router,
    mut shutdown: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    let service =
        hyper::service::service_fn(move |request: Request<Incoming>| router.clone().call(request));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_MAX)
        .max_buf_size(CONNECTION_BUFFER_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    let connection = http.serve_connection(TokioIo::new(Stall::new(stream)), service);
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = ended(&mut shutdown) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended badly");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_answer_of_a_full_house_has_the_length_it_says() {
        let text = std::str::from_utf8(FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
