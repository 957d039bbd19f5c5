//! The limits of the server's queues, sizes and loops, each with its reason.
//!
//! In: nothing. Out: constants, read by the log, the projection, the hub and HTTP. What a flag
//! document may hold is limited by `vexil_compiler::limits`, not here.

use std::ops::RangeInclusive;
use std::time::Duration;

use vexil_abi::announcement::SELECTION_BYTES_MAX;

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
/// Bytes of the JSON that says from where a write came: an address, a key's id, a request's id.
pub const VIA_BYTES_MAX: usize = 512;
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
/// Newest events of a project that stay in the database when nobody says how many: a year of a busy
/// team, and what a repeated append is recognised in.
pub const KEEP_EVENTS: u64 = 100_000;
/// Events of an archive at most: from its first line on any state in it is rebuilt in a second.
pub const ARCHIVE_EVENTS_MAX: u64 = 50_000;
/// Bytes of the payloads of an archive (with one event at least), several times what it is packed to:
/// a backup holds one of them in memory.
pub const ARCHIVE_BYTES_MAX: u64 = 128 << 20;
/// Events of a part of an archive: what one read of the log gives.
pub const ARCHIVE_PART_EVENTS: usize = READ_EVENTS_MAX;
/// Bytes of its lines after which a part ends early (with one event at least).
pub const ARCHIVE_PART_BYTES: usize = 4 << 20;
/// Bytes that a part may unpack to: one event as large as an append may be, or a header with the
/// state of the largest project.
pub const ARCHIVE_PART_UNPACKED_MAX: usize = 2 * APPEND_BYTES_MAX;
/// Bytes of the index of an archive, each of whose parts takes some 150.
pub const ARCHIVE_INDEX_BYTES_MAX: usize = 16 << 20;
/// Events that leave the database in one transaction: appends wait for no longer than that.
pub const FORGET_EVENTS: i64 = 1_000;
/// How far behind the log the note of its heads may be: what is lost of the last second of a log
/// whose file rots is not found out.
pub const WITNESS_INTERVAL: Duration = Duration::from_secs(1);
/// Changes to one flag in one environment that are told one by one; more become one event that
/// replaces the configuration, which is then shorter and easier to read.
pub const CONFIGURATION_CHANGES_MAX: usize = 8;

const _: () = assert!(GROUP_MAX <= APPEND_QUEUE);
const _: () =
    assert!(ARCHIVE_EVENTS_MAX as usize / ARCHIVE_PART_EVENTS * 200 < ARCHIVE_INDEX_BYTES_MAX);

// Hub and publishing.

