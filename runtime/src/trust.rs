//! Trust: whose announcements a client follows.
//!
//! In: an announcement with its signatures, and what the client trusts. Out: the statement that was
//! signed, or why it is refused. Signatures are checked before anything else is read. The roles are
//! those of The Update Framework (<https://theupdateframework.github.io/specification/latest>), in
//! little: roots sign the list of keys, a key of the list signs announcements, which expire.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use vexil_abi::announcement::{
    ANNOUNCEMENT_PREFIX, KEYS_PREFIX, PUBLIC_KEY_BYTES, SELECTION_STATEMENT_VERSION,
    STATEMENT_VERSION,
};

use crate::selection::Selection;

/// Whose announcements a client follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// The server that it talks to first, and from then on whoever that one names. With a folder
    /// ([`ClientBuilder::cache`](crate::ClientBuilder::cache)) that is remembered from start to
    /// start.
    #[default]
    FirstUse,
    /// The holders of these root keys: public keys in hexadecimal, as `vexil trust` shows them.
    Roots(Vec<String>),
    /// Whoever answers: announcements need no signature.
    Anybody,
}

/// The root keys that a client trusts, and the newest list of keys that it has seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Anchor {
    /// Public keys in hexadecimal.
    roots: Vec<String>,
    /// Of the list of keys.
    serial: u64,
}

/// An announcement whose signatures are good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// What it states.
    pub statement: Statement,
    /// The root that has signed the list of keys, in hexadecimal.
    pub root: String,
    /// The key of that list that has signed the announcement, in hexadecimal.
    pub key: String,
}

/// What stands beside an announcement's other members.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Signatures {
    statement: String,
    signature: String,
    key: String,
    keys: SignedKeys,
}

#[derive(Clone, Debug, Deserialize)]
struct SignedKeys {
    statement: String,
    /// By the root's public key in hexadecimal.
    signatures: BTreeMap<String, String>,
}

/// The list of keys, as it is signed.
#[derive(Debug, Deserialize)]
struct Keys {
    v: u32,
    serial: u64,
    roots: Vec<String>,
    keys: Vec<String>,
}

/// An announcement, as it is signed.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// The version of its shape.
    pub v: u32,
    /// Of which project.
    pub project: String,
    /// Of which environment.
    pub environment: String,
    /// For whom the module is: `server` or `browser`.
    pub audience: String,
    /// The environment's revision.
    pub revision: u64,
    /// SHA-256 of the module, in hexadecimal.
    pub digest: String,
    /// Bytes of the module.
    pub bytes: u64,
    /// The hash chain of the project's log up to the revision, in hexadecimal.
    pub log_head: String,
    /// Until when it is to be believed, in milliseconds since the Unix epoch.
    pub expires_ms: i64,
    /// Of which flags the module is; `None`: of all.
    #[serde(default)]
    pub selection: Option<Selection>,
}

/// Why an announcement is not trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// It is no JSON.
    #[error("it is no announcement: {0}")]
    Shape(serde_json::Error),
    /// It carries no signature.
    #[error("it is not signed; a client that is to follow such a server says so by `.trust(…)`")]
    Unsigned,
    /// Nobody who is trusted vouches for its keys.
    #[error("the list of its keys is signed by none of the roots that this client trusts")]
    Stranger,
    /// It comes with a list of keys that was replaced.
    #[error("the list of its keys is number {found}, and number {known} was seen")]
    OldKeys {
        /// The number of its list.
        found: u64,
        /// The newest that was seen.
        known: u64,
    },
    /// The list does not name the key.
    #[error("the key that signed it is not in the list of keys")]
    UnlistedKey,
    /// Somebody else has signed it, or something else was signed.
    #[error("its signature is wrong")]
    Signature,
    /// What is signed is not of a known shape.
    #[error("its signed statement cannot be read: {0}")]
    Statement(serde_json::Error),
    /// What is signed is of a version to come.
    #[error("version {0} of signed statements is not known here")]
    Version(u32),
    /// It is for others.
    #[error("it is for {0}s")]
    Audience(String),
    /// The log was another when this revision was announced before.
    #[error(
        "it tells another history: the log's hash at revision {revision} was {known}, now {found}"
    )]
    Fork {
        /// The revision.
        revision: u64,
        /// The hash of the log that was announced before.
        known: String,
        /// The hash that is announced now.
        found: String,
    },
}

/// What a client trusts, and has seen.
#[derive(Debug)]
pub(crate) struct Trusting {
    trust: Trust,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    anchor: Option<Anchor>,
    /// Revision and hash of the newest announcement.
    head: Option<(u64, String)>,
}

