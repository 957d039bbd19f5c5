// Pauses between attempts: exponential, with full jitter, so that many who lost the same server do
// not come back together. In: attempts, hints of the server. Out: how long to wait.

import { PAUSE_MAX_MS, PAUSE_MS, RETRY_AFTER_MAX_MS } from "./limits.js";

export function backoff() {
  let attempts = 0;
  let base = PAUSE_MS;
  return {
    /** Takes the server's word for the first pause, within bounds. */
    _hint: (ms) => (base = Math.min(Math.max(ms, PAUSE_MS), PAUSE_MAX_MS)),
    _reset: () => (attempts = 0),
    /** Milliseconds; `retryAfterMs` is the least that the server has asked for. */
    _pause: (retryAfterMs = 0) =>
      Math.random() * Math.min(base * 2 ** attempts++, PAUSE_MAX_MS) + Math.min(retryAfterMs, RETRY_AFTER_MAX_MS),
  };
}

/** Resolves after `ms`, or at once when `signal` is aborted or `waker` is woken. */
export const sleep = (ms, signal, waker) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      waker?._sleepers.delete(done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
    waker?._sleepers.add(done);
  });

/** Ends sleeps before their time. */
export function waker() {
  const _sleepers = new Set();
  return { _sleepers, _wake: () => _sleepers.forEach((done) => done()) };
}
