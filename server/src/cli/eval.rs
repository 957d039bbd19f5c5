//! `vexil eval`: flags evaluated for a context, in a module or by the interpreter.
//!
//! In: a module or a flag document, a flag or none (all of them), a context; or a batch of lines.
//! Out: verdicts. Programs get one JSON line per verdict, the same from the module and from the
//! interpreter. Evaluators are in `eval/evaluator.rs`, batches in `eval/batch.rs`.

use std::path::{Path, PathBuf};

use clap::Args;
use comfy_table::{Cell, Color};
use serde_json::Value;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, cut, pairs, plain, table};
use super::source;
use crate::clock;

pub mod batch;
pub mod evaluator;

use evaluator::{Evaluated, Evaluator};

pub(super) const EXAMPLES: &str = "\
With --json a verdict is one line with key, value, variant, reason, rule and errorCode.
A batch has one JSON object per line, {\"flag\": …, \"context\": {…}, \"now_ms\": …}; its verdicts
come in the same order, and a line that cannot be read is answered with {\"error\": …}.

Examples:
  vexil eval m.wasm checkout-v2 --context '{\"targetingKey\": \"user-1\", \"country\": \"DE\"}'
  vexil eval m.wasm --context @context.json            every flag
  vexil eval m.wasm checkout-v2 --context @context.json --expect on
  vexil eval m.wasm --batch contexts.jsonl > verdicts.jsonl
  vexil eval --interpret flags.yaml -e production checkout-v2";

/// What to evaluate, and for whom.
#[derive(Args, Clone, Debug)]
pub struct Eval {
    /// A module; absent with --interpret
    #[arg(value_name = "MODULE")]
    first: Option<String>,
    /// The flag's key; every flag when absent
    #[arg(value_name = "FLAG")]
    second: Option<String>,
    /// Evaluate a flag document with the interpreter instead of a module
    #[arg(long, value_name = "FILE")]
    interpret: Option<PathBuf>,
    /// The evaluation context as JSON, or `@FILE` to read it from a file
    #[arg(short, long, value_name = "JSON", default_value = "{}", hide_default_value = true)]
    context: String,
    /// The value of `$now`, in milliseconds since the Unix epoch [default: the clock]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    now: Option<f64>,
    /// Fail with exit code 1 unless the flag serves this variant
    #[arg(long, value_name = "VARIANT", conflicts_with = "batch")]
    expect: Option<String>,
    /// Evaluate line by line from a file; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "context")]
    batch: Option<PathBuf>,
}

/// Runs `vexil eval`.
///
/// # Errors
/// What is evaluated, or for whom, cannot be read.
pub fn run(eval: &Eval, environment: Option<&str>, out: Output) -> Result<Exit, Failure> {
    let (mut evaluator, flag) = sources(eval, environment)?;
    if let Some(file) = &eval.batch {
        if flag.is_some() {
            return Err(Failure::Usage("the lines of a batch name their flags themselves".into()));
        }
        return batch::run(file, &mut evaluator, eval.now);
    }
    let context = context(&eval.context)?;
    let now = eval.now.unwrap_or_else(now);
    match flag {
        Some(key) => {
            let evaluated = evaluator.evaluate(key, &context, now).map_err(Failure::Other)?;
            one(&evaluated, out)?;
            expected(&evaluated, eval.expect.as_deref(), out)
        }
        None if eval.expect.is_some() => Err(Failure::Usage("which flag is expected so?".into())),
        None => {
            let keys = evaluator.keys();
            let all = keys.iter().map(|key| evaluator.evaluate(key, &context, now));
            every(&all.collect::<Result<Vec<_>, _>>().map_err(Failure::Other)?, out)
        }
    }
}

/// What evaluates, and the flag, from the words given.
fn sources<'a>(
    eval: &'a Eval,
    environment: Option<&str>,
) -> Result<(Evaluator, Option<&'a str>), Failure> {
    let (first, second) = (eval.first.as_deref(), eval.second.as_deref());
    match (&eval.interpret, first, second) {
        (Some(_), _, Some(_)) => {
            Err(Failure::Usage("with --interpret there is no module, only a flag".into()))
        }
        (Some(file), flag, None) => Ok((Evaluator::document(file, environment)?, flag)),
        (None, Some(module), flag) => Ok((Evaluator::module(Path::new(module))?, flag)),
        (None, None, _) => {
            Err(Failure::Usage("name a module, or a flag document with `--interpret`".into()))
        }
    }
}

/// The clock, as the value of `$now`.
#[allow(clippy::cast_precision_loss)] // exact for some hundred thousand years
fn now() -> f64 {
    clock::now_ms() as f64
}

fn context(text: &str) -> Result<Value, Failure> {
    let (name, text) = match text.strip_prefix('@') {
        Some(file) => (source::name(Path::new(file)), source::text(Path::new(file))?),
        None => ("the context".to_owned(), text.to_owned()),
    };
    let read = serde_json::from_str(&text);
    read.map_err(|error| Failure::Usage(format!("{name} is not JSON: {error}")))
}

fn one(evaluated: &Evaluated, out: Output) -> Result<(), Failure> {
    if out.json {
        return out.json_line(&evaluated.line);
    }
    let line = &evaluated.line;
    let mut rows = pairs();
    rows.add_row(["flag", &plain(&line.key)]);
    rows.add_row(["value", &plain(&line.value.to_string())]);
    if let Some(variant) = &line.variant {
        rows.add_row(["variant", &plain(variant)]);
    }
    rows.add_row(vec![Cell::new("reason"), reason(line.reason)]);
    let more = [
        ("rule", line.rule.as_deref()),
        ("error", line.error_code),
        ("detail", evaluated.detail.as_deref()),
        ("kind", evaluated.kind),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            rows.add_row([name, &plain(value)]);
        }
    }
    out.table(rows)
}

fn every(all: &[Evaluated], out: Output) -> Result<Exit, Failure> {
    if out.json {
        for evaluated in all {
            out.json_line(&evaluated.line)?;
        }
        return Ok(Exit::Success);
    }
    let mut rows = table(&["FLAG", "VALUE", "VARIANT", "REASON", "RULE"]);
    for Evaluated { line, .. } in all {
        rows.add_row(vec![
            Cell::new(plain(&line.key)),
            Cell::new(plain(&cut(&line.value.to_string(), 40))),
            Cell::new(plain(line.variant.as_deref().unwrap_or_default())),
            reason(line.error_code.unwrap_or(line.reason)),
            Cell::new(plain(line.rule.as_deref().unwrap_or_default())),
        ]);
    }
    out.table(rows)?;
    Ok(Exit::Success)
}

fn reason(name: &str) -> Cell {
    let color = match name {
        "STATIC" | "DEFAULT" => Color::Reset,
        "TARGETING_MATCH" | "SPLIT" => Color::Green,
        "DISABLED" => Color::DarkGrey,
        _ => Color::Red,
    };
    Cell::new(name).fg(color)
}

fn expected(evaluated: &Evaluated, expect: Option<&str>, out: Output) -> Result<Exit, Failure> {
    let served = evaluated.line.variant.as_deref();
    match expect {
        Some(variant) if served != Some(variant) => {
            let served = served.map_or("no variant".to_owned(), |served| format!("`{served}`"));
            out.note(format_args!(
                "expected `{}`, but {} is served",
                plain(variant),
                plain(&served)
            ));
            Ok(Exit::Failure)
        }
        _ => Ok(Exit::Success),
    }
}
