//! Traps as signals: a guest that traps ends its call, not the process.
//!
//! In: the guest that this thread is in, and the signals of the process. Out: where generated code
//! of that guest faults, execution goes on in its entry trampoline, which then returns false; the
//! same that wasmtime's handler does for calls of its own. All other signals go to whoever handled
//! them before.

use std::cell::Cell;
use std::ops::Range;
use std::sync::OnceLock;

/// Are traps of generated code signals that this file knows how to resume from?
pub(super) const SUPPORTED: bool = cfg!(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    target_pointer_width = "64"
));

/// A guest whose traps can be resumed from.
#[derive(Clone, Copy)]
pub(super) struct Armed {
    /// Addresses of its machine code.
    code: (usize, usize),
    /// Wasmtime's `VMStoreContext`, in which the entry trampoline notes where to resume.
    store_context: *const u8,
}

thread_local! {
    /// The guest that this thread is in; null outside of guests.
    static WITHIN: Cell<*const Armed> = const { Cell::new(std::ptr::null()) };
}

/// Ends what [`Armed::arm`] began.
pub(super) struct Disarm;

impl Armed {
    pub(super) fn new(code: Range<*const u8>, store_context: *const u8) -> Self {
        Self { code: (code.start.addr(), code.end.addr()), store_context }
    }

    /// The thread is in this guest until the answer is dropped.
    #[inline]
    pub(super) fn arm(&self) -> Disarm {
        WITHIN.set(self);
        Disarm
    }
}

impl Drop for Disarm {
    #[inline]
    fn drop(&mut self) {
        WITHIN.set(std::ptr::null());
    }
}

static INSTALLED: OnceLock<bool> = OnceLock::new();

/// Installs the handler, once for the process.
///
/// It comes after wasmtime's, which is there as soon as there is an engine: each asks the one
/// before for what is not its own.
pub(crate) fn install() {
    INSTALLED.get_or_init(signals::install);
}

pub(super) fn installed() -> bool {
    INSTALLED.get().copied().unwrap_or(false)
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    target_pointer_width = "64"
)))]
mod signals {
    pub(super) fn install() -> bool {
        false
    }
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    target_pointer_width = "64"
))]
mod signals {
    // Registers are elements of an array, at constants of the system's.
    #![allow(clippy::indexing_slicing)]

    use std::cell::UnsafeCell;
    use std::ffi::c_void;
    use std::mem::{MaybeUninit, transmute};
    use std::ptr;

    use libc::{c_int, sigaction, siginfo_t, ucontext_t};
    use wasmtime_environ::{HostPtr, PtrSize};

    use super::{Armed, WITHIN};

    /// A trap is an illegal instruction, an access outside, or a division.
    const SIGNALS: [c_int; 3] = [libc::SIGSEGV, libc::SIGILL, libc::SIGFPE];

    /// Who handled the signals before; written once, before the handler is there.
    struct Previous(UnsafeCell<[MaybeUninit<sigaction>; SIGNALS.len()]>);

    // SAFETY: written by `install` alone, which runs once, each place before its handler exists.
    unsafe impl Sync for Previous {}

    static PREVIOUS: Previous =
        Previous(UnsafeCell::new([const { MaybeUninit::uninit() }; SIGNALS.len()]));

    pub(super) fn install() -> bool {
        (0..).zip(SIGNALS).all(|(place, signal)| {
            // SAFETY: the structures are plain and live for the calls; the handler does what a
            // handler may do (see there).
            unsafe {
                let previous = PREVIOUS.0.get().cast::<sigaction>().add(place);
                if libc::sigaction(signal, ptr::null(), previous) != 0 {
                    return false;
                }
                let mut ours: sigaction = std::mem::zeroed();
                ours.sa_sigaction = (on_fault as *const ()).addr();
                // On a stack of its own, because the guest's may be at its end.
                ours.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK;
                libc::sigemptyset(&raw mut ours.sa_mask);
                libc::sigaction(signal, &raw const ours, ptr::null_mut()) == 0
            }
        })
    }

