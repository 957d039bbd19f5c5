//! Regular expressions as operands: they parse, and together they are not too large.
//!
//! In: the patterns of one `matches` test. Out: faults, at the pointer of its predicate. Whether
//! they are too large is found out by compiling them, as the compiler will.

use super::codes;
use super::faults::Faults;
use super::names::{grouped, quoted};
use super::pointer::Path;
use crate::limits::{MAX_DFA_BYTES, MAX_FAULTY_PATTERNS, MAX_PATTERN_BYTES};
use crate::regex::{self, Refusal};

/// Every fault of `patterns`, whose predicate stands at `at`.
pub(crate) fn check(patterns: &[String], ignore_case: bool, at: &Path<'_>, faults: &mut Faults) {
    let mut sound = true;
    for (index, pattern) in patterns.iter().enumerate() {
        sound &= check_one(index, pattern, ignore_case, at, faults);
    }
    // Patterns that are too large cost far more than others; whoever has many of them mends the
    // first ones first.
    if !sound || faults.count_of(codes::PATTERN_TOO_LARGE) >= MAX_FAULTY_PATTERNS {
        return;
    }
    if let Err(refusal) = regex::compile(patterns, ignore_case) {
        tell(patterns, &refusal, at, faults);
    }
}

fn check_one(
    index: usize,
    pattern: &str,
    ignore_case: bool,
    at: &Path<'_>,
    faults: &mut Faults,
) -> bool {
    if pattern.len() > MAX_PATTERN_BYTES {
        let (bytes, most) = (grouped(pattern.len() as u64), grouped(MAX_PATTERN_BYTES as u64));
        let message =
            format!("the pattern {} has {bytes} bytes, more than {most}", quoted(pattern));
        faults.add(codes::TOO_LONG, at, message);
        return false;
    }
    match regex::parse(index, pattern, ignore_case) {
        Ok(_) => true,
        Err(refusal) => {
            tell(std::slice::from_ref(&pattern.to_owned()), &refusal, at, faults);
            false
        }
    }
}

fn tell(patterns: &[String], refusal: &Refusal, at: &Path<'_>, faults: &mut Faults) {
    let shown = match patterns {
        [pattern] => format!("the pattern {}", quoted(pattern)),
        several => format!("the {} patterns together", several.len()),
    };
    match refusal {
        Refusal::Syntax { character, message, .. } => {
            let message = format!("{shown} is malformed at character {character}: {message}");
            let help = "write it in the syntax of Rust's `regex`: it has no look-around and no \
                        back-references";
            faults.advise(codes::BAD_PATTERN, at, message, help);
        }
        Refusal::UnicodeWordBoundary { .. } => {
            let message = format!("{shown} asks for a Unicode word boundary");
            let help = "write `(?-u:\\b)` for `\\b`: it knows the word characters of ASCII";
            faults.advise(codes::BAD_PATTERN, at, message, help);
        }
        Refusal::TooLarge => {
            let most = grouped(MAX_DFA_BYTES as u64);
            let verb = if patterns.len() == 1 { "needs" } else { "need" };
            let message = format!("{shown} {verb} an automaton of more than {most} bytes");
            let help = "bound repetitions less tightly (`+` for `{1,32}`), write `[0-9A-Za-z_]` \
                        for `\\w`, anchor with `^`, or give several tests in `any`";
            faults.advise(codes::PATTERN_TOO_LARGE, at, message, help);
        }
    }
}