impl Trusting {
    /// `anchor` is what an earlier client has remembered.
    pub(crate) fn new(trust: Trust, anchor: Option<Anchor>) -> Self {
        let anchor = match &trust {
            Trust::FirstUse => anchor,
            Trust::Roots(roots) => {
                let roots: Vec<String> = roots.iter().map(|root| root.to_lowercase()).collect();
                // A list that was seen before counts, if these roots had signed it.
                let serial = anchor.filter(|anchor| anchor.roots == roots);
                Some(Anchor { serial: serial.map_or(0, |anchor| anchor.serial), roots })
            }
            Trust::Anybody => None,
        };
        Self { trust, seen: Mutex::new(Seen { anchor, head: None }) }
    }

    /// What is to be remembered.
    pub(crate) fn anchor(&self) -> Option<Anchor> {
        self.seen().anchor.clone()
    }

    /// The statement of an announcement; `None` when none is asked for.
    pub(crate) fn check(
        &self,
        signatures: Option<&Signatures>,
    ) -> Result<Option<Statement>, TrustError> {
        if self.trust == Trust::Anybody {
            return Ok(None);
        }
        let signatures = signatures.ok_or(TrustError::Unsigned)?;
        let mut seen = self.seen();
        let (Verified { statement, .. }, anchor) = verified(signatures, seen.anchor.as_ref())?;
        if statement.audience != "server" {
            return Err(TrustError::Audience(statement.audience));
        }
        let (revision, found) = (statement.revision, statement.log_head.clone());
        match &seen.head {
            Some((at, known)) if *at == revision && *known != found => {
                return Err(TrustError::Fork { revision, known: known.clone(), found });
            }
            Some((at, _)) if *at > revision => {}
            _ => seen.head = Some((revision, found)),
        }
        seen.anchor = Some(anchor);
        Ok(Some(statement))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // What was seen is replaced as a whole.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks the signatures of an announcement, given as the JSON that `…/head` answers with. `roots`
/// are public keys in hexadecimal; without any the roots that the announcement names are believed.
///
/// This looks at one announcement on its own: whether it is expired, for whom it is and whether a
/// newer one was seen is for the caller to say. A [`Client`](crate::Client) checks all of that.
///
/// # Errors
/// It is not signed by whom these roots trust.
pub fn verify_announcement(json: &[u8], roots: &[String]) -> Result<Verified, TrustError> {
    let value: serde_json::Value = serde_json::from_slice(json).map_err(TrustError::Shape)?;
    let signatures = serde_json::from_value(value).map_err(|_| TrustError::Unsigned)?;
    let roots: Vec<String> = roots.iter().map(|root| root.to_lowercase()).collect();
    let anchor = (!roots.is_empty()).then_some(Anchor { roots, serial: 0 });
    verified(&signatures, anchor.as_ref()).map(|(verified, _)| verified)
}

/// What is signed, and what to trust from then on.
fn verified(
    signatures: &Signatures,
    anchor: Option<&Anchor>,
) -> Result<(Verified, Anchor), TrustError> {
    let Listed { keys, root, anchor } = listed(&signatures.keys, anchor)?;
    if !keys.contains(&signatures.key) {
        return Err(TrustError::UnlistedKey);
    }
    let Signatures { statement, signature, key, .. } = signatures;
    if !is_signed(key, ANNOUNCEMENT_PREFIX, statement, signature) {
        return Err(TrustError::Signature);
    }
    let statement: Statement = serde_json::from_str(statement).map_err(TrustError::Statement)?;
    let version = match statement.selection {
        None => STATEMENT_VERSION,
        Some(_) => SELECTION_STATEMENT_VERSION,
    };
    match statement.v == version {
        true => Ok((Verified { statement, root, key: key.clone() }, anchor)),
        false => Err(TrustError::Version(statement.v)),
    }
}

/// A list of keys that is trusted.
struct Listed {
    keys: Vec<String>,
    /// Who has signed it.
    root: String,
    /// What to trust from then on.
    anchor: Anchor,
}

/// The keys of a list that is trusted, and what to trust from then on: a root that is trusted may
/// name others.
fn listed(signed: &SignedKeys, anchor: Option<&Anchor>) -> Result<Listed, TrustError> {
    let is_good = |root: &&String| {
        let signature = signed.signatures.get(*root);
        signature
            .is_some_and(|signature| is_signed(root, KEYS_PREFIX, &signed.statement, signature))
    };
    let known = anchor.map(|anchor| anchor.roots.iter().find(is_good));
    let known = known.map(|root| root.ok_or(TrustError::Stranger)).transpose()?;
    let keys: Keys = serde_json::from_str(&signed.statement).map_err(TrustError::Statement)?;
    if keys.v != STATEMENT_VERSION {
        return Err(TrustError::Version(keys.v));
    }
    // At first use the roots speak for themselves, and always one of those that it names.
    let own = keys.roots.iter().find(is_good).ok_or(TrustError::Stranger)?;
    let root = known.unwrap_or(own).clone();
    let known = anchor.map_or(0, |anchor| anchor.serial);
    if keys.serial < known {
        return Err(TrustError::OldKeys { found: keys.serial, known });
    }
    let anchor = Anchor { roots: keys.roots, serial: keys.serial };
    Ok(Listed { keys: keys.keys, root, anchor })
}

/// Is this the signature of the holder of a key over a statement of the kind that `prefix` names?
/// Key and signature are in hexadecimal.
#[must_use]
pub fn is_signed(key: &str, prefix: &[u8], text: &str, signature: &str) -> bool {
    let key = hex(key).filter(|key| key.len() == PUBLIC_KEY_BYTES);
    let (Some(key), Some(signature)) = (key, hex(signature)) else { return false };
    let message = [prefix, text.as_bytes()].concat();
    UnparsedPublicKey::new(&ED25519, key).verify(&message, &signature).is_ok()
}

/// The bytes of lower-case hexadecimal digits.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let byte = |[high, low]: &[u8; 2]| Some(value(*high)? << 4 | value(*low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect()).flatten()
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]

