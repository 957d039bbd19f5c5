//! `vexil trust …`: whose announcements clients follow.
//!
//! In: files of keys and lists of keys. Out: new ones, and what is in them. No server is asked: a
//! root key stays where nothing else is.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use owo_colors::OwoColorize;
use serde_json::json;
use vexil_abi::announcement::STATEMENT_VERSION;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, pairs, plain};
use crate::hub::error::chain;
use crate::log::event::Hash;
use crate::publish::sign::{Keys, SecretKey, SignError, SignedKeys};

/// What to do with trust.
#[derive(Subcommand, Clone, Debug)]
pub enum TrustCommand {
    /// Make a root key, to be kept offline, and show its public key
    Root {
        /// The file to write it to
        file: PathBuf,
    },
    /// Show the public key of a file with a key
    Public {
        /// The file, such as the `vexil.db.signing-key` of a server
        file: PathBuf,
    },
    /// Sign a list of the keys that may sign announcements
    #[command(after_help = SIGN_EXAMPLES)]
    Sign(Sign),
    /// Show what a list of keys says, and who has signed it
    Show {
        /// The file that `vexil trust sign` has written
        file: PathBuf,
    },
}

const SIGN_EXAMPLES: &str = "\
Examples:
  vexil trust root root.key                                   once, on a machine that is offline
  vexil trust sign --root root.key --public $(vexil trust public vexil.db.signing-key) -o keys.json
  vexil serve --trust keys.json
  vexil trust sign --root root.key --previous keys.json --public OLD --public NEW -o keys.json
                                                              a new key beside the old one
  vexil trust sign --root old.key --new-root new.key --previous keys.json --public KEY -o keys.json
                                                              another root";

/// A list to be signed.
#[derive(Args, Clone, Debug)]
pub struct Sign {
    /// The file of a root key; all that are given sign
    #[arg(long = "root", value_name = "FILE", required = true)]
    roots: Vec<PathBuf>,
    /// The file of a root key that takes their place from then on; it signs, too
    #[arg(long = "new-root", value_name = "FILE")]
    new_roots: Vec<PathBuf>,
    /// A public key that may sign announcements
    #[arg(long = "public", value_name = "PUBLIC", required = true)]
    keys: Vec<String>,
    /// The list before this one: this one is newer
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// The file to write it to
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Runs `vexil trust …`.
///
/// # Errors
/// A file cannot be used, or a key is none.
pub fn run(command: &TrustCommand, out: Output) -> Result<Exit, Failure> {
    match command {
        TrustCommand::Root { file } => root(file, out),
        TrustCommand::Public { file } => public(file, out),
        TrustCommand::Sign(sign) => self::sign(sign, out),
        TrustCommand::Show { file } => show(file, out),
    }
}

fn root(file: &Path, out: Output) -> Result<Exit, Failure> {
    let key = SecretKey::new();
    key.write(file).map_err(|source| Failure::File {
        action: "write",
        path: file.display().to_string(),
        source,
    })?;
    if out.json {
        out.json(&json!({ "public": key.public() }))?;
    } else {
        let what = format!("root key in {}", file.display());
        out.line(format_args!("{} {}", "✓".green().bold(), plain(&what)))?;
        out.line(format_args!("  public  {}", key.public()))?;
        out.note("keep the file offline; clients pin the public key: `.trust(Trust::Roots(…))`");
    }
    Ok(Exit::Success)
}

/// A key that has to be there: looking is not to make one.
fn existing(file: &Path) -> Result<SecretKey, Failure> {
    if !file.exists() {
        return Err(Failure::Missing(format!("there is no key in `{}`", file.display())));
    }
    SecretKey::open(file).map_err(|error| failure(&error))
}

fn failure(error: &SignError) -> Failure {
    Failure::Other(chain(error))
}

fn public(file: &Path, out: Output) -> Result<Exit, Failure> {
    let public = existing(file)?.public();
    match out.json {
        true => out.json(&json!({ "public": public }))?,
        false => out.line(public)?,
    }
    Ok(Exit::Success)
}

fn sign(sign: &Sign, out: Output) -> Result<Exit, Failure> {
    for key in &sign.keys {
        if Hash::parse(key).is_none() {
            let message = format!(
                "`{key}` is no public key: one is 64 hexadecimal digits, as `vexil trust public` \
                 shows it"
            );
            return Err(Failure::Usage(message));
        }
    }
    let read =
        |files: &[PathBuf]| files.iter().map(|file| existing(file)).collect::<Result<Vec<_>, _>>();
    let (old, new) = (read(&sign.roots)?, read(&sign.new_roots)?);
    let publics = |keys: &[SecretKey]| keys.iter().map(SecretKey::public).collect::<Vec<_>>();
    let serial = match &sign.previous {
        None => 1,
        Some(file) => {
            let previous = SignedKeys::read(file).map_err(|error| failure(&error))?;
            let keys = previous.keys().map_err(Failure::Other)?;
            if !keys.roots.iter().any(|root| publics(&old).contains(root)) {
                return Err(Failure::Usage(format!(
                    "none of these roots stands in `{}`, so that no client would take the new list",
                    file.display()
                )));
            }
            keys.serial + 1
        }
    };
    let roots = if new.is_empty() { publics(&old) } else { publics(&new) };
    let keys = Keys { v: STATEMENT_VERSION, serial, roots, keys: sign.keys.clone() };
    let signers: Vec<&SecretKey> = old.iter().chain(&new).collect();
    let signed = SignedKeys::new(&keys, &signers);
    let text = serde_json::to_string_pretty(&signed).map_err(std::io::Error::from)?;
    std::fs::write(&sign.output, format!("{text}\n")).map_err(|source| Failure::File {
        action: "write",
        path: sign.output.display().to_string(),
        source,
    })?;
    if out.json {
        out.json(&json!(keys))?;
    } else {
        let what = format!("list {serial} in {}", sign.output.display());
        out.line(format_args!("{} {}", "✓".green().bold(), plain(&what)))?;
        out.note("start the server with `--trust` and this file");
    }
    Ok(Exit::Success)
}

fn show(file: &Path, out: Output) -> Result<Exit, Failure> {
    let signed = SignedKeys::read(file).map_err(|error| failure(&error))?;
    let keys = signed.keys().map_err(Failure::Other)?;
    let by: Vec<&String> =
        signed.signatures.keys().filter(|root| signed.is_signed_by(root)).collect();
    if out.json {
        out.json(&json!({ "serial": keys.serial, "roots": keys.roots, "keys": keys.keys, "signed_by": by }))?;
        return Ok(Exit::Success);
    }
    let mut rows = pairs();
    rows.add_row(["list", &keys.serial.to_string()]);
    let lists = [
        ("root", keys.roots.iter().collect()),
        ("key", keys.keys.iter().collect()),
        ("signed by", by),
    ];
    for (name, list) in lists {
        for key in list as Vec<&String> {
            rows.add_row([name, &plain(key)]);
        }
    }
    out.table(rows)?;
    Ok(Exit::Success)
}
