// Every bound of the loader, with its reason. Nothing else may hold a bound of its own.

/** Bytes of a module; the server publishes none that is longer. */
export const MODULE_BYTES = 16 << 20;

/** Characters of an announcement: it names at most 20,000 flags of at most 256 bytes. */
export const ANNOUNCEMENT_CHARS = 8 << 20;

/** Characters of an evaluation by the server: as many as a module has bytes. */
export const EVALUATION_CHARS = MODULE_BYTES;

/** Characters of a refusal. */
export const REFUSAL_CHARS = 64 << 10;

/** An answer has to be there, whole, within this time; a module takes longer. */
export const ANSWER_MS = 10_000;
export const MODULE_MS = 30_000;

/** A download that has taken so long gives way to that of a newer module. */
export const SLOW_MS = 5_000;

/** Nothing heard for so long: the stream is dead. The server says something every 15 s. */
export const SILENCE_MS = 45_000;

/** Between two questions when there is no stream. */
export const POLL_MS = 30_000;

/** The same at most while a stream should be there: with jitter, half as much again, it is no silence. */
export const FALLBACK_POLL_MS = 0.6 * SILENCE_MS;

/** The longest time of a timer. */
export const TIMER_MAX_MS = 0x7fffffff;

/** Nesting of a context; a deeper one is a circle, or a mistake. */
export const CONTEXT_DEPTH = 64;

/** The first pause after a failure, doubled with each more, up to the longest. */
export const PAUSE_MS = 1_000;
export const PAUSE_MAX_MS = 30_000;

/** The longest pause that a server can ask for. */
export const RETRY_AFTER_MAX_MS = 300_000;

/** A stream that lived for so long was a good one: pauses begin anew. */
export const HEALTHY_MS = 10_000;

/** Streams in a row that announced nothing, after which the server is asked now and then as well. */
export const FAILURES_BEFORE_POLLING = 2;

/** How long a tab waits for the one with the stream to tell the news, before it asks the server. */
export const LEADER_MS = 300;

/** The tab with the stream says at least this often that it lives, … */
export const ALIVE_MS = 15_000;

/**
 * … and has lost its place when it did neither that nor answered for so long. Timers of hidden tabs
 * run once a minute; a tab that is frozen or suspended does not run at all.
 */
export const LEADER_LOST_MS = 90_000;
export const LEADER_ANSWER_MS = 5_000;

/** Rules may name the time: then values are looked at again this often. */
export const TIME_MS = 30_000;
