//! The log over HTTP: what happened, and whether it is as it was written.
//!
//! In: requests below `/v1/projects/{p}/log`. Out: events, oldest first; the result of a
//! verification.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use serde_json::{Value, json};

use super::problem::{Kind, Problem};
use super::query::Query;
use super::request::Keys;
use super::{App, answer, refusal};
use crate::clock;
use crate::limits::{LOG_EVENTS_DEFAULT, READ_EVENTS_MAX};
use crate::log::event::{Event, Revision};
use crate::log::store::{Store, StoreError};
use crate::projection::verify::verify;

type Answer = Result<Response<Body>, Problem>;

/// Which events are asked for.
#[derive(Debug, Default)]
pub struct Wanted {
    after: Revision,
    limit: usize,
    flag: Option<String>,
    environment: Option<String>,
    actor: Option<String>,
    kind: Option<String>,
    /// The id of a key with which it was done.
    by_key: Option<String>,
    /// From this time on, in milliseconds since the Unix epoch.
    since_ms: Option<i64>,
    /// Before this time.
    until_ms: Option<i64>,
    format: Format,
}

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    /// One JSON document, with the head.
    #[default]
    Json,
    /// One JSON document a line.
    Lines,
    /// Comma-separated values (RFC 4180), with a head.
    Csv,
}

impl Wanted {
    /// Reads a query.
    ///
    /// # Errors
    /// `malformed-request`.
    pub fn read(uri: &Uri) -> Result<Self, Problem> {
        let known = [
            "after",
            "limit",
            "flag",
            "environment",
            "actor",
            "kind",
            "by_key",
            "since",
            "until",
            "format",
        ];
        let query = Query::read(uri, &known)?;
        let text = |name| query.text(name).map(str::to_owned);
        let format = match query.text("format") {
            None | Some("json") => Format::Json,
            Some("jsonl") => Format::Lines,
            Some("csv") => Format::Csv,
            Some(other) => {
                return Err(Problem::malformed(format!(
                    "the query parameter `format` is `json`, `jsonl` or `csv`; not `{other}`"
                )));
            }
        };
        Ok(Self {
            format,
            kind: text("kind"),
            by_key: text("by_key"),
            since_ms: query.time("since")?,
            until_ms: query.time("until")?,
            after: query.revision("after")?.unwrap_or_default(),
            limit: query.number("limit", 1, READ_EVENTS_MAX)?.unwrap_or(LOG_EVENTS_DEFAULT),
            flag: text("flag"),
            environment: text("environment"),
            actor: text("actor"),
        })
    }

    fn wants(&self, event: &Event) -> bool {
        let says = |name: &str, wanted: &Option<String>| {
            wanted.as_deref().is_none_or(|wanted| {
                event.payload.get(name).and_then(Value::as_str) == Some(wanted)
            })
        };
        // A revert of the whole project is one of every environment.
        let of_all = event.kind == "Reverted" && event.payload.get("environment").is_none();
        says("flag", &self.flag)
            && (says("environment", &self.environment) || of_all)
            && self.actor.as_ref().is_none_or(|actor| *actor == event.actor)
            && self.kind.as_ref().is_none_or(|kind| *kind == event.kind)
            && self.by_key.as_ref().is_none_or(|key| {
                event.via.as_ref().is_some_and(|via| via.key.as_ref() == Some(key))
            })
            && self.since_ms.is_none_or(|since| event.time_ms >= since)
            && self.until_ms.is_none_or(|until| event.time_ms < until)
    }

    /// Those of a log that are wanted, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn find(
        &self,
        store: &dyn Store,
        project: &str,
        seen: impl Fn(&Event) -> bool,
    ) -> Result<Vec<Event>, StoreError> {
        let mut found = Vec::new();
        let mut after = self.after;
        loop {
            let events = store.read(project, after, READ_EVENTS_MAX)?;
            let Some(last) = events.last() else { return Ok(found) };
            after = last.revision;
            for event in events.into_iter().filter(|event| self.wants(event) && seen(event)) {
                found.push(event);
                if found.len() == self.limit {
                    return Ok(found);
                }
            }
        }
    }
}

