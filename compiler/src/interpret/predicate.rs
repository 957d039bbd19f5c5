//! Predicates and segments: the table *Predicates* of `docs/flag-language.md`.
//!
//! In: a predicate and the salt that stands where none is given. Out: whether it holds.

use super::attribute::passes;
use super::{Evaluation, Unsound, deeper, share};
use crate::flag_set::{Bucket, Predicate, Segment};

impl<'a> Evaluation<'a> {
    /// Does `predicate` hold? `owner` is the key of the flag or segment it stands in: the salt of
    /// buckets without one.
    pub(super) fn holds(
        &mut self,
        predicate: &'a Predicate,
        owner: &str,
        depth: usize,
    ) -> Result<bool, Unsound> {
        let depth = deeper(depth)?;
        match predicate {
            Predicate::All(parts) => {
                for part in parts {
                    if !self.holds(part, owner, depth)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Predicate::Any(parts) => {
                for part in parts {
                    if self.holds(part, owner, depth)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Predicate::Not(part) => Ok(!self.holds(part, owner, depth)?),
            Predicate::Segment(key) => self.is_member(key, depth),
            Predicate::Flag(test) => self.flag_test(test, depth),
            Predicate::Bucket(range) => self.is_in_range(range, owner),
            Predicate::Attribute { path, test } => {
                let attribute = self.context.attribute(path, self.now_ms);
                Ok(passes(test, attribute.as_deref()))
            }
        }
    }

    /// Does the unit's bucket lie in the range? Not when the unit is missing.
    fn is_in_range(&self, range: &Bucket, owner: &str) -> Result<bool, Unsound> {
        let Some(unit) = self.unit(&range.by) else { return Ok(false) };
        let share = share::of(&unit, &range.hashing, owner).ok_or(Unsound)?;
        Ok(share.is_within(range.from, range.to))
    }

    /// Is the subject in the segment `key`? Found out at most once.
    fn is_member(&mut self, key: &str, depth: usize) -> Result<bool, Unsound> {
        let (key, segment) = self.flag_set.segments.get_key_value(key).ok_or(Unsound)?;
        match self.memberships.get(key.as_str()) {
            Some(Some(member)) => return Ok(*member),
            Some(None) => return Err(Unsound), // it depends on itself
            None => {}
        }
        self.memberships.insert(key, None);
        let member = self.belongs(key, segment, deeper(depth)?)?;
        self.memberships.insert(key, Some(member));
        Ok(member)
    }

    /// Excluded keys never belong, included ones do, and then `when` decides.
    fn belongs(&mut self, key: &str, segment: &'a Segment, depth: usize) -> Result<bool, Unsound> {
        if let Some(targeting_key) = &self.context.targeting_key {
            if segment.excluded.contains(targeting_key) {
                return Ok(false);
            }
            if segment.included.contains(targeting_key) {
                return Ok(true);
            }
        }
        match &segment.when {
            Some(when) => self.holds(when, key, depth),
            None => Ok(false),
        }
    }
}
