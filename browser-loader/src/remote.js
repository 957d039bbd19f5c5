// Evaluation by the server, where a page may not compile WebAssembly: the OpenFeature Remote
// Evaluation Protocol (https://github.com/open-feature/protocol).
// In: a context. Out: a view of what all flags serve to it.

import { address, ask } from "./http.js";
import { failure } from "./failure.js";
import { valuesView } from "./view.js";

export async function evaluate(options, context, signal) {
  const { key } = options;
  const response = await ask(options, address(options, "evaluate"), {
    method: "POST",
    headers: { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ context }),
    signal,
  });
  try {
    const { flags, metadata } = await response.json();
    const chosen = flags.filter(({ key }) => !options.flags.length || options.tags.length || options.flags.includes(key));
    const rows = chosen.map(({ key, value, variant, reason, errorCode, errorDetails: errorMessage, metadata }) => [
      key,
      { value, variant, reason, errorCode, errorMessage, rule: metadata?.rule },
    ]);
    return [valuesView(new Map(rows.sort(([a], [b]) => (a < b ? -1 : 1)))), metadata?.revision ?? 0];
  } catch (error) {
    throw failure("MALFORMED", error, "the server's evaluation cannot be read");
  }
}
