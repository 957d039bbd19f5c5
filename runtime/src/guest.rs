//! A guest: an instantiated module, and the ways into it.
//!
//! In: a loaded module. Out: its memory and its functions. A guest that trapped must not be used
//! again. What a guest answers is not checked here.

use std::convert::identity;

use vexil_abi::export;
use vexil_abi::record::TAIL;
use wasmtime::{Func, Store, TypedFunc, WasmParams, WasmResults};

use crate::direct::{Entry, Trapped, View};
use crate::load::Loaded;

/// An instantiated module.
pub(crate) struct Guest {
    /// What the host may write, from the arena on.
    arena: View,
    bind: Function<u32, ()>,
    evaluate: Function<(u32, u32), i64>,
    evaluate_once: Function<(u32, u32), i64>,
    evaluate_all: Function<(u32, u32), ()>,
    /// What one call may execute.
    fuel: Option<u64>,
    // Last, because what stands above points into it.
    store: Store<()>,
}

/// A function of the guest, and the two ways to call it.
struct Function<P, R> {
    short: Option<Entry>,
    long: TypedFunc<P, R>,
}

/// Why a call did not return. Boxed, so that what returns fits registers.
pub(crate) type Trap = Box<dyn std::error::Error + Send + Sync>;

impl Guest {
    pub(crate) fn new(loaded: &Loaded) -> wasmtime::Result<Self> {
        let mut store = Store::new(loaded.module.engine(), ());
        if let Some(fuel) = loaded.fuel {
            store.set_fuel(fuel)?;
        }
        let instance = wasmtime::Instance::new(&mut store, &loaded.module, &[])?;
        let memory = instance.get_memory(&mut store, export::MEMORY);
        let memory = memory.ok_or_else(|| wasmtime::Error::msg("no memory"))?;
        let mut function = |name| {
            let function = instance.get_func(&mut store, name);
            let function = function.ok_or_else(|| wasmtime::Error::msg("no function"))?;
            let short = match loaded.leaves_wasm || loaded.fuel.is_some() {
                true => None,
                false => Entry::new(&loaded.module, &function, &mut store),
            };
            Ok::<(Option<Entry>, Func), wasmtime::Error>((short, function))
        };
        let bind = function(export::BIND)?;
        let evaluate = function(export::EVALUATE)?;
        let evaluate_once = function(export::EVALUATE_ONCE)?;
        let evaluate_all = function(export::EVALUATE_ALL)?;
        Ok(Self {
            arena: View::new(memory, &mut store, loaded.arena as usize, TAIL as usize),
            bind: Function { short: bind.0, long: bind.1.typed(&store)? },
            evaluate: Function { short: evaluate.0, long: evaluate.1.typed(&store)? },
            evaluate_once: Function {
                short: evaluate_once.0,
                long: evaluate_once.1.typed(&store)?,
            },
            evaluate_all: Function { short: evaluate_all.0, long: evaluate_all.1.typed(&store)? },
            fuel: loaded.fuel,
            store,
        })
    }

    /// The bytes that the host may write.
    #[inline]
    pub(crate) fn arena(&mut self) -> &mut [u8] {
        self.arena.bytes(&mut self.store)
    }

    /// Prepares the record at `ctx`.
    #[inline]
    pub(crate) fn bind(&mut self, ctx: u32) -> Result<(), Box<Trap>> {
        self.bind.call(&mut self.store, self.fuel, [ctx, 0], ctx, drop)
    }

    /// The verdict of a flag on a bound record.
    #[inline]
    pub(crate) fn evaluate(&mut self, flag: u32, ctx: u32) -> Result<i64, Box<Trap>> {
        self.evaluate.call(&mut self.store, self.fuel, [flag, ctx], (flag, ctx), identity)
    }

    /// The verdict of a flag on a record that is not bound.
    #[inline]
    pub(crate) fn evaluate_once(&mut self, flag: u32, ctx: u32) -> Result<i64, Box<Trap>> {
        self.evaluate_once.call(&mut self.store, self.fuel, [flag, ctx], (flag, ctx), identity)
    }

    /// Writes the verdicts of all flags on a bound record to `out`.
    pub(crate) fn evaluate_all(&mut self, ctx: u32, out: u32) -> Result<(), Box<Trap>> {
        self.evaluate_all.call(&mut self.store, self.fuel, [ctx, out], (ctx, out), drop)
    }
}

impl<P: WasmParams, R: WasmResults> Function<P, R> {
    /// Calls it the short way, if there is one: with `words`, of whose answer `read` makes the
    /// result. `arguments` are the same for the long way.
    #[inline(always)]
    fn call(
        &self,
        store: &mut Store<()>,
        fuel: Option<u64>,
        [first, second]: [u32; 2],
        arguments: P,
        read: impl FnOnce(i64) -> R,
    ) -> Result<R, Box<Trap>> {
        match &self.short {
            Some(entry) => entry.call(first, second).map(read).map_err(trapped),
            None => {
                refuel(store, fuel)?;
                self.long.call(store, arguments).map_err(ended)
            }
        }
    }
}

/// Before a call the long way: what it may execute, whatever the one before left.
#[cold]
fn refuel(store: &mut Store<()>, fuel: Option<u64>) -> Result<(), Box<Trap>> {
    fuel.map_or(Ok(()), |fuel| store.set_fuel(fuel).map_err(ended))
}

#[cold]
fn trapped(trapped: Trapped) -> Box<Trap> {
    Box::new(trapped.into())
}

#[cold]
fn ended(error: wasmtime::Error) -> Box<Trap> {
    Box::new(error.into())
}
