//! Signing: announcements carry a statement that nobody but this server can have made.
//!
//! In: a key, the list of keys that names it. Out: signed statements. A root signs the list of keys
//! (and may be kept offline), a key of the list signs announcements. A server that was given no
//! list is its own root. Private keys are in files of their own, never in the store, a log or an
//! answer.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use vexil_abi::announcement::{
    ANNOUNCEMENT_PREFIX, KEYS_PREFIX, SELECTION_STATEMENT_VERSION, STATEMENT_VERSION,
};
use vexil_runtime::trust::is_signed;

use super::modules::Owner;
use crate::limits::EXPIRES_AFTER_MS;
use crate::log::event::{Hash, Revision};

/// A private key.
pub struct SecretKey {
    pair: Ed25519KeyPair,
    seed: [u8; 32],
}

/// Never the key.
impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public())
    }
}

/// A list of keys, and who has signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedKeys {
    /// The list as JSON, byte for byte as it is signed: see [`Keys`].
    pub statement: String,
    /// Signatures in hexadecimal, by the root's public key.
    pub signatures: BTreeMap<String, String>,
}

/// A list of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The version of its shape.
    pub v: u32,
    /// Grows with every list: clients take none that is older than one that they have seen.
    pub serial: u64,
    /// Public keys, in hexadecimal, that sign the next list.
    pub roots: Vec<String>,
    /// Public keys, in hexadecimal, that sign announcements.
    pub keys: Vec<String>,
}

/// What signs a server's announcements.
#[derive(Debug)]
pub struct Signer {
    key: SecretKey,
    keys: SignedKeys,
}

/// A statement with its signatures, as members of an announcement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// What is signed, as JSON.
    pub statement: String,
    /// The signature in hexadecimal.
    pub signature: String,
    /// The public key that made it, in hexadecimal.
    pub key: String,
    /// The list that names the key.
    pub keys: SignedKeys,
}

/// What an announcement states.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// Of what.
    pub owner: &'f Owner,
    /// The newest event in it.
    pub revision: Revision,
    /// The hash chain up to that event.
    pub log_head: Hash,
    /// SHA-256 of the module, in hexadecimal.
    pub digest: &'f str,
    /// Size of the module.
    pub bytes: usize,
    /// When it is signed, in milliseconds since the Unix epoch.
    pub issued_ms: i64,
}

/// Why a key or a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The file cannot be read or written.
    #[error("`{path}` cannot be read or written")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds no key.
    #[error("`{0}` holds no signing key: it is the line `{HEAD}` and 64 hexadecimal digits")]
    NoKey(PathBuf),
    /// Others can read it.
    #[error("others can read the signing key `{0}`: `chmod 600` it, and think of replacing it")]
    Readable(PathBuf),
    /// It holds no list of keys.
    #[error("`{path}` is no list of keys as `vexil trust sign` writes it: {message}")]
    NoList {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The list does not name this server's key.
    #[error(
        "the list of keys `{path}` does not name this server's key {public}: sign a new one with \
         `vexil trust sign`"
    )]
    NotListed {
        /// The list.
        path: PathBuf,
        /// The key.
        public: String,
    },
}

/// What a file with a key begins with.
const HEAD: &str = "vexil signing key 1";

impl SecretKey {
    /// A new key.
    ///
    /// # Panics
    /// Never: every seed is one of a key.
    #[must_use]
    pub fn new() -> Self {
        Self::of(rand::random())
    }

    /// The key that a seed stands for: whoever has the seed has the key.
    #[must_use]
    pub fn of(seed: [u8; 32]) -> Self {
        match Ed25519KeyPair::from_seed_unchecked(&seed) {
            Ok(pair) => Self { pair, seed },
            // INVARIANT: it fails for another length only.
            Err(_) => Self::of([0; 32]),
        }
    }

