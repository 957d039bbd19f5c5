//! Whether a row answers as the interpreter does.
//!
//! In: a workload, what the interpreter says of it, a row. Out: a [`Report`], or a panic that names
//! the first wrong answer: a row that answers wrongly must not be measured. Where a hash decides
//! and the row's is not Vexil's, the shares of the variants are compared instead.

#[cfg(feature = "vexil")]
mod ask;

#[cfg(feature = "vexil")]
mod probe;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::row::{Row, Served};
use crate::rules::{Given, Rules, WHOLE};
use crate::subject::StringMap;
use crate::workloads::{Asked, Workload};

/// The subject for which a measurement asks for all flags.
pub const SUBJECT_OF_ALL: usize = 7;

/// An evaluator that never takes less than this for an answer is checked on one subject in
/// [`SLOW_STEP`].
const SLOW: Duration = Duration::from_millis(1);

/// See [`SLOW`]; no divisor of what the workloads repeat in.
const SLOW_STEP: usize = 17;

/// Answers before an evaluator counts as slow.
const PATIENCE: usize = 16;

/// Standard deviations by which a share may differ from the weight.
const DEVIATIONS_MAX: f64 = 5.0;

/// What the interpreter answers.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Expected {
    /// By subject, then in the order in which flags are asked for.
    answers: Vec<Vec<Answer>>,
    /// Flag numbers, in that order.
    flags: Vec<usize>,
    /// Subjects that are made to meet or to miss a rule, with the flag and its answer.
    probes: Vec<(StringMap, usize, Answer)>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Answer {
    variant: u16,
    is_by_hash: bool,
}

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Answers that had to be the same.
    pub compared: usize,
    /// Answers that a hash of the row's own decided.
    pub by_own_hash: usize,
    /// Of those, by variant number: the wanted and the found share.
    pub shares: Vec<(f64, f64)>,
}

impl Expected {
    /// Shares of the subjects for which each variant is served, and for how many a hash decides.
    #[must_use]
    pub fn shares(&self) -> (Vec<f64>, f64) {
        let all: Vec<&Answer> = self.answers.iter().flatten().collect();
        let variants = all.iter().map(|answer| answer.variant).max().map_or(0, |most| most + 1);
        let share = |holds: &dyn Fn(&Answer) -> bool| {
            all.iter().filter(|answer| holds(answer)).count() as f64 / all.len() as f64
        };
        let by_variant = (0..variants).map(|variant| share(&|answer| answer.variant == variant));
        (by_variant.collect(), share(&|answer| answer.is_by_hash))
    }
}

/// Compares a row with what is expected.
///
/// # Panics
///
/// When it answers differently.
pub fn check<R: Row>(workload: &Workload, expected: &Expected) -> Report {
    let mut row = R::load(workload);
    let mut tally = Tally { compared: 0, counts: vec![0; workload.flags[0].variants.len()] };
    let mut least = Duration::MAX;
    for (number, answers) in expected.answers.iter().enumerate() {
        let is_slow = number >= PATIENCE && least > SLOW;
        if is_slow && !number.is_multiple_of(SLOW_STEP) {
            continue;
        }
        let started = Instant::now();
        let served = ask(&mut row, workload, expected, number);
        least = least.min(started.elapsed() / answers.len() as u32);
        assert_eq!(served.len(), answers.len(), "{} answers for every flag", R::NAME);
        let subject = &workload.subjects[number];
        for ((served, answer), flag) in served.iter().zip(answers).zip(&expected.flags) {
            tally.add::<R>(workload, &workload.flags[*flag], subject, served, *answer);
        }
    }
    for (subject, flag, answer) in &expected.probes {
        let context = row.context(subject);
        let served = R::served(row.evaluate(*flag, &context));
        // Probes of a hash would not be drawn at random: only that there is an answer counts.
        if !answer.is_by_hash || R::BUCKETS_LIKE_VEXIL {
            tally.add::<R>(workload, &workload.flags[*flag], subject, &served, *answer);
        }
    }
    let by_own_hash = tally.counts.iter().sum();
    let shares = shares::<R>(workload, &tally.counts, by_own_hash);
    Report { compared: tally.compared, by_own_hash, shares }
}

/// What was found so far.
struct Tally {
    compared: usize,
    /// Answers that a hash decided, by variant number.
    counts: Vec<usize>,
}

impl Tally {
    fn add<R: Row>(
        &mut self,
        workload: &Workload,
        flag: &Rules,
        subject: &StringMap,
        served: &Served,
        answer: Answer,
    ) {
        let variant = number_of(flag, served);
        if answer.is_by_hash && !R::BUCKETS_LIKE_VEXIL {
            self.counts[variant] += 1;
            return;
        }
        self.compared += 1;
        assert_eq!(
            variant,
            usize::from(answer.variant),
            "{} serves `{}` and not `{}` in {}, flag `{}`, subject {subject:?}",
            R::NAME,
            flag.variant(variant),
            flag.variant(answer.variant.into()),
            workload.name.text(),
            flag.key,
        );
    }
}

fn ask<R: Row>(
    row: &mut R,
    workload: &Workload,
    expected: &Expected,
    number: usize,
) -> Vec<Served> {
    let subject = &workload.subjects[number];
    match workload.name.asked() {
        Asked::OneFlag | Asked::OneFlagAndContext => {
            let context = row.context(subject);
            vec![R::served(row.evaluate(0, &context))]
        }
        Asked::AllFlags => {
            let context = row.context(subject);
            row.served_all(workload.flags.len(), &context)
        }
        Asked::Request => row.served_request(&expected.flags, subject),
    }
}

fn number_of(flag: &Rules, served: &Served) -> usize {
    let named = |key: &str| flag.variants.iter().position(|variant| variant == key);
    let number = match served {
        Served::Number(number) => Some(*number).filter(|number| *number < flag.variants.len()),
        Served::Bool(true) => named("on"),
        Served::Bool(false) => named("off"),
        Served::Key(key) => named(key),
    };
    number.unwrap_or_else(|| panic!("flag `{}` has no variant for {served:?}", flag.key))
}

fn shares<R: Row>(workload: &Workload, counts: &[usize], answers: usize) -> Vec<(f64, f64)> {
    if answers == 0 {
        return Vec::new();
    }
    let flag = &workload.flags[0];
    let given = flag.rules.last().map_or(&flag.otherwise, |rule| &rule.serve);
    let Given::Split(weights) = given else { panic!("a hash decides only in a split") };
    let mut shares = Vec::new();
    for (variant, count) in counts.iter().enumerate() {
        let weight = weights.iter().find(|(number, _)| *number == variant);
        let wanted = f64::from(weight.map_or(0, |(_, weight)| *weight)) / f64::from(WHOLE);
        let found = *count as f64 / answers as f64;
        let deviation = (wanted * (1.0 - wanted) / answers as f64).sqrt();
        assert!(
            (found - wanted).abs() <= DEVIATIONS_MAX * deviation,
            "{} serves `{}` to {found:.3} and not to {wanted:.3} in {}",
            R::NAME,
            flag.variant(variant),
            workload.name.text(),
        );
        shares.push((wanted, found));
    }
    shares
}
