//! Regular expressions of Unleash as patterns of `matches`.
//!
//! In: a pattern, and whose syntax it is in. Out: a pattern that decides alike, or that its old
//! system finds it malformed. Yggdrasil has Rust's `regex`, as `matches` has, but for Unicode word
//! boundaries; the Node client has RE2, where `\d`, `\s`, `\w` and `\b` know ASCII only.

use regex_syntax::ast::{self, AssertionKind, Ast, ClassPerl, ClassPerlKind, ClassSetItem, Span};

use super::Profile;
use crate::regex::{Refusal, parse};

/// A pattern for `matches`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Its text.
    pub(super) text: String,
    /// Was a Unicode word boundary made one of ASCII.
    pub(super) is_approximate: bool,
}

/// `text` as a pattern of `matches`.
///
/// # Errors
/// What is malformed, in lower case.
pub(super) fn read(text: &str, ignore_case: bool, profile: Profile) -> Result<Pattern, String> {
    let asks_for_unicode = match parse(0, text, ignore_case) {
        Err(Refusal::Syntax { character, message, .. }) => {
            return Err(format!("malformed at character {character}: {message}"));
        }
        Err(Refusal::UnicodeWordBoundary { .. }) => true,
        Ok(_) | Err(Refusal::TooLarge) => false,
    };
    let is_ascii = profile == Profile::Node;
    if !asks_for_unicode && !is_ascii {
        return Ok(Pattern { text: text.to_owned(), is_approximate: false });
    }
    let tree = ast::parse::Parser::new().parse(text).map_err(|error| error.kind().to_string())?;
    let pieces = ast::visit(&tree, Pieces { is_ascii, found: Vec::new() });
    let text = pieces.map(|pieces| replaced(text, &pieces)).unwrap_or_else(|never| match never {});
    Ok(Pattern { text, is_approximate: !is_ascii })
}

/// Parts of a pattern and what stands for them.
struct Pieces {
    /// Are classes to know ASCII only.
    is_ascii: bool,
    found: Vec<(Span, &'static str)>,
}

impl ast::Visitor for Pieces {
    type Output = Vec<(Span, &'static str)>;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<Self::Output, Self::Err> {
        Ok(self.found)
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), Self::Err> {
        match tree {
            Ast::Assertion(assertion) => {
                let boundary = in_ascii(&assertion.kind);
                self.found.extend(boundary.map(|boundary| (assertion.span, boundary)));
            }
            Ast::ClassPerl(class) if self.is_ascii => self.found.push((class.span, letters(class))),
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        if let (ClassSetItem::Perl(class), true) = (item, self.is_ascii) {
            self.found.push((class.span, letters(class)));
        }
        Ok(())
    }
}

/// A word boundary of ASCII.
fn in_ascii(kind: &AssertionKind) -> Option<&'static str> {
    Some(match kind {
        AssertionKind::WordBoundary => r"(?-u:\b)",
        AssertionKind::NotWordBoundary => r"(?-u:\B)",
        AssertionKind::WordBoundaryStart | AssertionKind::WordBoundaryStartAngle => {
            r"(?-u:\b{start})"
        }
        AssertionKind::WordBoundaryEnd | AssertionKind::WordBoundaryEndAngle => r"(?-u:\b{end})",
        AssertionKind::WordBoundaryStartHalf => r"(?-u:\b{start-half})",
        AssertionKind::WordBoundaryEndHalf => r"(?-u:\b{end-half})",
        AssertionKind::StartLine
        | AssertionKind::EndLine
        | AssertionKind::StartText
        | AssertionKind::EndText => return None,
    })
}

/// The class as RE2 has it, which may stand alone and in brackets.
const fn letters(class: &ClassPerl) -> &'static str {
    match (&class.kind, class.negated) {
        (ClassPerlKind::Digit, false) => "[0-9]",
        (ClassPerlKind::Digit, true) => "[^0-9]",
        (ClassPerlKind::Space, false) => r"[\t\n\f\r ]",
        (ClassPerlKind::Space, true) => r"[^\t\n\f\r ]",
        (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
        (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
    }
}

/// `text` with each piece replaced; they come in the order of the text.
fn replaced(text: &str, pieces: &[(Span, &str)]) -> String {
    let mut result = String::new();
    let mut from = 0;
    for (span, piece) in pieces {
        result.push_str(text.get(from..span.start.offset).unwrap_or_default());
        result.push_str(piece);
        from = span.end.offset;
    }
    result.push_str(text.get(from..).unwrap_or_default());
    result
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn check(profile: Profile, text: &str, expected: &str, is_approximate: bool) {
        let expected = Pattern { text: expected.to_owned(), is_approximate };
        assert_eq!(read(text, false, profile).unwrap(), expected, "{text}");
    }

    #[test]
    fn rusts_syntax_stays_but_for_word_boundaries() {
        check(Profile::Yggdrasil, r"^\d+\w$", r"^\d+\w$", false);
        check(Profile::Yggdrasil, r"\bfoo\B|é\b", r"(?-u:\b)foo(?-u:\B)|é(?-u:\b)", true);
        check(Profile::Yggdrasil, r"(?-u:\b)x", r"(?-u:\b)x", false);
    }

    #[test]
    fn re2s_classes_know_ascii_only() {
        check(Profile::Node, r"^\d+[\w.-]\S", r"^[0-9]+[[0-9A-Za-z_].-][^\t\n\f\r ]", false);
        check(Profile::Node, r"[^\D]\bé", r"[^[^0-9]](?-u:\b)é", false);
    }

    #[test]
    fn what_is_malformed_is_told() {
        for text in ["(", "(?=x)", r"(a)\1", "[z-a]", "*"] {
            assert!(read(text, false, Profile::Yggdrasil).is_err(), "{text}");
        }
    }
}
