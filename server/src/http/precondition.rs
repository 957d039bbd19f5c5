//! The headers that every write may carry, and the conditions of reads.
//!
//! In: headers. Out: who asks, for which revision, under which id; and whether a cached answer is
//! still good. A header that is there but cannot be read is refused, never ignored.

use axum::http::{HeaderMap, HeaderName, header};
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use super::problem::Problem;
use crate::limits::{ACTOR_BYTES_MAX, COMMENT_BYTES_MAX};
use crate::log::event::Revision;

/// Header: the id of the append.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Header: who does it.
pub const ACTOR: HeaderName = HeaderName::from_static("vexil-actor");
/// Who does it when nobody says.
pub const ANONYMOUS: &str = "anonymous";

/// The revision that `If-Match` names; none when it is absent or `*`.
///
/// # Errors
///
/// `malformed-request` for anything but one strong entity tag of decimal digits, or `*`.
pub fn if_match(headers: &HeaderMap) -> Result<Option<Revision>, Problem> {
    let Some(text) = single(headers, &header::IF_MATCH)? else { return Ok(None) };
    if text == "*" {
        return Ok(None);
    }
    let digits = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match digits.and_then(Revision::parse) {
        Some(revision) => Ok(Some(revision)),
        None => Err(Problem::malformed(format!(
            "`If-Match` is a revision in double quotes, such as `\"42\"`, or `*`; not `{text}`"
        ))),
    }
}

/// The id of the append.
///
/// # Errors
///
/// `malformed-request` when it is not a UUID.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<Uuid>, Problem> {
    let Some(text) = single(headers, &IDEMPOTENCY_KEY)? else { return Ok(None) };
    match Uuid::try_parse(text) {
        Ok(id) => Ok(Some(id)),
        Err(_) => Err(Problem::malformed(format!("`Idempotency-Key` is a UUID; not `{text}`"))),
    }
}

/// Who does it, where the caller says so.
///
/// # Errors
///
/// `malformed-request` when it is not percent-encoded UTF-8, empty, too long, or holds control
/// characters.
pub fn actor(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(text) = single(headers, &ACTOR)? else { return Ok(None) };
    match percent_decoded(text) {
        Some(actor) if good_actor(&actor) => Ok(Some(actor)),
        _ => Err(Problem::malformed(format!(
            "`Vexil-Actor` is 1 to {ACTOR_BYTES_MAX} bytes of percent-encoded UTF-8 without \
             control characters, and not only blanks; not `{text}`"
        ))),
    }
}

/// `text` without its percent-encoding; `None` when that is broken (a `%` without two hexadecimal
/// digits), or what comes of it is not UTF-8.
#[must_use]
pub fn percent_decoded(text: &str) -> Option<String> {
    let whole = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    text.split('%').skip(1).all(whole).then(|| decoded.into_owned())
}

fn good_actor(actor: &str) -> bool {
    (1..=ACTOR_BYTES_MAX).contains(&actor.len())
        && !actor.chars().any(char::is_control)
        && !actor.chars().all(char::is_whitespace)
}

/// Checks a comment; an empty one is none.
///
/// # Errors
///
/// `malformed-request` when it is too long or holds control characters other than line breaks.
pub fn comment(comment: Option<String>) -> Result<Option<String>, Problem> {
    let Some(comment) = comment.filter(|text| !text.is_empty()) else { return Ok(None) };
    let odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    if comment.len() > COMMENT_BYTES_MAX || comment.chars().any(odd) {
        return Err(Problem::malformed(format!(
            "a comment has at most {COMMENT_BYTES_MAX} bytes, and no control characters but line \
             breaks and tabs"
        )));
    }
    Ok(Some(comment))
}

/// Whether `If-None-Match` names the entity tag `tag` (with its quotes), or is `*`.
#[must_use]
pub fn none_match(headers: &HeaderMap, tag: &str) -> bool {
    headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let Ok(text) = value.to_str() else { return false };
        // The comparison is weak (RFC 9110 §13.1.2), and our tags hold no commas.
        text.split(',').map(str::trim).any(|candidate| {
            let candidate = candidate.strip_prefix("W/").unwrap_or(candidate);
            // Some clients send it back without its quotes.
            candidate == "*" || candidate == tag || candidate == tag.trim_matches('"')
        })
    })
}

/// The value of a header that may stand once.
///
/// # Errors
///
/// `malformed-request` when it stands more than once, or is not plain ASCII.
pub fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::malformed(format!("the header `{name}` stands more than once")));
    }
    match value.to_str() {
        Ok(text) => Ok(Some(text.trim())),
        Err(_) => Err(Problem::malformed(format!("the header `{name}` is not plain ASCII"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: &HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn if_match_is_one_strong_tag_of_digits() {
        let read = |text: &str| if_match(&headers(&header::IF_MATCH, text)).ok();
        assert_eq!(read("\"42\""), Some(Some(Revision(42))));
        assert_eq!(read("\"0\""), Some(Some(Revision(0))));
        assert_eq!(read("*"), Some(None));
        for bad in
            ["42", "W/\"42\"", "\"42\", \"43\"", "\"\"", "\"-1\"", "\"042\"", "\"+1\"", "\"x\""]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(read("\"99999999999999999999\""), None);
    }

    #[test]
    fn an_actor_is_percent_decoded() {
        let read = |text: &str| actor(&headers(&ACTOR, text)).ok().flatten();
        assert_eq!(read("eva").as_deref(), Some("eva"));
        assert_eq!(read("J%C3%BCrgen%20K.").as_deref(), Some("Jürgen K."));
        assert_eq!(read("100%25").as_deref(), Some("100%"));
        for bad in ["%", "%2", "%zz", "%FF", "a%0Ab", "", "%20", "%20%E2%80%83"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn if_none_match_takes_lists_weak_tags_and_the_star() {
        let matches = |text: &str| none_match(&headers(&header::IF_NONE_MATCH, text), "\"a\"");
        assert!(matches("\"a\"") && matches("W/\"a\"") && matches("\"b\", \"a\"") && matches("*"));
        assert!(!matches("\"b\"") && matches("a") && !matches("b"));
    }
}
