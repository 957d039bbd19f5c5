// The event stream: announcements as they are made.
// In: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), read
// from a response of `fetch`: an `EventSource` shows neither the comments by which a server says
// that it lives nor why it refuses. Out: announcements, contacts, failures. It reconnects for ever,
// always after a pause with jitter.

import { ANNOUNCEMENT_CHARS, FAILURES_BEFORE_POLLING, HEALTHY_MS, SILENCE_MS } from "./limits.js";
import { address, ask } from "./http.js";
import { backoff, sleep } from "./backoff.js";
import { VexilError, failure } from "./failure.js";

/** Reads until `signal` is aborted. `hear` gets messages; `poll(isNeeded)` is told whether to ask as well. */
export async function stream(options, hear, poll, signal, wakes) {
  const pauses = backoff();
  for (let failures = 0; !signal.aborted; ) {
    const opened = Date.now();
    let announced = false;
    let wait;
    try {
      for await (const [event, data, retry] of events(options, hear, signal)) {
        if (retry) pauses._hint(+retry);
        if (event === "announcement") {
          announced = true;
          failures = 0;
          poll(false);
          hear({ announcement: data });
        } else if (event === "bye") {
          wait = (0.5 + Math.random() / 2) * (JSON.parse(data).retry_ms || 0);
          break;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      hear({ failure: failure("NETWORK", error, "the stream of changes broke") });
      wait = pauses._pause(error._retryAfterMs);
    }
    if (signal.aborted) return;
    if (!announced && ++failures >= FAILURES_BEFORE_POLLING) poll(true);
    if (Date.now() - opened > HEALTHY_MS) pauses._reset();
    await sleep(wait ?? pauses._pause(), signal, wakes);
  }
}

/** One connection: its events as `[name, data, retry]`. */
async function* events(options, hear, signal) {
  const connection = new AbortController();
  const abort = () => connection.abort();
  signal.addEventListener("abort", abort);
  let silence;
  let isSilent = false;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => (isSilent = true, abort()), SILENCE_MS);
  };
  try {
    heard();
    const response = await ask(options, address(options, "events"), {
      headers: { accept: "text/event-stream" },
      cache: "no-store",
      signal: connection.signal,
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      hear({ contact: Date.now() });
      text = (text + value).replace(/\r\n?/g, "\n");
      const blocks = text.split("\n\n");
      text = blocks.pop();
      if (text.length > ANNOUNCEMENT_CHARS) throw new VexilError("MALFORMED", "an event of the server's has no end");
      for (const block of blocks) {
        const field = (name) =>
          block.split("\n").filter((line) => line.startsWith(name + ":")).map((line) => line.slice(name.length + 1).replace(/^ /, "")).join("\n");
        yield [field("event"), field("data"), field("retry")];
      }
    }
  } catch (error) {
    throw isSilent ? new VexilError("NETWORK", `the stream of changes was silent for ${SILENCE_MS / 1e3} s`) : error;
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", abort);
    abort();
  }
}
