//! What is told of a flag beside its name.
//!
//! In: a flag. Out: lines of a comment: what the flag is for, then its variants with their values.

use serde_json::Value;

use super::Told;
use super::escape::{code, line};

/// Variants that are told; of more, how many there are.
const VARIANTS_TOLD: usize = 20;
/// Characters of a value that are told.
const VALUE_CHARS_TOLD: usize = 80;

/// The lines, without what makes a comment of them; `shown` writes those of a description.
pub(super) fn lines((key, flag): &Told<'_>, shown: impl Fn(&str) -> String) -> Vec<String> {
    let mut lines: Vec<String> =
        paragraphs(&flag.description).iter().map(|line| shown(line)).collect();
    if lines.is_empty() {
        lines.push(format!("The flag {}.", code(key)));
    }
    lines.push(String::new());
    let variants = flag.variants.iter().take(VARIANTS_TOLD);
    lines.extend(variants.map(|(key, value)| format!("- {}: {}", code(key), value_of(value))));
    match flag.variants.len().saturating_sub(VARIANTS_TOLD) {
        0 => {}
        more => lines.push(format!("- and {more} more")),
    }
    lines
}

/// A description as it was written, line by line; an empty line only between others.
fn paragraphs(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for text in text.lines().map(str::trim) {
        if !text.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line(text));
        }
    }
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn value_of(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_CHARS_TOLD) {
        None => code(&text),
        Some((end, _)) => code(&format!("{}…", text.get(..end).unwrap_or_default())),
    }
}
