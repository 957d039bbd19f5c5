//! The interpreter: the slow, obvious evaluator that fixes what the flag language means.
//!
//! In: a flag set, a flag's key, a context and the time. Out: a verdict. It walks the flag set row
//! by row of the tables in `docs/flag-language.md`, which the comments cite. It is the oracle of
//! the compiler's tests, so it must share nothing with `document`, `check`, `lower` or `emit`: it
//! has parsers of its own. It never panics, and on a flag set that did not pass `check` it answers
//! `GENERAL` rather than guess or run for ever.

mod attribute;
mod bucket;
mod hash;
mod network;
mod number;
mod predicate;
mod share;
mod time;
mod version;

use std::collections::BTreeMap;

use vexil_abi::verdict::{Verdict, detail, error_code, reason};

pub(crate) use self::attribute::{lower, passes};
pub use self::bucket::bucket;
pub(crate) use self::bucket::unit;
pub(crate) use self::version::Version;
use crate::context::Context;
use crate::flag_set::{Configuration, Flag, FlagSet, FlagTest, Serve, Split};
use crate::limits::MAX_EVALUATION_DEPTH;

/// The verdict of the flag `key` for `context` at `now_ms` (milliseconds since the Unix epoch, the
/// value of `$now` unless the context sets it).
///
/// A flag set that would not pass `check` (a cycle, an unknown variant, flag or segment) is
/// answered with `GENERAL` where the evaluation meets the fault.
#[must_use]
pub fn evaluate(flag_set: &FlagSet, key: &str, context: &Context, now_ms: f64) -> Verdict {
    if !flag_set.flags.contains_key(key) {
        return Verdict::error(error_code::FLAG_NOT_FOUND);
    }
    let mut evaluation = Evaluation {
        flag_set,
        context,
        now_ms,
        verdicts: BTreeMap::new(),
        memberships: BTreeMap::new(),
    };
    evaluation.flag(key, 0).unwrap_or(Verdict::error(error_code::GENERAL))
}

/// The flag set would not pass `check`.
struct Unsound;

/// One evaluation: its inputs, and what it has found out so far. Remembering keeps the time of a
/// set whose flags name each other many times over from growing exponentially.
struct Evaluation<'a> {
    flag_set: &'a FlagSet,
    context: &'a Context,
    now_ms: f64,
    /// Flag → its verdict; `None` while it is being evaluated.
    verdicts: BTreeMap<&'a str, Option<Verdict>>,
    /// Segment → whether the subject is in it; `None` while it is being evaluated.
    memberships: BTreeMap<&'a str, Option<bool>>,
}

/// One level further down, where that is allowed.
fn deeper(depth: usize) -> Result<usize, Unsound> {
    if depth < MAX_EVALUATION_DEPTH { Ok(depth + 1) } else { Err(Unsound) }
}

impl<'a> Evaluation<'a> {
    /// The verdict of the flag `key`, evaluated at most once.
    fn flag(&mut self, key: &str, depth: usize) -> Result<Verdict, Unsound> {
        let (key, flag) = self.flag_set.flags.get_key_value(key).ok_or(Unsound)?;
        match self.verdicts.get(key.as_str()) {
            Some(Some(verdict)) => return Ok(*verdict),
            Some(None) => return Err(Unsound), // it depends on itself
            None => {}
        }
        self.verdicts.insert(key, None);
        let verdict = self.rows(key, flag, deeper(depth)?)?;
        self.verdicts.insert(key, Some(verdict));
        Ok(verdict)
    }

    /// The table *Evaluation*: the first row that applies decides.
    fn rows(&mut self, key: &str, flag: &'a Flag, depth: usize) -> Result<Verdict, Unsound> {
        let configuration = &flag.configuration;
        let off = variant_index(flag, &configuration.off_variant)?;

        // Row 1: switched off.
        if !configuration.enabled {
            return Ok(Verdict::serve(off, reason::DISABLED));
        }
        // Row 2: a prerequisite is not met.
        for (index, prerequisite) in configuration.prerequisites.iter().enumerate() {
            if !self.flag_test(prerequisite, depth)? {
                let detail = u16::try_from(index + 1).map_err(|_| Unsound)?;
                return Ok(Verdict { detail, ..Verdict::serve(off, reason::DEFAULT) });
            }
        }
        // Row 3: the targeting key stands in an override.
        if let Some(variant) = self.overriding_variant(configuration) {
            let served = Verdict::serve(variant_index(flag, variant)?, reason::TARGETING_MATCH);
            return Ok(Verdict { detail: detail::OVERRIDE, ..served });
        }
        // Rows 4 to 7: the first rule that holds and has something to serve.
        for (index, rule) in configuration.rules.iter().enumerate() {
            if !self.holds(&rule.when, key, depth)? {
                continue;
            }
            let served = match &rule.serve {
                // Row 4.
                Serve::Variant(variant) => Some((variant.as_str(), reason::TARGETING_MATCH)),
                Serve::Split(split) => match (self.split_variant(split, key)?, &split.otherwise) {
                    // Row 5.
                    (Some(variant), _) => Some((variant, reason::SPLIT)),
                    // Row 6.
                    (None, Some(otherwise)) => Some((otherwise.as_str(), reason::TARGETING_MATCH)),
                    // Row 7.
                    (None, None) => None,
                },
            };
            if let Some((variant, reason)) = served {
                let rule = u16::try_from(index).map_err(|_| Unsound)?;
                return Ok(Verdict {
                    rule,
                    ..Verdict::serve(variant_index(flag, variant)?, reason)
                });
            }
        }
        // Rows 8 to 13.
        self.fallthrough(key, flag)
    }

