//! How often each flag gave what, and by which rule: counted on each thread, summed when asked.
//!
//! In: verdicts, on the threads that evaluate. Out: a [`Usage`], what was counted since the last.
//! Counting is off unless it is asked for. A thread adds to numbers that only it writes: no lock,
//! and no atomic read-modify-write. A sum may miss what is being counted at that moment; the next
//! has it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use vexil_abi::verdict::{NO_RULE, NO_VARIANT, Verdict};

use crate::manifest::Manifest;

/// What was evaluated in a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// When counting began, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// When it was summed.
    pub to_ms: i64,
    /// Flags that were evaluated, by key.
    pub flags: BTreeMap<String, FlagUsage>,
}

/// How often one flag was evaluated, and with which outcomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagUsage {
    /// Evaluations that the flag's module answered.
    pub evaluations: u64,
    /// Of these, how many served each variant, by its key: the flag's exposures.
    pub variants: BTreeMap<String, u64>,
    /// Of these, how many each rule decided, by its id.
    pub rules: BTreeMap<String, u64>,
    /// Of these, how many served the caller's default.
    pub defaults: u64,
}

/// Where each flag's numbers stand: first those of its variants, then of its rules, each row with
/// one more for none.
#[derive(Debug)]
struct Layout {
    starts: Vec<u32>,
    numbers: usize,
}

impl Layout {
    fn of(manifest: &Manifest) -> Self {
        let mut numbers = 0;
        let starts = manifest.flags.iter().map(|row| {
            let start = numbers;
            numbers += row.variants.len() + row.rules.len() + 2;
            u32::try_from(start).unwrap_or(u32::MAX)
        });
        Self { starts: starts.collect(), numbers }
    }
}

/// The counters of a module, one row of numbers for each thread.
#[derive(Debug)]
pub(crate) struct Tally {
    layout: Arc<Layout>,
    threads: Mutex<Vec<Arc<Counts>>>,
    /// What was summed before.
    summed: Mutex<Vec<u64>>,
}

/// One thread's numbers.
#[derive(Debug)]
pub(crate) struct Counts {
    layout: Arc<Layout>,
    numbers: Box<[AtomicU64]>,
}

impl Counts {
    /// Counts a verdict on flag number `flag`. Only the thread that asked for these counts calls it.
    #[inline]
    pub(crate) fn count(&self, manifest: &Manifest, flag: u32, verdict: Verdict) {
        let (Some(start), Some(row)) =
            (self.layout.starts.get(flag as usize), manifest.flags.get(flag as usize))
        else {
            return;
        };
        let place = |number: u16, none: u16, count: usize| match number == none {
            true => count,
            false => usize::from(number).min(count),
        };
        let start = *start as usize;
        let variants = row.variants.len();
        self.add(start + place(verdict.variant, NO_VARIANT, variants));
        self.add(start + variants + 1 + place(verdict.rule, NO_RULE, row.rules.len()));
    }

    #[inline]
    fn add(&self, at: usize) {
        if let Some(number) = self.numbers.get(at) {
            // Nobody else writes it.
            number.store(number.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
    }
}

impl Tally {
    pub(crate) fn new(manifest: &Manifest) -> Self {
        let layout = Arc::new(Layout::of(manifest));
        let summed = Mutex::new(vec![0; layout.numbers]);
        Self { layout, threads: Mutex::default(), summed }
    }

    /// Counters for a thread that comes.
    pub(crate) fn counts(&self) -> Arc<Counts> {
        let numbers = (0..self.layout.numbers).map(|_| AtomicU64::new(0)).collect();
        let counts = Arc::new(Counts { layout: Arc::clone(&self.layout), numbers });
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(Arc::clone(&counts));
        counts
    }

    /// Adds what was counted since the last time to `usage`.
    pub(crate) fn sum(&self, manifest: &Manifest, usage: &mut Usage) {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let mut summed = self.summed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fresh = |at: usize| {
            let numbers = threads.iter().filter_map(|thread| thread.numbers.get(at));
            let total = numbers.map(|number| number.load(Ordering::Relaxed));
            let total = total.fold(0, u64::wrapping_add);
            let before = summed.get_mut(at).map(|before| std::mem::replace(before, total));
            total.wrapping_sub(before.unwrap_or(0))
        };
        for (row, start) in manifest.flags.iter().zip(&self.layout.starts) {
            let start = *start as usize;
            let variants = row.variants.iter().map(|(key, _)| key.as_str());
            let mut at = start;
            let mut next = || {
                at += 1;
                fresh(at - 1)
            };
            let mut flag = FlagUsage::default();
            for variant in variants {
                let count = next();
                flag.evaluations += count;
                if count > 0 {
                    flag.variants.insert(variant.to_owned(), count);
                }
            }
            flag.defaults = next();
            flag.evaluations += flag.defaults;
            for rule in row.rules.iter() {
                let count = next();
                if count > 0 {
                    flag.rules.insert(rule.clone(), count);
                }
            }
            // What no rule decided is asked for, so that it is not summed twice later.
            next();
            if flag.evaluations > 0 {
                usage.add(&row.key, flag);
            }
        }
    }
}

impl Usage {
    /// Adds a flag's numbers to those that are there.
    fn add(&mut self, key: &str, more: FlagUsage) {
        let Some(flag) = self.flags.get_mut(key) else {
            self.flags.insert(key.to_owned(), more);
            return;
        };
        flag.evaluations += more.evaluations;
        flag.defaults += more.defaults;
        for (variant, count) in more.variants {
            *flag.variants.entry(variant).or_default() += count;
        }
        for (rule, count) in more.rules {
            *flag.rules.entry(rule).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use vexil_abi::verdict::reason;

    use super::*;
    use crate::fixture::{loaded, on};

    const BANNER: u32 = 0;
    const CHECKOUT: u32 = 1;

    #[test]
    fn what_threads_counted_is_summed_once() {
        let manifest = &loaded("x").manifest;
        let tally = Tally::new(manifest);
        let (one, other) = (tally.counts(), tally.counts());
        for counts in [&one, &one, &other] {
            counts.count(manifest, CHECKOUT, on());
        }
        other.count(manifest, CHECKOUT, Verdict::serve(1, reason::DEFAULT));
        other.count(manifest, CHECKOUT, Verdict::error(6));
        let mut usage = Usage::default();
        tally.sum(manifest, &mut usage);
        let expected = FlagUsage {
            evaluations: 5,
            variants: [("off".to_owned(), 1), ("on".to_owned(), 3)].into(),
            rules: [("dach".to_owned(), 3)].into(),
            defaults: 1,
        };
        assert_eq!(usage.flags, [("checkout".to_owned(), expected.clone())].into());

        one.count(manifest, BANNER, Verdict::serve(0, reason::STATIC));
        one.count(manifest, CHECKOUT, on());
        tally.sum(manifest, &mut usage);
        assert_eq!(usage.flags["checkout"].evaluations, 6);
        assert_eq!(usage.flags["checkout"].rules["dach"], 4);
        assert_eq!(usage.flags["banner"].variants["text"], 1);
        let before = usage.clone();
        tally.sum(manifest, &mut usage);
        assert_eq!(usage, before);
    }
}
