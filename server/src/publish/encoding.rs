//! Modules as they travel: compressed, or as what differs from a module that the client has.
//!
//! In: a module, what its client accepts, and perhaps a module that it has. Out: fewer bytes. The
//! codings are HTTP's own: `gzip`, `br`, `zstd`, and `dcz` (RFC 9842: Zstandard with a dictionary,
//! which here is another module). Each is made once and kept while there is room; what would not be
//! shorter is not made. Nothing here may be trusted for content: the digest says what is right.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::OnceCell;
use vexil_runtime::simulated::spawn_blocking;

use crate::limits::{ENCODED_BYTES_MAX, ENCODED_MIN};

/// How bytes are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstandard,
    /// RFC 9842: Zstandard with a dictionary.
    Dictionary,
}

impl Coding {
    /// Those that need no dictionary, the best first: as short as any, and quick to read.
    pub const PLAIN: [Self; 3] = [Self::Brotli, Self::Zstandard, Self::Gzip];

    /// Its name in `Content-Encoding`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstandard => "zstd",
            Self::Dictionary => "dcz",
        }
    }
}

/// A module that a client has.
#[derive(Clone, Debug)]
pub struct Dictionary {
    /// Its digest, in hexadecimal.
    pub digest: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// What is made of a module: its digest, the coding, and the digest of the dictionary.
type Key = (String, Coding, Option<String>);
/// `None` when it would not be shorter.
type Made = Arc<OnceCell<Option<Bytes>>>;

/// Encoded modules, kept while there is room.
#[derive(Debug, Default)]
pub struct Encodings {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    made: BTreeMap<Key, Made>,
    /// Oldest first.
    order: VecDeque<Key>,
}

impl Kept {
    fn bytes(&self) -> usize {
        let each = self.made.values().filter_map(|made| made.get()?.as_ref());
        each.map(Bytes::len).sum()
    }
}

impl Encodings {
    /// A module in some coding; `None` when that would not be shorter. Several who ask for the same
    /// wait for one who makes it.
    pub async fn get(
        &self,
        digest: &str,
        module: &Bytes,
        coding: Coding,
        dictionary: Option<Dictionary>,
    ) -> Option<Bytes> {
        if module.len() < ENCODED_MIN {
            return None;
        }
        let key = (digest.to_owned(), coding, dictionary.as_ref().map(|it| it.digest.clone()));
        let made = self.place(key);
        let make = || {
            let module = module.clone();
            let work = move || encode(&module, coding, dictionary.as_ref());
            async move {
                match spawn_blocking(work).await {
                    Ok(Ok(bytes)) => bytes,
                    Ok(Err(error)) => {
                        tracing::error!(%error, coding = coding.name(), "could not be encoded");
                        None
                    }
                    Err(error) => {
                        tracing::error!(%error, coding = coding.name(), "encoding broke off");
                        None
                    }
                }
            }
        };
        made.get_or_init(make).await.clone()
    }

    /// Where one is, or is to be; makes room for it.
    fn place(&self, key: Key) -> Made {
        // What is put in and taken out is whole.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = kept.made.get(&key) {
            return Arc::clone(made);
        }
        while kept.bytes() > ENCODED_BYTES_MAX {
            let Some(oldest) = kept.order.pop_front() else { break };
            kept.made.remove(&oldest);
        }
        let made = Made::default();
        kept.made.insert(key.clone(), Arc::clone(&made));
        kept.order.push_back(key);
        made
    }
}

/// The level of `zstd`: beyond it a percent costs as much time again.
const ZSTD_LEVEL: i32 = 9;
/// The level of `br`, of 11.
const BROTLI_LEVEL: i32 = 5;
/// The logarithm of its window.
const BROTLI_WINDOW: i32 = 22;
/// What begins a body in `dcz`: a frame to be skipped, of 32 bytes, which are the dictionary's
/// SHA-256 (RFC 9842 §5).
const DCZ_MAGIC: [u8; 8] = [0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0];

fn encode(module: &[u8], coding: Coding, from: Option<&Dictionary>) -> io::Result<Option<Bytes>> {
    let encoded = match coding {
        Coding::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            writer.write_all(module)?;
            writer.finish()?
        }
        Coding::Brotli => {
            let parameters = brotli::enc::BrotliEncoderParams {
                quality: BROTLI_LEVEL,
                lgwin: BROTLI_WINDOW,
                size_hint: module.len(),
                ..Default::default()
            };
            let mut encoded = Vec::new();
            brotli::BrotliCompress(&mut &*module, &mut encoded, &parameters)?;
            encoded
        }
        Coding::Zstandard => zstandard(module, None)?,
        Coding::Dictionary => {
            let from = from.ok_or_else(|| io::Error::other("no dictionary"))?;
            let digest = crate::log::event::Hash::parse(&from.digest);
            let digest = digest.ok_or_else(|| io::Error::other("no digest"))?;
            let patch = zstandard(module, Some(&from.bytes))?;
            [&DCZ_MAGIC, digest.0.as_slice(), &patch].concat()
        }
    };
    Ok((encoded.len() < module.len()).then(|| encoded.into()))
}

fn zstandard(module: &[u8], prefix: Option<&[u8]>) -> io::Result<Vec<u8>> {
    let mut writer = match prefix {
        None => zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?,
        Some(prefix) => {
            let mut writer = zstd::Encoder::with_ref_prefix(Vec::new(), ZSTD_LEVEL, prefix)?;
            // So that all of the dictionary is within reach, however long it is.
            let reach = prefix.len() + module.len();
            writer.window_log(reach.next_power_of_two().ilog2().clamp(10, 27))?;
            writer.long_distance_matching(true)?;
            writer
        }
    };
    writer.set_pledged_src_size(Some(module.len() as u64))?;
    writer.include_contentsize(true)?;
    writer.write_all(module)?;
    writer.finish()
}
