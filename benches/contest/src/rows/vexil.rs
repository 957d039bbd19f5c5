//! Vexil: modules compiled by `vexil-compiler`, evaluated by `vexil-runtime`'s client.
//!
//! In: a module's bytes. Out: values. Four rows: flags by key, by handle, on a prepared context,
//! and all at once.

use std::hint::black_box;

use vexil_abi::verdict::Verdict;
use vexil_runtime::{Client, Context, Engine, Flag, Instance, load};

use crate::row::{Row, Served, Side, Wired};
use crate::subject::{Reading, StringMap, readings};
use crate::workloads::{NOW_MS, Name, Workload};

/// What a service holds.
pub struct Held {
    client: Client,
    flags: Vec<Named>,
}

/// A flag by key and by handle.
struct Named {
    key: String,
    handle: Flag<String>,
    /// The same, if its values are boolean.
    boolean: Flag<bool>,
}

/// Flags by their keys.
pub struct ByKey(Held, Kind);

/// Flags by handles.
pub struct ByHandle(Held, Kind);

/// Flags on a prepared context.
pub struct Prepared(Held);

/// All flags at once.
pub struct Bulk(Instance);

/// The kind of the flags' values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boolean,
    String,
}

impl Held {
    fn new(wire: &[u8]) -> Self {
        let client = Client::from_module(wire).expect("the module is good");
        let flags = client.flags().into_iter().map(|flag| Named {
            handle: Flag::named(flag.key.clone()),
            boolean: Flag::named(flag.key.clone()),
            key: flag.key,
        });
        Self { flags: flags.collect(), client }
    }

    fn kind(&self) -> Kind {
        match self.client.flags().first().map(|flag| flag.kind) {
            Some(vexil_runtime::Kind::Boolean) => Kind::Boolean,
            _ => Kind::String,
        }
    }
}

fn module(workload: &Workload) -> Vec<u8> {
    vexil_compiler::compile(&workload.flag_set).expect("the flags are good").bytes
}

/// The targeting key is one of the names.
fn context(subject: &StringMap) -> Context<'_> {
    let mut context = Context::new();
    for (name, reading) in readings(subject) {
        match reading {
            Reading::Text(text) => context.insert(name, text),
            Reading::Number(number) => context.insert(name, number),
        }
    }
    context.insert(crate::subject::TARGETING_KEY, crate::subject::key(subject));
    context
}

/// Values are `1`, `2` and so on, in the order of the variants, or booleans.
fn number(value: &str) -> u8 {
    value.as_bytes().first().map_or(u8::MAX, |digit| digit - b'1')
}

fn served(answer: u8) -> Served {
    assert_ne!(answer, u8::MAX, "the flag is served, not the default");
    Served::Number(answer.into())
}

impl Row for ByKey {
    const NAME: &'static str = "vexil-key";
    const TITLE: &'static str = "Vexil by key";
    const SIDE: Side = Side::Vexil;
    const HOW: &'static str = "`Client::bool` and `Client::string_with` with the flag's key, on a \
                               `Context` that borrows";
    const BUCKETS_LIKE_VEXIL: bool = true;

    type Context<'m> = Context<'m>;
    type Answer<'a> = u8;

    fn load(workload: &Workload) -> Self {
        Self::read(&Self::wire(workload), &[])
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Context<'m> {
        context(subject)
    }

    #[inline]
    fn evaluate<'a, 'm: 'a>(&'a mut self, flag: usize, context: &'a Context<'m>) -> u8 {
        let Held { client, flags } = &self.0;
        let key = flags[flag].key.as_str();
        match self.1 {
            Kind::Boolean => u8::from(client.bool(key, context, false)),
            Kind::String => client.string_with(key, context, "", number),
        }
    }

    fn served(answer: u8) -> Served {
        served(answer)
    }
}

impl Wired for ByKey {
    fn wire(workload: &Workload) -> Vec<u8> {
        module(workload)
    }

    fn read(wire: &[u8], _keys: &[String]) -> Self {
        let held = Held::new(wire);
        let kind = held.kind();
        Self(held, kind)
    }
}

impl Row for ByHandle {
    const NAME: &'static str = "vexil-handle";
    const TITLE: &'static str = "Vexil by handle";
    const SIDE: Side = Side::Vexil;
    const HOW: &'static str = "`Client::bool` and `Client::string_with` with a `Flag`, on a \
                               `Context` that borrows";
    const BUCKETS_LIKE_VEXIL: bool = true;

    type Context<'m> = Context<'m>;
    type Answer<'a> = u8;

    fn load(workload: &Workload) -> Self {
        let held = Held::new(&module(workload));
        let kind = held.kind();
        Self(held, kind)
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Context<'m> {
        context(subject)
    }

