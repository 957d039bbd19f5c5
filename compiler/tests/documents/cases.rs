//! The cases themselves.

use std::path::Path;

use vexil_compiler::check::codes::{CODES, Stage};
use vexil_compiler::diagnostic::Severity;
use vexil_compiler::{check, document};

use super::{documents, text_of};

#[test]
fn good_documents_read_and_come_back() {
    for path in documents("good").into_iter().chain(documents("warnings")) {
        let project = match document::read(&text_of(&path)) {
            Ok(project) => project,
            Err(faults) => panic!("{path:?}: {faults:#?}"),
        };
        assert_eq!(check::project(&project), [], "{path:?}");
        let written = document::write(&project);
        let again = document::read_value(&written).unwrap_or_else(|e| panic!("{path:?}: {e:#?}"));
        // The text of both, because equality of maps does not see their order.
        assert_eq!(format!("{again:#?}"), format!("{project:#?}"), "{path:?}");
        for environment in &project.environments {
            let flag_set = project.flag_set(environment).unwrap();
            assert_eq!(check::flag_set(&flag_set, Some(environment)), [], "{path:?}");
        }
    }
}

#[test]
fn bad_documents_give_exactly_the_faults_beside_them() {
    let mut wrong = Vec::new();
    for path in documents("bad") {
        let faults = document::read(&text_of(&path)).err().unwrap_or_default();
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        if !is_as_expected(&path.with_extension("diagnostics"), &lines) {
            wrong.push(format!("{}:\n{}", path.display(), lines.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "BLESS=1 accepts these:\n\n{}", wrong.join("\n\n"));
}

#[test]
fn documents_with_warnings_give_exactly_those_beside_them() {
    let mut wrong = Vec::new();
    for path in documents("warnings") {
        let read = document::read_and_lint(&text_of(&path));
        let (_, warnings) = read.unwrap_or_else(|faults| panic!("{path:?}: {faults:#?}"));
        assert!(warnings.iter().all(|warning| warning.severity == Severity::Warning));
        let lines: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        if !is_as_expected(&path.with_extension("diagnostics"), &lines) {
            wrong.push(format!("{}:\n{}", path.display(), lines.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "BLESS=1 accepts these:\n\n{}", wrong.join("\n\n"));
}

#[test]
fn a_code_says_whether_it_is_a_warning() {
    for row in CODES {
        // What an import of another system's flags tells does not keep it from writing flags.
        let told_by_imports = ("VX0710".."VX0800").contains(&row.code);
        let is_warning = row.code.starts_with("VX1") || told_by_imports;
        assert_eq!(row.severity() == Severity::Warning, is_warning, "{}", row.code);
    }
}

#[test]
fn the_storefront_example_keeps_two_variants_in_reserve() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/storefront/flags.yaml");
    let (_, warnings) = document::read_and_lint(&text_of(&path)).unwrap();
    let told: Vec<_> = warnings.iter().map(|warning| warning.pointer.as_str()).collect();
    // `cargo xtask up` tells people to serve one of them.
    let variants =
        ["/flags/free-shipping-threshold/variants/never", "/flags/accent/variants/heather"];
    assert_eq!(told, variants);
    assert!(warnings.iter().all(|warning| warning.code == "VX1301"), "{warnings:#?}");
}

#[test]
fn every_code_has_a_case_and_an_entry_in_the_documentation() {
    let cases = documents("bad").into_iter().chain(documents("warnings"));
    let diagnostics = cases.map(|path| path.with_extension("diagnostics"));
    let told: String = diagnostics.map(|path| text_of(&path)).collect();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/diagnostics.md");
    let page = text_of(&page);
    // What no case can hold: its own test reads a text of 8 MiB; a tree built by hand has
    // numbers that are not finite; and a thousand faults or warnings fill no page.
    let elsewhere = ["VX0002", "VX0006", "VX0504", "VX1001"];
    for row in CODES {
        let heading = format!("## {}\n\n{}\n", row.code, row.meaning);
        assert!(page.contains(&heading), "docs/diagnostics.md lacks:\n{heading}");
        // Imports have cases of their own.
        let is_elsewhere = row.stage == Stage::Import || elsewhere.contains(&row.code);
        let has_case = told.contains(row.code) || is_elsewhere;
        assert!(has_case, "no document gives {}: {}", row.code, row.meaning);
    }
    assert_eq!(page.matches("\n## VX").count(), CODES.len(), "a code that is no more");
}

fn is_as_expected(path: &Path, lines: &[String]) -> bool {
    let told: String = lines.iter().map(|line| format!("{line}\n")).collect();
    if std::env::var_os("BLESS").is_some() && !lines.is_empty() {
        std::fs::write(path, &told).unwrap();
        return true;
    }
    // An empty file is no expectation: a bad document has a fault.
    !lines.is_empty() && std::fs::read_to_string(path).is_ok_and(|expected| expected == told)
}