impl Wanted {
    /// The answer with these events, written as it was asked for.
    #[must_use]
    pub fn answer(&self, events: &[&Event], head: Revision) -> Response<Body> {
        match self.format {
            Format::Json => {
                let events: Vec<Value> = events.iter().map(|event| written(event)).collect();
                answer::json(&json!({ "events": events, "head": head }))
            }
            Format::Lines => {
                let lines = events.iter().map(|event| format!("{}\n", written(event)));
                answer::text("application/jsonl; charset=utf-8", lines.collect::<String>())
            }
            Format::Csv => {
                let lines = events.iter().map(|event| csv(event));
                let text = std::iter::once(CSV_HEAD.to_owned()).chain(lines).collect::<String>();
                answer::text("text/csv; charset=utf-8; header=present", text)
            }
        }
    }
}

/// The columns of an export.
const CSV_HEAD: &str = "revision,time,actor,kind,environment,flag,summary,comment,key,address,\
                        request,id,hash,payload\r\n";

/// An event as a line of comma-separated values.
fn csv(event: &Event) -> String {
    let text =
        |name: &str| event.payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let via = event.via.clone().unwrap_or_default();
    let fields = [
        event.revision.to_string(),
        clock::rfc3339(event.time_ms),
        event.actor.clone(),
        event.kind.clone(),
        text("environment"),
        text("flag"),
        event.summary(),
        event.comment.clone().unwrap_or_default(),
        via.key.unwrap_or_default(),
        via.address.unwrap_or_default(),
        via.request.unwrap_or_default(),
        event.id.to_string(),
        event.hash.to_string(),
        event.payload.to_string(),
    ];
    let line: Vec<String> = fields.iter().map(|field| csv_field(field)).collect();
    format!("{}\r\n", line.join(","))
}

/// A field in quotes where it needs them. One that a spreadsheet would take for a formula gets an
/// apostrophe before it: what people wrote into a comment is not to run on an auditor's machine.
fn csv_field(field: &str) -> String {
    let blank = |letter: char| letter.is_whitespace() || letter == '\u{feff}' || letter == ';';
    let first = field.trim_start_matches(blank).chars().next();
    let harmless = match first {
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') => format!("'{field}"),
        _ => field.to_owned(),
    };
    match harmless.contains([',', ';', '"', '\t', '\n', '\r', '\'']) {
        true => format!("\"{}\"", harmless.replace('"', "\"\"")),
        false => harmless,
    }
}

/// An event, for those who may read the log.
#[must_use]
pub fn written(event: &Event) -> Value {
    json!({
        "revision": event.revision,
        "id": event.id,
        "time": clock::rfc3339(event.time_ms),
        "actor": event.actor,
        "comment": event.comment,
        "schema": event.schema,
        "kind": event.kind,
        "payload": event.payload,
        "via": event.via,
        "hash": event.hash.to_string(),
    })
}

/// `GET /v1/projects/{p}/log`
pub async fn show(State(app): State<Arc<App>>, Keys(project): Keys<String>, uri: Uri) -> Answer {
    let wanted = Wanted::read(&uri)?;
    let head = app.hub.state(&project, None).await?.revision;
    let find = move |store: &dyn Store| (wanted.find(store, &project, |_| true), wanted);
    let (found, wanted) = app.hub.past(find).await?;
    let events = found.map_err(|error| refusal::store(&error))?;
    Ok(wanted.answer(&events.iter().collect::<Vec<_>>(), head))
}

/// `GET /v1/projects/{p}/log/verify`
pub async fn show_verification(
    State(app): State<Arc<App>>,
    Keys(project): Keys<String>,
    uri: Uri,
) -> Answer {
    Query::read(&uri, &[])?;
    if app.hub.live(&project).is_none() {
        let detail = format!("there is no project `{project}`");
        return Err(Problem::new(Kind::UnknownProject, detail));
    }
    let verification = app.hub.past(move |store| verify(store, &project)).await?;
    let verification = verification.map_err(|error| refusal::store(&error))?;
    Ok(answer::json(&verification.to_json()))
}

#[cfg(test)]
mod tests {
    use super::csv_field;

    #[test]
    fn a_field_is_quoted_where_it_must_be_and_is_never_a_formula() {
        assert_eq!(csv_field("plain"), "plain");
        assert_eq!(csv_field("a,b"), "\"a,b\"");
        assert_eq!(csv_field("say \"so\"\n"), "\"say \"\"so\"\"\n\"");
        for formula in ["=cmd()", "\u{feff}=cmd()", "\n=cmd()", ";=cmd()", "\u{a0}+1", "＝1"] {
            assert_eq!(csv_field(formula), format!("\"'{formula}\""));
        }
        assert_eq!(csv_field("-1"), "\"'-1\"");
        assert_eq!(csv_field(""), "");
    }
}
