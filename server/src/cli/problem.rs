//! The server's problem documents (RFC 9457), shown to people.
//!
//! In: the body of a refused request. Out: a text with title, detail, every diagnostic, and on a
//! conflict what happened since. A body that is no problem document is shown as it is.

use std::fmt::Write as _;

use owo_colors::OwoColorize;
use serde_json::Value;

use super::failure::count;
use super::fault::Fault;
use super::output::plain;

/// Changes that are shown of many: the newest; `vexil log show` has them all.
const CHANGES_SHOWN: usize = 10;

/// A refusal.
#[derive(Debug)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// What went wrong, in few words.
    pub title: String,
    /// The whole document, for programs.
    pub document: Value,
}

/// One change that happened since the caller looked.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Since {
    revision: u64,
    actor: String,
    kind: String,
    time: String,
    summary: String,
}

/// Characters that are shown of an answer that is no problem document: a page, or a proxy's word.
const FOREIGN_CHARS_MAX: usize = 120;

impl Problem {
    /// Reads the body of an answer with `status`.
    #[must_use]
    pub fn read(status: u16, body: &[u8]) -> Self {
        let document = serde_json::from_slice::<Value>(body).ok().filter(Value::is_object);
        let document = document.unwrap_or_else(|| {
            let text = String::from_utf8_lossy(body);
            let line = text.trim().lines().next().unwrap_or_default();
            let start: String = line.chars().take(FOREIGN_CHARS_MAX).collect();
            let dots = if start.len() < text.trim().len() { " …" } else { "" };
            serde_json::json!({
                "type": "about:blank", "status": status, "detail": format!("{start}{dots}"),
                "title": format!("status {status}, and not as a Vexil server answers; is `--server` right?"),
            })
        });
        let title = document.get("title").and_then(Value::as_str).unwrap_or("the server refused");
        Self { status, title: title.to_owned(), document }
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for fault in self.list::<Fault>("diagnostics") {
            text.push_str(&fault.text(None));
        }
        let _ = writeln!(text, "{} {}", "error:".red().bold(), plain(&self.title).bold());
        let detail = self.document.get("detail").and_then(Value::as_str).unwrap_or_default();
        if !detail.is_empty() && detail != self.title {
            let _ = writeln!(text, "  {}", plain(detail));
        }
        if self.status == 401 {
            let _ = writeln!(
                text,
                "{} show a key by `--key KEY` or VEXIL_KEY; whoever has an admin key can create one",
                "help:".cyan().bold(),
            );
        }
        self.conflict(&mut text);
        text
    }

    /// On a conflict: what happened, and how to go on.
    fn conflict(&self, text: &mut String) {
        let Some(current) = self.document.get("current_revision").and_then(Value::as_u64) else {
            return;
        };
        let changes = self.list::<Since>("changes");
        let before = changes.len().saturating_sub(CHANGES_SHOWN);
        if !changes.is_empty() {
            let _ = writeln!(text, "\n  since then:");
        }
        if before > 0 {
            let _ = writeln!(
                text,
                "  {}",
                format!("… {} before, and", count(before, "change")).dimmed()
            );
        }
        for change in changes.iter().skip(before) {
            let what = if change.summary.is_empty() { &change.kind } else { &change.summary };
            let _ = writeln!(
                text,
                "  {}  {}  {}  {}",
                format!("{:>5}", change.revision).bold(),
                plain(&change.time).dimmed(),
                plain(&change.actor).cyan(),
                plain(what),
            );
        }
        let _ = writeln!(
            text,
            "{} look at the changes, then run it again with `--if-match {current}`",
            "help:".cyan().bold(),
        );
    }

    fn list<T: serde::de::DeserializeOwned>(&self, name: &str) -> Vec<T> {
        let items = self.document.get(name).and_then(Value::as_array);
        items
            .map(|items| items.iter().filter_map(|item| T::deserialize(item).ok()).collect())
            .unwrap_or_default()
    }
}