    #[inline]
    fn evaluate<'a, 'm: 'a>(&'a mut self, flag: usize, context: &'a Context<'m>) -> u8 {
        let Held { client, flags } = &self.0;
        let flag = &flags[flag];
        match self.1 {
            Kind::Boolean => u8::from(client.bool(&flag.boolean, context, false)),
            Kind::String => client.string_with(&flag.handle, context, "", number),
        }
    }

    fn served(answer: u8) -> Served {
        served(answer)
    }
}

impl Row for Prepared {
    const NAME: &'static str = "vexil-prepared";
    const TITLE: &'static str = "Vexil prepared";
    const SIDE: Side = Side::Vexil;
    const HOW: &'static str = "`Client::prepare` once for the context, then `Prepared::string` \
                               with a `Flag` for each flag";
    const BUCKETS_LIKE_VEXIL: bool = true;

    type Context<'m> = Context<'m>;
    type Answer<'a> = u8;

    fn absent(name: Name) -> Option<&'static str> {
        let is_ours = matches!(name, Name::W6 | Name::W6d | Name::W7);
        (!is_ours).then_some("it is for several flags of one context")
    }

    fn load(workload: &Workload) -> Self {
        Self(Held::new(&module(workload)))
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Context<'m> {
        context(subject)
    }

    fn evaluate<'a, 'm: 'a>(&'a mut self, flag: usize, context: &'a Context<'m>) -> u8 {
        let Held { client, flags } = &self.0;
        number(client.prepare(context).string(&flags[flag].handle, ""))
    }

    fn served(answer: u8) -> Served {
        served(answer)
    }

    fn evaluate_all<'m>(&mut self, count: usize, context: &Context<'m>) {
        let Held { client, flags } = &self.0;
        let prepared = client.prepare(context);
        for flag in &flags[..count] {
            black_box(number(prepared.string(&flag.handle, "")));
        }
    }

    fn served_all<'m>(&mut self, count: usize, context: &Context<'m>) -> Vec<Served> {
        let Held { client, flags } = &self.0;
        let prepared = client.prepare(context);
        flags[..count]
            .iter()
            .map(|flag| served(number(prepared.string(&flag.handle, ""))))
            .collect()
    }

    fn request(&mut self, requested: &[usize], subject: &StringMap) {
        let Held { client, flags } = &self.0;
        let context = context(subject);
        let prepared = client.prepare(&context);
        for flag in requested {
            black_box(number(prepared.string(&flags[*flag].handle, "")));
        }
    }

    fn served_request(&mut self, requested: &[usize], subject: &StringMap) -> Vec<Served> {
        let Held { client, flags } = &self.0;
        let context = context(subject);
        let prepared = client.prepare(&context);
        let served = |flag: &usize| served(number(prepared.string(&flags[*flag].handle, "")));
        requested.iter().map(served).collect()
    }
}

impl Row for Bulk {
    const NAME: &'static str = "vexil-bulk";
    const TITLE: &'static str = "Vexil, all at once";
    const SIDE: Side = Side::Vexil;
    const HOW: &'static str = "`Instance::evaluate_all_with`, which hands over each verdict";
    const BUCKETS_LIKE_VEXIL: bool = true;

    type Context<'m> = Context<'m>;
    type Answer<'a> = Verdict;

    fn absent(name: Name) -> Option<&'static str> {
        let is_ours = matches!(name, Name::W6 | Name::W6d);
        (!is_ours).then_some("it is for all flags at once")
    }

    fn load(workload: &Workload) -> Self {
        let engine = Engine::new().expect("this machine has an engine");
        let loaded = load(&engine, &module(workload), None).expect("the module is good");
        Self(Instance::new(&loaded).expect("the module can be instantiated"))
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Context<'m> {
        context(subject)
    }

    fn evaluate<'a, 'm: 'a>(&'a mut self, flag: usize, context: &'a Context<'m>) -> Verdict {
        self.0.evaluate(flag as u32, context, NOW_MS).expect("there is a verdict")
    }

    fn served(answer: Verdict) -> Served {
        assert_eq!(answer.error_code, 0, "the verdict is no error");
        Served::Number(answer.variant.into())
    }

    fn evaluate_all<'m>(&mut self, _count: usize, context: &Context<'m>) {
        let each = |verdict: Verdict| {
            black_box(verdict.variant);
        };
        self.0.evaluate_all_with(context, NOW_MS, each).expect("there are verdicts");
    }

    fn served_all<'m>(&mut self, count: usize, context: &Context<'m>) -> Vec<Served> {
        let verdicts = self.0.evaluate_all(context, NOW_MS).expect("there are verdicts");
        assert_eq!(verdicts.len(), count, "there is a verdict for every flag");
        verdicts.into_iter().map(Self::served).collect()
    }
}
