//! `vexil log export`: the log for an audit.
//!
//! In: filters and a format. Out: every event that they let through, oldest first, on standard
//! output, page by page: nothing is held in memory.

use std::io::Write as _;

use clap::{Args, ValueEnum};

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::Output;
use super::super::remote::Remote;
use super::super::request::Request;

pub(super) const EXAMPLES: &str = "\
A field that a spreadsheet would take for a formula begins with an apostrophe.

Examples:
  vexil log export > audit.csv
  vexil log export --format jsonl --since 2026-01-01T00:00:00Z --until 2026-04-01T00:00:00Z
  vexil log export -e production --kind FlagDisabled
  vexil log export --by-key 4fKq0aT2Xz             what was done with a key";

/// How many events one request asks for; the server gives no more.
const PAGE: usize = 1_000;

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Comma-separated values (RFC 4180)
    #[default]
    Csv,
    /// One JSON document a line
    Jsonl,
}

/// Which events, and how.
#[derive(Args, Clone, Debug)]
pub struct Export {
    /// How to write them
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Only of this flag
    #[arg(long, value_name = "KEY")]
    flag: Option<String>,
    /// Only of this kind, such as FlagDisabled
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only what was done with the key of this id
    #[arg(long, value_name = "ID")]
    by_key: Option<String>,
    /// Only from this time on (RFC 3339)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// Runs `vexil log export`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(export: &Export, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let format = if out.json { Format::Jsonl } else { export.format };
    let mut after = 0;
    let mut stdout = std::io::stdout();
    loop {
        let name = if format == Format::Csv { "csv" } else { "jsonl" };
        let page = remote.bytes(request(export, remote, after, name)?).await?;
        let text = String::from_utf8_lossy(&page);
        // The head stands once.
        let skipped = usize::from(format == Format::Csv && after > 0);
        let lines: Vec<&str> = records(&text, format).skip(skipped).collect();
        for line in &lines {
            stdout.write_all(line.as_bytes())?;
        }
        let head = usize::from(format == Format::Csv && after == 0);
        let Some(last) = lines.last().filter(|_| lines.len() >= PAGE + head) else {
            return Ok(Exit::Success);
        };
        after = revision(last, format).ok_or_else(|| remote.answer("an event has no revision"))?;
    }
}

fn request<'r>(
    export: &Export,
    remote: &'r Remote,
    after: u64,
    format: &str,
) -> Result<Request<'r>, Failure> {
    Ok(Request::get(["v1", "projects", remote.project()?, "log"])
        .query("format", format)
        .query("after", after)
        .query("limit", PAGE)
        .query_some("flag", export.flag.as_ref())
        .query_some("kind", export.kind.as_ref())
        .query_some("by_key", export.by_key.as_ref())
        .query_some("since", export.since.as_ref())
        .query_some("until", export.until.as_ref())
        .query_some("actor", remote.given_actor())
        .query_some("environment", remote.given_environment()))
}

/// The records of a page with what ends them; a line break in quotes ends none.
fn records(text: &str, format: Format) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split_inclusive(move |letter| {
        quoted ^= format == Format::Csv && letter == '"';
        letter == '\n' && !quoted
    })
}

fn revision(record: &str, format: Format) -> Option<u64> {
    match format {
        Format::Csv => record.split(',').next()?.parse().ok(),
        Format::Jsonl => {
            serde_json::from_str::<serde_json::Value>(record).ok()?.get("revision")?.as_u64()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_ends_where_its_quotes_have_ended() {
        let page = "revision,comment\r\n1,\"two\nlines, \"\"so\"\"\"\r\n2,x\r\n";
        let records: Vec<&str> = records(page, Format::Csv).collect();
        assert_eq!(records.len(), 3);
        assert_eq!(revision(records[2], Format::Csv), Some(2));
        assert_eq!(revision("{\"revision\":7}\n", Format::Jsonl), Some(7));
    }
}
