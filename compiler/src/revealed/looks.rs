//! What a text looks like, where that is something that is seldom meant to be public.
//!
//! In: a text that can be read. Out: a guess, for people to look at; nothing is refused for it.

use serde::Serialize;

/// What a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Looks {
    /// An e-mail address, or the end of one.
    Address,
    /// A token, a password, a private key.
    Secret,
}

/// Characters of a word that nobody would make up.
const TOKEN_CHARS_MIN: usize = 24;
/// Digits of a hexadecimal number that is a digest or a key.
const HEX_DIGITS_MIN: usize = 32;
/// With what tokens and keys of well-known kinds begin.
const PREFIXES: [&str; 10] = [
    "-----BEGIN",
    "AKIA",
    "eyJ",
    "ghp_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "sk-",
    "xox",
    "AIza",
];
/// Characters that such a prefix alone does not make.
const PREFIXED_CHARS_MIN: usize = 16;

impl Looks {
    /// In words, behind "looks like".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Address => "an e-mail address",
            Self::Secret => "a secret",
        }
    }
}

/// What `text` looks like, if it is one of these.
pub(super) fn looks(text: &str) -> Option<Looks> {
    // A pattern spells its dots out.
    let text = text.replace('\\', "");
    let ends = |c: char| c.is_whitespace() || "<>()[]{}\"'`,;|^$".contains(c);
    let mut words = text.split(ends);
    if text.contains("-----BEGIN") {
        return Some(Looks::Secret);
    }
    words.find_map(|word| match word {
        word if is_address(word) => Some(Looks::Address),
        word if is_secret(word) => Some(Looks::Secret),
        _ => None,
    })
}

/// `ada@acme.example` or `@acme.example`.
fn is_address(word: &str) -> bool {
    let Some((before, domain)) = word.rsplit_once('@') else { return false };
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let domain = domain.trim_end_matches('.');
    let is_local = before.chars().all(|c| c.is_alphanumeric() || "._%+-*?".contains(c));
    is_local && domain.contains('.') && domain.split('.').all(is_label)
}

fn is_secret(word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-+=.".contains(c);
    let chars = word.chars().count();
    if !word.chars().all(is_part) {
        return false;
    }
    if chars >= PREFIXED_CHARS_MIN && PREFIXES.iter().any(|prefix| word.starts_with(prefix)) {
        return true;
    }
    if chars >= HEX_DIGITS_MIN && word.chars().all(|c| c.is_ascii_hexdigit()) {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        return digits > 0 && digits < chars;
    }
    let has = |is: fn(&char) -> bool| word.chars().filter(is).count() >= 3;
    chars >= TOKEN_CHARS_MIN
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_secrets_are_known_by_their_looks() {
        for text in
            ["ada@acme.example", "@acme.example", "mail Eva <eva+x@a.b.c>", "^.*@acme\\.example$"]
        {
            assert_eq!(looks(text), Some(Looks::Address), "{text}");
        }
        for text in [
            "sk_live_abcdefghijkl",
            "9f86d081884c7d659a2feaa0c55ad015",
            "Xk29sLq0PvT7wYz31mNbHcRd",
            "-----BEGIN PRIVATE KEY-----",
        ] {
            assert_eq!(looks(text), Some(Looks::Secret), "{text}");
        }
        for text in [
            "",
            "sale",
            "@",
            "a@b",
            "@media",
            "Add to cart",
            "customer-segment-of-large-companies",
            "0198c0de-0000-7000-8000-000000000000",
            "https://shop.example/a/very/long/path/2026",
            "4.0.0-secret-project",
            "CheckoutV2WithPayments",
            "12345678901234567890123456789012345",
        ] {
            assert_eq!(looks(text), None, "{text}");
        }
    }
}
