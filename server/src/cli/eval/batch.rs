//! `vexil eval --batch`: verdicts line by line.
//!
//! In: one JSON object per line, `{"flag", "context", "now_ms"}`. Out: one JSON line each, in the
//! same order; a line that cannot be read gives `{"error": "line N: …"}` and does not stop the
//! others. Lines of nothing but white space are skipped. What is read is answered before more is
//! waited for, so that a program can talk to it through pipes.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Write};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::source;
use super::evaluator::Evaluator;

/// Bytes of one line: far more than any context that fits a module's arena.
const LINE_BYTES_MAX: u64 = 8 << 20;

/// One line of a batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    flag: String,
    #[serde(default = "nobody")]
    context: Value,
    now_ms: Option<f64>,
}

fn nobody() -> Value {
    json!({})
}

/// Evaluates every line of `file`. `now_ms` is for lines that name no time.
///
/// # Errors
/// The file cannot be read, or standard output is gone.
pub fn run(file: &Path, evaluator: &mut Evaluator, now_ms: Option<f64>) -> Result<Exit, Failure> {
    let fail = |source| Failure::File { action: "read", path: source::name(file), source };
    let good = if file.as_os_str() == "-" {
        lines(BufReader::new(std::io::stdin().lock()), evaluator, now_ms, fail)?
    } else {
        lines(BufReader::new(File::open(file).map_err(fail)?), evaluator, now_ms, fail)?
    };
    Ok(if good { Exit::Success } else { Exit::Failure })
}

/// Whether every line could be read.
fn lines(
    mut input: BufReader<impl std::io::Read>,
    evaluator: &mut Evaluator,
    now_ms: Option<f64>,
    fail: impl Fn(std::io::Error) -> Failure,
) -> Result<bool, Failure> {
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut good, mut number, mut line) = (true, 0_u64, Vec::new());
    loop {
        line.clear();
        let read = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if read.map_err(&fail)? == 0 {
            break;
        }
        number += 1;
        let whole = line.ends_with(b"\n") || (line.len() as u64) < LINE_BYTES_MAX;
        let answer = match whole {
            true if line.iter().all(u8::is_ascii_whitespace) => continue,
            true => answer(&line, evaluator, now_ms),
            false => {
                input.skip_until(b'\n').map_err(&fail)?;
                Err(format!("longer than {LINE_BYTES_MAX} bytes"))
            }
        };
        let answer = answer.unwrap_or_else(|error| {
            good = false;
            json!({ "error": format!("line {number}: {error}") }).to_string()
        });
        writeln!(output, "{answer}")?;
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
    output.flush()?;
    Ok(good)
}

fn answer(line: &[u8], evaluator: &mut Evaluator, now_ms: Option<f64>) -> Result<String, String> {
    let subject: Subject = serde_json::from_slice(line).map_err(|error| place(&error))?;
    let now_ms = subject.now_ms.or(now_ms).unwrap_or_else(super::now);
    let evaluated = evaluator.evaluate(&subject.flag, &subject.context, now_ms)?;
    serde_json::to_string(&evaluated.line).map_err(|error| error.to_string())
}

/// serde_json counts lines within this one line; only its column says something.
fn place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line 1 column ") {
        Some((what, column)) => format!("{what} at column {column}"),
        None => text,
    }
}