    use ring::signature::{Ed25519KeyPair, KeyPair as _};
    use serde_json::{Value, json};

    use super::*;

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn text(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn public(seed: u8) -> String {
        text(pair(seed).public_key().as_ref())
    }

    fn signed(seed: u8, prefix: &[u8], statement: &str) -> String {
        text(pair(seed).sign(&[prefix, statement.as_bytes()].concat()).as_ref())
    }

    /// A list of keys by number of seed, signed by `by`.
    fn list(serial: u64, roots: &[u8], keys: &[u8], by: &[u8]) -> Value {
        let names = |seeds: &[u8]| seeds.iter().map(|seed| public(*seed)).collect::<Vec<_>>();
        let statement =
            json!({ "v": 1, "serial": serial, "roots": names(roots), "keys": names(keys) });
        let statement = statement.to_string();
        let signatures: BTreeMap<String, String> =
            by.iter().map(|seed| (public(*seed), signed(*seed, KEYS_PREFIX, &statement))).collect();
        json!({ "statement": statement, "signatures": signatures })
    }

    fn statement(revision: u64, log_head: &str) -> Value {
        json!({
            "v": 1, "project": "p", "environment": "e", "audience": "server",
            "revision": revision, "digest": "d", "bytes": 1, "log_head": log_head,
            "issued_ms": 1, "expires_ms": 2, "abi": 1,
        })
    }

    fn signatures(key: u8, statement: &Value, keys: Value) -> Signatures {
        let statement = statement.to_string();
        let signature = signed(key, ANNOUNCEMENT_PREFIX, &statement);
        let all = json!({
            "statement": statement, "signature": signature, "key": public(key), "keys": keys,
        });
        serde_json::from_value(all).unwrap()
    }

    /// From a server whose key is its own root.
    fn own(key: u8, revision: u64) -> Signatures {
        signatures(key, &statement(revision, "h"), list(1, &[key], &[key], &[key]))
    }

    fn refused(trusting: &Trusting, signatures: &Signatures) -> String {
        trusting.check(Some(signatures)).unwrap_err().to_string()
    }

    #[test]
    fn the_first_server_is_trusted_and_no_other() {
        let trusting = Trusting::new(Trust::FirstUse, None);
        let good = trusting.check(Some(&own(1, 7))).unwrap().unwrap();
        assert_eq!((good.revision, good.expires_ms), (7, 2));
        assert!(refused(&trusting, &own(2, 8)).contains("none of the roots"));
        let remembered = Trusting::new(Trust::FirstUse, trusting.anchor());
        assert!(remembered.check(Some(&own(2, 8))).is_err());
        assert!(remembered.check(Some(&own(1, 8))).is_ok());
        assert!(matches!(trusting.check(None), Err(TrustError::Unsigned)));
    }

    #[test]
    fn pinned_roots_are_trusted_from_the_start() {
        let trusting = Trusting::new(Trust::Roots(vec![public(9).to_uppercase()]), None);
        assert!(refused(&trusting, &own(1, 7)).contains("none of the roots"));
        let keys = list(3, &[9], &[1], &[9]);
        assert!(trusting.check(Some(&signatures(1, &statement(7, "h"), keys))).is_ok());
    }

    #[test]
    fn keys_are_replaced_by_the_root_and_never_go_back() {
        let trusting = Trusting::new(Trust::Roots(vec![public(9)]), None);
        let by = |key: u8, keys: Value| signatures(key, &statement(7, "h"), keys);
        trusting.check(Some(&by(1, list(1, &[9], &[1], &[9])))).unwrap();
        trusting.check(Some(&by(2, list(2, &[9], &[1, 2], &[9])))).unwrap();
        trusting.check(Some(&by(2, list(3, &[9], &[2], &[9])))).unwrap();
        let old = refused(&trusting, &by(1, list(1, &[9], &[1], &[9])));
        assert!(old.contains("number 1, and number 3 was seen"), "{old}");
        let gone = refused(&trusting, &by(1, list(3, &[9], &[2], &[9])));
        assert!(gone.contains("not in the list"), "{gone}");
        // The root itself is replaced: the old one and the new one both sign.
        trusting.check(Some(&by(2, list(4, &[8], &[2], &[9, 8])))).unwrap();
        assert!(
            refused(&trusting, &by(2, list(5, &[9], &[2], &[9]))).contains("none of the roots")
        );
        trusting.check(Some(&by(2, list(5, &[8], &[2], &[8])))).unwrap();
        // A root that has not signed itself is a typing error or a trick.
        let unsigned = refused(&trusting, &by(2, list(6, &[7], &[2], &[8])));
        assert!(unsigned.contains("none of the roots"), "{unsigned}");
    }

    #[test]
    fn every_altered_byte_is_found() {
        let trusting = Trusting::new(Trust::FirstUse, None);
        let good = own(1, 7);
        let altered: [fn(&mut Signatures); 6] = [
            |s| s.statement = s.statement.replace("\"revision\":7", "\"revision\":8"),
            |s| s.signature = s.signature.replace('0', "1"),
            |s| s.signature.truncate(10),
            |s| s.keys.statement = s.keys.statement.replace("\"serial\":1", "\"serial\":9"),
            |s| s.keys.signatures.clear(),
            |s| s.key = public(2),
        ];
        for alter in altered {
            let mut signatures = good.clone();
            alter(&mut signatures);
            assert!(trusting.check(Some(&signatures)).is_err(), "{signatures:?}");
        }
        assert_eq!(trusting.anchor(), None, "nothing of it is remembered");
        // A statement of one kind is not taken for another.
        let mut crossed = good.clone();
        crossed.signature = signed(1, KEYS_PREFIX, &crossed.statement);
        assert!(refused(&trusting, &crossed).contains("signature is wrong"));
    }

    #[test]
    fn another_history_is_found_out() {
        let trusting = Trusting::new(Trust::FirstUse, None);
        let at =
            |revision, head| signatures(1, &statement(revision, head), list(1, &[1], &[1], &[1]));
        trusting.check(Some(&at(7, "a"))).unwrap();
        trusting.check(Some(&at(7, "a"))).unwrap();
        assert!(refused(&trusting, &at(7, "b")).contains("another history"));
        trusting.check(Some(&at(8, "c"))).unwrap();
    }

    #[test]
    fn what_is_for_others_is_refused() {
        let trusting = Trusting::new(Trust::FirstUse, None);
        let mut other = statement(7, "h");
        other["audience"] = json!("browser");
        let signatures = signatures(1, &other, list(1, &[1], &[1], &[1]));
        assert!(refused(&trusting, &signatures).contains("for browsers"));
    }

    #[test]
    fn a_statement_with_a_selection_has_a_version_of_its_own() {
        let keys = || list(1, &[1], &[1], &[1]);
        let check = |v: u32, selection: Value| {
            let mut statement = statement(7, "h");
            statement["v"] = v.into();
            statement["selection"] = selection;
            let trusting = Trusting::new(Trust::FirstUse, None);
            trusting.check(Some(&signatures(1, &statement, keys())))
        };
        let some = json!({ "flags": ["a"], "tags": [] });
        let selection = check(2, some.clone()).unwrap().unwrap().selection.unwrap();
        assert_eq!(selection.to_string(), "a");
        assert_eq!(check(1, Value::Null).unwrap().unwrap().selection, None);
        for (v, selection) in [(1, some.clone()), (2, Value::Null), (3, some)] {
            let error = check(v, selection).unwrap_err();
            assert!(matches!(error, TrustError::Version(found) if found == v), "{error}");
        }
    }

    #[test]
    fn who_trusts_anybody_asks_for_no_signature() {
        let trusting = Trusting::new(Trust::Anybody, None);
        assert_eq!(trusting.check(None).unwrap(), None);
    }
}
