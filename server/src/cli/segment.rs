//! `vexil segment …`: named cohorts.
//!
//! In: keys and segments as in the flag language. Out: what the server says of them.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, cut, pairs, plain, table};
use super::remote::Remote;
use super::request::Request;
use super::sentence;
use super::source::Content;
use super::written::written;

/// What to do with segments.
#[derive(Subcommand, Clone, Debug)]
pub enum SegmentCommand {
    /// List the segments of the project
    List,
    /// Show a segment
    Show {
        /// The segment's key
        key: String,
    },
    /// Create a segment, or replace it
    #[command(after_help = SET_EXAMPLES)]
    Set(Set),
    /// Delete a segment that nothing names any more
    Delete {
        /// The segment's key
        key: String,
    },
}

const SET_EXAMPLES: &str = "\
Examples:
  vexil segment set employees '{when: {attribute: email, ends_with: \"@example.com\"}}'
  vexil segment set beta --file beta.yaml";

/// A segment and its new content.
#[derive(Args, Clone, Debug)]
pub struct Set {
    /// The segment's key
    pub key: String,
    #[command(flatten)]
    content: Content,
}

/// Runs `vexil segment …`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(command: &SegmentCommand, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let project = remote.project()?;
    let path = |key| ["v1", "projects", project, "segments", key];
    match command {
        SegmentCommand::List => {
            let path = ["v1", "projects", project, "segments"];
            list(&remote.send(Request::get(path)).await?, out)
        }
        SegmentCommand::Show { key } => {
            show(key, &remote.send(Request::get(path(key))).await?, out)
        }
        SegmentCommand::Set(set) => {
            let body = set.content.read()?.json;
            let answer = remote.send(Request::put(path(&set.key)).json(body)).await?;
            written(out, &answer, &format!("segment {} is as given", set.key))
        }
        SegmentCommand::Delete { key } => {
            let answer = remote.send(Request::delete(path(key))).await?;
            written(out, &answer, &format!("segment {key} is deleted"))
        }
    }
}

fn list(answer: &Value, out: Output) -> Result<Exit, Failure> {
    if out.json {
        out.json(answer)?;
        return Ok(Exit::Success);
    }
    let segments = answer.get("segments").and_then(Value::as_object);
    let Some(segments) = segments.filter(|segments| !segments.is_empty()) else {
        out.note("no segments yet; `vexil segment set KEY CONTENT` makes one");
        return Ok(Exit::Success);
    };
    let mut rows = table(&["SEGMENT", "WHEN", "INCLUDED", "EXCLUDED", "DESCRIPTION"]);
    for (key, segment) in segments {
        rows.add_row([
            plain(key),
            plain(&cut(&when(segment), 60)),
            keys(segment, "included").len().to_string(),
            keys(segment, "excluded").len().to_string(),
            plain(&cut(text(segment, "description"), 40)),
        ]);
    }
    out.table(rows)?;
    Ok(Exit::Success)
}

fn show(key: &str, segment: &Value, out: Output) -> Result<Exit, Failure> {
    if out.json {
        out.json(segment)?;
        return Ok(Exit::Success);
    }
    let mut rows = pairs();
    rows.add_row(["segment", &plain(key)]);
    if !text(segment, "description").is_empty() {
        rows.add_row(["description", &plain(text(segment, "description"))]);
    }
    rows.add_row(["when", &plain(&when(segment))]);
    for name in ["included", "excluded"] {
        let keys = keys(segment, name);
        if !keys.is_empty() {
            rows.add_row([name, &plain(&super::output::some(&keys, 20))]);
        }
    }
    out.table(rows)?;
    Ok(Exit::Success)
}

fn when(segment: &Value) -> String {
    match segment.get("when") {
        None | Some(Value::Null) => "only the included".to_owned(),
        when => sentence::predicate(when),
    }
}

fn keys<'v>(segment: &'v Value, name: &str) -> Vec<&'v str> {
    let keys = segment.get(name).and_then(Value::as_array);
    keys.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn text<'v>(segment: &'v Value, name: &str) -> &'v str {
    segment.get(name).and_then(Value::as_str).unwrap_or_default()
}
