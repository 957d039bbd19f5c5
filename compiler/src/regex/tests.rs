//! Tables are walked here as modules walk them, and compared with `regex`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::table::offset;
use super::*;

/// What a module does with a table.
fn walk(table: &Table, text: &str) -> bool {
    let bytes = &table.0;
    let long = |at: u32| {
        let at = at as usize;
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
    };
    let cell = |at: u32| {
        let at = (offset::CELLS + 2 * at) as usize;
        u32::from(u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()))
    };
    let mut row = long(offset::START);
    for byte in text.bytes() {
        if row < long(offset::LIMIT) {
            return row != 0;
        }
        row = cell(row + u32::from(bytes[offset::CLASSES as usize + usize::from(byte)]));
    }
    if row < long(offset::LIMIT) { row != 0 } else { cell(row + long(offset::END)) != 0 }
}

fn texts(patterns: &[&str]) -> Vec<String> {
    patterns.iter().map(|pattern| (*pattern).to_owned()).collect()
}

const TEXTS: [&str; 34] = [
    "",
    "a",
    "b",
    "ab",
    "ba",
    "abc",
    "aab",
    "A",
    "AB",
    "é",
    "É",
    "aéa",
    "日本",
    "a\nb",
    "\n",
    "\r\n",
    "a\r\n",
    "foo bar",
    "foo",
    "_",
    "-",
    "user-12@example.com",
    "İ",
    "ſ",
    "ß",
    "K",
    "\u{0}",
    "\u{10ffff}",
    "12",
    "1.2.3",
    "x1",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "😀",
    "a😀b",
];

#[test]
fn tables_find_what_regex_finds() {
    for patterns in [
        &["a"][..],
        &[""],
        &["^$"],
        &["^a"],
        &["a$"],
        &["^abc$"],
        &["a|b"],
        &["a", "b"],
        &["x*"],
        &["(?m)^b"],
        &["(?m)a$"],
        &["(?mR)a$"],
        &["(?mR)^$"],
        &["\\w+"],
        &["^[a-z0-9]{1,8}$"],
        &["[^a]"],
        &["."],
        &["(?s)."],
        &["\\d+\\.\\d+"],
        &["\\pL"],
        &["(?-u:\\b)foo(?-u:\\b)"],
        &["(?-u:\\B)"],
        &["(?-u:\\b)"],
        &["(?-u:\\b{start-half})"],
        &["(?-u:\\b{end-half})"],
        &["(?-u:\\b{start})"],
        &["(?-u:\\b{end})$"],
        &["(?-u:\\B)(?-u:\\B)"],
        &["a(?-u:\\B)"],
        &["(?-u:\\B)a", "^$"],
        &["\\A\\z"],
        &["[a&&b]"],
        &["k"],
        &["ſ"],
        &["(?i)ß"],
        &["é"],
        &["(?-i)a"],
        &["(ab)*c"],
        &["a{3,}"],
        &["@example\\.com$"],
        &["\\x{10ffff}"],
        &["\\x00"],
        &["[[:word:]]+-"],
        &["(?x) a b # comment"],
        &["(?-u:\\B)|zz"],
        &["x*(?-u:\\B)"],
    ] {
        for ignore_case in [false, true] {
            let table = compile(&texts(patterns), ignore_case, &mut Work::default())
                .unwrap_or_else(|refusal| panic!("{patterns:?}: {refusal:?}"));
            let expected =
                ::regex::RegexSetBuilder::new(patterns).case_insensitive(ignore_case).build();
            let expected = expected.unwrap();
            for text in TEXTS {
                let (got, want) = (walk(&table, text), expected.is_match(text));
                assert_eq!(got, want, "{patterns:?}, ignore case {ignore_case}, in {text:?}");
            }
        }
    }
}

#[test]
fn patterns_that_need_large_automata_are_refused_soon() {
    for pattern in [
        "[01]*1[01]{14}",
        "(\\pL{1,100}){1,5}",
        "\\w{100}",
        "^\\w{1,32}$",
        "((a{0,100}){0,100}){0,100}",
    ] {
        let begun = std::time::Instant::now();
        let compiled = compile(&texts(&[pattern]), false, &mut Work::default());
        assert!(compiled == Err(Refusal::TooLarge), "{pattern}");
        println!("{pattern}: {:?}", begun.elapsed());
    }
}

#[test]
fn plain_patterns_have_small_tables() {
    for (pattern, most) in [
        ("@example\\.com$", 650),
        ("^[a-z]+-\\d+$", 5_000),
        ("^[a-z]+-[0-9]+$", 400),
        ("^(?:de|at|ch)-", 500),
        ("", 300),
        ("^\\w+$", crate::limits::MAX_DFA_BYTES),
    ] {
        let bytes = compile(&texts(&[pattern]), false, &mut Work::default()).unwrap().0.len();
        println!("{pattern}: {bytes}");
        assert!(bytes <= most, "{pattern}: {bytes}");
    }
}

#[test]
fn faults_say_where() {
    let fault =
        |pattern| compile(&texts(&["a", pattern]), false, &mut Work::default()).unwrap_err();
    let syntax = |character, message: &str| Refusal::Syntax {
        index: 1,
        character,
        message: message.to_owned(),
    };
    assert_eq!(fault("é("), syntax(2, "unclosed group"));
    assert_eq!(fault("*"), syntax(1, "repetition operator missing expression"));
    assert_eq!(fault("ab\\p{Foo}"), syntax(3, "Unicode property not found"));
    assert_eq!(fault("\\bfoo"), Refusal::UnicodeWordBoundary { index: 1 });
    assert_eq!(fault("\\B"), Refusal::UnicodeWordBoundary { index: 1 });
    assert_eq!(fault("\\b{start}"), Refusal::UnicodeWordBoundary { index: 1 });
    assert!(matches!(fault("(?-u:\\xff)"), Refusal::Syntax { .. }));
    assert!(matches!(fault("(?=a)"), Refusal::Syntax { .. }));
    assert!(matches!(fault("(a)\\1"), Refusal::Syntax { .. }));
}
