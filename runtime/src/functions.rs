//! Machine code of single functions, so that a new revision compiles only what is new in it.
//!
//! In: functions as they are compiled, by a hash of all that went into them: the code generator's
//! version, its settings, the instructions. Out: their machine code when it is asked for again.
//! What the newest two modules have in common with none is forgotten. With a folder for modules
//! the functions are kept there, too, so that a start compiles nothing that was compiled before.
//!
//! A file of functions is machine code that the process will run: it must be as hard to write to
//! as the program itself. A checksum finds damage, not malice.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::cache::replace;
use crate::limits::FUNCTION_ROUNDS;

/// Functions by key.
#[derive(Debug, Default)]
pub(crate) struct Functions(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    by_key: HashMap<Vec<u8>, Function>,
    /// Counts modules.
    round: u64,
    /// Has anything come that is not on disk?
    is_new: bool,
}

#[derive(Debug)]
struct Function {
    code: Vec<u8>,
    /// The last module that had it.
    round: u64,
}

/// What a file of this layout begins with.
const HEAD: &[u8] = b"vexil functions 1\n";

impl Functions {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A module is about to be compiled: what no recent one had is forgotten.
    pub(crate) fn begin(&self) {
        let mut held = self.held();
        held.round += 1;
        let oldest = held.round.saturating_sub(FUNCTION_ROUNDS);
        held.by_key.retain(|_, function| function.round >= oldest);
    }

    /// Adds what a file holds; a file that is not there holds nothing.
    pub(crate) fn read(&self, file: &Path) -> io::Result<()> {
        let bytes = match fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let functions = decode(&bytes)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is damaged"))?;
        let mut held = self.held();
        let round = held.round;
        for (key, code) in functions {
            held.by_key.insert(key.to_vec(), Function { code: code.to_vec(), round });
        }
        Ok(())
    }

    /// Writes a file of all, if there is anything that was not in it.
    pub(crate) fn write(&self, file: &Path) -> io::Result<()> {
        let bytes = {
            let mut held = self.held();
            if !std::mem::take(&mut held.is_new) {
                return Ok(());
            }
            encode(held.by_key.iter().map(|(key, function)| (key.as_slice(), &*function.code)))
        };
        let written = replace(file, &[&bytes]);
        if written.is_err() {
            self.held().is_new = true;
        }
        written
    }
}

impl wasmtime::CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let mut held = self.held();
        let round = held.round;
        let function = held.by_key.get_mut(key)?;
        function.round = round;
        Some(Cow::Owned(function.code.clone()))
    }

    fn insert(&self, key: &[u8], code: Vec<u8>) -> bool {
        let mut held = self.held();
        let round = held.round;
        held.is_new = true;
        held.by_key.insert(key.to_vec(), Function { code, round });
        true
    }
}

/// The head, the SHA-256 of what follows, then keys and code in turn, each behind its length.
fn encode<'a>(functions: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for part in functions.flat_map(|(key, code)| [key, code]) {
        body.extend_from_slice(&(part.len() as u64).to_le_bytes());
        body.extend_from_slice(part);
    }
    [HEAD, &Sha256::digest(&body), &body].concat()
}

fn decode(bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let (sum, mut rest) = bytes.strip_prefix(HEAD)?.split_first_chunk::<32>()?;
    if Sha256::digest(rest).as_slice() != sum {
        return None;
    }
    let mut next = || {
        let (len, behind) = rest.split_first_chunk()?;
        let (part, behind) = behind.split_at_checked(u64::from_le_bytes(*len) as usize)?;
        rest = behind;
        Some(part)
    };
    let mut functions = Vec::new();
    while let Some(key) = next() {
        functions.push((key, next()?));
    }
    Some(functions)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use wasmtime::CacheStore as _;

    use super::*;

    #[test]
    fn what_recent_modules_do_not_have_is_forgotten() {
        let functions = Functions::default();
        functions.begin();
        functions.insert(b"kept", vec![1]);
        functions.insert(b"left", vec![2]);
        for _ in 0..=FUNCTION_ROUNDS {
            functions.begin();
            assert_eq!(functions.get(b"kept").as_deref(), Some(&[1][..]));
        }
        assert_eq!(functions.get(b"left"), None);
    }

    #[test]
    fn a_file_brings_functions_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("functions");
        let functions = Functions::default();
        functions.read(&file).unwrap();
        functions.write(&file).unwrap();
        assert!(!file.exists(), "nothing is not written");
        functions.insert(b"a", vec![1, 2]);
        functions.insert(b"", Vec::new());
        functions.write(&file).unwrap();
        let other = Functions::default();
        other.read(&file).unwrap();
        assert_eq!(other.get(b"a").as_deref(), Some(&[1, 2][..]));
        assert_eq!(other.get(b"").as_deref(), Some(&[][..]));
    }

    #[test]
    fn a_damaged_file_brings_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("functions");
        let functions = Functions::default();
        functions.insert(b"key", vec![7; 40]);
        functions.write(&file).unwrap();
        let good = fs::read(&file).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&file, &bad).unwrap();
            let other = Functions::default();
            assert!(other.read(&file).is_err(), "byte {at}");
            assert_eq!(other.get(b"key"), None);
            fs::write(&file, &good[..at]).unwrap();
            assert!(other.read(&file).is_err(), "cut at {at}");
        }
    }
}
