//! A module in plain wasmtime, to count instructions and to time the guest alone.
//!
//! In: a module and a context. Out: fuel and nanoseconds of `bind`, `evaluate`, `evaluate_all`.

use std::hint::black_box;
use std::time::Instant;

use vexil_abi::export;
use vexil_abi::record::{ALIGN, TAIL};
use vexil_runtime::{Context, load};
use wasmtime::{Config, Engine, Instance, Memory, Module, Store, TypedFunc};

use crate::NOW_MS;

/// Whether instructions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// Fuel is consumed: counts are exact, times are worthless.
    Fuel,
    /// As services run it.
    None,
}

/// An instantiated module with a bound context.
pub struct Guest {
    store: Store<()>,
    bind: TypedFunc<u32, ()>,
    evaluate: TypedFunc<(u32, u32), i64>,
    evaluate_all: TypedFunc<(u32, u32), ()>,
    arena: u32,
    out: u32,
    /// Flags of the module.
    pub flags: usize,
}

/// More fuel than anything here takes.
const FUEL: u64 = 1 << 60;

impl Guest {
    /// Instantiates a module and binds a context, given as JSON.
    #[must_use]
    pub fn new(bytes: &[u8], context: &serde_json::Value, counting: Counting) -> Self {
        let loaded = load(&vexil_runtime::Engine::new().expect("an engine"), bytes, None);
        let manifest = &loaded.expect("the module loads").manifest;
        let mut config = Config::new();
        config.consume_fuel(counting == Counting::Fuel);
        let engine = Engine::new(&config).expect("an engine");
        let module = Module::from_binary(&engine, bytes).expect("the module compiles");
        let mut store = Store::new(&engine, ());
        if counting == Counting::Fuel {
            store.set_fuel(FUEL).expect("fuel is counted");
        }
        let instance = Instance::new(&mut store, &module, &[]).expect("it is instantiated");
        let memory: Memory = instance.get_memory(&mut store, export::MEMORY).expect("a memory");
        let arena = instance.get_global(&mut store, export::ARENA).expect("an arena");
        let arena = arena.get(&mut store).i32().expect("an address") as u32;
        let arena = arena.next_multiple_of(ALIGN);
        let context = Context::from_json(context).expect("a context");
        let bytes = memory.data_mut(&mut store);
        let end = bytes.len() - TAIL as usize;
        let length = manifest.write_record(&mut bytes[arena as usize..end], &context, NOW_MS);
        let length = length.expect("the record fits");
        let mut guest = Self {
            bind: instance.get_typed_func(&mut store, export::BIND).expect("bind"),
            evaluate: instance.get_typed_func(&mut store, export::EVALUATE).expect("evaluate"),
            evaluate_all: instance
                .get_typed_func(&mut store, export::EVALUATE_ALL)
                .expect("evaluate_all"),
            store,
            arena,
            out: (arena + length).next_multiple_of(ALIGN),
            flags: manifest.flags.len(),
        };
        guest.bind();
        guest
    }

    /// Binds the context.
    pub fn bind(&mut self) {
        self.bind.call(&mut self.store, self.arena).expect("it binds");
    }

    /// Evaluates one flag.
    pub fn evaluate(&mut self, flag: u32) -> i64 {
        self.evaluate.call(&mut self.store, (flag, self.arena)).expect("it evaluates")
    }

    /// Evaluates all flags.
    pub fn evaluate_all(&mut self) {
        self.evaluate_all.call(&mut self.store, (self.arena, self.out)).expect("it evaluates");
    }

    /// Instructions that `run` executes in the guest.
    pub fn fuel(&mut self, run: impl FnOnce(&mut Self)) -> u64 {
        let before = self.store.get_fuel().expect("fuel is counted");
        run(self);
        before - self.store.get_fuel().expect("fuel is counted")
    }

    /// Nanoseconds of one `run`: the shortest of `rounds` rounds of `times` runs each, because on a
    /// busy machine everything else is the machine.
    pub fn nanoseconds(
        &mut self,
        rounds: usize,
        times: usize,
        mut run: impl FnMut(&mut Self),
    ) -> f64 {
        let mut best = f64::INFINITY;
        for _ in 0..rounds {
            let start = Instant::now();
            for _ in 0..times {
                run(black_box(self));
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / times as f64);
        }
        best
    }
}
