//! `vexil module verify`: is a file the module that was announced, and by whom.
//!
//! In: a module, its announcement, and the roots that are trusted. Out: what was signed, or why the
//! module is not to be trusted. No server is asked. The signatures are checked by the code that
//! services check them by.

use std::path::PathBuf;

use clap::Args;
use owo_colors::OwoColorize;
use serde_json::json;
use vexil_compiler::module::digest;
use vexil_runtime::trust::{Verified, verify_announcement};

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Output, pairs, plain};
use super::super::source;
use crate::clock;
use crate::log::event::Hash;

pub(in super::super) const EXAMPLES: &str = "\
Examples:
  vexil head -p shop -e production --json > head.json
  vexil module -p shop -e production -o m.wasm
  vexil module verify m.wasm --announcement head.json --root 8a88…";

/// A module and its announcement.
#[derive(Args, Clone, Debug)]
pub struct Verify {
    /// The module
    module: PathBuf,
    /// The announcement, as `vexil head --json` gives it
    #[arg(long, value_name = "FILE")]
    announcement: PathBuf,
    /// The public key of a root that is trusted [default: whoever has signed it]
    #[arg(long = "root", value_name = "PUBLIC")]
    roots: Vec<String>,
}

/// Runs `vexil module verify`.
///
/// # Errors
/// A file cannot be read, or the module is not to be trusted.
pub fn run(verify: &Verify, out: Output) -> Result<Exit, Failure> {
    for root in &verify.roots {
        if Hash::parse(&root.to_lowercase()).is_none() {
            let message = format!("`{root}` is no public key: one is 64 hexadecimal digits");
            return Err(Failure::Usage(message));
        }
    }
    let module = source::bytes(&verify.module)?;
    let announcement = source::bytes(&verify.announcement)?;
    let wrong = |why: String| Failure::Other(format!("the module is not to be trusted: {why}"));
    let verified = verify_announcement(&announcement, &verify.roots);
    let verified = verified.map_err(|error| wrong(error.to_string()))?;
    let Verified { statement, root, key, .. } = &verified;
    if statement.digest != digest(&module) {
        return Err(wrong("its SHA-256 is not the digest that was announced".into()));
    }
    let expired = statement.expires_ms < clock::now_ms();
    if out.json {
        let mut told = json!({
            "project": statement.project, "environment": statement.environment,
            "audience": statement.audience, "revision": statement.revision,
            "digest": statement.digest, "bytes": statement.bytes, "log_head": statement.log_head,
            "expires": clock::rfc3339(statement.expires_ms), "expired": expired,
            "root": root, "key": key,
        });
        if let (Some(selection), Some(members)) = (&statement.selection, told.as_object_mut()) {
            members.insert("selection".to_owned(), json!(selection));
        }
        out.json(&told)?;
    } else {
        let place = format!("{}/{}", statement.project, statement.environment);
        let what =
            format!("{place} at revision {}, for {}s", statement.revision, statement.audience);
        out.line(format_args!("{} {}", "✓".green().bold(), plain(&what)))?;
        let until = clock::rfc3339(statement.expires_ms);
        let mut rows = pairs();
        rows.add_row(["digest", &statement.digest]);
        if let Some(selection) = &statement.selection {
            rows.add_row(["flags", &plain(&selection.to_string())]);
        }
        rows.add_row(["log", &plain(&statement.log_head)]);
        rows.add_row(["signed by", &plain(key)]);
        rows.add_row(["root", &plain(root)]);
        rows.add_row(["good until", &if expired { format!("{until} (over)") } else { until }]);
        out.table(rows)?;
    }
    Ok(if expired { Exit::Failure } else { Exit::Success })
}