/// Commands that are carried out or wait for their turn; more are refused with 503.
pub const WRITES_MAX: usize = 256;
/// Times a command is decided again because another process wrote to the store in between.
pub const STORE_CONFLICTS_MAX: usize = 3;
/// Changes that a caller is told of whose revision is stale: what a person reads.
pub const CONFLICT_CHANGES_MAX: usize = 100;
/// Users of a segment that a refusal to delete it names: what a person looks after in one go.
pub const USERS_TOLD_MAX: usize = 10;
/// Rebuilds of the past and walks through the log at a time: they are long and never urgent.
pub const PAST_PARALLEL: usize = 2;
/// The pause of an environment after an announcement. Short, because a change is to arrive at once;
/// not zero, so that a script's hundred changes do not wake every client a hundred times.
pub const PUBLISH_PAUSE: Duration = Duration::from_millis(10);
/// What each client adds to that pause: some ten microseconds of a processor go into telling it. Who
/// writes all the time does then not wake ten thousand clients fifty times a second, which would
/// reach the last of them ever later.
pub const PUBLISH_PAUSE_EACH: Duration = Duration::from_micros(15);
/// After so long a revision is tried again that could not be compiled or run for want of something
/// (file handles, memory); then after twice that, and so on.
pub const PUBLISH_AGAIN: Duration = Duration::from_millis(500);
/// The same at most.
pub const PUBLISH_AGAIN_MAX: Duration = Duration::from_secs(60);
/// Contexts on which a flag that changed is held against the interpreter before it is announced:
/// more than most flags have literals and boundaries.
pub const PROBES_OF_CHANGED: usize = 256;
/// The same for a flag that did not change: its code may have been compiled anew with others.
pub const PROBES_OF_OTHERS: usize = 4;
/// Evaluations of one such comparison, from which on flags that did not change are left out: a
/// fifth of a second.
pub const VERIFIED_EVALUATIONS_MAX: usize = 100_000;
/// Instances of an announced module that are kept for those who ask the server to evaluate: as many
/// as cores ask at a time on a large machine.
pub const INSTANCES_KEPT: usize = 16;
/// After so many seconds without sight of its page an OFREP client may let its stream go.
pub const OFREP_INACTIVITY_S: u32 = 120;
/// For how long an announcement is believed: a client that has heard none for a day is told so, as
/// somebody may hold newer ones back.
pub const EXPIRES_AFTER_MS: i64 = 24 * 3_600_000;
/// After so long without news an announcement is signed anew: often enough to miss some.
pub const SIGN_AGAIN: Duration = Duration::from_secs(3_600);
/// Bytes of encoded modules that are kept: some large environments in each coding, with the patches
/// from the modules before.
pub const ENCODED_BYTES_MAX: usize = 64 << 20;
/// Bytes of a module below which it is sent as it is: it fits into one packet.
pub const ENCODED_MIN: usize = 1_024;
/// Digests of an environment whose modules can be fetched: a client that is 32 changes behind has
/// the newest announcement long before it fetches.
pub const MODULES_KEPT: usize = 32;
/// The same of some flags: fewer, because there are many such modules, and who follows one is told
/// of each that it has to fetch.
pub const SELECTED_MODULES_KEPT: usize = 8;
/// Selections of an environment, for each audience, that are published at a time: each costs a
/// comparison with every write, and a compilation with every one that changes it. Services of one
/// kind share one.
pub const SELECTIONS_EACH: usize = 64;
/// Selections of a server, for each audience.
pub const SELECTIONS_MAX: usize = 512;
/// For how long a selection is published that nobody follows: a client that polls comes again, and
/// one that lost its stream comes back.
pub const SELECTION_KEPT: Duration = Duration::from_secs(300);
/// `Retry-After` of a selection for which there is no room: in that time one may have been given up.
pub const SELECTIONS_FULL_RETRY_S: u32 = 60;
/// Modules that were looked up at a revision and can be fetched.
pub const MODULES_LOOKED_UP: usize = 16;

// Traces.

/// Time for a collector to take a batch of spans; what it does not take is dropped.
pub const TRACE_EXPORT_TIME_MAX: Duration = Duration::from_secs(5);
/// Time for the last spans at the end.
pub const TRACE_FLUSH_TIME_MAX: Duration = Duration::from_secs(1);

// The fleet.

/// Between two reports of a client that has nothing new to say.
pub const FLEET_INTERVAL: Duration = Duration::from_secs(60);
/// Who has not been heard of for so long is gone: two reports may be lost.
pub const FLEET_FORGOTTEN_AFTER: Duration = Duration::from_secs(180);
/// Clients of an environment that are remembered, each in about a kilobyte.
pub const FLEET_CLIENTS_EACH: usize = 20_000;
/// Clients of all environments: one key does not crowd out the others.
pub const FLEET_CLIENTS_MAX: usize = 100_000;
/// Milliseconds over which clients spread their reports at least.
pub const FLEET_SPREAD_MS_MIN: u64 = 500;
/// The same at most: who waits for a fleet waits no longer than that for its reports.
pub const FLEET_SPREAD_MS_MAX: u64 = 20_000;
/// Milliseconds that each client of an environment adds to that: 500 reports a second.
pub const FLEET_SPREAD_MS_EACH: u64 = 2;
/// Bytes of a report.
pub const FLEET_REPORT_BYTES_MAX: usize = 8 << 10;
/// Bytes of the name and the version in it.
pub const FLEET_NAME_BYTES_MAX: usize = 128;
/// Characters that are kept of an error in it.
pub const FLEET_ERROR_CHARS_MAX: usize = 200;
/// Clients that are shown one by one when nobody says how many: what people read.
pub const FLEET_CLIENTS_SHOWN: usize = 100;
/// The same at most.
pub const FLEET_CLIENTS_SHOWN_MAX: usize = 1_000;
/// `Retry-After` of a report for which there is no room.
pub const FLEET_FULL_RETRY_S: u32 = 300;

