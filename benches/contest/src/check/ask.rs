//! What the interpreter answers.
//!
//! In: a workload. Out: [`Expected`].

use vexil_abi::verdict::reason;

use super::{Answer, Expected, probe};
use crate::row::Row as _;
use crate::rows::interpreter::Interpreter;
use crate::subject::StringMap;
use crate::workloads::{Asked, Workload};

/// Subjects for which all flags are checked; the one that is measured is among them.
const SUBJECTS_OF_ALL: usize = 8;

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
        let mut answer = |subject: &StringMap, flag: usize| {
            let context = interpreter.context(subject);
            let verdict = interpreter.evaluate(flag, &context);
            assert_eq!(verdict.error_code, 0, "the interpreter answers {verdict:?}");
            Answer { variant: verdict.variant, is_by_hash: verdict.reason == reason::SPLIT }
        };
        let subjects = workload.subjects[..subjects].iter();
        let answers: Vec<Vec<Answer>> = subjects
            .map(|subject| flags.iter().map(|flag| answer(subject, *flag)).collect())
            .collect();
        let probes = probe::probes(workload).into_iter().map(|(subject, flag)| {
            let answer = answer(&subject, flag);
            (subject, flag, answer)
        });
        Self { answers, probes: probes.collect(), flags }
    }
}
