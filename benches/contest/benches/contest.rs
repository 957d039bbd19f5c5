//! Time: one criterion group for each workload, one measurement for each row.
//!
//! `cargo bench` in this folder measures everything; `cargo bench -- W5` one workload. Nothing is
//! measured before its answers have been checked.

#![allow(missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput};
use vexil_contest::check::{Expected, SUBJECT_OF_ALL, check};
use vexil_contest::questions::{Questions, questions};
use vexil_contest::row::Row;
use vexil_contest::rows::{Visitor, each};
use vexil_contest::workloads::{Asked, Name, Workload};

/// Evaluations that take longer than this are timed one by one, not in rounds over all subjects.
const LONG: Duration = Duration::from_micros(200);

/// What is repeated takes longer than this: the fewest samples that criterion allows.
const SLOW: Duration = Duration::from_millis(2);

/// Samples of what is slow.
const SLOW_SAMPLES: usize = 10;

fn main() {
    let filter = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let mut criterion = Criterion::default()
        .sample_size(50)
        .nresamples(20_000)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    for name in Name::ALL {
        // Filters are criterion's; workloads that this one cannot mean are not even made.
        if filter.as_deref().is_some_and(|filter| !may_mean(filter, name.text())) {
            continue;
        }
        let Questions { workload, expected } = questions(name);
        let mut group = criterion.benchmark_group(name.text());
        each(&mut Measure { workload: &workload, expected: &expected, group: &mut group });
        group.finish();
    }
    criterion.final_summary();
}

/// May `filter` mean something in the workload of this name.
fn may_mean(filter: &str, name: &str) -> bool {
    match filter.split_once('/') {
        Some((workload, _)) => workload == name,
        None => !filter.starts_with('W') || name.starts_with(filter),
    }
}

struct Measure<'a, 'c> {
    workload: &'a Workload,
    expected: &'a Expected,
    group: &'a mut BenchmarkGroup<'c, WallTime>,
}

impl Visitor for Measure<'_, '_> {
    fn row<R: Row>(&mut self) {
        if R::absent(self.workload.name).is_some() {
            return;
        }
        check::<R>(self.workload, self.expected);
        let mut row = R::load(self.workload);
        match self.workload.name.asked() {
            Asked::OneFlag => self.one_flag(&mut row),
            Asked::OneFlagAndContext => self.one_flag_and_context(&mut row),
            Asked::AllFlags => self.all_flags(&mut row),
            Asked::Request => self.requests(&mut row),
        }
    }
}

impl Measure<'_, '_> {
    fn one_flag<R: Row>(&mut self, row: &mut R) {
        let subjects = &self.workload.subjects;
        let contexts: Vec<R::Context<'_>> =
            subjects.iter().map(|subject| row.context(subject)).collect();
        let took = time(|| {
            black_box(row.evaluate(0, &contexts[1]));
        });
        if took < LONG {
            self.measure::<R>(contexts.len(), took * contexts.len() as u32, || {
                for context in &contexts {
                    black_box(row.evaluate(0, black_box(context)));
                }
            });
        } else {
            let mut next = contexts.iter().cycle();
            self.measure::<R>(1, took, || {
                if let Some(context) = next.next() {
                    black_box(row.evaluate(0, black_box(context)));
                }
            });
        }
    }

    fn one_flag_and_context<R: Row>(&mut self, row: &mut R) {
        let subjects = &self.workload.subjects;
        let round = |row: &mut R| {
            for subject in subjects {
                let context = row.context(black_box(subject));
                black_box(row.evaluate(0, &context));
            }
        };
        let took = time(|| round(row));
        self.measure::<R>(subjects.len(), took, || round(row));
    }

    fn all_flags<R: Row>(&mut self, row: &mut R) {
        let count = self.workload.flags.len();
        let context = row.context(&self.workload.subjects[SUBJECT_OF_ALL]);
        let took = time(|| row.evaluate_all(count, &context));
        self.measure::<R>(count, took, || row.evaluate_all(count, black_box(&context)));
    }

    fn requests<R: Row>(&mut self, row: &mut R) {
        let (flags, subjects) = (&self.workload.requested, &self.workload.subjects);
        let took = time(|| row.request(flags, &subjects[1]));
        let mut next = subjects.iter().cycle();
        self.measure::<R>(1, took, || {
            if let Some(subject) = next.next() {
                row.request(black_box(flags), black_box(subject));
            }
        });
    }

    /// Times `round`, which answers `elements` questions and takes about `took`.
    fn measure<R: Row>(&mut self, elements: usize, took: Duration, mut round: impl FnMut()) {
        let is_slow = took > SLOW;
        self.group.throughput(Throughput::Elements(elements as u64));
        self.group.sampling_mode(if is_slow { SamplingMode::Flat } else { SamplingMode::Auto });
        if is_slow {
            self.group.sample_size(SLOW_SAMPLES);
        }
        self.group.bench_function(R::NAME, |bencher| bencher.iter(&mut round));
    }
}

/// The time of the second of two calls.
fn time(mut call: impl FnMut()) -> Duration {
    call();
    let started = Instant::now();
    call();
    started.elapsed()
}
