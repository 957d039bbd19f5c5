//! The grammar of keys, names and attribute paths, and how user text is shown in messages.
//!
//! In: text. Out: `Ok`, or what is wrong with it in words.

use vexil_abi::manifest::{NOW, RANDOM};

use crate::limits::{MAX_KEY_BYTES, MAX_NAME_CHARS};

/// Is `text` a flag, variant or segment key, or a rule id: 1–256 bytes without control characters.
///
/// # Errors
/// What is wrong, in words that follow "the key".
pub fn key(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.len() > MAX_KEY_BYTES {
        return Err(format!("has {} bytes, more than {MAX_KEY_BYTES}", text.len()));
    }
    match text.chars().find(|c| c.is_control()) {
        Some(found) => Err(format!("holds the control character U+{:04X}", u32::from(found))),
        None => Ok(()),
    }
}

/// Is `text` a project's or environment's name: 1–64 characters from `a-z A-Z 0-9 - _ .`, the
/// first a letter or digit.
///
/// # Errors
/// What is wrong, in words that follow "the name".
pub fn name(text: &str) -> Result<(), String> {
    let Some(first) = text.chars().next() else {
        return Err("is empty".to_owned());
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(found) = text.chars().find(|&c| !allowed(c)) {
        let shown = found.escape_debug();
        return Err(format!("holds `{shown}`; only `a-z A-Z 0-9 - _ .` are allowed"));
    }
    // `.` and `..` are refused by this too.
    if !first.is_ascii_alphanumeric() {
        return Err(format!("begins with `{first}`, not with a letter or digit"));
    }
    if text.len() > MAX_NAME_CHARS {
        return Err(format!("has {} characters, more than {MAX_NAME_CHARS}", text.len()));
    }
    Ok(())
}

/// Is `text` an attribute path: like a key, and of those that begin with `$` only `$now` and
/// `$random`.
pub(crate) fn path(text: &str) -> Result<(), String> {
    key(text)?;
    if text.starts_with('$') && ![NOW, RANDOM].contains(&text) {
        return Err("begins with `$`; of those only `$now` and `$random` are known".to_owned());
    }
    Ok(())
}

/// `text` in backticks for a message: shortened, control characters escaped.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 80;
    let mut shown = String::from("`");
    for (index, character) in text.chars().enumerate() {
        if index == MOST {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    shown.push('`');
    shown
}

/// `count` with thousands separated by commas.
pub(crate) fn grouped(count: impl Into<u64>) -> String {
    let digits = count.into().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_any_text_of_1_to_256_bytes_without_control_characters() {
        assert_eq!(key("a b/c~ü…"), Ok(()));
        assert_eq!(key(&"k".repeat(256)), Ok(()));
        assert!(key(&"k".repeat(257)).is_err());
        assert!(key(&"é".repeat(129)).is_err());
        assert!(key("").is_err());
        assert!(key("a\nb").is_err());
        assert!(key("a\u{85}b").is_err());
    }

    #[test]
    fn a_name_can_stand_in_an_address() {
        assert_eq!(name("eu-west_1.blue"), Ok(()));
        assert_eq!(name(&"n".repeat(64)), Ok(()));
        for bad in ["", ".", "..", "-a", "_a", "a b", "a/b", "ä", &"n".repeat(65)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_now_and_random_begin_with_a_dollar() {
        assert_eq!(path("$now"), Ok(()));
        assert_eq!(path("$random"), Ok(()));
        assert!(path("$random.x").is_err());
        assert!(path("$then").is_err());
        assert_eq!(path("price.$"), Ok(()));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(7_u32), "7");
        assert_eq!(grouped(100_000_u32), "100,000");
        assert_eq!(grouped(1_234_567_u32), "1,234,567");
    }
}
