//! Names of Rust for keys and values, each of them once.
//!
//! In: texts. Out: identifiers of ASCII. Where several texts would get the same one, each of them
//! gets a piece of its SHA-256: a number would make a name mean another flag once there is one more.

use std::collections::{BTreeMap, BTreeSet};

use crate::module::digest;

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// `CHECKOUT_V2`
    Screaming,
    /// `CheckoutV2`
    Camel,
}

/// Digits of a hash that tell most names apart.
const HASH_DIGITS: usize = 4;

/// A name for each text, none of them one of `taken`.
pub(super) fn names<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    case: Case,
    taken: &[&str],
) -> BTreeMap<&'t str, String> {
    let texts: BTreeSet<&str> = texts.into_iter().collect();
    let mut digits: BTreeMap<&str, usize> = texts.iter().map(|text| (*text, 0)).collect();
    loop {
        let mut owners: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (text, digits) in &digits {
            owners.entry(name(text, case, *digits)).or_default().push(text);
        }
        let several = owners
            .iter()
            .filter(|(name, owners)| owners.len() > 1 || taken.contains(&name.as_str()));
        let several: Vec<&str> = several.flat_map(|(_, owners)| owners.iter().copied()).collect();
        // Different texts have different hashes, so that this comes to an end.
        if several.is_empty() {
            let name = |(text, digits): (&'t str, usize)| (text, name(text, case, digits));
            return digits.into_iter().map(name).collect();
        }
        for text in several {
            if let Some(digits) = digits.get_mut(text) {
                *digits += HASH_DIGITS;
            }
        }
    }
}

/// The name of a text, with so many digits of its hash.
fn name(text: &str, case: Case, digits: usize) -> String {
    let mut words = words(text);
    if words.is_empty() {
        words.push(if case == Case::Camel { "empty" } else { "flag" }.to_owned());
    }
    if digits > 0 {
        words.push(digest(text.as_bytes()).chars().take(digits).collect());
    }
    let name = match case {
        Case::Screaming => words.join("_").to_ascii_uppercase(),
        Case::Camel => words.iter().map(|word| capital(word)).collect(),
    };
    // A name does not begin with a digit.
    match (name.starts_with(|first: char| first.is_ascii_digit()), case) {
        (false, _) => name,
        (true, Case::Camel) => format!("N{name}"),
        (true, Case::Screaming) => format!("FLAG_{name}"),
    }
}

/// The runs of letters and digits in a text; `checkoutV2` is two of them.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            let begins = character.is_ascii_uppercase() && !before.is_ascii_uppercase();
            match words.last_mut() {
                Some(word) if before.is_ascii_alphanumeric() && !begins => word.push(character),
                _ => words.push(character.to_string()),
            }
        }
        before = character;
    }
    words
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters.map(|letter| letter.to_ascii_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(texts: &[&str], case: Case, taken: &[&str]) -> Vec<String> {
        let names = names(texts.iter().copied(), case, taken);
        texts.iter().map(|text| names.get(text).cloned().unwrap_or_default()).collect()
    }

    #[test]
    fn names_are_made_of_words() {
        let keys = ["checkout-v2", "checkoutV3", "team.new UI", "2fa", "größe", "日本"];
        assert_eq!(
            all(&keys, Case::Screaming, &[]),
            ["CHECKOUT_V2", "CHECKOUT_V3", "TEAM_NEW_UI", "FLAG_2FA", "GR_E", "FLAG"]
        );
        assert_eq!(
            all(&keys, Case::Camel, &[]),
            ["CheckoutV2", "CheckoutV3", "TeamNewUi", "N2fa", "GrE", "Empty"]
        );
    }

    #[test]
    fn who_would_share_a_name_gets_a_piece_of_a_hash_and_keeps_it() {
        let two = all(&["a-b", "a.b"], Case::Screaming, &[]);
        assert_eq!(two, ["A_B_D443", "A_B_2E73"], "the first digits of SHA-256");
        let three = all(&["a-b", "a.b", "a b"], Case::Screaming, &[]);
        assert_eq!(three.get(..2), Some(&two[..]));
        let piece = all(&["a-b", "a.b", "a-b-d443"], Case::Screaming, &[]);
        assert_eq!(piece.iter().collect::<BTreeSet<_>>().len(), 3);
        assert_ne!(all(&["self"], Case::Camel, &["Self"]), ["Self"]);
        assert_eq!(all(&["日", "本"], Case::Camel, &[]).len(), 2);
    }
}
