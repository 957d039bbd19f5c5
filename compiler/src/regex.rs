//! Regular expressions → one automaton in the form that modules walk.
//!
//! In: the patterns of one `matches` test. Out: bytes for a module's data, or why there are none.
//! `regex-automata` makes the automaton; what is not needed to answer yes or no is dropped here.
//! Bounded in time and memory by `limits`, whatever the patterns. Nothing here searches text.

mod automaton;
mod table;
mod work;

use regex_automata::MatchKind;
use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_syntax::hir::Hir;

use crate::limits::MAX_DFA_WORK_BYTES;
use automaton::Automaton;

pub(crate) use table::{Table, offset};
pub(crate) use work::Work;

/// Why patterns do not become an automaton.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A pattern is malformed.
    Syntax {
        /// Which of the patterns.
        index: usize,
        /// The first character at fault, from 1.
        character: usize,
        /// What is wrong, in lower case.
        message: String,
    },
    /// A pattern asks for a Unicode word boundary, which no automaton of this kind can find.
    UnicodeWordBoundary {
        /// Which of the patterns.
        index: usize,
    },
    /// The automaton is too large, or making it is.
    TooLarge,
}

/// The automaton that finds one of `patterns` anywhere in a text; what it took is added to `work`.
///
/// # Errors
/// The first reason why there is none.
pub(crate) fn compile(
    patterns: &[String],
    ignore_case: bool,
    work: &mut Work,
) -> Result<Table, Refusal> {
    let mut trees = Vec::with_capacity(patterns.len());
    for (index, pattern) in patterns.iter().enumerate() {
        trees.push(parse(index, pattern, ignore_case)?);
    }
    let care = needs_care(&trees);
    let dfa = determinise(&trees, care)?;
    work.of_cells(dfa.memory_usage());
    let automaton = Automaton::of(&dfa, care).ok_or(Refusal::TooLarge)?;
    Table::of(&automaton.minimised(work)).ok_or(Refusal::TooLarge)
}

/// The tree of one pattern, which has to have no Unicode word boundary.
pub(crate) fn parse(index: usize, pattern: &str, ignore_case: bool) -> Result<Hir, Refusal> {
    let mut parser = regex_syntax::ParserBuilder::new().case_insensitive(ignore_case).build();
    let tree = parser.parse(pattern).map_err(|error| {
        let (offset, message) = place_and_message(&error);
        let before = pattern.get(..offset).unwrap_or(pattern);
        Refusal::Syntax { index, character: before.chars().count() + 1, message }
    })?;
    if tree.properties().look_set().contains_word_unicode() {
        return Err(Refusal::UnicodeWordBoundary { index });
    }
    Ok(tree)
}

fn place_and_message(error: &regex_syntax::Error) -> (usize, String) {
    match error {
        regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
        regex_syntax::Error::Translate(error) => {
            (error.span().start.offset, error.kind().to_string())
        }
        other => (0, other.to_string()),
    }
}

/// May some match be empty and depend on what is around it? Between the bytes of one character
/// such a match would be found where `regex` finds none (as of `(?-u:\B)` in `é`).
fn needs_care(trees: &[Hir]) -> bool {
    trees.iter().any(|tree| {
        let properties = tree.properties();
        properties.minimum_len() == Some(0) && !properties.look_set().is_empty()
    })
}

fn determinise(trees: &[Hir], care: bool) -> Result<dense::DFA<Vec<u32>>, Refusal> {
    let config = thompson::Config::new()
        .which_captures(WhichCaptures::None)
        .nfa_size_limit(Some(MAX_DFA_WORK_BYTES));
    let nfa: NFA = thompson::Compiler::new()
        .configure(config)
        .build_many_from_hir(trees)
        .map_err(|_| Refusal::TooLarge)?;
    // A refused match must not end the search; an accepted one ends it at once.
    let kind = if care { MatchKind::All } else { MatchKind::LeftmostFirst };
    let config = dense::Config::new()
        .accelerate(false)
        .start_kind(StartKind::Unanchored)
        .match_kind(kind)
        .unicode_word_boundary(false)
        .dfa_size_limit(Some(MAX_DFA_WORK_BYTES))
        .determinize_size_limit(Some(MAX_DFA_WORK_BYTES));
    // Patterns with Unicode word boundaries were refused, so only size is left to fail.
    dense::Builder::new().configure(config).build_from_nfa(&nfa).map_err(|_| Refusal::TooLarge)
}

#[cfg(test)]
mod tests;
