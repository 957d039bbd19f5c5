// What a client is told. In: options as they are given. Out: the same, complete, or an error that
// says which of them cannot be right and what it has to be.

import { PATHS } from "./http.js";
import { POLL_MS } from "./limits.js";
import { VexilError } from "./failure.js";

const wrong = (message) => {
  throw new VexilError("OPTIONS", message);
};

const isTexts = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");

const oneOf = (name, value, allowed) =>
  allowed.includes(value) ? value : wrong(`\`${name}\` must be one of ${allowed.join(", ")}; it is ${JSON.stringify(value)}`);

export function check(given) {
  const { url, key, project, environment } = given ?? wrong("createClient needs options");
  let base;
  try {
    base = new URL(url, globalThis.location?.href);
  } catch {}
  if (!/^https?:$/.test(base?.protocol)) wrong(`\`url\` must be the address of a Vexil server, as in "https://flags.example"; it is ${JSON.stringify(url)}`);
  base.search = base.hash = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  if (key !== undefined && typeof key !== "string") wrong("`key` must be a string");
  if (/^vxl_(?!browser_)/.test(key)) wrong(`\`key\` must be a browser key (vxl_browser_…): everybody who opens the page can read it, and this is a key of another kind`);
  const [first, second] = project === undefined ? String(environment).split("/") : [project, environment];
  if (!(first && second && typeof environment === "string")) wrong('`project` and `environment` must be named, as in { project: "shop", environment: "production" } or { environment: "shop/production" }');
  const { flags = [], tags = [], trust = "first-use", pollIntervalMs = POLL_MS, bootstrap } = given;
  if (!isTexts(flags) || !isTexts(tags)) wrong("`flags` and `tags` must be lists of strings");
  if (isTexts(trust)) {
    const bad = trust.find((root) => !/^[0-9a-f]{64}$/i.test(root));
    if (bad !== undefined || !trust.length) wrong(`\`trust\` must list root keys of 64 hexadecimal digits, as \`vexil trust\` shows them; ${JSON.stringify(bad ?? trust)} is none`);
  } else oneOf("trust", trust, ["first-use", "anybody"]);
  if (!(pollIntervalMs >= 1e3)) wrong("`pollIntervalMs` must be a number of milliseconds, at least 1000");
  if (bootstrap !== undefined && (typeof bootstrap !== "object" || !bootstrap)) wrong("`bootstrap` must be an object of values by key");
  return {
    base,
    key,
    project: first,
    environment: second,
    flags,
    tags,
    trust,
    pollIntervalMs,
    bootstrap,
    evaluation: oneOf("evaluation", given.evaluation ?? "auto", ["auto", "local", "remote"]),
    paths: { ...PATHS, ...given.paths },
    stream: given.stream ?? true,
    shared: given.shared ?? true,
    cached: given.cached ?? true,
    fetch: given.fetch ?? ((...request) => globalThis.fetch(...request)),
    verifierUrl: given.verifierUrl ?? new URL("./vexil_verify.wasm", import.meta.url),
  };
}

/** The context, frozen, or an error that says what is the matter. */
export function checkContext(context = {}) {
  if (typeof context !== "object" || !context || Array.isArray(context)) throw new VexilError("CONTEXT", "a context must be an object of attributes");
  const type = typeof context.targetingKey;
  if (type !== "string" && type !== "undefined") throw new VexilError("CONTEXT", `\`targetingKey\` must be a string, not a ${type}`);
  return Object.freeze({ ...context });
}
