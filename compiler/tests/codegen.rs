//! Flags as code: what is written for the storefront, and for keys and texts that are odd.
//!
//! In: documents. Out: `tests/cases/codegen/NAME.ts` and `.rs`.
//! `BLESS=1 cargo test --workspace --test codegen` writes them anew. That the Rust compiles
//! and does what it says is tested in `testing/tests/generated.rs`.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use vexil_compiler::codegen::{Language, codegen, flags};
use vexil_compiler::flag_set::Project;
use vexil_compiler::{Audience, document};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn project(file: &str) -> Project {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    document::read(&text).unwrap_or_else(|faults| panic!("{file}: {faults:?}"))
}

fn check(file: &str, name: &str) {
    let project = project(file);
    for (language, end) in [(Language::TypeScript, "ts"), (Language::Rust, "rs")] {
        let code = codegen(&project, language, language.audience());
        let path = root().join(format!("tests/cases/codegen/{name}.{end}"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &code).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(written, code, "{} says otherwise", path.display());
        // Nothing of a document breaks a line or turns the direction of one.
        assert!(code.chars().all(|c| c == '\n' || !c.is_control()), "{name}.{end}");
        assert!(!code.contains(['\u{2028}', '\u{2029}', '\u{202e}']), "{name}.{end}");
    }
}

#[test]
fn the_flags_of_the_storefront_are_written_as_code() {
    check("examples/storefront/flags.yaml", "storefront");
}

#[test]
fn nothing_in_a_document_breaks_code() {
    check("tests/cases/codegen/odd.yaml", "odd");
}

#[test]
fn pages_are_told_what_is_client_visible_and_services_what_is_in_use() {
    let project = project("tests/cases/codegen/odd.yaml");
    let (browser, server) = (Audience::Browser, Audience::Server);
    assert_eq!(flags(&project, browser) + 1, flags(&project, server));
    assert_eq!(flags(&project, server) + 1, project.flags.len());
    for language in [Language::TypeScript, Language::Rust] {
        assert!(!codegen(&project, language, browser).contains("inner only"));
        assert!(codegen(&project, language, server).contains("inner only"));
        assert!(!codegen(&project, language, server).contains("archived"));
    }
    let first = |language, audience| {
        codegen(&project, language, audience).lines().next().map(str::to_owned)
    };
    assert_eq!(
        first(Language::TypeScript, server).unwrap(),
        "// Made by `vexil codegen ts --audience server`. Do not edit: change the flags, and make it anew."
    );
}

#[test]
fn no_flags_are_code_too() {
    let project = Project::default();
    let code = codegen(&project, Language::TypeScript, Audience::Browser);
    assert!(code.contains("export interface Flags {\n}\n"), "{code}");
    assert_eq!(codegen(&project, Language::Rust, Audience::Server).lines().count(), 1);
}
