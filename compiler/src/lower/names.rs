//! Names → ids, for one flag set.

use std::collections::{BTreeMap, BTreeSet};

use crate::flag_set::{self, FlagSet};
use crate::program::{FlagIndex, FlagTest, SegmentId, VariantIndex};

/// The ids of everything that has a name. Flags and segments are numbered in key order.
pub(super) struct Names<'a> {
    flag_set: &'a FlagSet,
    flags: BTreeMap<&'a str, FlagIndex>,
    segments: BTreeMap<&'a str, SegmentId>,
}

impl<'a> Names<'a> {
    /// Of the flags, and of the segments in `used`.
    pub(super) fn of(flag_set: &'a FlagSet, used: &BTreeSet<&str>) -> Self {
        let flags = flag_set.flags.keys().zip(0..).map(|(k, i)| (k.as_str(), FlagIndex(i)));
        let segments = flag_set.segments.keys().filter(|key| used.contains(key.as_str()));
        let segments = segments.zip(0..).map(|(k, i)| (k.as_str(), SegmentId(i)));
        Self { flag_set, flags: flags.collect(), segments: segments.collect() }
    }

    pub(super) fn segment(&self, key: &str) -> Option<SegmentId> {
        self.segments.get(key).copied()
    }

    pub(super) fn variant(&self, flag: &str, variant: &str) -> Option<VariantIndex> {
        let definition = &self.flag_set.flags.get(flag)?.definition;
        definition.variants.get_index_of(variant).map(|index| VariantIndex(index as u16))
    }

    /// `None` when there is no such flag; variants that do not exist are left out.
    pub(super) fn flag_test(&self, test: &flag_set::FlagTest) -> Option<FlagTest> {
        let flag = self.flags.get(test.flag.as_str()).copied()?;
        let mut variants: Vec<VariantIndex> =
            test.variants.iter().filter_map(|variant| self.variant(&test.flag, variant)).collect();
        variants.sort_unstable();
        variants.dedup();
        Some(FlagTest { flag, variants })
    }
}
