//! `vexil explain CODE`: what a code of a fault or warning means, and what to do.
//!
//! In: a code, written loosely. Out: its section of `docs/diagnostics.md`, which is part of the
//! program, as text for a terminal or as JSON; without a code a table of all codes. Nothing is
//! explained here that the page does not say.

use std::fmt::Write as _;

use clap::Args;
use owo_colors::{OwoColorize, Style};
use serde_json::{Value, json};
use vexil_compiler::check::codes::{CODES, Code};
use vexil_compiler::diagnostic::Severity;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, plain, table, terminal_width};

mod page;

pub(super) const EXAMPLES: &str = "\
Examples:
  vexil explain VX0401
  vexil explain vx1102
  vexil explain 401
  vexil explain                                    list all codes";

/// Columns of an explanation where there is no terminal, and at most.
const WIDTH: usize = 80;
/// Below this words would stand alone.
const WIDTH_MIN: usize = 30;
/// Codes that are named when there is no such code.
const NEAR: usize = 3;

/// Which code to explain.
#[derive(Args, Clone, Debug)]
pub struct Explain {
    /// The code, such as `VX0401`; upper or lower case, with or without `VX`
    code: Option<String>,
}

/// Runs `vexil explain`.
///
/// # Errors
/// There is no such code.
pub fn run(explain: &Explain, out: Output) -> Result<Exit, Failure> {
    let Some(written) = &explain.code else { return list(out) };
    let code = find(written)?;
    let section = page::section(code);
    if out.json {
        out.json(&json!({
            "code": code.code, "severity": code.severity(), "meaning": code.meaning,
            "explanation": section,
        }))?;
    } else {
        let width = terminal_width().map_or(WIDTH, |width| width.clamp(WIDTH_MIN, WIDTH));
        out.line(text(code, section, width).trim_end())?;
    }
    Ok(Exit::Success)
}

/// Every code with its meaning.
fn list(out: Output) -> Result<Exit, Failure> {
    if out.json {
        let row = |code: &Code| json!({ "code": code.code, "severity": code.severity(), "meaning": code.meaning });
        out.json(&CODES.iter().map(row).collect::<Vec<Value>>())?;
    } else {
        let mut rows = table(&["CODE", "", "MEANING"]);
        for code in CODES {
            rows.add_row([code.code, code.severity().word(), code.meaning]);
        }
        out.table(rows)?;
    }
    Ok(Exit::Success)
}

/// The code that is meant by `written`.
fn find(written: &str) -> Result<&'static Code, Failure> {
    let trimmed = written.trim();
    let digits = match trimmed.get(..2) {
        Some(prefix) if prefix.eq_ignore_ascii_case("vx") => trimmed.get(2..).unwrap_or_default(),
        _ => trimmed,
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = digits.parse::<u64>().ok().filter(|_| is_number) else {
        return Err(Failure::Usage(format!(
            "`{}` is not a code: codes look like `VX0401`, and `vexil explain` lists them all",
            plain(written)
        )));
    };
    let found = CODES.iter().find(|code| number_of(code) == number);
    found.ok_or_else(|| {
        let mut near: Vec<&Code> = CODES.iter().collect();
        near.sort_by_key(|code| number_of(code).abs_diff(number));
        near.truncate(NEAR);
        near.sort_by_key(|code| code.code);
        let near: Vec<String> = near.iter().map(|code| format!("`{}`", code.code)).collect();
        Failure::Missing(format!(
            "there is no code `VX{number:04}`; near it are {}, and `vexil explain` lists them all",
            near.join(", ")
        ))
    })
}

fn number_of(code: &Code) -> u64 {
    code.code.trim_start_matches("VX").parse().unwrap_or(u64::MAX)
}

/// The explanation for people: a heading, then the section.
fn text(code: &Code, section: &str, width: usize) -> String {
    let style = match code.severity() {
        Severity::Error => Style::new().red().bold(),
        Severity::Warning => Style::new().yellow().bold(),
    };
    let mut text = String::new();
    let label = format!("{}[{}]", code.severity().word(), code.code);
    let indent = label.chars().count() + 2;
    let meaning = super::wrap::lines(code.meaning, width.saturating_sub(indent).max(20));
    for (index, line) in meaning.iter().enumerate() {
        let _ = match index {
            0 => writeln!(text, "{}{} {}", label.style(style), ":".bold(), line.bold()),
            _ => writeln!(text, "{:indent$}{}", "", line.bold()),
        };
    }
    text.push('\n');
    text.push_str(&page::rendered(section, width));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_written_in_many_ways() {
        for written in ["VX0401", "vx0401", "Vx401", "401", "0401", " VX0401 "] {
            assert_eq!(find(written).map(|code| code.code).ok(), Some("VX0401"), "{written}");
        }
        for written in ["", "VX", "VX+401", "401x", "vé", "VX4O1", "99999999999999999999"] {
            assert!(matches!(find(written), Err(Failure::Usage(_))), "{written}");
        }
        let near = find("VX0309").map_err(|failure| failure.to_string());
        assert!(near.is_err_and(|text| text.contains("`VX0308`")));
    }

    /// Every explanation says what the code means, shows an example, and then what to do.
    #[test]
    fn every_code_is_explained() {
        for code in CODES {
            let section = page::section(code);
            assert!(section.starts_with("```"), "{}: an example comes first", code.code);
            let parts: Vec<&str> = section.split("```").collect();
            assert!(parts.len() >= 3, "{}: the example has an end", code.code);
            let advice = parts.last().map_or("", |advice| advice.trim());
            assert!(advice.len() > 20, "{}: advice follows the example", code.code);
            let shown = text(code, section, 60);
            let plain = anstream::adapter::strip_str(&shown).to_string();
            assert!(!plain.contains("```") && plain.contains(code.code), "{plain}");
            let prose = plain.lines().filter(|line| !line.starts_with("  "));
            assert!(prose.clone().all(|line| line.chars().count() <= 60), "{plain}");
        }
    }
}
