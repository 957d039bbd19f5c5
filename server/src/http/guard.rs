//! The guard before every route: who asks, and may they.
//!
//! In: a request, and what its route needs. Out: the request with an [`Asker`], or a refusal. What
//! is out of a key's scope is refused before anything is looked up, so that nobody learns whether
//! it exists. A key is taken out of the URL before anything else sees it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, Uri, header};
use axum::middleware::Next;
use axum::response::IntoResponse;

use super::problem::{Kind, Problem};
use super::rate::Leave;
use super::{App, cors, precondition, rate};
use crate::access::grant::{Identity, Need};
use crate::access::keys::Key;
use crate::access::token::{KeyKind, Token};
use crate::access::{self, Stranger};
use crate::limits::TOO_MANY_PAUSE_MS;
use crate::log::event::Via;

/// The caller's address, put into a request by its connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The request's id, put into it by `watch`.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

/// Who asks, and from where.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Who.
    pub identity: Identity,
    /// From where.
    pub via: Via,
    /// What it showed, if that is no secret.
    pub browser_token: Option<Arc<str>>,
}

/// A route's guard.
#[derive(Clone)]
pub struct Door {
    /// What handlers need.
    pub app: Arc<App>,
    /// What the route needs.
    pub need: Need,
}

/// The layer.
pub async fn guard(
    State(door): State<Door>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let admitted = match &params {
        Ok(params) => admit(&door, params, &mut request),
        Err(_) => Err(Problem::malformed("the path is not percent-encoded UTF-8")),
    };
    match admitted {
        Ok((asker, leave)) => {
            let for_pages = asker.identity.is_browser() || is_open(&asker.identity);
            let allowed = origin.filter(|_| for_pages);
            let key = asker.identity.key().map(|key| key.id.clone());
            request.extensions_mut().insert(asker);
            let turn = match &key {
                Some(key) => Some(door.app.limiter.turn(key, door.need).await),
                None => None,
            };
            let mut response = next.run(request).await;
            drop(turn);
            if let Some(leave) = leave {
                leave.write(response.headers_mut());
            }
            match allowed {
                Some(origin) => cors::allow(response.headers_mut(), origin),
                // What a cache keeps of it is not for pages of every origin.
                None if for_pages => cors::vary(response.headers_mut()),
                None => {}
            }
            response
        }
        Err(problem) => {
            if problem.kind == Kind::TooManyRequests {
                if let Some(limit) = problem.limit() {
                    door.app.telemetry().rate_limited(limit);
                }
                let pause_ms = rand::random_range(TOO_MANY_PAUSE_MS);
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            }
            let mut response = problem.into_response();
            // A page learns why it is refused: there is nothing in it that a stranger may not read.
            if let Some(origin) = origin {
                cors::allow(response.headers_mut(), origin);
            }
            response
        }
    }
}

fn admit(
    door: &Door,
    params: &RawPathParams,
    request: &mut Request,
) -> Result<(Asker, Option<Leave>), Problem> {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let address = peer.map(|peer| caller(peer, &door.app.trusted_proxies, request.headers()));
    let shown = shown(request)?;
    let Door { app, need } = door;
    let identity = match app.access.identify(shown.as_deref()) {
        Ok(identity) => identity,
        Err(_) if *need == Need::Nothing => Identity::Nobody,
        Err(Stranger::NoKey) => return Err(stranger(Stranger::NoKey)),
        Err(Stranger::BadKey) => {
            app.telemetry().bad_key();
            address.map_or(Ok(()), |address| app.limiter.fail(address))?;
            return Err(stranger(Stranger::BadKey));
        }
    };
    if is_open(&identity) {
        check_local(request.uri(), request.headers())?;
    }
    let leave = match identity.key() {
        // A browser's key is every visitor's: one of them does not use up what the others have.
        Some(key) if key.kind == KeyKind::Browser => {
            let caller = address.map(rate::network).map(|network| network.to_string());
            let caller = format!("{} {}", key.id, caller.unwrap_or_default());
            app.limiter.take(&caller, *need)?
        }
        Some(key) => app.limiter.take(&key.id, *need)?,
        None => None,
    };
    check_origin(&identity, request.headers())?;
    let param = |name: &str| {
        params.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    };
    let (project, environment) = (param("p"), param("e"));
    if !identity.may(*need, project.as_deref(), environment.as_deref()) {
        return Err(forbidden(&identity, project.as_deref(), environment.as_deref()));
    }
    let id = request.extensions().get::<RequestId>();
    let via = Via {
        address: address.map(|address| address.to_canonical().to_string()),
        key: identity.key().map(|key| key.id.clone()),
        request: id.map(|id| id.0.to_string()),
    };
    let browser_token = shown.filter(|_| identity.is_browser()).map(Arc::from);
    Ok((Asker { identity, via, browser_token }, leave))
}

