//! The code under construction: functions, and routines on demand.
//!
//! In: requests for functions from the emitters. Out: all functions, in order, and their costs. A
//! function's id is its index in the module, given when it is first asked for, so that equal
//! programs give equal modules.

use std::collections::BTreeMap;

use super::code::{Cost, Function, FunctionId, Signature};
use super::routine::Routine;

/// What has been emitted so far.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    functions: Vec<Option<Function>>,
    routines: BTreeMap<Routine, FunctionId>,
    known: BTreeMap<(Signature, Vec<u8>), FunctionId>,
}

impl Assembly {
    /// An id for a function that is defined later.
    pub(super) fn reserve(&mut self) -> FunctionId {
        self.functions.push(None);
        FunctionId(self.functions.len() as u32 - 1)
    }

    /// Defines a reserved function.
    pub(super) fn define(&mut self, id: FunctionId, function: Function) {
        if let Some(place) = self.functions.get_mut(id.0 as usize) {
            *place = Some(function);
        }
    }

    /// Adds a function, or finds the one that does the same: equal predicates share their code.
    pub(super) fn add(&mut self, function: Function) -> FunctionId {
        let key = (function.signature(), function.identity());
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = self.reserve();
        self.known.insert(key, id);
        self.define(id, function);
        id
    }

    /// The function of a routine, emitted on first use.
    pub(super) fn routine(&mut self, routine: Routine) -> FunctionId {
        if let Some(id) = self.routines.get(&routine) {
            return *id;
        }
        let id = self.reserve();
        self.routines.insert(routine, id);
        let function = routine.build(self);
        self.define(id, function);
        id
    }

    /// Is a routine part of the module?
    pub(super) fn uses(&self, routine: Routine) -> bool {
        self.routines.contains_key(&routine)
    }

    /// The most that a call of a function can execute, without what it calls through the table
    /// or what `free` holds.
    pub(super) fn cost(&self, id: FunctionId, free: &impl Fn(FunctionId) -> bool) -> Cost {
        let Some(Some(function)) = self.functions.get(id.0 as usize) else {
            return Cost::default();
        };
        function.cost(&mut |callee| {
            if free(callee) { Cost::default() } else { self.cost(callee, free) }
        })
    }

    /// All functions in order.
    pub(super) fn finish(self) -> Vec<Function> {
        debug_assert!(self.functions.iter().all(Option::is_some), "every function is defined");
        self.functions.into_iter().flatten().collect()
    }
}
