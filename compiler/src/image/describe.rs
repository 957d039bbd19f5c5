//! Records in words, for people who look at a module.
//!
//! In: an image, the paths of its slots and the keys of its flags. Out: one line for a question or
//! an answer. What is concealed is said to be so.

use vexil_abi::verdict::{NO_RULE, NO_VARIANT, Verdict, detail, error_code, reason};

use super::{BlobId, Fact, FlagRecord, Image, Kind, Ref};

/// Names for the numbers of an image.
pub(crate) struct Names<'a> {
    /// Paths by slot.
    pub(crate) paths: Vec<&'a str>,
    /// Keys by flag.
    pub(crate) flags: Vec<&'a str>,
}

/// Members of a set that are shown.
const SHOWN: usize = 8;

impl Image {
    /// What a question asks.
    pub(crate) fn question(&self, reference: Ref, names: &Names<'_>) -> String {
        let Some(record) = self.record(reference) else { return "?".to_owned() };
        let word = |index: usize| record.get(index).copied().unwrap_or(0);
        let long = |index: usize| u64::from(word(index)) | u64::from(word(index + 1)) << 32;
        let double = |index: usize| f64::from_bits(long(index));
        let slot = || quoted(names.paths.get(word(0) as usize).copied().unwrap_or("?"));
        let fact = || self.fact_text(word(0), names);
        match reference.kind {
            Kind::Exists => format!("{} exists", slot()),
            Kind::IsList => format!("{} is a list", slot()),
            Kind::IsBoolean => match word(1) {
                2 => format!("{} is a boolean", slot()),
                value => format!("{} is {}", slot(), value == 1),
            },
            Kind::TextIs => {
                let bytes = long(2).to_le_bytes();
                let text = bytes.get(..word(1) as usize).unwrap_or_default();
                format!("{} equals {}", slot(), lossy(text))
            }
            Kind::LongTextIs => format!("{} equals {}", slot(), self.text(word(2), word(1))),
            Kind::TextIn => format!("{} in {}", slot(), self.strings(word(1))),
            Kind::LowerTextIn => format!("lower {} in {}", slot(), self.strings(word(1))),
            Kind::NumberIs => format!("{} equals {}", slot(), double(2)),
            Kind::NumberIn => format!("{} in {}", slot(), self.table(word(1), 0, "numbers")),
            Kind::Less => format!("{} < {}", slot(), double(2)),
            Kind::LessOrEqual => format!("{} <= {}", slot(), double(2)),
            Kind::Greater => format!("{} > {}", slot(), double(2)),
            Kind::GreaterOrEqual => format!("{} >= {}", slot(), double(2)),
            Kind::Between => format!("{} between {} and {}", slot(), double(2), double(4)),
            Kind::Starts => format!("{} starts with {}", slot(), self.text(word(2), word(1))),
            Kind::Ends => format!("{} ends with {}", slot(), self.text(word(2), word(1))),
            Kind::Contains => format!("{} contains {}", slot(), self.text(word(2), word(1))),
            Kind::StartsAny => format!("{} starts with one of {}", slot(), self.rows(word(1))),
            Kind::EndsAny => format!("{} ends with one of {}", slot(), self.rows(word(1))),
            Kind::ContainsAny => format!("{} contains one of {}", slot(), self.rows(word(1))),
            Kind::LowerStartsAny => {
                format!("lower {} starts with one of {}", slot(), self.rows(word(1)))
            }
            Kind::LowerEndsAny => {
                format!("lower {} ends with one of {}", slot(), self.rows(word(1)))
            }
            Kind::LowerContainsAny => {
                format!("lower {} contains one of {}", slot(), self.rows(word(1)))
            }
            Kind::ListAny => format!("some element of {} in {}", slot(), self.operands(record)),
            Kind::LowerListAny => {
                format!("some element of lower {} in {}", slot(), self.operands(record))
            }
            Kind::Version => {
                let key = long(2);
                let part = |shift: u32| key >> shift & 0x1F_FFFF;
                let order = order(word(1));
                format!("{} {order} {}.{}.{}", fact(), part(43), part(22), part(1))
            }
            Kind::FullVersion => format!("{} {} {}", fact(), order(word(1)), self.version(word(2))),
            Kind::Before => format!("{} before {} ms", fact(), double(2)),
            Kind::After => format!("{} after {} ms", fact(), double(2)),
            Kind::Bucket => {
                let (from, width) = (word(1), word(4));
                let to = u64::from(from) + u64::from(width);
                format!("bucket of {} under {:#018x} in {from}..{to}", fact(), long(2))
            }
            Kind::Segment => format!("in segment {}", word(0)),
            Kind::FlagIs => {
                let flag = names.flags.get(word(0) as usize);
                let flag = flag.map_or_else(|| format!("flag {}", word(0)), |key| quoted(key));
                match word(2) {
                    0 => format!("{flag} serves variant {}", word(1)),
                    _ => format!("{flag} serves one of some variants"),
                }
            }
            Kind::Native => format!("bucket of {} under {:#018x}", fact(), long(2)),
            Kind::Matches => {
                format!("{} matches an automaton of {} bytes", slot(), self.blob(word(1)).len())
            }
            Kind::InNetworks => {
                let [four, six] = [0, 4].map(|at| word_at(self.blob(word(1)), at));
                format!("{} in {four} ranges of IPv4 or {six} of IPv6", fact())
            }
            Kind::Murmur | Kind::MurmurLatin1 | Kind::Fnv | Kind::FnvWide | Kind::Md5 => {
                let how = if word(2) == 0 { "scaled to" } else { "modulo" };
                format!("{} of {} {how} {}", reference.kind.name(), fact(), word(3))
            }
            Kind::Sha1 => format!("Sha1 of {}", fact()),
            Kind::MurmurIn | Kind::MurmurLatin1In | Kind::FnvIn | Kind::FnvWideIn | Kind::Md5In => {
                let how = if word(2) == 0 { "scaled to" } else { "modulo" };
                let range = format!("{}..{}", long(4), long(4).wrapping_add(long(6)));
                let name = reference.kind.name();
                format!("{name} of {} {how} {}: in {range}", fact(), word(3))
            }
            Kind::Sha1In => {
                let range = format!("{}..{}", long(4), long(4).wrapping_add(long(6)));
                format!("Sha1 of {} in {range}", fact())
            }
        }
    }

