//! Signed announcements: what is signed, and how.
//!
//! A statement is a text of JSON. Its signature is Ed25519 (RFC 8032) over a prefix and the text,
//! byte for byte: nobody writes the JSON anew to verify it. Prefixes keep a statement of one kind
//! from being passed off as one of another.

/// What the signature of an announcement covers before its statement.
pub const ANNOUNCEMENT_PREFIX: &[u8] = b"vexil announcement 1\0";

/// What the signature of a list of keys covers before its statement.
pub const KEYS_PREFIX: &[u8] = b"vexil keys 1\0";

/// The version of both kinds of statement.
pub const STATEMENT_VERSION: u32 = 1;

/// The version of the statement of an announcement that is of some flags. It differs, so that a
/// client from before there were any refuses it, instead of overlooking what it is of.
pub const SELECTION_STATEMENT_VERSION: u32 = 2;

/// Flags and tags that a selection names at most: who needs more follows the whole environment.
pub const SELECTION_NAMES_MAX: usize = 256;

/// Bytes of their names together. A query is at most three times as long, which fits into the head
/// of a request.
pub const SELECTION_BYTES_MAX: usize = 4 << 10;

/// Bytes of a public key.
pub const PUBLIC_KEY_BYTES: usize = 32;