/// The caller's address: the connection's, or, where that is of a proxy that is trusted, the last
/// one in `X-Forwarded-For` that is not. What an untrusted caller writes there counts for nothing.
fn caller(peer: IpAddr, proxies: &[IpAddr], headers: &HeaderMap) -> IpAddr {
    let is_proxy = |address: &IpAddr| proxies.contains(&address.to_canonical());
    if !is_proxy(&peer) {
        return peer;
    }
    let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut address = peer;
    for hop in hops.into_iter().rev() {
        let Ok(parsed) = hop.parse::<IpAddr>() else { break };
        address = parsed;
        if !is_proxy(&address) {
            break;
        }
    }
    address
}

/// Header: where a request came from, as proxies write it.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The token that a request shows, if it shows one.
fn shown(request: &mut Request) -> Result<Option<String>, Problem> {
    let in_url = take_key(request.uri_mut())?;
    let in_header = match (bearer(request.headers())?, api_key(request.headers())?) {
        (Some(_), Some(_)) => {
            return Err(Problem::malformed(
                "a key stands in `Authorization` and in `X-API-Key`; one of them is too much",
            ));
        }
        (bearer, api_key) => bearer.or(api_key),
    };
    match (in_header, in_url) {
        (Some(_), Some(_)) => Err(Problem::malformed(
            "a key stands in `Authorization` and in the URL; one of them is too much",
        )),
        (None, Some(text)) => {
            let kind = Token::parse(&text).map(|token| token.kind);
            if kind.is_some_and(|kind| kind != KeyKind::Browser) {
                return Err(Problem::malformed(
                    "only browser keys may stand in a URL, which proxies and histories keep: send \
                     this one as `Authorization: Bearer …`, and rotate it",
                ));
            }
            Ok(Some(text))
        }
        (shown, None) => Ok(shown),
    }
}

/// As OFREP has it, too.
fn api_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    Ok(precondition::single(headers, &API_KEY)?.map(str::to_owned))
}

/// Header: a key.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

fn bearer(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(text) = precondition::single(headers, &header::AUTHORIZATION)? else {
        return Ok(None);
    };
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(token.trim().to_owned()))
        }
        _ => Err(Problem::new(
            Kind::Unauthenticated,
            "`Authorization` is `Bearer` and a key: `Bearer vxl_…`",
        )),
    }
}

/// Takes the query parameter `key` out of a URL.
fn take_key(uri: &mut Uri) -> Result<Option<String>, Problem> {
    let Some(query) = uri.query() else { return Ok(None) };
    let is_key = |part: &&str| part.strip_prefix("key=").is_some();
    let (keys, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(is_key);
    let key = match keys.as_slice() {
        [] => return Ok(None),
        [one] => one.strip_prefix("key=").and_then(precondition::percent_decoded),
        _ => return Err(Problem::malformed("the query parameter `key` stands twice")),
    };
    let key = key.ok_or_else(|| Problem::malformed("the query is not percent-encoded UTF-8"))?;
    let rest = rest.join("&");
    let path = uri.path();
    let whole = if rest.is_empty() { path.to_owned() } else { format!("{path}?{rest}") };
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = whole.parse().ok();
    *uri = Uri::from_parts(parts).map_err(|_| Problem::malformed("the URL cannot be read"))?;
    Ok(Some(key))
}

/// Who cannot be told from anybody else.
pub fn stranger(stranger: Stranger) -> Problem {
    let detail = match stranger {
        Stranger::NoKey => {
            "this server asks for a key: send `Authorization: Bearer vxl_…`".to_owned()
        }
        Stranger::BadKey => format!("{stranger}"),
    };
    Problem::new(Kind::Unauthenticated, detail)
}

fn forbidden(identity: &Identity, project: Option<&str>, environment: Option<&str>) -> Problem {
    let Some(key) = identity.key() else { return Problem::internal() };
    let place = match (project, environment) {
        (Some(project), Some(environment)) => format!("in `{project}/{environment}`"),
        (Some(project), None) => format!("in `{project}`"),
        _ => "here".to_owned(),
    };
    let detail = format!("the {} key `{}` may not do this {place}", key.kind.name(), key.id);
    Problem::new(Kind::Forbidden, detail)
}

/// Does the server ask for no keys?
const fn is_open(identity: &Identity) -> bool {
    matches!(identity, Identity::Anybody)
}

/// A server that asks for no keys listens to this machine only. So does a browser on it, which also
/// shows pages of others: those may neither ask as themselves nor under a name that leads here.
fn check_local(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let refused = |what: &str, value: &str| {
        let detail = format!(
            "this server asks for no keys (`--dev`), so it answers this machine only: the {what} \
             `{value}` is another's"
        );
        Err(Problem::new(Kind::Forbidden, detail))
    };
    let host = match uri.authority() {
        Some(authority) => Some(authority.to_string()),
        None => precondition::single(headers, &header::HOST)?.map(str::to_owned),
    };
    if let Some(host) = host.filter(|host| !is_local(host)) {
        return refused("host", &host);
    }
    match precondition::single(headers, &header::ORIGIN)? {
        Some(origin) if !origin.split_once("://").is_some_and(|(_, host)| is_local(host)) => {
            refused("origin", origin)
        }
        _ => Ok(()),
    }
}

/// Is this host, with or without a port, the machine itself by name or address?
fn is_local(host: &str) -> bool {
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, "")) => name,
        Some((name, port)) if port.strip_prefix(':').is_some_and(is_port) => name,
        Some(_) => return false,
        None => match host.rsplit_once(':') {
            Some((name, port)) if is_port(port) => name,
            Some(_) => return false,
            None => host,
        },
    };
    let is_loopback = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    is_loopback || name == "localhost" || name.ends_with(".localhost")
}

