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
          wait = pauses._bye(JSON.parse(data).retry_ms);
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
    }, 0);
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      throw new VexilError("MALFORMED", "what should be a stream of changes is something else");
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      hear({ contact: Date.now() });
      text += value;
      if (text.length > 2 * ANNOUNCEMENT_CHARS) throw new VexilError("MALFORMED", "an event of the server's has no end");
      if (!/[\r\n]/.test(value)) continue;
      const blocks = text.split(/\r\n\r\n|\n\n|\r\r/);
      text = blocks.pop();
      for (const block of blocks) {
        const field = (name) =>
          block.split(/\r\n|\n|\r/).filter((line) => line.startsWith(name + ":")).map((line) => line.slice(name.length + 1).replace(/^ /, "")).join("\n");
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
