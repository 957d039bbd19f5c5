//! What becomes of texts when Unleash's engine writes them into a rule and reads the rule back.
//!
//! In: names and values of a document. Out: what the engine has of them in the end, or that it
//! cannot read the rule. Between quotation marks a backslash before a quotation mark makes it part
//! of the text; the engine puts one there in some places and forgets it in others.

/// Can the engine read `text` back when it was written between quotation marks as it is?
pub(super) fn survives(text: &str) -> bool {
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("\\\"") {
            rest = after;
        } else if character == '"' || rest == "\\" {
            // The text ends early, or the last backslash takes the closing mark into it.
            return false;
        } else {
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
        }
    }
    true
}

/// The same, when a backslash was put before each quotation mark.
pub(super) fn survives_escaped(text: &str) -> bool {
    survives(&text.replace('"', "\\\""))
}

/// The text that the engine reads where `text` was written as it is.
pub(super) fn read_back(text: &str) -> String {
    text.replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotation_marks_need_a_backslash_and_a_last_backslash_is_one_too_many() {
        for text in ["", "plain", "a\\b", "a\\\"b", "é\n"] {
            assert!(survives(text), "{text}");
        }
        for text in ["\"", "a\"b", "a\\", "\\", "a\\\\", "a\\\"\\"] {
            assert!(!survives(text), "{text}");
        }
        for text in ["a\"b", "\\\"", "\"\""] {
            assert!(survives_escaped(text), "{text}");
        }
        assert!(!survives_escaped("a\\"));
        assert_eq!(read_back("a\\\"b"), "a\"b");
    }
}
