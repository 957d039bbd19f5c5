//! Text on its way into a page.
//!
//! Whatever comes from a flag, a shopper or a query goes through [`Text`]; only the shop's own
//! markup does not. It is safe between tags and in double-quoted attributes.

use std::fmt;

/// Displays text with HTML's five special characters escaped.
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((at, special)) = rest.char_indices().find_map(escape) {
            let (before, after) = rest.split_at(at);
            f.write_str(before)?;
            f.write_str(special)?;
            rest = after.get(1..).unwrap_or_default(); // each special character is one byte
        }
        f.write_str(rest)
    }
}

fn escape((at, char): (usize, char)) -> Option<(usize, &'static str)> {
    let escaped = match char {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => return None,
    };
    Some((at, escaped))
}

/// `markup` when `condition` holds, else nothing.
pub fn when(condition: bool, markup: impl FnOnce() -> String) -> String {
    if condition { markup() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped_and_others_kept() {
        let shown = Text(r#"<b class="x">Ä & 'ö'</b>"#).to_string();
        assert_eq!(shown, "&lt;b class=&quot;x&quot;&gt;Ä &amp; &#39;ö&#39;&lt;/b&gt;");
        assert_eq!(Text("").to_string(), "");
    }
}
