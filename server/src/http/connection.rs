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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::Service;

use super::guard::Peer;
use super::stall::Stall;
use super::tls::Tls;
use crate::limits::{CONNECTION_BUFFER_BYTES_MAX, HEADERS_MAX};

/// Sent to those who come when the house is full.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
content-type: application/problem+json\r\nretry-after: 5\r\nconnection: close\r\n\
content-length: 148\r\n\r\n\
{\"type\":\"https://vexil.dev/problems/unavailable\",\"title\":\"not available now\",\
\"status\":503,\"detail\":\"too many connections are open; try again later\"}";

/// How long to wait when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The bounds of connections.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many may be open.
    pub connections_max: usize,
    /// How long the head of a request may take, and a connection idle before one.
    pub header_time: Duration,
    /// How long a client may not read while it is written to.
    pub stall_time: Duration,
    /// How long open connections may take to finish at the end.
    pub drain: Duration,
}

/// Serves connections until `shutdown` turns true, then lets those that are open finish for a
/// while, and cuts the rest. With `tls` nothing else is spoken.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    router: Router,
    bounds: Bounds,
    mut shutdown: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(bounds.connections_max));
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = ended(&mut shutdown) => break,
            Some(_) = open.join_next(), if !open.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let peer = Peer(peer.ip());
                    let tls = tls.as_deref();
                    admit((stream, peer), tls, &router, bounds, &places, &shutdown, &mut open);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let finished = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(bounds.drain, finished).await.is_err() {
        tracing::warn!("connections were cut at the end of the drain time");
    }
}

/// Resolves when `shutdown` is true, or can no longer become so.
pub async fn ended(shutdown: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it the server.
    let _ = shutdown.wait_for(|down| *down).await;
}

fn admit(
    (stream, peer): (TcpStream, Peer),
    tls: Option<&Tls>,
    router: &Router,
    bounds: Bounds,
    places: &Arc<Semaphore>,
    shutdown: &watch::Receiver<bool>,
    open: &mut JoinSet<()>,
) {
    let Ok(place) = Arc::clone(places).try_acquire_owned() else {
        // What does not fit into an empty socket buffer is not worth waiting for.
        if tls.is_none() {
            let _ = stream.try_write(FULL);
        }
        return;
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    keep_little(&stream);
    let stream = Stall::new(stream, bounds.stall_time);
    let (router, shutdown) = (router.clone(), shutdown.clone());
    let Some(tls) = tls else {
        open.spawn(connection((stream, peer), router, bounds.header_time, shutdown, place));
        return;
    };
    let acceptor = TlsAcceptor::from(tls.config());
    let mut down = shutdown.clone();
    open.spawn(async move {
        let handshake = tokio::time::timeout(bounds.header_time, acceptor.accept(stream));
        let shaken = tokio::select! {
            shaken = handshake => shaken,
            // Nothing was asked yet that could be finished.
            () = ended(&mut down) => return,
        };
        match shaken {
            Ok(Ok(stream)) => {
                connection((stream, peer), router, bounds.header_time, shutdown, place).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    });
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    (stream, peer): (S, Peer),
    router: Router,
    header_time: Duration,
    mut shutdown: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(header_time)
        .max_buf_size(CONNECTION_BUFFER_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    let connection = http.serve_connection(TokioIo::new(stream), service);
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

/// Bounds what the system keeps for a client beyond what is on its way: otherwise one that does not
/// read is kept some megabytes of frames that are old by the time it does.
#[cfg(target_os = "linux")]
fn keep_little(stream: &TcpStream) {
    let set = socket2::SockRef::from(stream).set_tcp_notsent_lowat(crate::limits::UNSENT_BYTES_MAX);
    if let Err(error) = set {
        tracing::debug!(%error, "TCP_NOTSENT_LOWAT could not be set");
    }
}

#[cfg(not(target_os = "linux"))]
fn keep_little(_: &TcpStream) {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A loop on a free port, with nothing to serve; it ends with the sender.
    async fn looping(header_time_ms: u64) -> (std::net::SocketAddr, watch::Sender<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, down) = watch::channel(false);
        let bounds = Bounds {
            connections_max: 2,
            header_time: Duration::from_millis(header_time_ms),
            stall_time: Duration::from_secs(9),
            drain: Duration::ZERO,
        };
        tokio::spawn(serve(listener, None, Router::new(), bounds, down));
        (address, shutdown)
    }

    /// What comes until the other side closes.
    async fn rest(mut stream: TcpStream) -> String {
        let mut answer = String::new();
        let closed = stream.read_to_string(&mut answer);
        tokio::time::timeout(Duration::from_secs(20), closed).await.unwrap().unwrap();
        answer
    }

    #[tokio::test]
    async fn a_head_that_does_not_arrive_is_not_waited_for() {
        let (address, _shutdown) = looping(50).await;
        for sent in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: x\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            rest(stream).await;
        }
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_are_told_to_come_back() {
        let (address, _shutdown) = looping(60_000).await;
        let _one = TcpStream::connect(address).await.unwrap();
        let two = TcpStream::connect(address).await.unwrap();
        let refused = rest(TcpStream::connect(address).await.unwrap()).await;
        assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
        drop(two);
        loop {
            let mut stream = TcpStream::connect(address).await.unwrap();
            // The loop may not have noticed yet that a place is free; then this write is in vain.
            let asked = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            if stream.write_all(asked).await.is_ok() {
                let mut answer = Vec::new();
                let _ = stream.read_to_end(&mut answer).await;
                if answer.starts_with(b"HTTP/1.1 404 ") {
                    return;
                }
            }
        }
    }

    #[test]
    fn the_answer_of_a_full_house_has_the_length_it_says() {
        let text = std::str::from_utf8(FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
