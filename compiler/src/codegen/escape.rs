//! Texts of documents, so that they can stand in code.
//!
//! In: any text. Out: a literal, or a line of a comment. What is not seen, breaks a line or changes
//! the direction of reading is spelt out, so that code reads as what it is.

/// `text` as a literal, with its quotes: TypeScript and Rust read it alike.
pub(super) fn literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            unseen if is_unseen(unseen) => literal.extend(unseen.escape_unicode()),
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

/// `text` as one line of a comment of any kind.
pub(super) fn line(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars() {
        match character {
            '\t' => line.push(' '),
            unseen if is_unseen(unseen) => line.extend(unseen.escape_unicode()),
            other => line.push(other),
        }
    }
    // The end of a comment, and what would begin one within it.
    line.replace("*/", "*\\/").replace("/*", "/\\*")
}

/// `text` as code within a comment.
pub(super) fn code(text: &str) -> String {
    let text = line(text);
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    match longest {
        0 if text.trim() == text && !text.is_empty() => format!("`{text}`"),
        // Blanks at both ends belong to the fence.
        longest => {
            let fence = "`".repeat(longest + 1);
            format!("{fence} {text} {fence}")
        }
    }
}

fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_literal_or_a_comment() {
        assert_eq!(literal("a\"b\\c\nd\u{2028}e\u{202e}"), r#""a\"b\\c\nd\u{2028}e\u{202e}""#);
        assert_eq!(line("x */ y /* z\r\u{2029}"), "x *\\/ y /\\* z\\u{d}\\u{2029}");
        assert_eq!(line("*/*/"), "*\\/\\*\\/");
    }

    #[test]
    fn code_has_a_fence_that_it_does_not_hold() {
        assert_eq!(code("on"), "`on`");
        assert_eq!(code("a`b``c"), "``` a`b``c ```");
        assert_eq!(code(" x"), "`  x `");
        assert_eq!(code(""), "`  `");
    }
}
