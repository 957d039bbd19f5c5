//! Every bound of this crate, with its reason.
//!
//! In: nothing. Out: constants. Nothing else in the crate may hold a bound of its own.
//!
//! A host's limits are wider than the compiler's, so that no legal module is ever refused.

use std::time::Duration;

/// Bytes of a module. The largest legal documents (8 MiB) stay well below it.
pub const MODULE_BYTES: usize = 16 << 20;

/// Logarithm of the window that decompressing a module may use: both modules of the largest size.
pub const WINDOW_LOG: u32 = 26;

/// Bytes of a module below which it is not kept to be offered as a dictionary: the next one is about
/// as short without.
pub const DICTIONARY_MIN: usize = 16 << 10;

/// Bytes of a module's linear memory: the data of the largest module, an arena and room to align.
/// Each evaluating thread has one; pages that are not touched cost address space only.
pub const MEMORY_BYTES: u64 = 64 << 20;

/// Bytes of one WebAssembly page.
pub const PAGE_BYTES: u64 = 64 << 10;

/// Bytes of one function's body. The compiler cuts at 64 KiB; code generators take more than
/// linear time in the size of a function, so one of megabytes would occupy a core for minutes.
pub const FUNCTION_BYTES: usize = 128 << 10;

/// Locals of one function. Three bytes can declare 50,000, and a code generator has work with each.
pub const LOCALS: u64 = 2_000;

/// Functions of a module: five for each of the most flags that an environment may have.
pub const FUNCTIONS: u32 = 100_000;

/// Elements of the one table (function pointers by shape).
pub const TABLE_ELEMENTS: u64 = 100_000;

/// MessagePack values in a manifest. A value of one byte can take a hundred in memory, so the
/// bytes of the section alone do not bound what decoding it allocates.
pub const MANIFEST_VALUES: usize = 4_000_000;

/// Nesting of a manifest: four levels of its own, and 64 of a JSON value, with room.
pub const MANIFEST_DEPTH: usize = 96;

/// Bytes of native stack that a module may use. Evaluation runs on the caller's thread, which may
/// have a small stack; generated code does not recurse.
pub const WASM_STACK_BYTES: usize = 64 << 10;

/// Instructions of one call that are enough for any module of Vexil's and a context of a few
/// kilobytes, and take about a millisecond.
pub const GUARDED_INSTRUCTIONS: u64 = 1_000_000;

/// Address space that is reserved for a memory: all that an address in it can name, so that code
/// need not compare addresses with the memory's end. It is not memory: nothing is resident of it.
pub const MEMORY_RESERVATION_BYTES: u64 = 4 << 30;

/// Guard region behind a memory: as far as the offsets of our code reach beyond an address.
pub const MEMORY_GUARD_BYTES: u64 = 32 << 20;

/// The same where address space is limited (`ulimit -v`): code then compares addresses.
pub const SMALL_RESERVATION_BYTES: u64 = 4 << 20;

/// The guard region there.
pub const SMALL_GUARD_BYTES: u64 = 64 << 10;

/// A module whose functions have no more bytes than this gets better code at once, which takes some
/// twenty milliseconds.
pub const SMALL_CODE_BYTES: u64 = 8 << 10;

/// After so long a large module is taken to stay, and gets better code.
pub const OPTIMISE_AFTER: Duration = Duration::from_secs(1);

/// Machine code of a function is kept while one of so many modules before the newest had it.
pub const FUNCTION_ROUNDS: u64 = 2;

/// Bytes of an announcement: it names at most 20,000 flags of at most 256 bytes.
pub const ANNOUNCEMENT_BYTES: usize = 8 << 20;

/// Bytes that the event stream may send without completing an event.
pub const EVENT_BYTES: usize = ANNOUNCEMENT_BYTES + (1 << 10);

/// Bytes that a coding may add to a module that does not get shorter.
pub const CODING_BYTES: usize = 1 << 10;

/// Bytes of an answer to a report.
pub const ANSWER_BYTES: usize = 4 << 10;

/// Between two reports to the server, until it says otherwise.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// The same, whatever it says.
pub const REPORT_INTERVAL_MIN: Duration = Duration::from_secs(1);

/// The same at most, and after a refusal: the server may not know reports, or this key may not.
pub const REPORT_INTERVAL_MAX: Duration = Duration::from_secs(600);

/// Over so long the first reports after a change are spread, until the server says otherwise.
pub const REPORT_SPREAD: Duration = Duration::from_millis(500);

/// The same at most.
pub const REPORT_SPREAD_MAX: Duration = Duration::from_secs(120);

/// How long the last report may hold up the end of a client.
pub const REPORT_LAST: Duration = Duration::from_secs(1);

/// Bytes of a name, as the server takes it.
pub const NAME_BYTES: usize = 128;

/// Characters of a failure that the server is told.
pub const ERROR_CHARS: usize = 200;

/// Announcements seen and not yet applied whose `changed` lists are kept one by one; beyond that
/// they are taken together as "not known".
pub const PENDING_CHANGES: usize = 64;

/// The longest pause that a server can ask for with `Retry-After`.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// Failed connects in a row after which polling starts.
pub const FAILED_CONNECTS_BEFORE_POLLING: u32 = 2;

/// Between two looks at whether threads have let go of old modules, while there are any.
pub const FREE_INTERVAL: Duration = Duration::from_secs(1);

const _: () = assert!(MODULE_BYTES as u64 + (MODULE_BYTES as u64) < MEMORY_BYTES);
const _: () = assert!(MEMORY_BYTES <= u32::MAX as u64 / 2, "addresses are passed as i32");
const _: () = assert!(2 * MODULE_BYTES <= 1 << WINDOW_LOG);
const _: () = assert!(FUNCTION_BYTES > 64 << 10, "wider than the compiler's own bound");
