// What a client is told. In: options as they are given. Out: the same, complete, or an error that
// says which of them cannot be right and what it has to be.

import { PATHS } from "./http.js";
import { POLL_MS } from "./limits.js";
import { VexilError } from "./failure.js";

const isTexts = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");

export function check(given = {}) {
  const { url, key, project, environment, flags = [], tags = [], trust = "first-use", evaluation = "auto", bootstrap } = given;
  const { pollIntervalMs = POLL_MS, stream = true, shared = true, cached = true } = given;
  const must = (isRight, name, what, is = JSON.stringify(given[name])) => {
    if (!isRight) throw new VexilError("OPTIONS", `\`${name}\` must be ${what}; it is ${is}`);
  };
  let base;
  try {
    base = new URL(url, globalThis.location?.href);
    base.search = base.hash = "";
    base.pathname = base.pathname.replace(/\/?$/, "/");
  } catch {}
  must(url !== undefined && /^https?:$/.test(base?.protocol), "url", 'the address of a Vexil server, as in "https://flags.example"');
  must(key === undefined || (typeof key === "string" && !/^vxl_(?!browser_)/.test(key)), "key", "a browser key (vxl_browser_…), because all visitors can read it", "of another kind");
  const [first, second] = project === undefined ? String(environment).split("/") : [project, environment];
  must(first && second && typeof environment === "string", "environment", 'named with its project, as in "shop/production" or beside `project: "shop"`');
  must(isTexts(flags), "flags", "a list of keys");
  must(isTexts(tags), "tags", "a list of tags");
  must(
    trust === "first-use" || trust === "anybody" || (isTexts(trust) && trust.length && trust.every((root) => /^[0-9a-f]{64}$/i.test(root))),
    "trust",
    '"first-use", "anybody", or a list of root keys of 64 hexadecimal digits, as `vexil trust` shows them',
  );
  must(["auto", "local", "remote"].includes(evaluation), "evaluation", '"auto", "local" or "remote"');
  must(pollIntervalMs >= 1e3, "pollIntervalMs", "at least 1000 milliseconds");
  must(bootstrap === undefined || (bootstrap && typeof bootstrap === "object"), "bootstrap", "an object of values by key");
  return {
    base,
    key,
    project: first,
    environment: second,
    flags,
    tags,
    trust,
    evaluation,
    bootstrap,
    pollIntervalMs,
    stream,
    shared,
    cached,
    paths: { ...PATHS, ...given.paths },
    fetch: given.fetch ?? ((...request) => globalThis.fetch(...request)),
    verifierUrl: given.verifierUrl ?? new URL("./vexil_verify.wasm", import.meta.url),
  };
}

/** The context, frozen, or an error that says what is the matter. */
export function checkContext(context = {}) {
  const wrong = (message) => {
    throw new VexilError("CONTEXT", message);
  };
  if (typeof context !== "object" || !context || Array.isArray(context)) wrong("a context must be an object of attributes");
  const type = typeof context.targetingKey;
  if (type !== "string" && type !== "undefined") wrong(`\`targetingKey\` must be a string, not a ${type}`);
  return Object.freeze({ ...context });
}
