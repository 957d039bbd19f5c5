//! Modules as they travel: compressed, or as what differs from the module that is served.
//!
//! In: the body of an answer, how it is coded, and the module that was offered as a dictionary. Out:
//! the module. The codings are `zstd` (RFC 8878) and `dcz` (RFC 9842 §5). No more is made of a body
//! than was announced, and what comes of it is checked by its digest: a wrong patch is a module that
//! is refused, and is then asked for without one.

use std::io::Read as _;

use bytes::Bytes;
use ring::digest::{SHA256, digest};

use crate::limits::WINDOW_LOG;
use crate::trust::hex;

/// What `Accept-Encoding` says when there is a module to offer, and when there is none.
pub(crate) const WITH_DICTIONARY: &str = "dcz, zstd";
pub(crate) const WITHOUT: &str = "zstd";

/// What begins a body in `dcz`, before the 32 bytes of the dictionary's SHA-256.
const DCZ_MAGIC: [u8; 8] = [0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0];

/// Why a body is no module.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransferError {
    #[error("the answer is coded as `{0}`, which was not asked for")]
    Coding(String),
    #[error("the answer does not begin as `dcz` does")]
    Header,
    #[error("the answer was made for another dictionary")]
    Dictionary,
    #[error("the answer cannot be decompressed: {0}")]
    Corrupt(#[from] std::io::Error),
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
}

/// The digest of a module as `Available-Dictionary` has it.
pub(crate) fn available(digest: &str) -> Option<String> {
    Some(format!(":{}:", base64(&hex(digest)?)))
}

/// What a body is when it is decoded, of at most `limit` bytes.
pub(crate) fn decode(
    body: &[u8],
    coding: &str,
    dictionary: Option<&Bytes>,
    limit: usize,
) -> Result<Vec<u8>, TransferError> {
    match (coding, dictionary) {
        ("identity", _) => Ok(body.to_vec()),
        ("zstd", _) => decompress(zstd::Decoder::new(body)?, limit),
        ("dcz", Some(dictionary)) => {
            let rest = body.strip_prefix(&DCZ_MAGIC).ok_or(TransferError::Header)?;
            let (hash, patch) = rest.split_at_checked(32).ok_or(TransferError::Header)?;
            if digest(&SHA256, dictionary).as_ref() != hash {
                return Err(TransferError::Dictionary);
            }
            decompress(zstd::Decoder::with_ref_prefix(patch, dictionary)?, limit)
        }
        (other, _) => Err(TransferError::Coding(other.to_owned())),
    }
}

fn decompress(
    mut decoder: zstd::Decoder<'_, impl std::io::BufRead>,
    limit: usize,
) -> Result<Vec<u8>, TransferError> {
    decoder.window_log_max(WINDOW_LOG)?;
    let mut module = Vec::with_capacity(limit.min(1 << 20));
    // One byte beyond the limit tells that there is more.
    decoder.take(limit as u64 + 1).read_to_end(&mut module)?;
    match module.len() <= limit {
        true => Ok(module),
        false => Err(TransferError::TooLarge(limit)),
    }
}

/// Base64 as in RFC 4648 §4, of the 32 bytes of a digest.
fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use super::*;

    fn compressed(bytes: &[u8], prefix: Option<&[u8]>) -> Vec<u8> {
        let mut writer = match prefix {
            None => zstd::Encoder::new(Vec::new(), 3).unwrap(),
            Some(prefix) => zstd::Encoder::with_ref_prefix(Vec::new(), 3, prefix).unwrap(),
        };
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn patch(module: &[u8], from: &[u8]) -> Vec<u8> {
        let hash = digest(&SHA256, from);
        [&DCZ_MAGIC, hash.as_ref(), &compressed(module, Some(from))].concat()
    }

    /// Bytes that do not compress.
    fn noise(length: u32) -> Vec<u8> {
        (0..length).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect()
    }

    #[test]
    fn what_was_coded_is_decoded() {
        let (old, mut new) = (noise(50_000), noise(50_000));
        new.splice(20_000..20_003, [1, 2, 3, 4]);
        let body = compressed(&new, None);
        assert_eq!(decode(&body, "zstd", None, new.len()).unwrap(), new);
        let body = patch(&new, &old);
        assert!(body.len() < 5_000, "a patch is short: {}", body.len());
        assert_eq!(decode(&body, "dcz", Some(&old.into()), new.len()).unwrap(), new);
    }

    #[test]
    fn what_is_wrong_is_refused_and_what_is_too_long_is_cut() {
        let (old, new) = (Bytes::from(noise(5_000)), noise(6_000));
        let bad = |body: &[u8], coding: &str| {
            decode(body, coding, Some(&old), 6_000).unwrap_err().to_string()
        };
        assert!(bad(b"x", "br").contains("not asked for"));
        assert!(bad(b"x", "dcz").contains("does not begin"));
        assert!(bad(b"x", "zstd").contains("cannot be decompressed"));
        assert!(bad(&patch(&new, b"another"), "dcz").contains("another dictionary"));
        let mut cut = patch(&new, &old);
        cut.truncate(cut.len() - 3);
        assert!(bad(&cut, "dcz").contains("cannot be decompressed"));
        // A few bytes that would become a gigabyte.
        let bomb = compressed(&vec![0; 50 << 20], None);
        assert!(bomb.len() < 10_000);
        assert!(bad(&bomb, "zstd").contains("more than 6000 bytes"));
        let none = decode(&patch(&new, &old), "dcz", None, 6_000);
        assert!(matches!(none, Err(TransferError::Coding(_))));
    }
}
