// Pauses between attempts: exponential, with full jitter, so that many who lost the same server do
// not come back together. In: attempts, hints of the server. Out: how long to wait.

import { PAUSE_MAX_MS, PAUSE_MS, RETRY_AFTER_MAX_MS, TIMER_MAX_MS } from "./limits.js";

const between = (least, value, most) => Math.min(Math.max(value || 0, least), most);

export function backoff() {
  let attempts = 0;
  let base = PAUSE_MS;
  return {
    /** Takes the server's word for the first pause, within bounds. */
    _hint: (ms) => (base = between(PAUSE_MS, ms, PAUSE_MAX_MS)),
    _reset: () => (attempts = 0),
    /** Milliseconds; `retryAfterMs` is the least that the server has asked for. */
    _pause: (retryAfterMs = 0) =>
      Math.random() * Math.min(base * 2 ** attempts++, PAUSE_MAX_MS) + between(0, retryAfterMs, RETRY_AFTER_MAX_MS),
    /** The server says good-bye, and when to come back. */
    _bye: (ms) => (0.5 + Math.random() / 2) * between(PAUSE_MS, ms, PAUSE_MAX_MS),
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
    const timer = setTimeout(done, between(0, ms, TIMER_MAX_MS));
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
    waker?._sleepers.add(done);
  });

/** Ends sleeps before their time. */
export function waker() {
  const _sleepers = new Set();
  return { _sleepers, _wake: () => _sleepers.forEach((done) => done()) };
}
