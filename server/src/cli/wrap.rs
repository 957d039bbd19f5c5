//! Text broken into lines at its blanks.
//!
//! In: text without line ends, and a width in characters. Out: lines no longer than that, unless
//! a single word is. Nothing is cut.

/// The lines of `text`, of at most `width` characters each; at least one.
#[must_use]
pub fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_full_and_words_stay_whole() {
        assert_eq!(lines("ein zwei drei", 8), ["ein zwei", "drei"]);
        assert_eq!(lines("ein zwei", 7), ["ein", "zwei"]);
        assert_eq!(lines("übermäßiges  Wort", 4), ["übermäßiges", "Wort"]);
        assert_eq!(lines("", 4), [""]);
    }
}
