// From an announcement to a module that serves.
// In: announcements, in any order, any number of times; what was kept of an earlier visit. Out: the
// newest of them, swapped in when it is ready. Older ones change nothing, and neither does a module
// that cannot be had or used: what serves goes on, and the attempts go on, with pauses.

import { backoff, sleep, waker } from "./backoff.js";
import { VexilError, failure } from "./failure.js";
import { read } from "./announcement.js";

/**
 * `fetchModule(stated, again)` resolves to a response, `take(response, stated, source)` makes it
 * serve and resolves to the module's bytes, `fail` and `fresh` are told what `health` wants to know.
 */
export function updates(options, { trust, store, fetchModule, take, fail, fresh, signal }) {
  const wakes = waker();
  const settling = [];
  const settle = () => settling.splice(0).forEach((resolve) => resolve());
  let seen = 0, last, wanted, serving, busy, chain = restore();

  async function restore() {
    const kept = await store._load();
    if (!kept || signal.aborted) return;
    try {
      trust._remember(kept.anchor);
      const stated = await read(kept.announcement, options, trust);
      await take(kept.module, stated, "cache");
      seen = stated.revision;
      serving = stated.digest;
      fresh(stated.expires_ms);
    } catch (error) {
      fail(failure("MODULE", error, "what was kept of the last visit cannot be used"));
    }
  }

  async function offer(announcement) {
    if (announcement === last) return fresh();
    let stated;
    try {
      stated = await read(announcement, options, trust);
      const { revision } = stated;
      if (revision < seen) throw new VexilError("OLDER", `an announcement is ignored: it is of revision ${revision}, and ${seen} was seen`);
    } catch (error) {
      return fail(failure("MALFORMED", error, "the server's announcement cannot be used"));
    }
    last = announcement;
    fresh(stated.expires_ms);
    const isNew = stated.revision > seen;
    if (!isNew && !wanted) return keep(announcement, stated); // It was signed anew.
    if (!isNew) return;
    seen = stated.revision;
    wanted = { announcement, stated };
    wakes._wake();
    busy ??= run().finally(() => (busy = undefined));
  }

  const keep = (announcement, { revision, digest }, bytes) =>
    store._save({ announcement, anchor: trust._anchor(), revision, digest }, bytes);

  async function run() {
    let pauses = backoff(), tried;
    for (let attempts = 0; wanted && !signal.aborted; attempts++) {
      const now = wanted;
      const { announcement, stated } = now;
      if (now !== tried) [pauses, attempts, tried] = [backoff(), 0, now];
      try {
        // A digest that serves already needs no module: it is the revision alone that is new.
        const response = stated.digest === serving ? undefined : await fetchModule(stated, attempts > 0);
        const bytes = await take(response, stated, "network");
        serving = stated.digest;
        if (wanted === now) wanted = undefined;
        keep(announcement, stated, bytes);
      } catch (error) {
        if (signal.aborted) return;
        fail(failure("MODULE", error, "a module cannot be used"));
        settle();
        if (wanted === now) await sleep(pauses._pause(error._retryAfterMs), signal, wakes);
      }
    }
    settle();
  }

  return {
    /** Takes an announcement; one after the other. */
    _offer: (announcement) => (chain = chain.then(() => offer(announcement))),
    /** Resolves when all announcements that were heard were tried once. */
    async _settled() {
      await chain;
      if (busy) await new Promise((resolve) => settling.push(resolve));
    },
    _wake: wakes._wake,
  };
}
