// What a client is told. In: options as they are given. Out: the same, complete, or an error that
// says which of them cannot be right and what it has to be.

import { PATHS } from "./http.js";
import { CONTEXT_DEPTH, POLL_MS } from "./limits.js";
import { VexilError, failure } from "./failure.js";
import { frozen } from "./view.js";

const isTexts = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");

/** A value in words, whatever it is. */
function told(value) {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return typeof value;
  }
}

export function check(options) {
  const given = options ?? {};
  const { url, key, project, environment, flags = [], tags = [], trust = "first-use", evaluation = "auto", bootstrap } = given;
  const { pollIntervalMs = POLL_MS, stream = true, shared = true, cached = true } = given;
  const must = (isRight, name, what, is) => {
    if (!isRight) throw new VexilError("OPTIONS", `\`${name}\` must be ${what}; it is ${is ?? told(given[name])}`);
  };
  let base;
  try {
    base = new URL(url, globalThis.location?.href);
    base.search = base.hash = "";
    base.pathname = base.pathname.replace(/\/?$/, "/");
  } catch {}
  must(url !== undefined && /^https?:$/.test(base?.protocol), "url", 'the address of a Vexil server, as in "https://flags.example"');
  must(key === undefined || (typeof key === "string" && !/^vxl_(?!browser_)/.test(key)), "key", "a browser key (vxl_browser_…), because all visitors can read it", "of another kind");
  const [first, second, more] = project === undefined ? String(environment).split("/") : [project, environment];
  must(first && second && more === undefined && typeof first === "string" && typeof environment === "string", "environment", 'named with its project, as in "shop/production" or beside `project: "shop"`');
  must(isTexts(flags), "flags", "a list of keys");
  must(isTexts(tags), "tags", "a list of tags");
  must(
    trust === "first-use" || trust === "anybody" || (isTexts(trust) && trust.length && trust.every((root) => /^[0-9a-f]{64}$/i.test(root))),
    "trust",
    '"first-use", "anybody", or a list of root keys of 64 hexadecimal digits, as `vexil trust` shows them',
  );
  must(["auto", "local", "remote"].includes(evaluation), "evaluation", '"auto", "local" or "remote"');
  must(pollIntervalMs >= 1e3, "pollIntervalMs", "at least 1000 milliseconds");
  let values;
  try {
    values = bootstrap && JSON.parse(JSON.stringify(bootstrap), frozen);
  } catch {}
  must(bootstrap === undefined || (typeof values === "object" && !Array.isArray(values)), "bootstrap", "an object of values by key");
  const isOr = (type, value) => value === undefined || typeof value === type;
  for (const name of ["fetch", "onError"]) must(isOr("function", given[name]), name, "a function");
  for (const name of ["stream", "shared", "cached"]) must(isOr("boolean", given[name]), name, "true or false");
  const paths = { ...PATHS, ...given.paths };
  for (const path of Object.values(paths)) must(typeof path === "string", "paths", "an object of texts");
  return {
    base,
    key,
    project: first,
    environment: second,
    flags,
    tags,
    trust,
    evaluation,
    bootstrap: values,
    pollIntervalMs,
    stream,
    shared,
    cached,
    paths,
    fetch: given.fetch ?? ((...request) => globalThis.fetch(...request)),
    verifierUrl: given.verifierUrl ?? new URL("./vexil_verify.wasm", import.meta.url),
  };
}

/** A copy of a context's part, frozen; what is no value of JSON is not there. */
function copy(value, depth = 0) {
  if (depth > CONTEXT_DEPTH) throw new Error("it is nested too deep, or a circle");
  if (value instanceof Date) return isNaN(value) ? undefined : value.toISOString();
  if (Array.isArray(value)) return Object.freeze(value.map((one) => copy(one, depth + 1)));
  if (value && typeof value === "object") {
    return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, one]) => [name, copy(one, depth + 1)])));
  }
  return ["string", "number", "boolean"].includes(typeof value) ? value : undefined;
}

/** A copy of the context, frozen, or an error that says what is the matter. */
export function checkContext(context = {}) {
  const wrong = (message) => {
    throw new VexilError("CONTEXT", message);
  };
  if (typeof context !== "object" || !context || Array.isArray(context)) wrong("a context must be an object of attributes");
  let copied;
  try {
    copied = copy(context);
  } catch (error) {
    throw failure("CONTEXT", error, "a context cannot be read");
  }
  const type = typeof copied.targetingKey;
  if (type !== "string" && type !== "undefined") wrong(`\`targetingKey\` must be a string, and is of type ${type}`);
  return copied;
}