    /// Reads the key in a file, or makes one there.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn open(path: &Path) -> Result<Self, SignError> {
        let failed = |source| SignError::File { path: path.to_owned(), source };
        match fs::read_to_string(path) {
            Ok(text) => {
                check_mode(path)?;
                let line = text.strip_prefix(HEAD).map(str::trim);
                let seed = line.and_then(Hash::parse);
                seed.map(|Hash(seed)| Self::of(seed)).ok_or(SignError::NoKey(path.to_owned()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = Self::new();
                key.write(path).map_err(failed)?;
                Ok(key)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Writes it to a file that is not there yet, for its owner only.
    ///
    /// # Errors
    /// The file is there, or cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        writeln!(file, "{HEAD}\n{}", Hash(self.seed))?;
        file.sync_all()
    }

    /// Its public key in hexadecimal.
    #[must_use]
    pub fn public(&self) -> String {
        hex(self.pair.public_key().as_ref())
    }

    fn sign(&self, prefix: &[u8], text: &str) -> String {
        hex(self.pair.sign(&[prefix, text.as_bytes()].concat()).as_ref())
    }
}

impl Default for SecretKey {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), SignError> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs::metadata(path);
    let metadata = metadata.map_err(|source| SignError::File { path: path.to_owned(), source })?;
    match metadata.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => Err(SignError::Readable(path.to_owned())),
    }
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), SignError> {
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl SignedKeys {
    /// A list, signed by `roots`.
    #[must_use]
    pub fn new(keys: &Keys, roots: &[&SecretKey]) -> Self {
        // The shape holds no maps and no floats: it always serialises.
        let statement = serde_json::to_string(keys).unwrap_or_default();
        let signatures =
            roots.iter().map(|root| (root.public(), root.sign(KEYS_PREFIX, &statement))).collect();
        Self { statement, signatures }
    }

    /// Reads a file that `vexil trust sign` has written.
    ///
    /// # Errors
    /// It is none, or one of its own roots has not signed it.
    pub fn read(path: &Path) -> Result<Self, SignError> {
        let text = fs::read_to_string(path);
        let text = text.map_err(|source| SignError::File { path: path.to_owned(), source })?;
        let wrong = |message: String| SignError::NoList { path: path.to_owned(), message };
        let signed: Self = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let keys = signed.keys().map_err(wrong)?;
        match keys.roots.iter().any(|root| signed.is_signed_by(root)) {
            true => Ok(signed),
            false => Err(wrong("none of the roots that it names has signed it".to_owned())),
        }
    }

    /// The list, read.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn keys(&self) -> Result<Keys, String> {
        let keys: Keys =
            serde_json::from_str(&self.statement).map_err(|error| error.to_string())?;
        match keys.v {
            STATEMENT_VERSION => Ok(keys),
            other => Err(format!("its version {other} is not known here")),
        }
    }

    /// Has this root, by its public key in hexadecimal, signed the list?
    #[must_use]
    pub fn is_signed_by(&self, root: &str) -> bool {
        let signature = self.signatures.get(root);
        signature.is_some_and(|signature| is_signed(root, KEYS_PREFIX, &self.statement, signature))
    }
}

impl Signer {
    /// A server that is its own root.
    #[must_use]
    pub fn own(key: SecretKey) -> Self {
        let public = vec![key.public()];
        let keys = Keys { v: STATEMENT_VERSION, serial: 1, roots: public.clone(), keys: public };
        let keys = SignedKeys::new(&keys, &[&key]);
        Self { key, keys }
    }

    /// A server whose key stands in the list of this file.
    ///
    /// # Errors
    /// The file holds no good list, or does not name the key.
    pub fn listed(key: SecretKey, path: &Path) -> Result<Self, SignError> {
        let keys = SignedKeys::read(path)?;
        let public = key.public();
        match keys.keys().is_ok_and(|keys| keys.keys.contains(&public)) {
            true => Ok(Self { key, keys }),
            false => Err(SignError::NotListed { path: path.to_owned(), public }),
        }
    }

    /// The list of keys.
    #[must_use]
    pub const fn keys(&self) -> &SignedKeys {
        &self.keys
    }

