//! The page of diagnostics, cut into sections, and a section as text for a terminal.
//!
//! In: `docs/diagnostics.md`, as it was when the program was built. Out: what stands under the
//! heading of a code; the same in lines no wider than a terminal. It reads as much Markdown as the
//! page uses: paragraphs, lists, blocks of code, code and links within a line.

use owo_colors::OwoColorize;
use vexil_compiler::check::codes::Code;

use crate::cli::wrap;

const PAGE: &str = include_str!("../../../../docs/diagnostics.md");

/// Blanks before a line of code.
const INDENT: &str = "    ";

/// The section of `code` without its heading and its meaning; the page has one for every code.
pub fn section(code: &Code) -> &'static str {
    let heading = format!("\n## {}\n", code.code);
    let Some((_, section)) = PAGE.split_once(&heading) else { return "" };
    let section = section.split("\n## ").next().unwrap_or_default().trim();
    section.strip_prefix(code.meaning).unwrap_or(section).trim()
}

/// `section` in lines of at most `width` characters, code aside.
pub fn rendered(section: &str, width: usize) -> String {
    let mut text = String::new();
    let mut paragraph = String::new();
    let mut in_code = false;
    for line in section.lines() {
        let is_fence = line.starts_with("```");
        if is_fence || line.is_empty() || line.starts_with("- ") {
            flush(&mut paragraph, &mut text, width);
        }
        match (is_fence, in_code) {
            (true, _) => in_code = !in_code,
            (false, true) if line.is_empty() => text.push('\n'),
            (false, true) => {
                text.push_str(INDENT);
                text.push_str(&line.cyan().to_string());
                text.push('\n');
            }
            (false, false) if line.is_empty() => text.push('\n'),
            (false, false) => {
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(line);
            }
        }
    }
    flush(&mut paragraph, &mut text, width);
    text
}

/// Writes a paragraph or an item of a list.
fn flush(paragraph: &mut String, text: &mut String, width: usize) {
    if paragraph.is_empty() {
        return;
    }
    let whole = without_links(&std::mem::take(paragraph));
    let (first, rest, content) = match whole.strip_prefix("- ") {
        Some(item) => ("- ", "  ", item),
        None => ("", "", whole.as_str()),
    };
    // The marks of code within a line stay: they tell where it begins and ends without colours.
    let mut in_code = false;
    for (index, line) in wrap::lines(content, width.saturating_sub(first.len())).iter().enumerate()
    {
        text.push_str(if index == 0 { first } else { rest });
        text.push_str(&coloured(line, &mut in_code));
        text.push('\n');
    }
}

/// `line` with what stands in backticks in colour; `in_code` tells whether it begins within.
fn coloured(line: &str, in_code: &mut bool) -> String {
    let mut text = String::new();
    for (index, part) in line.split('`').enumerate() {
        if index > 0 {
            // The mark belongs to the code, on either side of it.
            *in_code = !*in_code;
            text.push_str(&"`".cyan().to_string());
        }
        match *in_code {
            true if !part.is_empty() => text.push_str(&part.cyan().to_string()),
            _ => text.push_str(part),
        }
    }
    text
}

/// `[words](address)` as `words`.
fn without_links(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        shown.push_str(before);
        let link = after.split_once("](").and_then(|(words, tail)| {
            let (_, tail) = tail.split_once(')')?;
            (!words.contains('[')).then_some((words, tail))
        });
        let Some((words, tail)) = link else {
            shown.push('[');
            rest = after;
            continue;
        };
        shown.push_str(words);
        rest = tail;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_lines() {
        let section = "```json\n{ \"a\": [\n\n1] }\n```\n\nSee [the\nreference](x.md#y) for `a [1]`.\n\
                       - one\n- two words";
        let shown = anstream::adapter::strip_str(&rendered(section, 20)).to_string();
        assert_eq!(
            shown,
            "    { \"a\": [\n\n    1] }\n\nSee the reference\nfor `a [1]`.\n- one\n- two words\n"
        );
    }
}