    fn fact_text(&self, number: u32, names: &Names<'_>) -> String {
        let path = |slot: &u32| quoted(names.paths.get(*slot as usize).copied().unwrap_or("?"));
        match self.facts.get(number as usize) {
            Some(Fact::Unit { slots, .. }) => {
                slots.iter().map(path).collect::<Vec<_>>().join(" or ")
            }
            Some(Fact::Version { slot, .. }) => format!("version {}", path(slot)),
            Some(Fact::Address { slot }) => format!("address {}", path(slot)),
            Some(Fact::Time { slot }) => format!("time {}", path(slot)),
            None => "?".to_owned(),
        }
    }

    fn blob(&self, id: u32) -> &[u8] {
        let index = (BlobId(id).0 as usize).checked_sub(1);
        index.and_then(|index| self.blobs.get(index)).map_or(&[], Vec::as_slice)
    }

    fn text(&self, blob: u32, len: u32) -> String {
        lossy(self.blob(blob).get(..len as usize).unwrap_or_default())
    }

    fn strings(&self, blob: u32) -> String {
        let bytes = self.blob(blob);
        let count = word_at(bytes, 4) as usize;
        match word_at(bytes, 0) {
            0 => {
                let text = |index: usize| {
                    let len = bytes.get(8 + 8 * count + index).copied().unwrap_or(0);
                    let at = 8 + 8 * index;
                    lossy(bytes.get(at..at + usize::from(len)).unwrap_or_default())
                };
                shown((0..count.min(SHOWN)).map(text), count)
            }
            1 => self.rows(blob),
            _ => self.table(blob, 24, "strings, as digests"),
        }
    }

