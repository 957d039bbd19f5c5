//! Predicates → questions: each leaf of the program becomes a record of some kind.
//!
//! In: leaves, buckets, segments and flags that are asked for. Out: interned records. What a
//! membership asks of strings, numbers and booleans are questions of their own.

use super::{Emitter, foreign, set};
use crate::flag_set::{
    Encoding, Family, ForeignHash, Order, Place, Reduce, VersionDialect, VersionOrder,
};
use crate::image::{BlobId, Fact, Kind, Ref};
use crate::program::{
    Bucketing, FlagTest, Hash, Leaf, Over, Range, SegmentId, Set, SlotId, Test, UnitId, Version,
};

/// Strings of at most this many bytes stand in the record itself.
const SHORT: usize = 8;

impl Emitter<'_> {
    /// The questions of which one has to be answered by yes.
    pub(super) fn leaf(&mut self, leaf: &Leaf) -> Vec<Ref> {
        match (&leaf.test, leaf.over) {
            (Test::In(set), Over::Value) => self.member(leaf.slot, set),
            (Test::In(set), Over::AnyElement) => vec![self.some_element(leaf.slot, set)],
            (test, _) => vec![self.test(leaf.slot, test)],
        }
    }

    fn test(&mut self, slot: SlotId, test: &Test) -> Ref {
        match test {
            Test::Exists => self.interned.record(Kind::Exists, vec![slot.0, 0]),
            Test::IsList => self.interned.record(Kind::IsList, vec![slot.0, 0]),
            Test::In(set) => self.some_element(slot, set),
            Test::Affix { place, needles, fold } => self.affix(slot, *place, needles, *fold),
            Test::Number { order, operand } => {
                let kind = match order {
                    Order::Less => Kind::Less,
                    Order::LessOrEqual => Kind::LessOrEqual,
                    Order::Greater => Kind::Greater,
                    Order::GreaterOrEqual => Kind::GreaterOrEqual,
                };
                self.number(kind, slot.0, *operand)
            }
            Test::Between { low, high } => {
                let words = [vec![slot.0, 0], double(*low), double(*high), vec![0, 0]].concat();
                self.interned.record(Kind::Between, words)
            }
            Test::Version { order, operand, dialect } => {
                self.version(slot, *order, operand, *dialect)
            }
            Test::Matches { table, .. } => {
                let blob = self.interned.blob(table.clone());
                self.interned.record(Kind::Matches, vec![slot.0, blob.0])
            }
            Test::InNetworks { four, six } => {
                let fact = self.interned.fact(Fact::Address { slot: slot.0 });
                let blob = self.interned.blob(networks(four, six));
                self.interned.record(Kind::InNetworks, vec![fact, blob.0])
            }
            Test::Time { after, operand_ms } => {
                let fact = self.interned.fact(Fact::Time { slot: slot.0 });
                let kind = if *after { Kind::After } else { Kind::Before };
                self.number(kind, fact, *operand_ms)
            }
        }
    }

    fn number(&mut self, kind: Kind, first: u32, operand: f64) -> Ref {
        self.interned.record(kind, [vec![first, 0], double(operand)].concat())
    }

    fn member(&mut self, slot: SlotId, set: &Set) -> Vec<Ref> {
        let mut asked = Vec::new();
        if !set.strings.is_empty() {
            asked.push(self.one_of_strings(slot, set));
        }
        match set.numbers.as_slice() {
            [] => {}
            [number] => asked.push(self.number(Kind::NumberIs, slot.0, *number)),
            numbers => {
                let blob = self.interned.blob(set::numbers(numbers));
                asked.push(self.interned.record(Kind::NumberIn, vec![slot.0, blob.0]));
            }
        }
        if set.has_false || set.has_true {
            let which = if set.has_false && set.has_true { 2 } else { u32::from(set.has_true) };
            asked.push(self.interned.record(Kind::IsBoolean, vec![slot.0, which]));
        }
        asked
    }

    fn one_of_strings(&mut self, slot: SlotId, set: &Set) -> Ref {
        let is_list = set.fold || set.is_cohort || self.conceal;
        if let ([text], false) = (set.strings.as_slice(), is_list) {
            return self.one_string(slot, text);
        }
        let blob = self.strings(&set.strings);
        let kind = if set.fold { Kind::LowerTextIn } else { Kind::TextIn };
        self.interned.record(kind, vec![slot.0, blob.0])
    }

    fn one_string(&mut self, slot: SlotId, text: &str) -> Ref {
        let len = text.len() as u32;
        if (1..=SHORT).contains(&text.len()) {
            let mut word = [0; SHORT];
            word.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
            let [low, high] = halves(u64::from_le_bytes(word));
            return self.interned.record(Kind::TextIs, vec![slot.0, len, low, high]);
        }
        let blob = self.interned.text(text);
        self.interned.record(Kind::LongTextIs, vec![slot.0, len, blob.0, 0])
    }

    fn strings(&mut self, strings: &[String]) -> BlobId {
        let conceal = self.conceal;
        self.interned.blob(set::strings(strings, conceal))
    }

    fn some_element(&mut self, slot: SlotId, set: &Set) -> Ref {
        let none = BlobId::default();
        let strings = if set.strings.is_empty() { none } else { self.strings(&set.strings) };
        let numbers = if set.numbers.is_empty() {
            none
        } else {
            self.interned.blob(set::numbers(&set.numbers))
        };
        let booleans = u32::from(set.has_false) | u32::from(set.has_true) << 1;
        let kind = if set.fold { Kind::LowerListAny } else { Kind::ListAny };
        self.interned.record(kind, vec![slot.0, strings.0, numbers.0, booleans])
    }

    fn affix(&mut self, slot: SlotId, place: Place, needles: &[String], fold: bool) -> Ref {
        if let ([needle], false) = (needles, fold) {
            let kind = match place {
                Place::Start => Kind::Starts,
                Place::End => Kind::Ends,
                Place::Anywhere => Kind::Contains,
            };
            let blob = self.interned.text(needle);
            return self.interned.record(kind, vec![slot.0, needle.len() as u32, blob.0, 0]);
        }
        let kind = match (place, fold) {
            (Place::Start, false) => Kind::StartsAny,
            (Place::End, false) => Kind::EndsAny,
            (Place::Anywhere, false) => Kind::ContainsAny,
            (Place::Start, true) => Kind::LowerStartsAny,
            (Place::End, true) => Kind::LowerEndsAny,
            (Place::Anywhere, true) => Kind::LowerContainsAny,
        };
        let blob = self.interned.blob(set::needles(needles));
        self.interned.record(kind, vec![slot.0, blob.0])
    }

    fn version(
        &mut self,
        slot: SlotId,
        order: VersionOrder,
        operand: &Version,
        dialect: VersionDialect,
    ) -> Ref {
        // Bit 0: no leading `v`; bit 1: all three numbers.
        let dialect = match dialect {
            VersionDialect::Loose => 0b00,
            VersionDialect::Partial => 0b01,
            VersionDialect::Strict => 0b11,
        };
        let fact = self.interned.fact(Fact::Version { slot: slot.0, dialect });
        // Bits by result of the comparison: less, equal, greater.
        let mask = match order {
            VersionOrder::Less => 0b001,
            VersionOrder::Equal => 0b010,
            VersionOrder::LessOrEqual => 0b011,
            VersionOrder::Greater => 0b100,
            VersionOrder::GreaterOrEqual => 0b110,
        };
        if let Some(key) = super::routine::version_key(operand) {
            let [low, high] = halves(key);
            return self.interned.record(Kind::Version, vec![fact, mask, low, high]);
        }
        let blob = self.interned.blob(super::routine::version_operand(operand));
        self.interned.record(Kind::FullVersion, vec![fact, mask, blob.0, 0])
    }

    /// The number of a unit.
    pub(super) fn number_question(&mut self, bucketing: &Bucketing) -> Ref {
        match &bucketing.hash {
            Hash::Native { salt } => {
                let fact = self.unit(bucketing.unit, true);
                let [low, high] = halves(*salt);
                self.interned.record(Kind::Native, vec![fact, 0, low, high])
            }
            Hash::Foreign(hash) => {
                let words = self.foreign(bucketing.unit, hash);
                self.interned.record(number_kind(hash), words)
            }
        }
    }

    /// Is the number of a unit in a range?
    pub(super) fn bucket_question(&mut self, bucketing: &Bucketing, range: Range) -> Ref {
        let width = range.to.saturating_sub(range.from) as u32;
        match &bucketing.hash {
            Hash::Native { salt } => {
                let fact = self.unit(bucketing.unit, true);
                let [low, high] = halves(*salt);
                let words = vec![fact, range.from as u32, low, high, width, 0, 0, 0];
                self.interned.record(Kind::Bucket, words)
            }
            Hash::Foreign(hash) => {
                let first = halves(range.from);
                let width = halves(range.to.saturating_sub(range.from));
                let words = [self.foreign(bucketing.unit, hash), first.to_vec(), width.to_vec()];
                self.interned.record(range_kind(number_kind(hash)), words.concat())
            }
        }
    }

    /// The words of a number by a foreign hash.
    fn foreign(&mut self, unit: UnitId, hash: &ForeignHash) -> Vec<u32> {
        let fact = self.unit(unit, false);
        let layout = self.interned.blob(foreign::layout_of(hash));
        let reciprocal = match hash.reduce {
            Reduce::Modulo => super::routine::reciprocal(hash.buckets),
            Reduce::Scale | Reduce::Single => 0,
        };
        vec![fact, layout.0, reciprocal, hash.buckets]
    }

    /// The fact of a unit.
    fn unit(&mut self, unit: UnitId, hashed: bool) -> u32 {
        let slots = self.program.units.get(unit.index()).map(|unit| &unit.slots);
        let slots = slots.into_iter().flatten().map(|slot| slot.0).collect();
        self.interned.fact(Fact::Unit { slots, hashed })
    }

    /// Is the subject in the segment?
    pub(super) fn segment_question(&mut self, segment: SegmentId) -> Ref {
        let place = self.memo.segment(segment).map_or(0, |place| place + 1);
        self.interned.record(Kind::Segment, vec![segment.0, place])
    }

    /// Does the other flag serve one of the variants?
    pub(super) fn flag_question(&mut self, test: &FlagTest) -> Ref {
        let (variant, blob) = match test.variants.as_slice() {
            [only] => (u32::from(only.0), BlobId::default()),
            variants => (0, self.interned.blob(bitmap(variants.iter().map(|one| one.0)))),
        };
        self.interned.record(Kind::FlagIs, vec![test.flag.0, variant, blob.0, 0])
    }
}