    /// Rows 8 to 13: nothing else applies.
    fn fallthrough(&self, key: &str, flag: &'a Flag) -> Result<Verdict, Unsound> {
        let configuration = &flag.configuration;
        let (variant, reason) = match &configuration.fallthrough {
            // Row 8.
            Serve::Variant(variant) if is_untargeted(configuration) => {
                (variant.as_str(), reason::STATIC)
            }
            // Row 9.
            Serve::Variant(variant) => (variant.as_str(), reason::DEFAULT),
            Serve::Split(split) => match (self.split_variant(split, key)?, &split.otherwise) {
                // Row 10.
                (Some(variant), _) => (variant, reason::SPLIT),
                // Row 11.
                (None, Some(otherwise)) => (otherwise.as_str(), reason::DEFAULT),
                // Row 12.
                (None, None) if split.by == [vexil_abi::manifest::TARGETING_KEY] => {
                    return Ok(Verdict::error(error_code::TARGETING_KEY_MISSING));
                }
                // Row 13.
                (None, None) => return Ok(Verdict::error(error_code::INVALID_CONTEXT)),
            },
        };
        Ok(Verdict::serve(variant_index(flag, variant)?, reason))
    }

    /// The variant whose override names the targeting key.
    fn overriding_variant(&self, configuration: &'a Configuration) -> Option<&'a str> {
        let key = self.context.targeting_key.as_ref()?;
        let mut overrides = configuration.overrides.iter();
        overrides.find(|(_, keys)| keys.contains(key)).map(|(variant, _)| variant.as_str())
    }

    /// The variant that `split` gives the unit; `None` when the unit is missing.
    fn split_variant(&self, split: &'a Split, key: &str) -> Result<Option<&'a str>, Unsound> {
        let Some(unit) = self.unit(&split.by) else { return Ok(None) };
        let share = share::of(&unit, &split.hashing, key).ok_or(Unsound)?;
        let weights = split.weights.values().copied().collect::<Vec<_>>();
        let arm = share.arm(&weights).ok_or(Unsound)?;
        Ok(split.weights.get_index(arm).map(|(variant, _)| variant.as_str()))
    }

    /// The first unit that the paths name; `None` when none of them is one.
    fn unit(&self, by: &[String]) -> Option<String> {
        by.iter().find_map(|path| bucket::unit(self.context.attribute(path, self.now_ms)?.as_ref()))
    }

    /// Prerequisites and `flag` predicates: the flag serves one of the variants, and neither
    /// because it is switched off nor because of an error.
    fn flag_test(&mut self, test: &FlagTest, depth: usize) -> Result<bool, Unsound> {
        let verdict = self.flag(&test.flag, depth)?;
        if matches!(verdict.reason, reason::DISABLED | reason::ERROR) {
            return Ok(false);
        }
        let flag = self.flag_set.flags.get(&test.flag).ok_or(Unsound)?;
        let served = flag.definition.variants.get_index(usize::from(verdict.variant));
        Ok(served.is_some_and(|(variant, _)| test.variants.contains(variant)))
    }
}

/// Row 8: no rules, no overrides (one that names nobody counts as none), no prerequisites.
fn is_untargeted(configuration: &Configuration) -> bool {
    configuration.rules.is_empty()
        && configuration.overrides.values().all(Vec::is_empty)
        && configuration.prerequisites.is_empty()
}

/// The number of the variant `key`.
fn variant_index(flag: &Flag, key: &str) -> Result<u16, Unsound> {
    let index = flag.definition.variants.get_index_of(key).ok_or(Unsound)?;
    u16::try_from(index).map_err(|_| Unsound)
}
