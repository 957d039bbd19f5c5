//! Vexil: modules compiled by `vexil-compiler`, loaded and evaluated by `vexil-runtime`.
//!
//! In: a module's bytes. Out: verdicts. Two rows: flags one by one, and all at once.

use std::hint::black_box;

use vexil_abi::verdict::Verdict;
use vexil_runtime::{Context, Engine, Instance, load};

use crate::row::{Row, Served, Side, Wired};
use crate::subject::{Reading, StringMap, key, readings};
use crate::workloads::{NOW_MS, Name, Workload};

/// One flag after the other.
pub struct ByNumber(Instance);

/// All flags at once.
pub struct Bulk(Instance);

fn instance(wire: &[u8]) -> Instance {
    let engine = Engine::new().expect("this machine has an engine");
    let loaded = load(&engine, wire, None).expect("the module is good");
    Instance::new(&loaded).expect("the module can be instantiated")
}

fn module(workload: &Workload) -> Vec<u8> {
    vexil_compiler::compile(&workload.flag_set).expect("the flags are good").bytes
}

fn context(subject: &StringMap) -> Context {
    readings(subject).fold(
        Context::with_key(key(subject)),
        |context, (name, reading)| match reading {
            Reading::Text(text) => context.set(name, text),
            Reading::Number(number) => context.set(name, number),
        },
    )
}

fn served(verdict: Verdict) -> Served {
    assert_eq!(verdict.error_code, 0, "the verdict is no error");
    Served::Number(verdict.variant.into())
}

fn verdict(instance: &mut Instance, flag: usize, context: &Context) -> Verdict {
    instance.evaluate(flag as u32, context, NOW_MS).expect("there is a verdict")
}

impl Row for ByNumber {
    const NAME: &'static str = "vexil";
    const TITLE: &'static str = "Vexil";
    const SIDE: Side = Side::Vexil;
    const HOW: &'static str = "`Instance::evaluate` by flag number on a `Context` made beforehand";
    const BUCKETS_LIKE_VEXIL: bool = true;

    type Context<'m> = Context;
    type Answer<'a> = Verdict;

    fn load(workload: &Workload) -> Self {
        Self::read(&Self::wire(workload), &[])
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Context {
        context(subject)
    }

    fn evaluate<'a, 'm: 'a>(&'a mut self, flag: usize, context: &'a Context) -> Verdict {
        verdict(&mut self.0, flag, context)
    }

    fn served(answer: Verdict) -> Served {
        served(answer)
    }
}

impl Wired for ByNumber {
    fn wire(workload: &Workload) -> Vec<u8> {
        module(workload)
    }

    fn read(wire: &[u8], _keys: &[String]) -> Self {
        Self(instance(wire))
    }
}

impl Row for Bulk {
    const NAME: &'static str = "vexil-bulk";
    const TITLE: &'static str = "Vexil, all at once";
    const SIDE: Side = Side::Vexil;
    const HOW: &'static str = "`Instance::evaluate_all` on a `Context` made beforehand";
    const BUCKETS_LIKE_VEXIL: bool = true;

    type Context<'m> = Context;
    type Answer<'a> = Verdict;

    fn absent(name: Name) -> Option<&'static str> {
        let is_ours = matches!(name, Name::W6 | Name::W6d);
        (!is_ours).then_some("it is for all flags at once")
    }

    fn load(workload: &Workload) -> Self {
        Self(instance(&module(workload)))
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Context {
        context(subject)
    }

    fn evaluate<'a, 'm: 'a>(&'a mut self, flag: usize, context: &'a Context) -> Verdict {
        verdict(&mut self.0, flag, context)
    }

    fn served(answer: Verdict) -> Served {
        served(answer)
    }

    fn evaluate_all<'m>(&mut self, _count: usize, context: &Context) {
        black_box(self.0.evaluate_all(context, NOW_MS).expect("there are verdicts"));
    }

    fn served_all<'m>(&mut self, count: usize, context: &Context) -> Vec<Served> {
        let verdicts = self.0.evaluate_all(context, NOW_MS).expect("there are verdicts");
        assert_eq!(verdicts.len(), count, "there is a verdict for every flag");
        verdicts.into_iter().map(served).collect()
    }
}
