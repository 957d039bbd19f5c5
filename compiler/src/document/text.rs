//! The text of a document to a tree.
//!
//! In: JSON or YAML. Out: a tree of JSON values, or a fault with line and column; names that stand
//! twice are noted on the way. Bounded in bytes and depth; YAML's aliases cannot make a tree larger
//! than the text that would be allowed.

use serde::de::DeserializeSeed;
use serde_json::Value;
use serde_saphyr::budget::BudgetBreach;

use super::tree::{Refusal, Tree};
use crate::check::codes;
use crate::check::faults::Faults;
use crate::check::names::grouped;
use crate::check::pointer::Path;
use crate::limits::{MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH};

/// What the parser says of a text it cannot read.
struct Complaint {
    message: String,
    /// Line and column, from 1.
    place: Option<(u64, u64)>,
}

/// The tree of `text`; `None` after a fault that leaves nothing to read.
pub(crate) fn parse(text: &str, faults: &mut Faults) -> Option<Value> {
    let root = Path::Root("");
    if text.len() > MAX_DOCUMENT_BYTES {
        let (bytes, most) = (grouped(text.len() as u64), grouped(MAX_DOCUMENT_BYTES as u64));
        let message = format!("the document has {bytes} bytes, more than {most}");
        faults.add(codes::TOO_LARGE, &root, message);
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_json = text.trim_start().starts_with('{');
    let mut tree = Tree::new(faults);
    let parsed = if is_json { parse_json(text, &mut tree) } else { parse_yaml(text, &mut tree) };
    let refusal = tree.refusal.take();
    let complaint = match parsed {
        Ok(value) => return Some(value),
        Err(complaint) => complaint,
    };
    let place = match complaint.place {
        Some((line, column)) => format!(" at line {line}, column {column}"),
        None => String::new(),
    };
    match refusal {
        Some(Refusal::TooDeep) => {
            let most = MAX_DOCUMENT_DEPTH;
            let message = format!("nested more than {most} levels deep{place}");
            faults.add(codes::TOO_NESTED, &root, message);
        }
        Some(Refusal::TooLarge) => {
            let most = grouped(MAX_DOCUMENT_BYTES as u64);
            let message = format!("aliases make the document larger than {most} bytes{place}");
            faults.add(codes::TOO_LARGE, &root, message);
        }
        None => {
            let syntax = if is_json { "JSON" } else { "YAML" };
            let message = format!("not {syntax}{place}: {}", complaint.message);
            faults.add(codes::SYNTAX, &root, message);
        }
    }
    None
}

fn parse_json(text: &str, tree: &mut Tree<'_>) -> Result<Value, Complaint> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let parsed = tree.root().deserialize(&mut parser);
    parsed.and_then(|value| parser.end().map(|()| value)).map_err(|error| {
        let place = (error.line() as u64, error.column() as u64);
        let shown = error.to_string();
        let suffix = format!(" at line {} column {}", place.0, place.1);
        let message = shown.strip_suffix(&suffix).unwrap_or(&shown);
        let message = message.replace("EOF while parsing", "the text ends in the middle of");
        Complaint { message, place: Some(place) }
    })
}

fn parse_yaml(text: &str, tree: &mut Tree<'_>) -> Result<Value, Complaint> {
    let parsed = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |parser| {
        tree.root().deserialize(parser)
    });
    parsed.map_err(|error| {
        let place = error.location().map(|location| (location.line(), location.column()));
        let shown = match error.without_snippet() {
            serde_saphyr::Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
                "a second document begins, and only one is allowed".to_owned()
            }
            other => other.to_string(),
        };
        let suffix = place.map(|(line, column)| format!(" at line {line}, column {column}"));
        let message = suffix.and_then(|suffix| shown.strip_suffix(&suffix)).unwrap_or(&shown);
        Complaint { message: message.trim_end_matches(':').to_owned(), place }
    })
}

/// YAML as YAML 1.2's core schema has it (`on` is a text, `no` too); doubtful spellings of numbers
/// stay texts. Names that stand twice come through to `tree`, which faults all of them.
fn options() -> serde_saphyr::Options {
    // What a byte of text can make at most is one event; depth is `tree`'s to judge, a little
    // earlier and with a better message; the size of what aliases make too.
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 2 * MAX_DOCUMENT_BYTES,
            max_nodes: 2 * MAX_DOCUMENT_BYTES,
            max_depth: MAX_DOCUMENT_DEPTH + 8,
            // The scanner counts brackets while it looks ahead, up to 1,024 characters; a bound
            // beyond those leaves the verdict to `tree`.
            flow_nesting_limit: 2_048,
            max_documents: 1,
            enforce_alias_anchor_ratio: false,
        },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}
