// Following an environment: by its stream, and by asking while the stream fails.
// In: options. Out: messages `{ announcement }`, `{ contact }`, `{ failure }`, until it is stopped.

import { SILENCE_MS } from "./limits.js";
import { poll } from "./poll.js";
import { stream } from "./stream.js";
import { waker } from "./backoff.js";

export function follow(options, tell) {
  let session, contact;
  const wakes = waker(), pollWakes = waker();
  const hear = (message) => {
    contact = message.contact ?? contact;
    tell(message);
  };
  const start = () => {
    session = new AbortController();
    const { signal } = session;
    let polling = !options.stream;
    const needed = (isNeeded) => {
      if (polling !== isNeeded) {
        polling = isNeeded;
        if (isNeeded) pollWakes._wake();
      }
    };
    contact = Date.now();
    if (options.stream) stream(options, hear, needed, signal, wakes);
    poll(options, hear, () => polling, signal, pollWakes);
  };
  start();
  return {
    /** The network is there again, or somebody looks: pauses end, and what was silent begins anew. */
    _wake() {
      if (Date.now() - contact > SILENCE_MS / 2) {
        session.abort();
        start();
      } else {
        wakes._wake();
        pollWakes._wake();
      }
    },
    _stop: () => session.abort(),
  };
}
