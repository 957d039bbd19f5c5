// Requests to the server.
// In: options. Out: addresses with the key in them, answers, or failures in words. Nothing here
// sends a header that would make a browser ask twice (a preflight), but for the server's own
// evaluation.

import { ANSWER_MS, REFUSAL_CHARS } from "./limits.js";
import { VexilError, failure } from "./failure.js";

export const PATHS = {
  head: "v1/projects/{project}/environments/{environment}/head",
  events: "v1/projects/{project}/environments/{environment}/events",
  module: "v1/modules/{digest}.wasm",
  evaluate: "v1/projects/{project}/environments/{environment}/ofrep/v1/evaluate/flags",
};

/** A list of names as the server reads it. */
const list = (names) => names.map((name) => name.replace(/[\\,]/g, "\\$&")).join();

/** The address of one of `PATHS`. */
export function address({ base, paths, key, flags, tags, ...names }, path, digest) {
  const filled = paths[path].replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent({ ...names, digest }[name]));
  const url = new URL(filled, base);
  const set = (name, value) => value && url.searchParams.set(name, value);
  if (path !== "evaluate") set("key", key);
  if (path !== "module") set("audience", "browser");
  if (path === "head" || path === "events") {
    set("flags", list(flags));
    set("tags", list(tags));
  }
  return url.href;
}

/** `signal`, and an end after `ms`, for browsers that can join the two. */
export const within = (ms, signal) =>
  AbortSignal.any ? AbortSignal.any([AbortSignal.timeout(ms), ...(signal ? [signal] : [])]) : signal;

/** The text of an answer, which may not be longer than `most` characters. */
export async function textOf(response, most) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
    if (text.length > most) {
      reader.cancel();
      throw new VexilError("MALFORMED", `an answer of the server's is longer than ${most} characters`);
    }
  }
}

/**
 * An answer that is good; anything else is thrown, with `_retryAfterMs` where the server says when to
 * come back. Without `ms`, an answer may take as long as it likes.
 */
export async function ask(options, url, { signal, ...init } = {}, ms = ANSWER_MS) {
  let response;
  try {
    response = await options.fetch(url, { credentials: "omit", signal: ms ? within(ms, signal) : signal, ...init });
  } catch (error) {
    throw failure("NETWORK", error, "the server cannot be reached");
  }
  if (response.ok) return response;
  const text = await textOf(response, REFUSAL_CHARS).catch(() => "");
  let detail;
  try {
    const problem = JSON.parse(text);
    detail = problem.detail ?? problem.errorDetails ?? problem.title;
  } catch {}
  const refused = new VexilError("REFUSED", `the server refuses (${response.status}): ${detail ?? response.statusText}`);
  refused._retryAfterMs = 1e3 * response.headers.get("retry-after");
  refused.status = response.status;
  throw refused;
}
