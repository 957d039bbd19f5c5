//! *Did you mean*: the candidate most like a name.
//!
//! In: what was written, what could have been. Out: the nearest candidate, if near enough. Bounded
//! work per candidate; never a guess that shares nothing with what was written.

/// Names longer than this get no suggestion: the work grows with the square.
const MAX_CHARS: usize = 64;

/// The candidate with the fewest edits from `name`, when they are at most a third of its length;
/// the first of equals. Upper and lower case differ by nothing, `-` and `_` neither.
pub(crate) fn nearest<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let written: Vec<char> = folded(name)?;
    let most = (written.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &'c str)> = None;
    for candidate in candidates {
        let bound = best.map_or(most + 1, |(distance, _)| distance);
        if candidate == name || candidate.len().abs_diff(name.len()) > 4 * most {
            continue;
        }
        let Some(wanted) = folded(candidate) else { continue };
        if wanted.len().abs_diff(written.len()) >= bound {
            continue;
        }
        let distance = edits(&written, &wanted);
        if distance < bound && distance < wanted.len().min(written.len()) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn folded(name: &str) -> Option<Vec<char>> {
    if name.len() > 4 * MAX_CHARS {
        return None;
    }
    let fold = |c: char| if c == '-' { '_' } else { c.to_ascii_lowercase() };
    let characters: Vec<char> = name.chars().map(fold).collect();
    (characters.len() <= MAX_CHARS && !characters.is_empty()).then_some(characters)
}

/// Levenshtein's distance, with a swap of neighbours counted as one (optimal string alignment).
fn edits(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    let mut previous_left: Option<char> = None;
    for (row, &l) in left.iter().enumerate() {
        let mut current = Vec::with_capacity(right.len() + 1);
        let mut last = row + 1;
        current.push(last);
        let mut previous_right: Option<char> = None;
        for (column, &r) in right.iter().enumerate() {
            let diagonal = above.get(column).copied().unwrap_or(usize::MAX);
            let up = above.get(column + 1).copied().unwrap_or(usize::MAX);
            let mut cost = (diagonal + usize::from(l != r)).min(up.saturating_add(1)).min(last + 1);
            if previous_left == Some(r) && previous_right == Some(l) {
                let swapped = column.checked_sub(1).and_then(|two| before.get(two));
                cost = cost.min(swapped.map_or(usize::MAX, |distance| distance + 1));
            }
            current.push(cost);
            last = cost;
            previous_right = Some(r);
        }
        before = std::mem::replace(&mut above, current);
        previous_left = Some(l);
    }
    above.last().copied().unwrap_or(left.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_a_stranger_is_not() {
        let fields = ["description", "owner", "variants", "when", "off"];
        assert_eq!(nearest("desciption", fields), Some("description"));
        assert_eq!(nearest("onwer", fields), Some("owner"));
        assert_eq!(nearest("Variants", fields), Some("variants"));
        assert_eq!(nearest("of", fields), Some("off"));
        assert_eq!(nearest("colour", fields), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("", fields), None);
    }

    #[test]
    fn a_swap_of_neighbours_is_one_edit() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(edits(&chars("ab"), &chars("ba")), 1);
        assert_eq!(edits(&chars("xaby"), &chars("xbay")), 1);
        assert_eq!(edits(&chars("kitten"), &chars("sitting")), 3);
        assert_eq!(edits(&chars(""), &chars("abc")), 3);
    }
}
