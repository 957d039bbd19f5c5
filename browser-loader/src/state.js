// Whether a client can be relied on.
// In: contacts with the server, failures. Out: a state, told when it changes. It never decides what
// is served: evaluation goes on in every state.

import { SILENCE_MS, TIMER_MAX_MS } from "./limits.js";

/** `hasView()`: is there anything to serve? `changed` is told of each new state. */
export function health({ stream, pollIntervalMs }, hasView, changed) {
  const patience = stream ? SILENCE_MS : SILENCE_MS + 2 * pollIntervalMs;
  let state = "NOT_READY";
  let contact = 0, failed = false, distrusted = false, expires = Infinity, timer;

  function update() {
    clearTimeout(timer);
    const now = Date.now();
    // A clock may have been set back.
    contact = Math.min(contact, now);
    const stale = Math.min(contact + patience, expires);
    const isStale = distrusted || now >= stale;
    const next = hasView() ? (isStale ? "STALE" : "READY") : failed ? "ERROR" : "NOT_READY";
    if (next === "READY") timer = setTimeout(update, Math.min(stale - now, TIMER_MAX_MS));
    if (next !== state) changed((state = next));
  }

  return {
    _state: () => state,
    _update: update,
    _contact(at) {
      contact = Math.max(contact, at);
      update();
    },
    /** An announcement was heard that is trusted, and expires then. */
    _fresh(expires_ms) {
      distrusted = false;
      if (expires_ms) expires = expires === Infinity ? expires_ms : Math.max(expires, expires_ms);
      update();
    },
    _failed({ code }) {
      failed = true;
      distrusted ||= code === "UNTRUSTED" || code === "OLDER";
      update();
    },
    _close: () => clearTimeout(timer),
  };
}
