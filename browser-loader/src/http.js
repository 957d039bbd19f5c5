// Requests to the server.
// In: options. Out: addresses with the key in them, answers, or failures in words. Nothing here
// sends a header that would make a browser ask twice (a preflight), but for the server's own
// evaluation.

import { RETRY_AFTER_MAX_MS } from "./limits.js";
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

/** An answer that is good; anything else is thrown, with `retryAfterMs` where the server says when to come back. */
export async function ask(options, url, init) {
  let response;
  try {
    response = await options.fetch(url, { credentials: "omit", ...init });
  } catch (error) {
    throw failure("NETWORK", error, "the server cannot be reached");
  }
  if (response.ok) return response;
  const text = await response.text().catch(() => "");
  let detail;
  try {
    const problem = JSON.parse(text);
    detail = problem.detail ?? problem.errorDetails ?? problem.title;
  } catch {}
  const refused = new VexilError("REFUSED", `the server refuses (${response.status}): ${detail ?? response.statusText}`);
  refused._retryAfterMs = Math.min(1e3 * (response.headers.get("retry-after") || 0) || 0, RETRY_AFTER_MAX_MS);
  refused.status = response.status;
  throw refused;
}