const _: () = assert!(2 * FLEET_CLIENTS_EACH < FLEET_CLIENTS_MAX);
const _: () = assert!(FLEET_INTERVAL.as_secs() * 2 < FLEET_FORGOTTEN_AFTER.as_secs());

// Access.

/// Keys of a server, good or not: each stays in its memory.
pub const KEYS_MAX: usize = 100_000;
/// Environments that a key names.
pub const KEY_ENVIRONMENTS_MAX: usize = 64;
/// Origins that a key names.
pub const KEY_ORIGINS_MAX: usize = 64;
/// Bytes of an origin: a host name has 253 at most.
pub const ORIGIN_BYTES_MAX: usize = 280;
/// For how long the old secret of a rotated key may stay good: 90 days.
pub const OVERLAP_MS_MAX: i64 = 90 * 24 * 3_600_000;
/// For how long it stays good unless somebody says: a day, to reach every service.
pub const OVERLAP_MS_DEFAULT: i64 = 24 * 3_600_000;

/// How often something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At once, after a while of nothing.
    pub burst: u32,
    /// In the long run.
    pub per_minute: u32,
}

/// Reads and writes of one key that are carried out at a time: enough for a script that works in
/// parallel, too few to keep every processor busy for long.
pub const AT_A_TIME: usize = 4;
/// Deliveries to the holders of one key: ten thousand services that share it come back at once
/// after a restart, each for an announcement and a module, and again when a proxy cuts them.
pub const FOLLOWS_MAX: Rate = Rate { burst: 40_000, per_minute: 120_000 };
/// Reads by one key: a script that looks at every flag, one by one.
pub const READS_MAX: Rate = Rate { burst: 2_000, per_minute: 12_000 };
/// Writes by one key: a script that changes every flag, one by one, waits a little; each of them
/// is synced, compiled and announced.
pub const WRITES_RATE_MAX: Rate = Rate { burst: 200, per_minute: 1_200 };
/// Keys that are not good, from one address (of IPv6, one network): a service whose key was revoked
/// asks a few times a minute, who guesses asks more often.
pub const FAILURES_MAX: Rate = Rate { burst: 20, per_minute: 20 };

/// For how many milliseconds a refusal for too many requests is kept back, drawn anew each time. Who
/// asks again at once, over and over, is then answered a few times a second by each connection, not
/// by all of them at the same moment, and leaves the processor to others.
pub const TOO_MANY_PAUSE_MS: RangeInclusive<u64> = 100..=400;

// HTTP.

