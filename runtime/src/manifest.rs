//! The manifest: what a module says about its flags.
//!
//! In: the bytes of the custom section `vexil.manifest`. Out: a [`Manifest`] whose every index is
//! in range, so that nothing behind it needs to check again. Hostile bytes give an error: no
//! panic, and memory in proportion to the limits only.

mod decode;

use std::collections::BTreeMap;
use std::sync::Arc;

use vexil_abi::manifest::kind;
use vexil_abi::verdict::{NO_RULE, NO_VARIANT, Verdict, detail, error_code, reason};

use crate::key_index::KeyIndex;
use crate::path::Path;
use crate::read::Read;
use crate::record::{Ask, fixed_bytes};

pub(crate) use decode::decode;

/// What a module says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Name and version of the compiler.
    pub compiler: String,
    /// Bytes that `bind` needs in each record; a multiple of 8.
    pub scratch: u32,
    /// Row *i* describes slot *i* of the context record.
    pub attributes: Vec<Attribute>,
    /// Row *i* describes flag number *i*; sorted by key, bytewise, without repetition.
    pub flags: Vec<FlagRow>,
    /// Bytes of a record before its first string.
    pub(crate) record_bytes: u32,
    /// Does any flag read the host's clock?
    pub(crate) reads_now: bool,
    /// How each slot is written.
    pub(crate) asks: Arc<[Ask]>,
    /// From keys to numbers of flags.
    pub(crate) keys: KeyIndex,
}

/// An attribute that some flag reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Which attribute of the context.
    pub path: Path,
    /// How it is read.
    pub read: Read,
}

/// A flag.
#[derive(Clone, Debug, PartialEq)]
pub struct FlagRow {
    /// The flag's key.
    pub key: String,
    /// The kind of its values.
    pub kind: Kind,
    /// Key and value of each variant, by variant number; values are of the flag's kind.
    pub variants: Arc<[(String, serde_json::Value)]>,
    /// Rule ids, by rule number.
    pub rules: Arc<[String]>,
    /// Keys of the flags it depends on, by prerequisite number; empty where the module does not say.
    pub prerequisites: Vec<String>,
    /// Slots that it may read, ascending.
    pub reads: Arc<[u32]>,
    /// How each of these is written.
    pub(crate) asks: Arc<[Ask]>,
    /// The packed verdict, if it is the same for every context.
    pub constant: Option<i64>,
    /// Does it read the host's clock?
    pub(crate) reads_now: bool,
    /// The largest numbers of its verdicts; 0: not known.
    pub(crate) most: Most,
}

/// The largest numbers that a verdict may have, as a packed verdict has them, where none, which is
/// the largest number there, counts as 0 and each other as one more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Most(u64);

impl Most {
    /// The highest bit of each number.
    const HIGH: u64 = 0x8000_8080_8000_8000;

    /// 1 in each number for which none is the largest.
    const ONES: u64 = 0x0001_0000_0001_0001;

    fn of(row: &FlagRow) -> Self {
        // None is the largest number, and one more than it is 0.
        const { assert!(NO_VARIANT == u16::MAX && NO_RULE == u16::MAX) };
        const { assert!(detail::NONE == 0 && detail::OVERRIDE == u16::MAX) };
        let counts = [row.variants.len(), row.rules.len(), row.prerequisites.len() + 1];
        let [Ok(variant), Ok(rule), Ok(detail)] = counts.map(u16::try_from) else {
            return Self(0);
        };
        let most = Verdict {
            variant,
            rule,
            reason: (reason::NAMES.len() - 1) as u8,
            error_code: (error_code::NAMES.len() - 1) as u8,
            detail,
        };
        let most = most.pack() as u64;
        // The highest bits are needed to compare the others.
        Self(if most & Self::HIGH == 0 { most } else { 0 })
    }

    /// Is no number of a packed verdict larger? All are compared at once: the highest bit of each
    /// is left of a difference that did not borrow.
    #[inline(always)]
    const fn covers(self, packed: i64) -> bool {
        let packed = packed as u64;
        let numbers = ((packed & !Self::HIGH) + Self::ONES) ^ (packed & Self::HIGH);
        let differences = (self.0 | Self::HIGH).wrapping_sub(numbers);
        (differences & !numbers) & Self::HIGH == Self::HIGH
    }
}

/// The kind of a flag's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// A finite number.
    Number,
    /// Any JSON value.
    Json,
}

impl Kind {
    fn from_number(number: u64) -> Option<Self> {
        match u8::try_from(number).ok()? {
            kind::BOOLEAN => Some(Self::Boolean),
            kind::STRING => Some(Self::String),
            kind::NUMBER => Some(Self::Number),
            kind::JSON => Some(Self::Json),
            _ => None,
        }
    }

    /// The kind's name in the flag language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::String => "string",
            Self::Number => "number",
            Self::Json => "json",
        }
    }

    fn holds(self, value: &serde_json::Value) -> bool {
        match self {
            Self::Boolean => value.is_boolean(),
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Json => true,
        }
    }
}

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The bytes are not MessagePack of the manifest's shape.
    #[error("not a manifest: {0}")]
    Shape(String),
    /// The scratch is not a multiple of 8.
    #[error("scratch of {0} bytes is not a multiple of 8")]
    Scratch(u32),
    /// Flags are not sorted by key, or a key stands twice.
    #[error("flag `{0}` is out of order")]
    Unsorted(String),
    /// Something in a flag's row is wrong.
    #[error("flag `{key}`: {fault}")]
    Flag {
        /// The flag's key.
        key: String,
        /// What is wrong.
        fault: String,
    },
}

