//! How requests travel: over the network, or over what a service puts in its place.
//!
//! In: requests. Out: responses, whose bodies come in pieces. Waiting, retrying and checking are
//! not the transport's business: whoever sends through it bounds every wait and every size.

use std::error::Error;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use http::{Request, Response};
use reqwest::Url;

use crate::builder::BuildError;
use crate::options::Options;
use crate::tls;

/// Why nothing came, or no more. The deepest cause is what operators read.
pub type TransportError = Box<dyn Error + Send + Sync>;

/// The body of a response: pieces as they come, of any size. An error or the end ends it.
pub type Body = BoxStream<'static, Result<Bytes, TransportError>>;

/// A response to be, or why there is none.
pub type Answer = BoxFuture<'static, Result<Response<Body>, TransportError>>;

/// Carries requests to the server; see [`ClientBuilder::transport`](crate::ClientBuilder::transport).
///
/// A request has an absolute `http` or `https` address, the client's headers with its key, and a
/// body that may be empty. What is answered is taken as it is: redirections, where they are to be
/// followed, are the transport's business. A future or a body that is dropped ends the request.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use bytes::Bytes;
/// use http::Request;
/// use vexil_runtime::transport::{Answer, Transport};
///
/// /// A network in which nobody is at home.
/// #[derive(Default)]
/// struct Nowhere(AtomicUsize);
///
/// impl Transport for Nowhere {
///     fn send(&self, _: Request<Bytes>) -> Answer {
///         let number = self.0.fetch_add(1, Ordering::Relaxed);
///         Box::pin(async move { Err(format!("request {number} met nobody").into()) })
///     }
/// }
///
/// # async fn example() -> Result<(), vexil_runtime::BuildError> {
/// let client = vexil_runtime::Client::builder("http://flags.internal")
///     .project("storefront")
///     .environment("production")
///     .transport(Nowhere::default())
///     .build()
///     .await?;
/// # Ok(())
/// # }
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Sends a request. The answer is there when the response's head is; its body follows.
    fn send(&self, request: Request<Bytes>) -> Answer;
}

/// The transport that clients have unless they are given another: HTTP/1.1 and HTTP/2 over TCP and
/// TLS.
pub(crate) struct Network(reqwest::Client);

impl Network {
    /// Connections to servers at addresses like `base`.
    pub(crate) fn new(base: &Url, options: &Options) -> Result<Self, BuildError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::config(base.scheme() == "https")?)
            .connect_timeout(options.connect_timeout)
            .build()?;
        Ok(Self(client))
    }
}

impl Transport for Network {
    fn send(&self, request: Request<Bytes>) -> Answer {
        let (head, body) = request.into_parts();
        // Taken apart by reqwest, which makes a header of a user name in the address.
        let request = self.0.request(head.method, head.uri.to_string()).headers(head.headers);
        let request = if body.is_empty() { request } else { request.body(body) };
        Box::pin(async move {
            let mut answered = request.send().await.map_err(reqwest::Error::without_url)?;
            let (status, headers) = (answered.status(), std::mem::take(answered.headers_mut()));
            let body = answered.bytes_stream().map(|piece| Ok(piece?));
            let mut response = Response::new(body.boxed());
            (*response.status_mut(), *response.headers_mut()) = (status, headers);
            Ok(response)
        })
    }
}
