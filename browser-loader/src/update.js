// From an announcement to a module that serves.
// In: announcements, in any order, any number of times; what was kept of an earlier visit. Out: the
// newest of them, swapped in when it is ready. Older ones change nothing, and neither does a module
// that cannot be had or used: what serves goes on, and the attempts go on, with pauses.

import { MODULE_MS, SLOW_MS } from "./limits.js";
import { VexilError, failure } from "./failure.js";
import { backoff, sleep, waker } from "./backoff.js";
import { read } from "./announcement.js";
import { within } from "./http.js";

/**
 * `fetchModule(stated, again, signal)` resolves to a response, `take(response, stated, source)` makes
 * it serve and resolves to the module's bytes, `fail` and `fresh` are told what `health` wants to
 * know, `askAgain` asks the server for its announcement.
 */
export function updates(options, { trust, store, fetchModule, take, fail, fresh, askAgain, signal }) {
  const wakes = waker();
  const settling = [];
  const settle = () => settling.splice(0).forEach((resolve) => resolve());
  /** The newest revision that was seen, and since when; the announcement that was heard last. */
  let seen = 0, seenAt = 0, last;
  /** What is to serve, the digest of what serves. */
  let wanted, serving;
  /** Work that is under way: the newest attempt, and since when. */
  let busy, attempt, attemptedAt;
  /** Was what was heard last refused? Somebody asks then. */
  let isRefused = false, isAsking = false;
  let chain = restore();

  async function restore() {
    const kept = await store._load();
    if (!kept || signal.aborted) return;
    try {
      trust._remember(kept.anchor);
      if (!kept.module) return;
      const stated = await read(kept.announcement, options, trust);
      await take(kept.module, stated, "cache");
      // Who trusts anybody may have been told any revision.
      seen = options.trust === "anybody" ? 0 : stated.revision;
      serving = stated.digest;
      fresh(stated.expires_ms);
    } catch (error) {
      fail(failure("MODULE", error, "what was kept of the last visit cannot be used"));
    }
  }

  /** Resolves to whether it is to be believed. `since`: when it was asked for, if it was. */
  async function offer(announcement, since) {
    if (announcement === last) {
      isRefused = false;
      fresh();
      return true;
    }
    let stated;
    try {
      stated = await read(announcement, options, trust);
      const { revision } = stated;
      if (revision < seen) {
        // It was asked for before something newer came by another way.
        if (since <= seenAt) return true;
        throw new VexilError("OLDER", `an announcement is ignored: it is of revision ${revision}, and ${seen} was seen`);
      }
    } catch (error) {
      const refused = failure("MALFORMED", error, "the server's announcement cannot be used");
      fail(refused);
      isRefused = refused.code !== "OLDER";
      if (isRefused) keepAsking();
      return false;
    }
    isRefused = false;
    last = announcement;
    fresh(stated.expires_ms);
    const isNew = stated.revision > seen;
    if (!isNew && !wanted) keep(announcement, stated); // It was signed anew.
    if (!isNew) return true;
    [seen, seenAt] = [stated.revision, Date.now()];
    wanted = { announcement, stated };
    if (Date.now() - attemptedAt > SLOW_MS) attempt?.abort();
    wakes._wake();
    start();
    return true;
  }

  /** What was damaged on its way, or could not be checked, may be right when it is asked for again. */
  async function keepAsking() {
    if (isAsking) return;
    isAsking = true;
    for (const pauses = backoff(); isRefused && !signal.aborted; ) {
      await sleep(pauses._pause(), signal, wakes);
      if (!isRefused || signal.aborted) break;
      await askAgain();
      await chain;
    }
    isAsking = false;
  }

  const keep = (announcement, { revision, digest }, bytes) =>
    store._save({ announcement, anchor: trust._anchor(), revision, digest }, bytes);

  const start = () => {
    busy ??= run().finally(() => {
      busy = undefined;
      settle();
      if (wanted && !signal.aborted) start();
    });
  };

  async function run() {
    let pauses = backoff(), tried;
    for (let attempts = 0; wanted && !signal.aborted; attempts++) {
      const now = wanted;
      const { announcement, stated } = now;
      if (now !== tried) [pauses, attempts, tried] = [backoff(), 0, now];
      attempt = new AbortController();
      attemptedAt = Date.now();
      const abort = attempt.abort.bind(attempt);
      signal.addEventListener("abort", abort);
      try {
        // A digest that serves already needs no module: it is the revision alone that is new.
        const response =
          stated.digest === serving ? undefined : await fetchModule(stated, attempts > 0, within(MODULE_MS, attempt.signal));
        const bytes = await take(response, stated, "network");
        if (signal.aborted) return;
        serving = stated.digest;
        if (wanted === now) wanted = undefined;
        keep(announcement, stated, bytes);
      } catch (error) {
        if (signal.aborted) return;
        fail(failure("MODULE", error, "a module cannot be used"));
        settle();
        if (wanted === now) await sleep(pauses._pause(error._retryAfterMs), signal, wakes);
      } finally {
        signal.removeEventListener("abort", abort);
        attempt = undefined;
      }
    }
  }

  return {
    /** Takes an announcement; one after the other. Resolves to whether it is to be believed. */
    _offer: (announcement, since) => (chain = chain.then(() => offer(announcement, since))),
    /** Resolves when all announcements that were heard were tried once. */
    async _settled() {
      await chain;
      if (busy) await new Promise((resolve) => settling.push(resolve));
    },
    /** Ends pauses. */
    _wake: wakes._wake,
  };
}
