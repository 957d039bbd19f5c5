//! Whether a row answers as the interpreter does.
//!
//! In: a workload, what the interpreter says of it, a row. Out: a [`Report`], or a panic that names
//! the first wrong answer: a row that answers wrongly must not be measured. Where a hash decides
//! and the row's is not Vexil's, the shares of the variants are compared instead.

use std::time::{Duration, Instant};

use vexil_abi::verdict::reason;

use crate::row::{Row, Served};
use crate::rows::interpreter::Interpreter;
use crate::rules::{Given, Rules, WHOLE};
use crate::workloads::{Asked, Workload};

/// The subject for which a measurement asks for all flags.
pub const SUBJECT_OF_ALL: usize = 7;

/// Subjects for which all flags are checked; the one that is measured is among them.
const SUBJECTS_OF_ALL: usize = 8;

/// An evaluator that takes longer than this for a subject is checked on one subject in
/// [`SLOW_STEP`].
const SLOW: Duration = Duration::from_millis(2);

/// See [`SLOW`]; no divisor of what the workloads repeat in.
const SLOW_STEP: usize = 17;

/// Standard deviations by which a share may differ from the weight.
const DEVIATIONS_MAX: f64 = 5.0;

/// What the interpreter answers.
pub struct Expected {
    /// By subject, then in the order in which flags are asked for.
    answers: Vec<Vec<Answer>>,
    /// Flag numbers, in that order.
    flags: Vec<usize>,
}

#[derive(Clone, Copy)]
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
    /// Asks the interpreter.
    #[must_use]
    pub fn of(workload: &Workload) -> Self {
        let (subjects, flags) = match workload.name.asked() {
            Asked::OneFlag | Asked::OneFlagAndContext => (workload.subjects.len(), vec![0]),
            Asked::AllFlags => (SUBJECTS_OF_ALL, (0..workload.flags.len()).collect()),
            Asked::Request => (workload.subjects.len(), workload.requested.clone()),
        };
        let mut interpreter = Interpreter::load(workload);
        let answers = workload.subjects[..subjects].iter().map(|subject| {
            let context = interpreter.context(subject);
            let answers = flags.iter().map(|flag| {
                let verdict = interpreter.evaluate(*flag, &context);
                assert_eq!(verdict.error_code, 0, "the interpreter answers {verdict:?}");
                Answer { variant: verdict.variant, is_by_hash: verdict.reason == reason::SPLIT }
            });
            answers.collect()
        });
        Self { answers: answers.collect(), flags }
    }

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
    let mut report = Report::default();
    let mut counts = vec![0_usize; workload.flags[0].variants.len()];
    let mut step = 1;
    let mut next = 0;
    for (number, answers) in expected.answers.iter().enumerate() {
        if number != next {
            continue;
        }
        let started = Instant::now();
        let served = ask(&mut row, workload, expected, number);
        if started.elapsed() > SLOW && workload.name.asked() == Asked::OneFlag {
            step = SLOW_STEP;
        }
        next += step;
        assert_eq!(served.len(), answers.len(), "{} answers for every flag", R::NAME);
        for ((served, answer), flag) in served.iter().zip(answers).zip(&expected.flags) {
            let flag = &workload.flags[*flag];
            let variant = number_of(flag, served);
            if answer.is_by_hash && !R::BUCKETS_LIKE_VEXIL {
                report.by_own_hash += 1;
                counts[variant] += 1;
                continue;
            }
            report.compared += 1;
            assert_eq!(
                variant,
                usize::from(answer.variant),
                "{} serves `{}` and not `{}` in {}, flag `{}`, subject {:?}",
                R::NAME,
                flag.variant(variant),
                flag.variant(answer.variant.into()),
                workload.name.text(),
                flag.key,
                workload.subjects[number],
            );
        }
    }
    report.shares = shares::<R>(workload, &counts, report.by_own_hash);
    report
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