    /// Resumes where the guest was entered, or asks who was asked before.
    ///
    /// It reads a plain cell of the thread and memory that lives, and changes the registers that
    /// the kernel restores: it allocates nothing and takes no lock.
    unsafe extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        let within = WITHIN.get();
        // SAFETY: not null only during a call, for whose time the `Armed` lives. The kernel gives
        // a context that lives until the handler returns.
        unsafe {
            if let Some(armed) = within.as_ref()
                && let Some(registers) = context.cast::<ucontext_t>().as_mut()
                && armed.resume(registers)
            {
                return;
            }
            let Some(place) = SIGNALS.iter().position(|known| *known == signal) else { return };
            let previous = PREVIOUS.0.get().cast::<sigaction>().add(place);
            delegate(&*previous, signal, info, context);
        }
    }

    impl Armed {
        /// Sets the registers as the entry trampoline wants them; false if the fault is not in the
        /// guest's code.
        ///
        /// # Safety
        ///
        /// `self.store_context` points to a `VMStoreContext`, and the trampoline's frame lives.
        unsafe fn resume(&self, registers: &mut ucontext_t) -> bool {
            let at = counter(registers);
            if at < self.code.0 || at >= self.code.1 {
                return false;
            }
            let offsets = HostPtr.vm_store_context();
            // SAFETY: the caller's.
            let read = |offset: u8| unsafe {
                self.store_context.add(offset.into()).cast::<usize>().read()
            };
            let handler = read(offsets.last_wasm_entry_trap_handler());
            let stack = read(offsets.last_wasm_entry_sp());
            let frame = read(offsets.last_wasm_entry_fp());
            set(registers, handler, stack, frame);
            true
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn counter(registers: &ucontext_t) -> usize {
        registers.uc_mcontext.gregs[libc::REG_RIP as usize] as usize
    }

    /// The trampoline takes what a trap says in two registers, and ignores it.
    #[cfg(target_arch = "x86_64")]
    fn set(registers: &mut ucontext_t, counter: usize, stack: usize, frame: usize) {
        let general = &mut registers.uc_mcontext.gregs;
        general[libc::REG_RIP as usize] = counter as i64;
        general[libc::REG_RSP as usize] = stack as i64;
        general[libc::REG_RBP as usize] = frame as i64;
        general[libc::REG_RAX as usize] = 0;
        general[libc::REG_RDX as usize] = 0;
    }

    #[cfg(target_arch = "aarch64")]
    fn counter(registers: &ucontext_t) -> usize {
        registers.uc_mcontext.pc as usize
    }

    /// The trampoline takes what a trap says in two registers, and ignores it.
    #[cfg(target_arch = "aarch64")]
    fn set(registers: &mut ucontext_t, counter: usize, stack: usize, frame: usize) {
        let machine = &mut registers.uc_mcontext;
        machine.pc = counter as u64;
        machine.sp = stack as u64;
        machine.regs[29] = frame as u64;
        machine.regs[0] = 0;
        machine.regs[1] = 0;
    }

    /// Does what would have happened without our handler.
    ///
    /// # Safety
    ///
    /// As for any handler: `info` and `context` are the kernel's.
    unsafe fn delegate(
        previous: &sigaction,
        signal: c_int,
        info: *mut siginfo_t,
        context: *mut c_void,
    ) {
        let action = previous.sa_sigaction;
        // SAFETY: the flags say which of the two kinds of function stands there.
        unsafe {
            if action == libc::SIG_DFL || action == libc::SIG_IGN {
                // The instruction faults again, and then ends the process in the usual way.
                libc::sigaction(signal, previous, ptr::null_mut());
            } else if previous.sa_flags & libc::SA_SIGINFO != 0 {
                type Handler = unsafe extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
                transmute::<usize, Handler>(action)(signal, info, context);
            } else {
                transmute::<usize, unsafe extern "C" fn(c_int)>(action)(signal);
            }
        }
    }
}
