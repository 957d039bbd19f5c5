//! Any text as a flag document: it is refused in words, or goes all the way.

use vexil_compiler::flag_set::{FlagSet, Project};
use vexil_compiler::{document, module};

/// The only code that a flag set without faults may be refused with.
const TOO_LARGE: &str = "VX0900";
/// Flags of each environment whose code is printed and that are cut out; each costs.
const FLAGS_LOOKED_AT: usize = 3;

/// Mentions of `matches` in a text: many patterns may take the whole budget of a document, which is
/// seconds, and show nothing that few do not.
const PATTERNS: usize = 8;

/// Reads a document; what is read is written, compiled, verified and taken apart.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.matches("matches").count() > PATTERNS {
        return;
    }
    match document::read_and_lint(text) {
        Err(faults) => assert!(
            !faults.is_empty() && faults.iter().all(|fault| !fault.message.is_empty()),
            "refused without a word"
        ),
        Ok((project, _)) => check(&project),
    }
}

/// What holds for a project without faults.
pub(super) fn check(project: &Project) {
    let written = document::write(project);
    let read = document::read_value(&written).expect("what is written is read");
    // The text of both, because equality of maps does not see their order.
    assert_eq!(format!("{read:?}"), format!("{project:?}"), "what is written reads back");
    for environment in &project.environments {
        compiles(&project.flag_set(environment).expect("an environment has a flag set"));
    }
}

fn compiles(set: &FlagSet) {
    let sealed = match vexil_compiler::compile(set) {
        Ok(sealed) => sealed,
        Err(faults) => {
            assert!(faults.iter().all(|fault| fault.code == TOO_LARGE), "{faults:?}");
            return;
        }
    };
    module::verify(&sealed.bytes).expect("a module of ours");
    let inspection = module::inspect(&sealed.bytes).expect("a module of ours");
    assert!(inspection.flags.iter().all(|flag| flag.cost.is_some()), "its costs are known");
    assert!(inspection.flags.iter().map(|flag| &flag.key).eq(set.flags.keys()));
    for key in set.flags.keys().take(FLAGS_LOOKED_AT) {
        module::wat(&sealed.bytes, key).expect("a flag's code");
        let part = module::subset(&sealed.bytes, &[key]).expect("a flag alone");
        module::verify(&part.bytes).expect("a part is a module of ours");
    }
}
