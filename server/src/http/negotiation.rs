//! What a client accepts: codings, and the dictionary that it has.
//!
//! In: `Accept-Encoding` (RFC 9110 §12.5.3) and `Available-Dictionary` (RFC 9842 §2.2). Out: the
//! codings in the order in which they are to be tried. What cannot be read is not accepted, and
//! never refused: the module itself is always right.

use axum::http::{HeaderMap, HeaderName, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::log::event::Hash;
use crate::publish::encoding::Coding;

/// Header: the SHA-256 of what the client can use as a dictionary.
const AVAILABLE: HeaderName = HeaderName::from_static("available-dictionary");
/// Header: for what an answer can be used as a dictionary.
pub const USE_AS: HeaderName = HeaderName::from_static("use-as-dictionary");

/// The codings of one client, the best first; without those that need a dictionary.
#[must_use]
pub fn codings(headers: &HeaderMap) -> Vec<Coding> {
    let mut weighed: Vec<(Coding, f32)> = Coding::PLAIN
        .into_iter()
        .map(|coding| (coding, weight(headers, coding.name())))
        .filter(|(_, weight)| *weight > 0.0)
        .collect();
    // Stable: of those that are as welcome, the best goes first.
    weighed.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    weighed.into_iter().map(|(coding, _)| coding).collect()
}

/// The digest of the dictionary that the client has, if it accepts what needs one.
#[must_use]
pub fn dictionary(headers: &HeaderMap) -> Option<String> {
    // It has to be named: `*` is not meant to cover what needs a dictionary.
    let named = entries(headers)
        .any(|(name, weight)| name.eq_ignore_ascii_case(Coding::Dictionary.name()) && weight > 0.0);
    let text = headers.get(AVAILABLE).filter(|_| named)?.to_str().ok()?;
    // A byte sequence of RFC 8941.
    let text = text.trim().strip_prefix(':')?.strip_suffix(':')?;
    let bytes: [u8; 32] = STANDARD.decode(text).ok()?.try_into().ok()?;
    Some(Hash(bytes).to_string())
}

/// How welcome a coding is, from 0 (not at all) to 1.
fn weight(headers: &HeaderMap, coding: &str) -> f32 {
    let named = entries(headers).find(|(name, _)| name.eq_ignore_ascii_case(coding));
    let any = || entries(headers).find(|(name, _)| *name == "*");
    named.or_else(any).map_or(0.0, |(_, weight)| weight)
}

fn entries(headers: &HeaderMap) -> impl Iterator<Item = (&str, f32)> {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    let entries = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    entries.map(|entry| {
        let (name, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        let weight = parameters.split(';').find_map(|one| {
            let (name, value) = one.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse().unwrap_or(0.0))
        });
        (name.trim(), weight.unwrap_or(1.0))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::http::HeaderValue;

    use super::*;

    fn accepting(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(text).unwrap());
        headers
    }

    #[test]
    fn the_most_welcome_coding_goes_first_and_what_is_not_welcome_is_left_out() {
        let names = |text| -> Vec<&str> {
            codings(&accepting(text)).into_iter().map(Coding::name).collect()
        };
        assert_eq!(names("gzip, deflate, br, zstd"), ["br", "zstd", "gzip"]);
        assert_eq!(names("gzip;q=1.0, br;q=0.5"), ["gzip", "br"]);
        assert_eq!(names("*;q=0.1, br;q=0"), ["zstd", "gzip"]);
        assert_eq!(names("GZIP ; Q=0.3"), ["gzip"]);
        assert_eq!(names("identity, deflate, gzip;q=zero"), [""; 0]);
        assert!(codings(&HeaderMap::new()).is_empty());
    }

    #[test]
    fn a_dictionary_counts_for_who_accepts_it_by_name() {
        let with = |accept: &str, available: &str| {
            let mut headers = accepting(accept);
            headers.insert(AVAILABLE, HeaderValue::from_str(available).unwrap());
            dictionary(&headers)
        };
        let hash = ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:";
        let digest = "a591a6d40bf420404a011733cfb7b190d62c65bf0bcda32b57b277d9ad9f146e";
        assert_eq!(with("gzip, dcz", hash).as_deref(), Some(digest));
        for (accept, available) in [
            ("gzip", hash),
            ("*", hash),
            ("dcz;q=0", hash),
            ("dcz", "pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4="),
            ("dcz", ":AAAA:"),
            ("dcz", ":?:"),
        ] {
            assert_eq!(with(accept, available), None, "{accept} {available}");
        }
    }
}
