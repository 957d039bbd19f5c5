//! Tokens: what a caller shows, `vxl_<kind>_<id>_<secret>`.
//!
//! In: randomness, or a text. Out: a token, or nothing when the text is none. The last six
//! characters of the secret are a checksum of all before them, so that a typing error is found
//! without a look-up and a scanner for leaked secrets can tell a token from noise.

use std::fmt;

use rand::distr::{Alphanumeric, SampleString as _};
use serde::{Deserialize, Serialize};

use crate::log::canonical;
use crate::log::event::Hash;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// Operators who also give keys.
    Admin,
    /// Operators who change flags.
    Editor,
    /// Operators who look.
    Viewer,
    /// Services that evaluate.
    Server,
    /// Pages that evaluate: its secret is in the page, and so is none.
    Browser,
}

impl KeyKind {
    /// Every kind, from the one that may most.
    pub const ALL: [Self; 5] =
        [Self::Admin, Self::Editor, Self::Viewer, Self::Server, Self::Browser];

    /// As tokens and events write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Editor => "editor",
            Self::Viewer => "viewer",
            Self::Server => "server",
            Self::Browser => "browser",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What every token begins with.
pub const PREFIX: &str = "vxl";
/// Characters of an id.
pub const ID_LENGTH: usize = 10;
/// Random characters of a secret: 190 bits.
const RANDOM_LENGTH: usize = 32;
/// Characters of the checksum at its end.
const CHECK_LENGTH: usize = 6;

/// A token. Its secret is shown by [`Token::reveal`] only.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// What the key is for.
    pub kind: KeyKind,
    /// The id of the key.
    pub id: String,
    /// The whole of it.
    text: String,
}

impl Token {
    /// A new token of a new key.
    #[must_use]
    pub fn new(kind: KeyKind) -> Self {
        Self::again(kind, &Alphanumeric.sample_string(&mut rand::rng(), ID_LENGTH))
    }

    /// A new token of a known key.
    #[must_use]
    pub fn again(kind: KeyKind, id: &str) -> Self {
        let random = Alphanumeric.sample_string(&mut rand::rng(), RANDOM_LENGTH);
        let body = format!("{PREFIX}_{}_{id}_{random}", kind.name());
        let text = format!("{body}{}", checksum(&body));
        Self { kind, id: id.to_owned(), text }
    }

    /// Reads a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (body, check) = text.split_at_checked(text.len().checked_sub(CHECK_LENGTH)?)?;
        let [prefix, kind, id, random] =
            <[&str; 4]>::try_from(body.split('_').collect::<Vec<_>>()).ok()?;
        let plain = |text: &str, length| {
            text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let whole = prefix == PREFIX
            && plain(id, ID_LENGTH)
            && plain(random, RANDOM_LENGTH)
            && check == checksum(body);
        let kind = KeyKind::from_name(kind).filter(|_| whole)?;
        Some(Self { kind, id: id.to_owned(), text: text.to_owned() })
    }

    /// What is kept of it: `sha256("vexil key 1" 00 ‖ token)`. The secret is random, so no slow hash
    /// is needed to protect it.
    #[must_use]
    pub fn digest(&self) -> Hash {
        canonical::hash(&[b"vexil key 1\0", self.text.as_bytes()])
    }

    /// The whole of it, for the one who is to have it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

/// Never the secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({PREFIX}_{}_{}_…)", self.kind.name(), self.id)
    }
}

/// Six characters of base 62 that follow from `body`.
fn checksum(body: &str) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Hash(hash) = canonical::hash(&[b"vexil key check 1\0", body.as_bytes()]);
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied();
    hash.iter().take(CHECK_LENGTH).filter_map(letter).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_token_reads_back() {
        for kind in KeyKind::ALL {
            let token = Token::new(kind);
            assert_eq!(Token::parse(token.reveal()), Some(token.clone()), "{}", token.reveal());
            assert_eq!(KeyKind::from_name(kind.name()), Some(kind));
        }
    }

    #[test]
    fn tokens_differ_and_so_do_those_of_one_key() {
        let token = Token::new(KeyKind::Server);
        let again = Token::again(KeyKind::Server, &token.id);
        assert_ne!(token.digest(), again.digest());
        assert_ne!(Token::new(KeyKind::Server).id, token.id);
    }

    #[test]
    fn every_altered_character_is_found() {
        let token = Token::new(KeyKind::Admin);
        let text = token.reveal();
        for at in 0..text.len() {
            let mut altered = text.as_bytes().to_vec();
            altered[at] = if altered[at] == b'x' { b'y' } else { b'x' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(Token::parse(&altered), None, "{at}");
        }
        for bad in ["", "vxl", "vxl_admin", "vxl_admin__", "Bearer x", "ä", "vxl_a_b_c_d_e_f"] {
            assert_eq!(Token::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_debug_form_holds_no_secret() {
        let token = Token::new(KeyKind::Editor);
        let secret = token.reveal().rsplit('_').next().unwrap();
        assert!(!format!("{token:?}").contains(&secret[..8]));
    }
}