impl Manifest {
    /// The number and the row of the flag with this key.
    #[must_use]
    #[inline]
    pub fn flag(&self, key: &str) -> Option<(u32, &FlagRow)> {
        let row = |number: u32| self.flags.get(number as usize);
        let number = self.keys.find(key, |number| row(number).is_some_and(|row| row.key == key))?;
        Some((number, row(number)?))
    }

    fn check(&mut self) -> Result<(), ManifestError> {
        if !self.scratch.is_multiple_of(8) {
            return Err(ManifestError::Scratch(self.scratch));
        }
        for (row, next) in self.flags.iter().zip(self.flags.iter().skip(1)) {
            if row.key.as_bytes() >= next.key.as_bytes() {
                return Err(ManifestError::Unsorted(next.key.clone()));
            }
        }
        let fixed = fixed_bytes(self.attributes.len(), self.scratch);
        self.record_bytes =
            u32::try_from(fixed).map_err(|_| ManifestError::Scratch(self.scratch))?;
        self.reads_now = self.attributes.iter().any(|attribute| attribute.path.is_now());
        self.asks = self.attributes.iter().zip(0..).map(|(it, slot)| Ask::of(it, slot)).collect();
        self.keys = KeyIndex::of(self.flags.iter().map(|row| row.key.as_str()));
        // Flags share these lists; one look at each is enough, however many flags there are.
        let mut seen: BTreeMap<*const u32, Result<Reads, String>> = BTreeMap::new();
        for row in &mut self.flags {
            let reads = seen.entry(row.reads.as_ptr());
            let reads = reads.or_insert_with(|| Reads::of(&row.reads, &self.attributes));
            row.check(reads)
                .map_err(|fault| ManifestError::Flag { key: row.key.clone(), fault })?;
        }
        Ok(())
    }
}

impl FlagRow {
    /// The value that a verdict names.
    #[inline]
    pub(crate) fn value(&self, packed: i64) -> Option<&serde_json::Value> {
        let Verdict { variant, .. } = Verdict::unpack(packed);
        self.variants.get(usize::from(variant)).map(|(_, value)| value)
    }

    /// The value of a boolean flag, if it is the same for every context.
    pub(crate) fn constant_bool(&self) -> Option<bool> {
        self.value(self.constant?)?.as_bool()
    }

    /// Are all numbers in a verdict on this flag known? [`FlagRow::check_verdict`] says which not.
    #[inline(always)]
    pub(crate) fn knows(&self, packed: i64) -> bool {
        self.most.covers(packed) || self.knows_all_the_same(packed)
    }

    #[cold]
    fn knows_all_the_same(&self, packed: i64) -> bool {
        self.check_verdict(Verdict::unpack(packed)).is_ok()
    }

    /// Checks what the guest, or the manifest for it, says about this flag.
    ///
    /// # Errors
    ///
    /// When a number in the verdict has no row in the manifest or no name in OpenFeature.
    pub fn check_verdict(&self, verdict: Verdict) -> Result<(), String> {
        let Verdict { variant, rule, .. } = verdict;
        if variant != NO_VARIANT && usize::from(variant) >= self.variants.len() {
            return Err(format!("variant number {variant} of {}", self.variants.len()));
        }
        if rule != NO_RULE && usize::from(rule) >= self.rules.len() {
            return Err(format!("rule number {rule} of {}", self.rules.len()));
        }
        if usize::from(verdict.reason) >= reason::NAMES.len() {
            return Err(format!("reason number {}", verdict.reason));
        }
        if usize::from(verdict.error_code) >= error_code::NAMES.len() {
            return Err(format!("error code number {}", verdict.error_code));
        }
        let prerequisite = verdict.detail;
        let known = [detail::NONE, detail::OVERRIDE].contains(&prerequisite);
        if !known && usize::from(prerequisite) > self.prerequisites.len() {
            return Err(format!("prerequisite {prerequisite} of {}", self.prerequisites.len()));
        }
        Ok(())
    }

    fn check(&mut self, reads: &Result<Reads, String>) -> Result<(), String> {
        if self.variants.len() >= usize::from(NO_VARIANT)
            || self.rules.len() >= usize::from(NO_RULE)
        {
            return Err("more variants or rules than a verdict can number".into());
        }
        let reads = reads.as_ref().map_err(String::clone)?;
        self.reads_now = reads.now;
        self.asks = Arc::clone(&reads.asks);
        self.most = Most::of(self);
        match self.constant {
            Some(packed) => self
                .check_verdict(Verdict::unpack(packed))
                .map_err(|fault| format!("its constant verdict names {fault}")),
            None => Ok(()),
        }
    }
}

/// What a list of slots comes to.
struct Reads {
    /// Is the host's clock among them?
    now: bool,
    asks: Arc<[Ask]>,
}

impl Reads {
    fn of(reads: &[u32], attributes: &[Attribute]) -> Result<Self, String> {
        if reads.iter().zip(reads.iter().skip(1)).any(|(slot, next)| slot >= next) {
            return Err("the slots it reads are not ascending".into());
        }
        let asked = reads.iter().map(|slot| {
            let attribute = attributes.get(*slot as usize);
            let attribute = attribute.ok_or_else(|| format!("slot {slot} does not exist"))?;
            Ok((attribute.path.is_now(), Ask::of(attribute, *slot)))
        });
        let asked = asked.collect::<Result<Vec<_>, String>>()?;
        let now = asked.iter().any(|(is_now, _)| *is_now);
        Ok(Self { now, asks: asked.into_iter().map(|(_, ask)| ask).collect() })
    }
}

#[cfg(test)]
mod tests;
