//! Any text as a document of Unleash: it is refused in words, or becomes a good document.

use vexil_compiler::dialect::unleash::{Options, Profile, import};
use vexil_compiler::document::read_value;

/// Imports a document as both profiles; what comes out has no fault.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for profile in Profile::ALL {
        let options = Options { profile, ..Options::default() };
        match import(text, &options) {
            Err(faults) => assert!(!faults.is_empty(), "refused without a word"),
            Ok(imported) => {
                let project = read_value(&imported.document).expect("an import has no fault");
                super::document::check(&project);
            }
        }
    }
}
