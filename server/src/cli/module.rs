//! `vexil module`: the module of an environment, now or of an older revision.
//!
//! In: an environment, a revision or none. Out: what the module is, and its bytes in a file, which
//! are kept only if their SHA-256 is the announced digest. `verify` checks such a file by hand.

pub mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, pairs, plain};
use super::remote::Remote;
use super::request::{Request, place_in_time};
use super::source;

pub(super) const EXAMPLES: &str = "\
Examples:
  vexil module -p storefront -e production                       what is announced
  vexil module -p storefront -e production --output now.wasm     fetch it
  vexil module -p storefront -e production --at 42 -o then.wasm  compile revision 42 again
  vexil module verify now.wasm --announcement head.json          is it the one that was announced";

/// Fetch a module, or check one.
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Module {
    /// What to do instead of fetching.
    #[command(subcommand)]
    pub command: Option<ModuleCommand>,
    /// What to fetch.
    #[command(flatten)]
    pub fetch: Fetch,
}

/// What else to do with a module.
#[derive(Subcommand, Clone, Debug)]
pub enum ModuleCommand {
    /// Check that a module is the one that was announced, by whom, and until when that holds
    #[command(after_help = verify::EXAMPLES)]
    Verify(verify::Verify),
}

/// Which module, and where to.
#[derive(Args, Clone, Debug)]
pub struct Fetch {
    /// As it was at this revision or time (RFC 3339), compiled again
    #[arg(long, value_name = "REVISION|TIME", value_parser = place_in_time)]
    at: Option<String>,
    /// Write the module to a file; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs `vexil module`.
///
/// # Errors
/// The server is out of reach or refuses, the bytes are not those of the digest, or the file
/// cannot be written.
pub async fn run(fetch: &Fetch, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let (project, environment) = (remote.project()?, remote.environment()?);
    let path = |last| ["v1", "projects", project, "environments", environment, last];
    let answer = match &fetch.at {
        Some(at) => remote.send(Request::get(path("module")).query("at", at)).await?,
        None => remote.send(Request::get(path("head"))).await?,
    };
    let digest = answer.get("digest").and_then(Value::as_str);
    let digest = digest.ok_or_else(|| remote.answer("the answer names no digest"))?;
    if let Some(file) = &fetch.output {
        let name = format!("{digest}.wasm");
        let bytes = remote.bytes(Request::get(["v1", "modules", name.as_str()])).await?;
        if vexil_compiler::module::digest(&bytes) != digest {
            return Err(remote.answer("the module's SHA-256 is not its digest"));
        }
        source::write(file, &bytes)?;
        if file.as_os_str() == "-" {
            return Ok(Exit::Success);
        }
    }
    let field = |name: &str| answer.get(name).cloned().unwrap_or_default();
    if out.json {
        let fields = ["revision", "digest", "bytes", "url"].map(|name| (name.into(), field(name)));
        out.json(&Value::Object(fields.into_iter().collect()))?;
        return Ok(Exit::Success);
    }
    let mut rows = pairs();
    rows.add_row(["revision", &field("revision").to_string()]);
    rows.add_row(["digest", &plain(digest)]);
    rows.add_row(["bytes", &field("bytes").to_string()]);
    if let Some(file) = &fetch.output {
        rows.add_row(["written to", &source::name(file)]);
    }
    out.table(rows)?;
    Ok(Exit::Success)
}
