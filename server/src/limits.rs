//! The limits of the server's queues, sizes and loops, each with its reason.
//!
//! In: nothing. Out: constants, read by the log, the projection, the hub and HTTP. What a flag
//! document may hold is limited by `vexil_compiler::limits`, not here.

// The log.

/// Events of one append. A document of 8 MiB holds fewer than 20,000 flags; with five
/// environments each that is 120,000 events of a first `apply`.
pub const APPEND_EVENTS_MAX: usize = 200_000;
/// Bytes of the payloads of one append: a document of 8 MiB, written out with its defaults.
pub const APPEND_BYTES_MAX: usize = 64 << 20;
/// Bytes of an actor's name: it stands in every event.
pub const ACTOR_BYTES_MAX: usize = 256;
/// Bytes of a comment: a paragraph.
pub const COMMENT_BYTES_MAX: usize = 4_096;
/// Appends that wait for the writer; more are refused as busy, so that nothing grows unbounded.
pub const APPEND_QUEUE: usize = 256;
/// Appends committed together: enough to share one sync among, few enough to answer soon.
pub const GROUP_MAX: usize = 64;
/// Events that one read of the log gives at most.
pub const READ_EVENTS_MAX: usize = 1_000;
/// Bytes of payloads after which a read of the log ends early (with one event at least).
pub const READ_BYTES_MAX: usize = 8 << 20;
/// Read connections of the SQLite store: reads are short, and the machine is small.
pub const READERS: usize = 4;
/// Events between two checkpoints: replaying as many takes a fraction of a second.
pub const CHECKPOINT_EVENTS: u64 = 1_000;
/// Checkpoints kept of a project; beyond it the one is dropped that leaves the smallest gap.
pub const CHECKPOINTS_KEPT: usize = 16;

const _: () = assert!(GROUP_MAX <= APPEND_QUEUE);