    fn rows(&self, blob: u32) -> String {
        let bytes = self.blob(blob);
        let count = word_at(bytes, 4) as usize;
        let text = |index: usize| {
            let [at, len] = [0, 4].map(|field| word_at(bytes, 8 + 8 * index + field) as usize);
            lossy(bytes.get(at..at.saturating_add(len)).unwrap_or_default())
        };
        shown((0..count.min(SHOWN)).map(text), count)
    }

    fn table(&self, blob: u32, at: usize, what: &str) -> String {
        // Of twenty slots of a table about nineteen are taken.
        format!("a set of up to {} {what}", word_at(self.blob(blob), at))
    }

    fn operands(&self, record: &[u32]) -> String {
        let word = |index: usize| record.get(index).copied().unwrap_or(0);
        let mut parts = Vec::new();
        if word(1) != 0 {
            parts.push(self.strings(word(1)));
        }
        if word(2) != 0 {
            parts.push(self.table(word(2), 0, "numbers"));
        }
        for (bit, name) in [(1, "false"), (2, "true")] {
            if word(3) & bit != 0 {
                parts.push(name.to_owned());
            }
        }
        parts.join(" or ")
    }

    fn version(&self, blob: u32) -> String {
        let bytes = self.blob(blob);
        let long =
            |at: usize| u64::from(word_at(bytes, at)) | u64::from(word_at(bytes, at + 4)) << 32;
        let end = 32usize.saturating_add(long(24) as usize);
        let prerelease = bytes.get(32..end).unwrap_or_default();
        let dash = if prerelease.is_empty() { "" } else { "-" };
        let prerelease = String::from_utf8_lossy(prerelease);
        format!("{}.{}.{}{dash}{prerelease}", long(0), long(8), long(16))
    }

    /// What an answer of a flag serves.
    pub(crate) fn answer(
        &self,
        flag: &FlagRecord,
        number: u32,
        variants: &[&str],
        rules: &[String],
    ) -> String {
        let shape = self.shapes.get(flag.shape as usize);
        let verdicts = shape.map_or(&[][..], |shape| self.blob(shape.verdicts.0));
        let at = 8 * number as usize;
        let packed = u64::from(word_at(verdicts, at)) | u64::from(word_at(verdicts, at + 4)) << 32;
        let variant = flag.variants.get(number as usize).copied().unwrap_or(0);
        let verdict = Verdict::unpack((packed | u64::from(variant)) as i64);
        let mut text = String::new();
        if verdict.rule != NO_RULE {
            let rule = rules.get(usize::from(verdict.rule)).map_or("?", String::as_str);
            text.push_str(&format!("rule {}: ", quoted(rule)));
        }
        match variants.get(usize::from(verdict.variant)) {
            Some(variant) if verdict.variant != NO_VARIANT => text.push_str(&quoted(variant)),
            _ => text.push_str("the caller's default"),
        }
        let why = reason::NAMES.get(usize::from(verdict.reason)).unwrap_or(&"?");
        text.push_str(&format!(", {why}"));
        if verdict.error_code != error_code::NONE {
            let code = error_code::NAMES.get(usize::from(verdict.error_code)).unwrap_or(&"?");
            text.push_str(&format!(", {code}"));
        }
        match verdict.detail {
            detail::NONE => {}
            detail::OVERRIDE => text.push_str(", override"),
            number => text.push_str(&format!(", prerequisite {number} is not met")),
        }
        text
    }
}

fn order(mask: u32) -> &'static str {
    match mask {
        0b001 => "<",
        0b010 => "==",
        0b011 => "<=",
        0b100 => ">",
        _ => ">=",
    }
}

fn word_at(bytes: &[u8], at: usize) -> u32 {
    let word: Option<[u8; 4]> = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    u32::from_le_bytes(word.unwrap_or_default())
}

fn shown(texts: impl Iterator<Item = String>, count: usize) -> String {
    let texts: Vec<String> = texts.collect();
    let more = count.saturating_sub(texts.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{{{}{rest}}}", texts.join(", "))
}

fn lossy(bytes: &[u8]) -> String {
    quoted(&String::from_utf8_lossy(bytes))
}

/// In quotes, on one line.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}
