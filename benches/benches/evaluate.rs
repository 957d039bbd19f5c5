//! Compiled against interpreted: one evaluation, context already built.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use vexil_benches::{NOW_MS, workloads};
use vexil_compiler::{context, interpret};
use vexil_runtime::{Context, Engine, Instance, load};

fn evaluate(criterion: &mut Criterion) {
    let engine = Engine::new().unwrap();
    for workload in workloads() {
        let mut group = criterion.benchmark_group(workload.name);
        let contexts: Vec<_> = workload
            .contexts
            .iter()
            .map(|json| context::Context::from_json(json).unwrap())
            .collect();
        let mut next = contexts.iter().cycle();
        group.bench_function("interpreted", |bencher| {
            bencher.iter(|| {
                let context = next.next().unwrap();
                black_box(interpret::evaluate(&workload.flags, "flag", context, NOW_MS))
            });
        });
        let module = vexil_compiler::compile(&workload.flags).unwrap();
        let loaded = load(&engine, &module.bytes, Some(&module.digest)).unwrap();
        let mut instance = Instance::new(&loaded).unwrap();
        let contexts: Vec<_> =
            workload.contexts.iter().map(|json| Context::from_json(json).unwrap()).collect();
        let mut next = contexts.iter().cycle();
        group.bench_function("compiled", |bencher| {
            bencher.iter(|| {
                let context = next.next().unwrap();
                black_box(instance.evaluate(0, context, NOW_MS).unwrap())
            });
        });
        group.finish();
    }
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
