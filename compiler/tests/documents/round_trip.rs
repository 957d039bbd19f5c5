//! Whatever project there is, its document reads back as the same project.

use proptest::prelude::*;
use vexil_compiler::{check, document};

use super::projects::{Choices, project};
use super::schema::{faults_of, validator};

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_project_comes_back_from_its_document(bytes in prop::collection::vec(any::<u8>(), 0..3_000)) {
        let project = project(&mut Choices::new(bytes));
        prop_assert_eq!(check::project(&project), []);
        let written = document::write(&project);
        let pretty = serde_json::to_string_pretty(&written).unwrap();
        let read = document::read(&pretty).unwrap();
        // The text of both, because equality of maps does not see their order.
        prop_assert_eq!(format!("{read:#?}"), format!("{project:#?}"));
        prop_assert_eq!(document::write(&read).to_string(), written.to_string());
    }

    #[test]
    fn every_document_we_write_is_valid_by_the_schema(bytes in prop::collection::vec(any::<u8>(), 0..3_000)) {
        let written = document::write(&project(&mut Choices::new(bytes)));
        prop_assert_eq!(faults_of(&validator(), &written), Vec::<String>::new());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}", json in any::<bool>()) {
        let text = if json { format!("{{{text}") } else { text };
        let _ = document::read(&text);
    }

    /// Damage to a good document is told in words that point somewhere.
    #[test]
    fn a_damaged_document_is_refused_or_read(
        bytes in prop::collection::vec(any::<u8>(), 0..1_500),
        at in any::<prop::sample::Index>(),
        with in prop::sample::select(vec!["{", "}", "[", "\"", "null", "1", ",", ":", "\"x\"", "true", ""]),
    ) {
        let mut text = document::write(&project(&mut Choices::new(bytes))).to_string();
        let at = text.floor_char_boundary(at.index(text.len()));
        let end = text.ceil_char_boundary(at + 1);
        text.replace_range(at..end, with);
        if let Err(faults) = document::read(&text) {
            prop_assert!(!faults.is_empty());
            prop_assert!(faults.iter().all(|fault| !fault.message.is_empty()));
        }
    }
}
