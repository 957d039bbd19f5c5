// Evaluates in the page: many modules and contexts, in one start of the browser.
//
//   node cases.mjs FILE     [{ "module": BASE64, "requests": [{ "flag", "context", "now_ms"? }] }]
//
// In: the file. Out: for each module the list of its answers, `{ key, value, variant, reason, rule,
// errorCode }`, as `examples/hosts/node.mjs` gives them, as JSON on standard output.

import { readFileSync } from "node:fs";
import { launch, startSite } from "./harness.mjs";

// As text: the browser's driver loses names like `__proto__` on the way.
const batches = readFileSync(process.argv[2], "utf8");
const site = await startSite({ target: () => "" });
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(site.url);
  process.stdout.write(await page.evaluate(answer, batches));
} finally {
  await browser.close();
  await site.stop();
}

/** Runs in the page, on the loader's own parts: those by which a client evaluates. */
async function answer(text) {
  const [{ load }, { evaluateAll }, { explain }] = await Promise.all(
    ["load", "evaluate", "verdict"].map((name) => import(`/loader/${name}.js`)),
  );
  const digests = { _digest: async (bytes) => Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("") };
  const nothing = null;
  const failure = (key, errorCode) => ({ key, value: nothing, variant: nothing, reason: "ERROR", rule: nothing, errorCode });
  const all = [];
  for (const { module, requests } of JSON.parse(text)) {
    const bytes = Uint8Array.from(atob(module), (char) => char.charCodeAt(0));
    const stated = { digest: await digests._digest(bytes), bytes: bytes.length };
    const loaded = await load(new Response(bytes), stated, digests);
    const { _index, _flags } = loaded._manifest;
    all.push(
      requests.map(({ flag, context = {}, now_ms }) => {
        const index = _index.get(flag);
        if (index === undefined) return failure(flag, "FLAG_NOT_FOUND");
        const pseudo = { $now: now_ms ?? Date.now(), $random: Math.floor(Math.random() * 2 ** 32) };
        const verdicts = evaluateAll(loaded, context ?? {}, pseudo, (error) => {
          throw error;
        });
        const row = explain(_flags[index], verdicts[2 * index], verdicts[2 * index + 1]);
        const { value = nothing, variant = nothing, reason, rule = nothing, errorCode = nothing } = row;
        return { key: flag, value, variant, reason, rule, errorCode };
      }),
    );
  }
  return JSON.stringify(all);
}
