//! SHA-256 and Ed25519 for pages whose browser lacks them: those without TLS, and browsers from
//! before Ed25519 came to WebCrypto.
//!
//! In: bytes that the page has written to where [`room`] says. Out: a digest, or whether a signature
//! is good. It imports nothing, keeps nothing, and is not loaded where the browser can do it itself.
//! There is no `wasm-bindgen`: three functions of numbers need no glue.
#![no_std]

#[cfg(target_arch = "wasm32")]
mod wasm;

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// Bytes of a public key, and behind it of a signature.
const KEY: usize = 32;
const SIGNATURE: usize = 64;

/// The SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Is `bytes` a public key, a signature (Ed25519, RFC 8032) and the message that it signs?
///
/// Keys and signatures that are not the only ones of their kind are refused (`verify_strict`), as
/// browsers do it.
#[must_use]
pub fn verify(bytes: &[u8]) -> bool {
    let Some((key, rest)) = bytes.split_first_chunk::<KEY>() else { return false };
    let Some((signature, message)) = rest.split_first_chunk::<SIGNATURE>() else { return false };
    VerifyingKey::from_bytes(key)
        .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}
