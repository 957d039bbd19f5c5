//! Query strings, strictly.
//!
//! In: a URI. Out: its parameters, each at most once, each known. A misspelt parameter is refused,
//! never ignored: `?dry_rum=true` must not write.

use axum::http::Uri;

use super::precondition;
use super::problem::Problem;
use crate::clock;
use crate::hub::lookup::At;
use crate::log::event::Revision;

/// The parameters of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The parameters of `uri`, of which `known` may be given.
    ///
    /// # Errors
    /// `malformed-request`: one is not known, stands twice, or is not percent-encoded UTF-8.
    pub fn read(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let parts = uri.query().unwrap_or_default().split('&').filter(|part| !part.is_empty());
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if !known.contains(&name.as_str()) {
                return Err(unknown(&name, known));
            }
            if pairs.iter().any(|(earlier, _)| *earlier == name) {
                let detail = format!("the query parameter `{name}` stands twice");
                return Err(Problem::malformed(detail));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// A parameter as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is a revision.
    ///
    /// # Errors
    /// `malformed-request`: it is none.
    pub fn revision(&self, name: &str) -> Result<Option<Revision>, Problem> {
        self.parsed(name, "a revision, such as `42`", Revision::parse)
    }

    /// The parameter `at`: a place in the past, by its revision or a time.
    ///
    /// # Errors
    /// `malformed-request`: it is neither.
    pub fn at(&self) -> Result<Option<At>, Problem> {
        self.parsed(
            "at",
            "a revision, such as `42`, or a time, such as `2026-01-31T00:00:00Z`",
            At::parse,
        )
    }

    /// A parameter that is `true` or `false`; `false` when it is absent.
    ///
    /// # Errors
    /// `malformed-request`: it is neither.
    pub fn truth(&self, name: &str) -> Result<bool, Problem> {
        let parsed = self.parsed(name, "`true` or `false`", |text| text.parse().ok())?;
        Ok(parsed.unwrap_or(false))
    }

    /// A parameter that is a whole number from `least` to `most`.
    ///
    /// # Errors
    /// `malformed-request`: it is none.
    pub fn number(&self, name: &str, least: usize, most: usize) -> Result<Option<usize>, Problem> {
        self.parsed(name, &format!("a whole number from {least} to {most}"), |text| {
            text.parse().ok().filter(|number| (least..=most).contains(number))
        })
    }

    /// A parameter that is a time (RFC 3339), in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// `malformed-request`: it is none.
    pub fn time(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.parsed(name, "a time, such as `2026-01-31T00:00:00Z`", clock::parse)
    }

    fn parsed<T>(
        &self,
        name: &str,
        what: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match parse(text) {
            Some(value) => Ok(Some(value)),
            None => Err(Problem::malformed(format!(
                "the query parameter `{name}` is {what}; not `{text}`"
            ))),
        }
    }
}

fn decoded(text: &str) -> Result<String, Problem> {
    precondition::percent_decoded(&text.replace('+', " "))
        .ok_or_else(|| Problem::malformed("the query is not percent-encoded UTF-8"))
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let known = match known {
        [] => "none is".to_owned(),
        [one] => format!("`{one}` is"),
        [most @ .., last] => format!("`{}` and `{last}` are", most.join("`, `")),
    };
    Problem::malformed(format!("the query parameter `{name}` is not known here; {known}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(query: &str) -> Result<Query, String> {
        let uri: Uri = format!("/x?{query}").parse().unwrap();
        Query::read(&uri, &["at", "flag", "dry_run"]).map_err(|problem| problem.detail)
    }

    #[test]
    fn parameters_are_decoded() {
        let query = read("at=42&flag=a%2Fb+c%26&dry_run=true").unwrap();
        assert_eq!(query.revision("at").unwrap(), Some(Revision(42)));
        assert_eq!(query.at().unwrap(), Some(At::Revision(Revision(42))));
        let moment = read("at=1970-01-01T00:00:01Z").unwrap();
        assert_eq!(moment.at().unwrap(), Some(At::TimeMs(1_000)));
        assert_eq!(query.text("flag"), Some("a/b c&"));
        assert!(query.truth("dry_run").unwrap());
        assert_eq!(read("").unwrap(), Query::default());
    }

    #[test]
    fn what_is_not_known_or_not_clear_is_refused() {
        let detail = |query| read(query).unwrap_err();
        assert_eq!(
            detail("dry_rum=true"),
            "the query parameter `dry_rum` is not known here; `at`, `flag` and `dry_run` are"
        );
        assert_eq!(detail("at=1&at=2"), "the query parameter `at` stands twice");
        for bad in ["flag=%FF", "flag=%zz", "flag=50%"] {
            assert_eq!(detail(bad), "the query is not percent-encoded UTF-8", "{bad}");
        }
        let bad = read("at=-1&dry_run=1").unwrap();
        assert_eq!(
            bad.revision("at").unwrap_err().detail,
            "the query parameter `at` is a revision, such as `42`; not `-1`"
        );
        assert!(bad.truth("dry_run").is_err());
    }
}
