//! The fingerprint of a write: whether two requests ask for the same.
//!
//! In: a request's method, URI and body. Out: a SHA-256 over them. Who asks, why (`comment`), and
//! under which condition is not part of it: a repeat may be sent by another hand.

use axum::http::{Method, Uri};
use sha2::{Digest as _, Sha256};

use crate::log::event::Hash;

/// The fingerprint: `sha256("vexil request 1" 00 method 00 path 00 query 00 body)`, where the query
/// has its parameters sorted and no `comment`. None of what stands before the body holds a zero.
#[must_use]
pub fn fingerprint(method: &Method, uri: &Uri, body: &[u8]) -> Hash {
    let query = uri.query().unwrap_or_default().split('&');
    let name = |part: &str| part.split_once('=').map_or(part, |(name, _)| name).to_owned();
    let mut query: Vec<&str> = query.filter(|part| name(part) != "comment").collect();
    query.sort_unstable();
    let query = query.join("&");
    let mut hasher = Sha256::new();
    for part in ["vexil request 1", method.as_str(), uri.path(), &query] {
        hasher.update(part);
        hasher.update([0]);
    }
    hasher.update(body);
    Hash(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(method: &Method, uri: &str, body: &str) -> Hash {
        fingerprint(method, &uri.parse().unwrap(), body.as_bytes())
    }

    #[test]
    fn it_tells_requests_apart_and_knows_the_same_again() {
        let one = of(&Method::PUT, "/a?index=1&prune=true", "{}");
        for same in ["/a?prune=true&index=1", "/a?index=1&comment=why&prune=true"] {
            assert_eq!(of(&Method::PUT, same, "{}"), one, "{same}");
        }
        assert_ne!(of(&Method::POST, "/a?index=1&prune=true", "{}"), one);
        assert_ne!(of(&Method::PUT, "/b?index=1&prune=true", "{}"), one);
        assert_ne!(of(&Method::PUT, "/a?index=2&prune=true", "{}"), one);
        assert_ne!(of(&Method::PUT, "/a?index=1&prune=true", "[]"), one);
        assert_eq!(of(&Method::PUT, "/a", ""), of(&Method::PUT, "/a?comment=why", ""));
    }
}
