// Evaluation by the server, where a page may not compile WebAssembly: the OpenFeature Remote
// Evaluation Protocol (https://github.com/open-feature/protocol).
// In: a context. Out: a view of what all flags serve to it.

import { EVALUATION_CHARS } from "./limits.js";
import { address, ask, textOf } from "./http.js";
import { failure } from "./failure.js";
import { frozen, valuesView } from "./view.js";

/** Half of a pair of code units is no text, and a module reads it as U+FFFD. */
const wellFormed = (_, value) => (typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\ufffd") : value);

/** Resolves to the view and the revision that it is of. */
export async function evaluate(options, context, signal) {
  const { key, flags: keys, tags } = options;
  const response = await ask(options, address(options, "evaluate"), {
    method: "POST",
    headers: { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ context }, wellFormed),
    signal,
  });
  try {
    const { flags, metadata } = JSON.parse(await textOf(response, EVALUATION_CHARS), frozen);
    // Which flags carry a tag is known to the server alone.
    const chosen = flags.filter(({ key }) => !keys.length || tags.length || keys.includes(key));
    const rows = chosen.map(({ key, value, variant, reason, errorCode, errorDetails: errorMessage, metadata }) => [
      key,
      { value, variant, reason, errorCode, errorMessage, rule: metadata?.rule },
    ]);
    return [valuesView(new Map(rows.sort(([a], [b]) => (a < b ? -1 : 1)))), metadata?.revision ?? 0];
  } catch (error) {
    throw failure("MALFORMED", error, "the server's evaluation cannot be read");
  }
}
