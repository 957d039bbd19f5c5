// Asking whether there is anything new: when there is no stream, and when somebody wants to know.
// In: options. Out: announcements, contacts, failures. The browser asks with the `ETag` that it
// has, so that an answer without news is a `304` without a body.

import { address, ask } from "./http.js";
import { failure } from "./failure.js";
import { sleep } from "./backoff.js";

/**
 * Asks once; resolves when that is done, whatever came of it. An answer that nobody needs any more,
 * because the stream has told something meanwhile, may be older than that, and is dropped.
 */
export async function askHead(options, hear, signal, isNeeded = () => true) {
  try {
    const response = await ask(options, address(options, "head"), { cache: "no-cache", signal });
    const announcement = await response.text();
    hear({ contact: Date.now() });
    if (isNeeded()) hear({ announcement });
  } catch (error) {
    if (!signal?.aborted) hear({ failure: failure("NETWORK", error, "the server cannot be asked") });
    return error._retryAfterMs;
  }
}

/** Asks until `signal` is aborted, while `isNeeded()`. */
export async function poll(options, hear, isNeeded, signal, wakes) {
  while (!signal.aborted) {
    const wait = (isNeeded() && (await askHead(options, hear, signal, isNeeded))) || 0;
    await sleep(wait + (0.5 + Math.random()) * options.pollIntervalMs, signal, wakes);
  }
}