    /// Signs what an announcement states.
    #[must_use]
    pub fn sign(&self, facts: Facts<'_>) -> Signed {
        let Facts { owner, revision, log_head, digest, bytes, issued_ms } = facts;
        let v = match owner.selection {
            None => STATEMENT_VERSION,
            Some(_) => SELECTION_STATEMENT_VERSION,
        };
        let mut statement = json!({
            "v": v,
            "project": owner.project,
            "environment": owner.environment,
            "audience": owner.audience.name(),
            "revision": revision,
            "digest": digest,
            "bytes": bytes,
            "log_head": log_head.to_string(),
            "issued_ms": issued_ms,
            "expires_ms": issued_ms.saturating_add(EXPIRES_AFTER_MS),
            "abi": vexil_abi::ABI_VERSION,
        });
        if let (Some(selection), Some(members)) = (&owner.selection, statement.as_object_mut()) {
            members.insert("selection".to_owned(), json!(**selection));
        }
        let statement = statement.to_string();
        let signature = self.key.sign(ANNOUNCEMENT_PREFIX, &statement);
        Signed { statement, signature, key: self.key.public(), keys: self.keys.clone() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use vexil_compiler::Audience;

    use super::*;
    use crate::publish::selection::Selection;

    fn owner() -> Owner {
        let audience = Audience::Server;
        Owner { project: "p".into(), environment: "e".into(), audience, selection: None }
    }

    fn facts(owner: &Owner) -> Facts<'_> {
        let (revision, log_head) = (Revision(7), Hash([9; 32]));
        Facts { owner, revision, log_head, digest: "d", bytes: 3, issued_ms: 1_000 }
    }

    #[test]
    fn a_key_in_a_file_is_the_same_after_a_restart_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let public = SecretKey::open(&path).unwrap().public();
        assert_eq!(SecretKey::open(&path).unwrap().public(), public);
        assert!(SecretKey::new().write(&path).is_err(), "it is not written over");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(SecretKey::open(&path), Err(SignError::Readable(_))));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::write(&path, "vexil signing key 1\nabc\n").unwrap();
        assert!(matches!(SecretKey::open(&path), Err(SignError::NoKey(_))));
    }

    #[test]
    fn a_statement_is_signed_byte_for_byte() {
        let signer = Signer::own(SecretKey::of([1; 32]));
        let signed = signer.sign(facts(&owner()));
        assert_eq!(
            signed.statement,
            format!(
                "{{\"v\":1,\"project\":\"p\",\"environment\":\"e\",\"audience\":\"server\",\
                 \"revision\":7,\"digest\":\"d\",\"bytes\":3,\"log_head\":\"{}\",\
                 \"issued_ms\":1000,\"expires_ms\":86401000,\"abi\":1}}",
                "09".repeat(32)
            )
        );
        let verify =
            |text: &str| is_signed(&signed.key, ANNOUNCEMENT_PREFIX, text, &signed.signature);
        assert!(verify(&signed.statement));
        assert!(!verify(&signed.statement.replace(":7,", ":8,")));
        assert!(signed.keys.is_signed_by(&signed.key));
    }

    #[test]
    fn what_is_selected_is_signed_under_another_version() {
        let selection = Selection::of_lists(Some("b,a"), Some("x")).unwrap().map(Arc::new);
        let signed =
            Signer::own(SecretKey::of([1; 32])).sign(facts(&Owner { selection, ..owner() }));
        assert!(signed.statement.starts_with("{\"v\":2,"), "{}", signed.statement);
        let end = ",\"abi\":1,\"selection\":{\"flags\":[\"a\",\"b\"],\"tags\":[\"x\"]}}";
        assert!(signed.statement.ends_with(end), "{}", signed.statement);
    }

    #[test]
    fn a_server_is_listed_or_does_not_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let (root, listed) = (SecretKey::of([9; 32]), SecretKey::of([1; 32]));
        let keys = Keys {
            v: STATEMENT_VERSION,
            serial: 3,
            roots: vec![root.public()],
            keys: vec![listed.public()],
        };
        let signed = SignedKeys::new(&keys, &[&root]);
        fs::write(&path, serde_json::to_string(&signed).unwrap()).unwrap();
        let signer = Signer::listed(listed, &path).unwrap();
        assert_eq!(signer.keys().keys().unwrap(), keys);
        let other = Signer::listed(SecretKey::of([2; 32]), &path).unwrap_err();
        assert!(matches!(other, SignError::NotListed { .. }), "{other}");
        let forged = SignedKeys { statement: signed.statement.replace(":3,", ":4,"), ..signed };
        fs::write(&path, serde_json::to_string(&forged).unwrap()).unwrap();
        let error = SignedKeys::read(&path).unwrap_err().to_string();
        assert!(error.contains("none of the roots"), "{error}");
    }

    #[test]
    fn the_debug_form_holds_no_key() {
        let key = SecretKey::of([0xab; 32]);
        assert!(!format!("{key:?}").contains(&"ab".repeat(8)));
    }
}
