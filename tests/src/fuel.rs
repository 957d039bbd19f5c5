//! How many instructions an evaluation really executes: wasmtime's fuel.
//!
//! In: a module and context records. Out: the fuel that `bind` and `evaluate` use.

use vexil_abi::export;
use wasmtime::{Config, Engine, Instance, Memory, Module, Store, TypedFunc, Val};

const ENOUGH: u64 = u64::MAX / 4;

/// An instance whose instructions are counted.
pub struct Counted {
    store: Store<()>,
    memory: Memory,
    arena: u32,
    bind: TypedFunc<u32, ()>,
    evaluate: TypedFunc<(u32, u32), i64>,
}

impl Counted {
    /// Of a module of ours.
    #[must_use]
    pub fn new(module: &[u8]) -> Self {
        let mut config = Config::new();
        config.consume_fuel(true);
        let engine = Engine::new(&config).expect("this machine has an engine");
        let module = Module::from_binary(&engine, module).expect("a good module");
        let mut store = Store::new(&engine, ());
        store.set_fuel(ENOUGH).expect("fuel is counted");
        let instance = Instance::new(&mut store, &module, &[]).expect("a good module");
        let arena = instance.get_global(&mut store, export::ARENA).map(|it| it.get(&mut store));
        let Some(Val::I32(arena)) = arena else { panic!("the arena is a number") };
        Self {
            memory: instance.get_memory(&mut store, export::MEMORY).expect("a memory"),
            arena: (arena as u32).next_multiple_of(vexil_abi::record::ALIGN),
            bind: instance.get_typed_func(&mut store, export::BIND).expect("`bind`"),
            evaluate: instance.get_typed_func(&mut store, export::EVALUATE).expect("`evaluate`"),
            store,
        }
    }

    /// The fuel of `bind`, then that of `evaluate` of one flag.
    pub fn evaluate(&mut self, record: &[u8], flag: u32) -> (u64, u64) {
        let written = self.memory.write(&mut self.store, self.arena as usize, record);
        written.expect("the record fits the arena");
        let before = self.fuel();
        self.bind.call(&mut self.store, self.arena).expect("`bind` does not trap");
        let between = self.fuel();
        let verdict = self.evaluate.call(&mut self.store, (flag, self.arena));
        verdict.expect("`evaluate` does not trap");
        (before - between, between - self.fuel())
    }

    fn fuel(&self) -> u64 {
        self.store.get_fuel().expect("fuel is counted")
    }
}