/// Bytes of a document: the language's own limit.
pub const DOCUMENT_BYTES_MAX: usize = 8 << 20;
/// Bytes of any other body: a configuration with many long lists.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Bytes of a body read beyond its limit, so that the client comes to read the refusal.
pub const BODY_BYTES_DISCARDED_MAX: usize = 32 << 20;
/// Bytes of bodies that are in memory at a time: some large documents, and thousands of small ones.
/// Beyond it requests are refused until some are done.
pub const BODIES_BYTES_MAX: usize = 128 << 20;
/// `Retry-After` of a request whose body found no room.
pub const BODIES_FULL_RETRY_S: RangeInclusive<u32> = 1..=3;
/// Time for a body to arrive.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// Time for the head of a request to arrive, and for which a connection may idle between two.
pub const HEADER_TIME_MAX: Duration = Duration::from_secs(10);
/// Headers of a request.
pub const HEADERS_MAX: usize = 64;
/// Buffer of a connection, and with it the bytes of a request's head.
pub const CONNECTION_BUFFER_BYTES_MAX: usize = 16 << 10;
/// Time for a handler to begin its answer: compiling the largest flag sets stays far below.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);
/// Time for which who asks for archives waits for them: less than for any answer.
pub const ARCHIVE_WAIT_MAX: Duration = Duration::from_secs(50);
/// Time for which a page waits for the first module of its environment.
pub const FIRST_MODULE_TIME_MAX: Duration = Duration::from_secs(10);
/// Time for which a client may not read while it is written to.
pub const WRITE_STALL_MAX: Duration = Duration::from_secs(30);
/// Bytes that the system keeps of what is written to a client and not yet on its way.
pub const UNSENT_BYTES_MAX: u32 = 64 << 10;
/// Bytes of a request id taken from a client.
pub const REQUEST_ID_BYTES_MAX: usize = 64;
/// Events that the log gives when nobody says how many.
pub const LOG_EVENTS_DEFAULT: usize = 100;
/// Time for the store to answer a readiness check.
pub const READY_TIME_MAX: Duration = Duration::from_secs(2);

// Event streams and shutdown.

/// Event streams at a time: 13 kB each, and a file descriptor.
pub const STREAMS_MAX: usize = 16_384;
/// Connections that may wait to be accepted. The usual 128 is less than the storefronts that come
/// back at once after a restart; who finds no place waits a second and more for TCP to try again.
/// The system may cap it (`net.core.somaxconn`, 4,096 on Linux).
pub const LISTEN_BACKLOG: u32 = 4_096;
/// Connections at a time besides those of streams.
pub const CONNECTIONS_BESIDE_STREAMS: usize = 1_024;
/// Bytes of a backup that are read at a time.
pub const BACKUP_CHUNK_BYTES: usize = 256 << 10;
/// Of them, those that are read before the client takes them.
pub const BACKUP_CHUNKS_AHEAD: usize = 4;
/// Open files besides those of connections: the store, its readers, what the runtime keeps.
pub const FILES_BESIDE_CONNECTIONS: usize = 256;
/// Between two comments on a quiet stream: proxies cut at 30 s and more.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// The first hint of when to come back, random so that clients without a jitter of their own get
/// one.
pub const FIRST_RETRY_MS: RangeInclusive<u32> = 1_000..=3_000;
/// The hint in `bye`: clients come back over ten seconds, not all at once.
pub const BYE_RETRY_MS: RangeInclusive<u32> = 0..=10_000;
/// `Retry-After` of a stream that found no place.
pub const FULL_RETRY_S: RangeInclusive<u32> = 1..=10;
/// Time for open connections to finish at a shutdown.
pub const DRAIN_TIME: Duration = Duration::from_secs(10);
/// Between two rounds in which measurements are moved out of their buffers.
pub const TIDY_INTERVAL: Duration = Duration::from_secs(5);

// A selection, percent-encoded, leaves room for the rest of a request's head, and as JSON for the
// rest of a report, whatever its letters are.
const _: () = assert!(3 * SELECTION_BYTES_MAX < CONNECTION_BUFFER_BYTES_MAX - (2 << 10));
const _: () = assert!(SELECTIONS_EACH <= SELECTIONS_MAX);
const _: () = assert!(BODY_BYTES_MAX <= DOCUMENT_BYTES_MAX);
const _: () = assert!(8 * DOCUMENT_BYTES_MAX <= BODIES_BYTES_MAX);
const _: () = assert!(CONFLICT_CHANGES_MAX <= READ_EVENTS_MAX);
// hyper takes no smaller buffer.
const _: () = assert!(CONNECTION_BUFFER_BYTES_MAX >= 8 << 10);
const _: () = assert!(ARCHIVE_WAIT_MAX.as_secs() < REQUEST_TIME_MAX.as_secs());
// A body must be able to arrive before its request is given up.
const _: () = assert!(BODY_TIME_MAX.as_secs() < REQUEST_TIME_MAX.as_secs());