/// Of a number by a foreign hash.
fn number_kind(hash: &ForeignHash) -> Kind {
    match (hash.family, hash.encoding) {
        (Family::Murmur3, Encoding::Latin1) => Kind::MurmurLatin1,
        (Family::Murmur3, _) => Kind::Murmur,
        (Family::Fnv1a | Family::Fnv1aTwice, Encoding::Utf16) => Kind::FnvWide,
        (Family::Fnv1a | Family::Fnv1aTwice, _) => Kind::Fnv,
        (Family::Md5, _) => Kind::Md5,
        (Family::Sha1, _) => Kind::Sha1,
    }
}

/// Of the question whether such a number is in a range.
fn range_kind(number: Kind) -> Kind {
    match number {
        Kind::MurmurLatin1 => Kind::MurmurLatin1In,
        Kind::Murmur => Kind::MurmurIn,
        Kind::FnvWide => Kind::FnvWideIn,
        Kind::Fnv => Kind::FnvIn,
        Kind::Md5 => Kind::Md5In,
        _ => Kind::Sha1In,
    }
}

/// The table of networks that `routine/address.rs` reads.
fn networks(four: &[(u32, u32)], six: &[(u128, u128)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + 8 * four.len() + 32 * six.len());
    for count in [four.len(), six.len()] {
        bytes.extend((count as u32).to_le_bytes());
    }
    for (first, last) in four {
        bytes.extend([first, last].into_iter().flat_map(|end| end.to_le_bytes()));
    }
    for end in six.iter().flat_map(|(first, last)| [first, last]) {
        for half in [(end >> 64) as u64, *end as u64] {
            bytes.extend(half.to_le_bytes());
        }
    }
    bytes
}

/// Bits for all variants that a flag can have.
fn bitmap(variants: impl Iterator<Item = u16>) -> Vec<u8> {
    let mut bytes = vec![0; crate::limits::MAX_VARIANTS.div_ceil(8)];
    for variant in variants {
        if let Some(byte) = bytes.get_mut(usize::from(variant) / 8) {
            *byte |= 1 << (variant % 8);
        }
    }
    bytes
}

/// The low and the high half.
pub(super) const fn halves(word: u64) -> [u32; 2] {
    [word as u32, (word >> 32) as u32]
}

fn double(number: f64) -> Vec<u32> {
    halves(number.to_bits()).to_vec()
}
