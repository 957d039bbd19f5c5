// Asking whether there is anything new: when there is no stream, and when somebody wants to know.
// In: options. Out: announcements, contacts, failures. The browser asks with the `ETag` that it
// has, so that an answer without news is a `304` without a body.

import { ANNOUNCEMENT_CHARS, FALLBACK_POLL_MS } from "./limits.js";
import { address, ask, textOf } from "./http.js";
import { failure } from "./failure.js";
import { sleep } from "./backoff.js";

/**
 * Asks once; resolves when that is done, whatever came of it. What is told meanwhile by the stream
 * may be newer than the answer: so the answer says when it was asked for.
 */
export async function askHead(options, hear, signal) {
  const since = Date.now();
  try {
    const response = await ask(options, address(options, "head"), { cache: "no-cache", signal });
    const announcement = await textOf(response, ANNOUNCEMENT_CHARS);
    hear({ announcement, since, contact: Date.now() });
  } catch (error) {
    if (!signal?.aborted) hear({ failure: failure("NETWORK", error, "the server cannot be asked") });
    return error._retryAfterMs;
  }
}

/** Asks until `signal` is aborted, while `isNeeded()`. */
export async function poll(options, hear, isNeeded, signal, wakes) {
  while (!signal.aborted) {
    const wait = (isNeeded() && (await askHead(options, hear, signal))) || 0;
    const { stream, pollIntervalMs } = options;
    const interval = stream ? Math.min(pollIntervalMs, FALLBACK_POLL_MS) : pollIntervalMs;
    await sleep(Math.max(wait, (0.5 + Math.random()) * interval), signal, wakes);
  }
}
