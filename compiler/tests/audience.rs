//! What stands in modules for browsers.
//!
//! In: `tests/cases/audience/flags.yaml`. Out: `readable.txt`, which says of each text of the
//! document whether it can be read in the bytes, and `manifest.json`.
//! `BLESS=1 cargo test -p vexil-compiler --test audience` writes them anew; a text that has become
//! readable has to be told in `docs/audiences.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::module::{self, InspectedFlag, inspect};
use vexil_compiler::revealed::{self, What};
use vexil_compiler::{Audience, Module, compile, compile_for, document};

/// Every text that is looked for has this in it.
const MARK: &str = "xq";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/audience")
}

fn text() -> String {
    std::fs::read_to_string(folder().join("flags.yaml")).unwrap()
}

fn flag_set(text: &str) -> FlagSet {
    let project = document::read(text).unwrap_or_else(|faults| panic!("{}", faults[0]));
    project.flag_set("test").unwrap()
}

fn browser(set: &FlagSet) -> Module {
    let module = compile_for(set, Audience::Browser).unwrap();
    module::verify(&module.bytes).unwrap();
    module
}

/// Compares with a file beside the document, or writes it.
fn check(name: &str, found: &str) {
    let path = folder().join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, found, "{} says otherwise", path.display());
}

/// Words with the mark, in the order of the document, each once.
fn marked(text: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let text = text.split_once("format:").unwrap().1;
    let words = text.split(|c: char| !is_part(c));
    let mut found: Vec<&str> = Vec::new();
    for word in words.filter(|word| word.to_lowercase().contains(MARK)) {
        let word = &word[word.to_lowercase().find(MARK).unwrap()..];
        if !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// As it is, and in lower case.
fn readable(bytes: &[u8], text: &str) -> bool {
    let separate = |text: &str| {
        // `xq-m-1` stands in `xq-m-10`, and `xq-hidden` in all that begins with it.
        let ends = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'-';
        let mut places = bytes.windows(text.len() + 1).filter(|at| at.starts_with(text.as_bytes()));
        places.any(|at| ends(&at[text.len()])) || bytes.ends_with(text.as_bytes())
    };
    separate(text) || separate(&text.to_lowercase())
}

#[test]
fn what_can_be_read_in_a_module_for_browsers_is_known() {
    let text = text();
    let module = browser(&flag_set(&text));
    let words = marked(&text);
    assert!(words.len() > 60, "{words:?}");
    let mut found = String::new();
    for wanted in [true, false] {
        let heading = if wanted { "readable" } else { "not readable" };
        let _ = writeln!(found, "{heading}:");
        for word in words.iter().filter(|word| readable(&module.bytes, word) == wanted) {
            let _ = writeln!(found, "  {word}");
        }
    }
    check("readable.txt", &found);
}

#[test]
fn what_can_be_read_is_told_before_it_is_shipped() {
    let text = text();
    let set = flag_set(&text);
    let module = browser(&set);
    let revealed = revealed::revealed(&set, &[]).unwrap();
    let tells = |word: &str| {
        let word = word.to_lowercase();
        let separate = |text: &str| {
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                .any(|part| part == word || part.ends_with(&format!("-{word}")))
        };
        revealed.iter().find(|each| separate(&each.text.to_lowercase()))
    };
    for word in marked(&text) {
        match (readable(&module.bytes, word), tells(word)) {
            (true, None) => panic!("{word} can be read, and is not told"),
            // An automaton, and the state that a hash begins with, have no text; both are told.
            (false, Some(told)) => assert!(
                matches!(told.what, What::Pattern | What::Affix),
                "{word} is told, and cannot be read: {told:?}"
            ),
            (true, Some(_)) | (false, None) => {}
        }
    }
    let of = |text: &str| &revealed.iter().find(|each| each.text == text).unwrap().flags;
    assert_eq!(of("xq-hidden-attribute"), &["xq-visible"], "a flag that it needs reads it");
    let mut faulty = set.clone();
    faulty.segments.clear();
    assert!(revealed::revealed(&faulty, &[]).is_err());
}

#[test]
fn sets_can_be_read_in_a_module_for_servers() {
    let module = compile(&flag_set(&text())).unwrap();
    for word in ["xq-override-1", "xq-equal", "xq-folded", "xq-hidden-operand", "xq-any-1"] {
        assert!(holds(&module.bytes, word), "{word}: the scan finds what is there");
    }
}

#[test]
fn a_manifest_for_browsers_names_no_hidden_flag() {
    let module = browser(&flag_set(&text()));
    let inspection = inspect(&module.bytes).unwrap();
    let flag = |flag: &InspectedFlag| {
        json!({ "key": flag.key, "rules": flag.rules, "prerequisites": flag.prerequisites,
            "reads": flag.reads })
    };
    let flags: Vec<Value> = inspection.flags.iter().map(flag).collect();
    let manifest = json!({ "flags": flags, "attributes": inspection.attributes });
    check("manifest.json", &format!("{}\n", serde_json::to_string_pretty(&manifest).unwrap()));
}

#[test]
fn for_servers_nothing_changes() {
    let set = flag_set(&text());
    assert_eq!(compile_for(&set, Audience::Server), compile(&set));
    assert_eq!(Audience::default(), Audience::Server);
}

#[test]
fn equal_flags_give_equal_bytes_for_browsers_and_what_is_not_visible_changes_none() {
    let text = text();
    let once = browser(&flag_set(&text));
    assert_eq!(browser(&flag_set(&text)), once);
    let other = text.replace("xq-unneeded", "an-other").replace("xq-hidden-rule", "xq-a-rule");
    let other = other.replace("an-other-needle", "xq-needle-2");
    assert_ne!(other, text);
    assert_eq!(browser(&flag_set(&other)), once);
}

#[test]
fn without_visible_flags_a_module_for_browsers_has_no_flags() {
    let text = text().replace("client_visible: true", "client_visible: false");
    let module = browser(&flag_set(&text));
    let inspection = inspect(&module.bytes).unwrap();
    assert!(inspection.flags.is_empty() && inspection.attributes.is_empty());
    assert!(!holds(&module.bytes, "xq-"));
    let empty = browser(&FlagSet::default());
    assert!(inspect(&empty.bytes).unwrap().flags.is_empty());
}

#[test]
fn faults_are_the_same_for_every_audience() {
    let mut set = flag_set(&text());
    set.segments.clear();
    assert_eq!(compile_for(&set, Audience::Browser), compile(&set));
    assert!(compile(&set).is_err());
}

#[test]
fn code_for_browsers_says_what_is_concealed() {
    let module = browser(&flag_set(&text()));
    let code = module::wat(&module.bytes, "xq-visible").unwrap();
    for word in ["xq-equal", "xq-hidden", "xq-override-1"] {
        assert!(!code.contains(word), "{word}: {code}");
    }
}

#[test]
fn what_is_refused_of_a_sensitive_attribute_is_what_could_be_read() {
    let tests = json!([
        { "exists": true }, { "exists": false },
        { "equals": "a" }, { "equals": 7 }, { "equals": true },
        { "in": ["a", "b"] }, { "in": ["a", "B"], "ignore_case": true }, { "in": ["a", 7] },
        { "any_of": ["a"] }, { "all_of": ["a", "b"] }, { "none_of": ["a"] },
        { "any_of": ["a", true] }, { "all_of": [7] }, { "none_of": [false] },
        { "contains": "a" }, { "starts_with": "a" }, { "ends_with": ["a", "b"] },
        { "matches": "^a+$" }, { "cidr": "10.0.0.0/8" },
        { "lt": 7 }, { "lte": 7 }, { "gt": 7 }, { "gte": 7 }, { "between": [7, 8] },
        { "semver_eq": "1.2.3" }, { "semver_lt": "1.2.3" }, { "semver_lte": "1.2.3" },
        { "semver_gt": "1.2.3" }, { "semver_gte": "1.2.3" },
        { "before": "2026-01-01T00:00:00Z" }, { "after": "2026-01-01T00:00:00Z" },
    ]);
    for test in tests.as_array().unwrap() {
        let mut when = json!({ "attribute": "s.t" });
        when.as_object_mut().unwrap().extend(test.as_object().unwrap().clone());
        let rules = json!([{ "id": "r", "when": when, "serve": "on" }]);
        let read = |sensitive: &[&str]| {
            document::read_value(&json!({
                "format": "vexil/1", "environments": ["test"], "sensitive": sensitive,
                "flags": { "f": { "kind": "boolean", "client_visible": true,
                    "environments": { "test": { "enabled": true, "rules": rules } } } },
            }))
        };
        let set = read(&[]).unwrap().flag_set("test").unwrap();
        let shown = revealed::revealed(&set, &["s".to_owned()]).unwrap();
        let is_operand = |what: What| {
            !matches!(what, What::Flag | What::Variant | What::Value | What::Rule | What::Attribute)
        };
        let could_be_read = shown.iter().any(|each| is_operand(each.what));
        assert_eq!(read(&["s"]).is_err(), could_be_read, "{test}");
        assert!(shown.iter().any(|each| each.text == "s.t" && each.sensitive), "{test}");
        assert!(read(&["s.t.u", "s.tt", "t"]).is_ok(), "{test}");
    }
}
