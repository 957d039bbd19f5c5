// Measures what a page feels. It asserts nothing: machines differ, and a browser beside a server
// and a load of changes on two cores is busy.
//
//   node measure.mjs [--changes 200] [--flags 1000] [--json FILE]
//
// In: a built server (`cargo xtask browser measure` builds it for release), Chromium. Out: how long from a change to the page, how long swaps keep the
// page from other work, how long an evaluation of all flags takes, what a module weighs.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { contexts, fiveRules } from "./five-rules.mjs";
import { ROOT, launch, shop, startServer, startSite, until } from "./harness.mjs";

const { values: given } = parseArgs({ options: { changes: { type: "string", default: "200" }, flags: { type: "string", default: "1000" }, json: { type: "string" } } });
const [changes, many] = [Number(given.changes), Number(given.flags)];

/** Of sorted numbers the one below which a part of them lies. */
const quantile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
const spread = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) };
};

process.env.VEXIL_BINARY ??= join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "release/vexil");
const server = await startServer();
const site = await startSite({ target: () => server.url, headers: { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" } });
const browser = await launch();
const page = await browser.newPage();

/** A client in the page that shows a flag; when the page is there, `seen` has the time of each revision. */
async function follow(project, show) {
  await page.goto(site.url);
  await page.evaluate(async ([url, environment, show]) => {
    const { createClient } = await import("/loader/index.js");
    const place = document.querySelector("#p");
    window.seen = new Map();
    window.long = [];
    new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({ entryTypes: ["longtask"] });
    window.client = createClient({ url, environment, context: { targetingKey: "user-7", country: "DE" }, cached: false });
    client.onChange(({ version }) => {
      place.textContent = client.string(show, "none");
      seen.set(version.revision, performance.timeOrigin + performance.now());
    });
    await client.ready();
  }, [`${site.url}/flags`, `${project}/production`, show]);
}

/** Times of changes, in milliseconds, from the request and from its answer to the page. */
async function latencies(count, change) {
  const fromRequest = [], fromAnswer = [];
  for (let n = 0; n < count; n++) {
    const began = performance.timeOrigin + performance.now();
    const { revision } = await change(n);
    const answered = performance.timeOrigin + performance.now();
    const seen = await until("the change", () => page.evaluate((revision) => seen.get(revision), revision));
    fromRequest.push(seen - began);
    fromAnswer.push(seen - answered);
  }
  return { fromRequest: spread(fromRequest), fromAnswer: spread(fromAnswer) };
}

const figures = {};
try {
  await server.apply(shop());
  await follow("shop", "accent");
  figures.small = await latencies(changes, paint);

  await server.apply(fiveRules(many));
  await follow("many", "flag-0000");
  await page.evaluate(() => (long.length = 0));
  const swaps = Math.max(10, Math.round(changes / 5));
  figures.many = { flags: many, swaps, ...(await latencies(swaps, (n) => server.apply(fiveRules(1, 40_000 - 10 * (n + 1))))) };
  figures.longTasks = await page.evaluate(() => long);

  figures.evaluation = await page.evaluate(async (contexts) => {
    const sets = [], reads = [];
    for (let round = 0; round < 60; round++) {
      let began = performance.now();
      for (let n = 0; n < 64; n++) client.setContext(contexts[(round * 64 + n) & 1023]);
      sets.push((1000 * (performance.now() - began)) / 64);
      began = performance.now();
      for (let n = 0; n < 20_000; n++) client.string("flag-0007", "none");
      reads.push((1e6 * (performance.now() - began)) / 20_000);
      await new Promise((resolve) => setTimeout(resolve));
    }
    const { evaluateAll } = await import("/loader/evaluate.js");
    const { load } = await import("/loader/load.js");
    const answer = await fetch(`/flags/v1/modules/${client.version.digest}.wasm`);
    const bytes = await answer.arrayBuffer();
    const module = await load(new Response(bytes), { digest: client.version.digest, bytes: bytes.byteLength }, { _digest: async () => client.version.digest });
    const evaluations = [];
    for (let round = 0; round < 60; round++) {
      const began = performance.now();
      for (let n = 0; n < 64; n++) evaluateAll(module, contexts[(round * 64 + n) & 1023], { $now: 0, $random: 0 });
      evaluations.push((1000 * (performance.now() - began)) / 64);
    }
    return { sets, evaluations, reads };
  }, contexts());
  const { sets, evaluations, reads } = figures.evaluation;
  figures.evaluation = { flags: many, setContextUs: spread(sets), evaluateAllUs: spread(evaluations), readNs: spread(reads) };

  await server.apply({ ...fiveRules(100), project: "hundred" });
  const head = await until("the module", () => fetch(`${server.url}/v1/projects/hundred/environments/production/head?audience=browser`).then((answer) => answer.ok && answer.json()));
  const module = Buffer.from(await (await fetch(server.url + head.url)).arrayBuffer());
  figures.module = {
    flags: 100, raw: module.length, gzip: gzipSync(module, { level: 9 }).length,
    brotli: brotliCompressSync(module, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length,
  };
  const served = spawnSync("curl", ["-s", "-H", "accept-encoding: br", "-o", "/dev/null", "-w", "%{size_download}", server.url + head.url]);
  figures.module.served = Number(served.stdout);
} finally {
  await browser.close();
  await site.stop();
  await server.remove();
}

/** One small change of `accent`, back and forth. */
function paint(n) {
  const { flags, ...document } = shop(({ accent }) => (accent.environments.production.fallthrough = n % 2 ? "pine" : "heather"));
  return server.apply({ ...document, flags: { accent: flags.accent } });
}

const ms = ({ p50, p99, max }) => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${max.toFixed(1)} ms`;
const us = ({ p50, p99 }) => `p50 ${p50.toFixed(0)} µs, p99 ${p99.toFixed(0)} µs`;
const git = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: ROOT }).stdout.toString().trim();
figures.machine = { cpu: cpus()[0].model, cores: cpus().length, commit: git, date: new Date().toISOString().slice(0, 10) };
console.log(`${figures.machine.cpu}, ${figures.machine.cores} cores, commit ${git}, ${figures.machine.date}

a change, from the request to the page (${changes} changes)        ${ms(figures.small.fromRequest)}
      … from the answer, when it is durable, to the page     ${ms(figures.small.fromAnswer)}
the same with ${many} flags of five rules (${figures.many.swaps} swaps)           ${ms(figures.many.fromRequest)}
      … from the answer                                      ${ms(figures.many.fromAnswer)}
tasks of the page over 50 ms during these swaps              ${figures.longTasks.length ? figures.longTasks.join(" ms, ") + " ms" : "none"}
all ${many} flags evaluated for a context                        ${us(figures.evaluation.evaluateAllUs)}
setContext: that, what has changed, and who is to know it    ${us(figures.evaluation.setContextUs)}
a value read                                                 p50 ${figures.evaluation.readNs.p50.toFixed(0)} ns
a module of 100 flags of five rules                          ${figures.module.raw} bytes, gzip -9 ${figures.module.gzip}, brotli -11 ${figures.module.brotli}, as served ${figures.module.served}`);
if (given.json) writeFileSync(given.json, JSON.stringify(figures, null, 2) + "\n");