/// A page of another origin may not use a browser's key.
fn check_origin(identity: &Identity, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(key) = identity.key().filter(|key| key.kind == KeyKind::Browser) else {
        return Ok(());
    };
    // Without it no page of another origin asks: then the browser has nothing to protect.
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    match cors::is_named(&key.origins, origin) {
        true => Ok(()),
        false => Err(Problem::new(
            Kind::Forbidden,
            format!(
                "the key `{}` is not for pages of `{}`",
                key.id,
                String::from_utf8_lossy(origin.as_bytes())
            ),
        )),
    }
}

impl Asker {
    /// Who does it, for the log: a key speaks for itself, unless it names actors.
    ///
    /// # Errors
    /// `malformed-request`: the header cannot be read. `forbidden`: it names somebody else.
    pub fn actor(&self, headers: &HeaderMap) -> Result<String, Problem> {
        let given = precondition::actor(headers)?;
        let Some(key) = self.identity.key() else {
            return Ok(given.unwrap_or_else(|| precondition::ANONYMOUS.to_owned()));
        };
        match given {
            None => Ok(key.name.clone()),
            Some(actor) if key.names_actors || actor == key.name => Ok(actor),
            Some(_) => Err(Problem::new(
                Kind::Forbidden,
                format!(
                    "the key `{}` acts as `{}` and may not say who acts: leave `Vexil-Actor` out, \
                     or use a key that names actors",
                    key.id, key.name
                ),
            )),
        }
    }

    /// May it, which administers, see and change this key?
    #[must_use]
    pub fn may_see(&self, key: &Key) -> bool {
        access::may_see(&self.identity, key)
    }

    /// Refuses who may not do what is needed there.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn need(
        &self,
        need: Need,
        project: Option<&str>,
        environment: Option<&str>,
    ) -> Result<(), Problem> {
        match self.identity.may(need, project, environment) {
            true => Ok(()),
            false => Err(forbidden(&self.identity, project, environment)),
        }
    }
}

/// Sent with every `401`.
#[must_use]
pub const fn challenge() -> HeaderValue {
    HeaderValue::from_static("Bearer realm=\"vexil\"")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_is_taken_out_of_the_url() {
        let taken = |text: &str| {
            let mut uri: Uri = text.parse().unwrap();
            let key = take_key(&mut uri).ok();
            (key, uri.to_string())
        };
        assert_eq!(taken("/x?a=1&key=k%20&b=2"), (Some(Some("k ".into())), "/x?a=1&b=2".into()));
        assert_eq!(taken("/x?key=k"), (Some(Some("k".into())), "/x".into()));
        assert_eq!(taken("/x?keys=k"), (Some(None), "/x?keys=k".into()));
        assert_eq!(taken("/x?key=a&key=b").0, None);
        assert_eq!(taken("/x?key=%ff").0, None);
    }

    #[test]
    fn only_this_machine_is_local() {
        for host in [
            "localhost",
            "localhost:7070",
            "127.0.0.1:1",
            "[::1]:7070",
            "a.localhost",
            "LOCALHOST.",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:80",
            "192.0.2.7",
            "[2001:db8::1]",
            "[::1]evil.example",
            "localhost:80@evil.example",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_says_who_called() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = [ip("10.0.0.1"), ip("10.0.0.2")];
        let called = |peer: &str, forwarded: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
            }
            caller(ip(peer), &proxies, &headers)
        };
        assert_eq!(called("192.0.2.7", &["198.51.100.1"]), ip("192.0.2.7"));
        assert_eq!(called("10.0.0.1", &["198.51.100.1"]), ip("198.51.100.1"));
        assert_eq!(called("::ffff:10.0.0.1", &["198.51.100.1"]), ip("198.51.100.1"));
        let chain = ["203.0.113.9, 198.51.100.1", "10.0.0.2"];
        assert_eq!(
            called("10.0.0.1", &chain),
            ip("198.51.100.1"),
            "what stands before it is hearsay"
        );
        assert_eq!(called("10.0.0.1", &[]), ip("10.0.0.1"));
        assert_eq!(called("10.0.0.1", &["unknown"]), ip("10.0.0.1"));
    }

    #[test]
    fn a_bearer_token_is_read_from_one_header() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(text).unwrap());
            bearer(&headers).ok()
        };
        assert_eq!(read("Bearer vxl_x"), Some(Some("vxl_x".into())));
        assert_eq!(read("bearer  vxl_x "), Some(Some("vxl_x".into())));
        assert_eq!(read("Basic dTpw"), None);
        assert_eq!(read("vxl_x"), None);
    }
}
