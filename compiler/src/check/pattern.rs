//! Regular expressions as operands: they parse, and together they are not too large.
//!
//! In: the patterns of one `matches` test. Out: faults, at the pointer of its predicate. Whether
//! they are too large is found out by compiling them, as the compiler will.

use std::collections::BTreeSet;

use super::codes;
use super::faults::Faults;
use super::names::{grouped, quoted};
use super::pointer::Path;
use crate::limits::{MAX_DFA_BYTES, MAX_FAULTY_PATTERNS, MAX_PATTERN_BYTES, MAX_PATTERN_WORK};
use crate::regex::{self, Refusal, Work};

/// Every fault of `patterns`, whose predicate stands at `at`.
pub(crate) fn check(patterns: &[String], ignore_case: bool, at: &Path<'_>, faults: &mut Faults) {
    let asked = (patterns.to_vec(), ignore_case);
    if faults.patterns.sound.contains(&asked) || faults.patterns.is_spent() {
        return;
    }
    let mut sound = true;
    for (index, pattern) in patterns.iter().enumerate() {
        sound &= check_one(index, pattern, ignore_case, at, faults);
        if faults.patterns.is_spent() {
            return tell_of_spent(at, faults);
        }
    }
    // Patterns that are too large cost far more than others; whoever has many of them mends the
    // first ones first.
    if !sound || faults.count_of(codes::PATTERN_TOO_LARGE) >= MAX_FAULTY_PATTERNS {
        return;
    }
    match regex::compile(patterns, ignore_case, &mut faults.patterns.work) {
        Err(refusal) => tell(patterns, &refusal, at, faults),
        Ok(_) if faults.patterns.is_spent() => tell_of_spent(at, faults),
        Ok(_) => {
            faults.patterns.sound.insert(asked);
        }
    }
}

/// What the patterns of a document took so far.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    work: Work,
    /// Tests without fault: the same patterns are looked at once.
    sound: BTreeSet<(Vec<String>, bool)>,
}

impl Patterns {
    fn is_spent(&self) -> bool {
        self.work > Work(MAX_PATTERN_WORK)
    }
}

/// Told once: nothing is looked at behind it.
fn tell_of_spent(at: &Path<'_>, faults: &mut Faults) {
    let message = "the regular expressions up to here take too long to compile";
    let help = "bound repetitions less tightly (`+` for `{1,32}`), write `[0-9A-Za-z_]` for `\\w`, \
                and give flags that ask for the same the same patterns: those count once";
    faults.advise(codes::PATTERNS_TOO_COSTLY, at, message, help);
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
        Ok(tree) => {
            faults.patterns.work.of_tree(&tree);
            true
        }
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
