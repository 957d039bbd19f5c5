//! The short way into a guest: a call without what wasmtime's own does for modules of any kind.
//!
//! In: an exported function of an instantiated module. Out: its result, or that it trapped.
//!
//! `TypedFunc::call` executes some 240 instructions around the guest's: it saves and restores the
//! state of nested calls, links a record of the call into the thread, and reads its options. A
//! module of ours imports nothing, so that calls never nest, and most of that has nothing to do.
//! What has to be done is done here:
//!
//! - the stack limit is set, against which every function of a guest checks the stack pointer;
//! - wasmtime's own entry trampoline is called, which notes where a trap has to resume;
//! - for the time of the call the thread says in [`fault`] which guest it is in, so that a trap
//!   ends the call and not the process.
//!
//! The offsets of wasmtime's structures come from `wasmtime-environ`, which its code generator has
//! them from, too. Where traps are not signals that we know (see [`fault::SUPPORTED`]), and for
//! modules whose code calls wasmtime's own functions, there is no short way, and
//! [`Entry::new`] says so; then `TypedFunc::call` is used.
// The whole purpose of this file is to call machine code by its address.
#![allow(unsafe_code)]

mod fault;

use std::ffi::c_void;

use wasmtime::{AsContextMut, Func, Memory, Module, Store, ValRaw};
use wasmtime_environ::{HostPtr, PtrSize};

use crate::limits::WASM_STACK_BYTES;
use fault::Armed;

pub(crate) use fault::install;

/// Wasmtime's entry trampoline of a function: callee, caller, arguments and results, their number.
type ArrayCall = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut ValRaw, usize) -> bool;

/// The guest trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an instruction of the guest could not be executed")]
pub(crate) struct Trapped;

/// A stretch of a guest's memory.
///
/// INVARIANT: the memory never grows (`load` refuses one that could), so it stays where it is for
/// as long as its store lives; who makes a `View` keeps it beside its store.
pub(crate) struct View {
    first: *mut u8,
    bytes: usize,
}

impl View {
    /// The bytes from `from` on without the last `tail`.
    pub(crate) fn new(memory: Memory, store: &mut Store<()>, from: usize, tail: usize) -> Self {
        let all = memory.data_mut(store);
        let end = all.len().saturating_sub(tail);
        let bytes = all.get_mut(from..end).unwrap_or_default();
        Self { first: bytes.as_mut_ptr(), bytes: bytes.len() }
    }

    /// The bytes, which nobody else can reach while the store is borrowed.
    #[inline]
    pub(crate) fn bytes<'a>(&self, _store: &'a mut Store<()>) -> &'a mut [u8] {
        // SAFETY: the invariant of `View`; the guest runs only on a store that is not borrowed.
        unsafe { std::slice::from_raw_parts_mut(self.first, self.bytes) }
    }
}

// SAFETY: these point into the store that they are kept beside, which may be sent to another
// thread, and to code, which belongs to no thread.
unsafe impl Send for View {}
// SAFETY: as above.
unsafe impl Send for Entry {}

/// Is there a bound on the address space of this process, such as `ulimit -v` sets?
#[cfg(unix)]
pub(crate) fn is_address_space_limited() -> bool {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: it writes the structure that it is given. When it fails, nothing is known of a limit.
    unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) };
    limit.rlim_cur != libc::RLIM_INFINITY
}

/// No such bound is known of here.
#[cfg(not(unix))]
pub(crate) fn is_address_space_limited() -> bool {
    false
}

/// An exported function that can be called.
///
/// INVARIANT: the store that it was made from lives, and is used by nobody else during a call;
/// who makes an `Entry` keeps it beside its store.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    call: ArrayCall,
    context: *mut c_void,
    stack_limit: *mut usize,
    armed: Armed,
}

impl Entry {
    /// The short way to `function`, which takes and gives integers, an export of an instance of
    /// `module` in `store`; `None` where there is none.
    pub(crate) fn new(
        module: &Module,
        function: &Func,
        mut store: impl AsContextMut,
    ) -> Option<Self> {
        if !fault::SUPPORTED || !fault::installed() {
            return None;
        }
        let reference = function.to_raw(&mut store).cast::<u8>();
        let offsets = HostPtr.vm_func_ref();
        // SAFETY: `to_raw` gives the address of a `VMFuncRef` that lives as long as the store; its
        // fields stand at these offsets. The context of a module's function is a `VMContext`,
        // which points to the store's `VMStoreContext`, which lives as long as the store.
        unsafe {
            let call = reference.add(offsets.array_call().into()).cast::<*const c_void>().read();
            let context = reference.add(offsets.vmctx().into()).cast::<*mut u8>().read();
            let store_context =
                context.add(HostPtr.vmcontext_store_context().into()).cast::<*mut u8>().read();
            let stack_limit = HostPtr.vm_store_context().stack_limit();
            Some(Self {
                call: std::mem::transmute::<*const c_void, ArrayCall>(call),
                context: context.cast(),
                stack_limit: store_context.add(stack_limit.into()).cast(),
                armed: Armed::new(module.image_range(), store_context),
            })
        }
    }

    /// Calls the function with two integers; the result is 0 where it has none.
    #[inline]
    pub(crate) fn call(&self, first: u32, second: u32) -> Result<i64, Trapped> {
        let mut values = [ValRaw::u32(first), ValRaw::u32(second)];
        let here = std::ptr::from_mut(&mut values).addr();
        // SAFETY: by the invariant of `Entry` the store lives and nothing else runs on it. Its
        // function takes at most two integers and gives at most one, which fit `values`. It
        // imports nothing and calls nothing of wasmtime's (see `load`), so it returns or traps;
        // where it traps, `fault` resumes at the trampoline, which then returns false.
        let returned = unsafe {
            self.stack_limit.write(here.wrapping_sub(WASM_STACK_BYTES));
            let _armed = self.armed.arm();
            (self.call)(self.context, self.context, values.as_mut_ptr(), values.len())
        };
        match returned {
            true => Ok(result(&values)),
            false => Err(Trapped),
        }
    }
}

#[inline]
fn result([first, _]: &[ValRaw; 2]) -> i64 {
    first.get_i64()
}
