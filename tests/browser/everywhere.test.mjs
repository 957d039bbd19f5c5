// Where a client works: workers, service workers, extensions, pages of strict policies, pages
// without TLS, other origins with keys, old browsers.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync, cpSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { ROOT, launch, launchPersistent, shop, startServer, startSite, until } from "./harness.mjs";

let server, site, browser, context;
const sites = [];
const started = async (options) => {
  const one = await startSite({ target: () => server.url, ...options });
  sites.push(one);
  return one;
};

before(async () => {
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  server = await startServer();
  context = await browser.newContext();
  await server.apply(shop());
});
afterEach(async () => {
  await context.close();
  for (const one of sites.splice(0)) await one.stop();
  await server.remove();
});

const paint = (value) => server.apply(shop((flags) => (flags.accent.environments.production.fallthrough = value)));
const OPTIONS = `{ url: "/flags", environment: "shop/production", context: { country: "DE" } }`;
const serves = (page, value) => until(`${value} on the page`, () => page.evaluate((value) => window.accent === value, value));

/** A script that tells its page of each value. */
const telling = (tell) => `
  import { createClient } from "/loader/index.js";
  const client = createClient(${OPTIONS});
  const tell = () => (${tell})({ accent: client.string("accent", "none"), checkout: client.boolean("checkout", false), source: client.version?.source });
  client.ready().then(tell);
  client.onChange(tell);
`;

test("in a worker", async () => {
  site = await started({ pages: { "/worker.js": telling("(it) => postMessage(it)") } });
  const page = await context.newPage();
  await page.goto(site.url);
  await page.evaluate(() => {
    const worker = new Worker("/worker.js", { type: "module" });
    worker.onmessage = ({ data }) => Object.assign(window, data);
    worker.onerror = ({ message }) => (window.problem = message);
  });
  await serves(page, "#0a5");
  await paint("heather");
  await serves(page, "#a5c");
  assert.deepEqual(await page.evaluate(() => [window.checkout, window.source, window.problem]), [true, "network", undefined]);
});

test("in a service worker", async () => {
  const script = `${telling("async (it) => { for (const page of await clients.matchAll({ includeUncontrolled: true })) page.postMessage(it); }")}
    onmessage = () => tell();
    onactivate = (event) => event.waitUntil(clients.claim());`;
  site = await started({ pages: { "/service.js": script } });
  const page = await context.newPage();
  await page.goto(site.url);
  await page.evaluate(async () => {
    navigator.serviceWorker.onmessage = ({ data }) => Object.assign(window, data);
    await navigator.serviceWorker.register("/service.js", { type: "module" });
    const { active } = await navigator.serviceWorker.ready;
    setInterval(() => active.postMessage("?"), 100);
  });
  await serves(page, "#0a5");
  await paint("heather");
  await serves(page, "#a5c");
  assert.equal(await page.evaluate(() => window.source), "network");
});

test("in an extension (Manifest V3), which has no window in its service worker", async () => {
  site = await started();
  const folder = mkdtempSync(join(tmpdir(), "vexil-extension-"));
  const profile = mkdtempSync(join(tmpdir(), "vexil-profile-"));
  cpSync(join(ROOT, "browser-loader/src"), join(folder, "loader"), { recursive: true });
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({
    manifest_version: 3, name: "flags", version: "1", background: { service_worker: "background.js", type: "module" },
    host_permissions: ["http://127.0.0.1/*"],
    content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" },
  }));
  writeFileSync(join(folder, "background.js"), `
    import { createClient } from "./loader/index.js";
    const client = createClient({ url: "${site.url}/flags", environment: "shop/production" });
    globalThis.client = client;
  `);
  const persistent = await launchPersistent(profile, [`--disable-extensions-except=${folder}`, `--load-extension=${folder}`]);
  try {
    const worker = persistent.serviceWorkers()[0] ?? (await persistent.waitForEvent("serviceworker", { timeout: 15_000 }));
    await until("a value", () => worker.evaluate(() => globalThis.client?.string("accent", "none") === "#0a5"));
    await paint("heather");
    await until("the change", () => worker.evaluate(() => globalThis.client.string("accent", "none") === "#a5c"));
    assert.equal(await worker.evaluate(() => globalThis.client.version.source), "network");
  } finally {
    await persistent.close();
    rmSync(folder, { recursive: true, force: true });
    rmSync(profile, { recursive: true, force: true });
  }
});

const module = `
  import { createClient } from "/loader/index.js";
  window.failures = [];
  window.changes = [];
  const client = (window.client = createClient({ ...${OPTIONS}, onError: ({ code, message }) => failures.push(code + ": " + message) }));
  const tell = () => (window.accent = client.string("accent", "none"));
  client.ready().then(tell);
  client.onChange((change) => (changes.push(change), tell()));
`;
const under = (policy) => started({
  headers: { "content-security-policy": policy },
  pages: { "/page": `<!doctype html><title>strict</title><script type="module" src="/page.js"></script>`, "/page.js": module },
});

test("under `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'` modules run in the page", async () => {
  site = await under("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'");
  const page = await context.newPage();
  await page.goto(`${site.url}/page`);
  await serves(page, "#0a5");
  assert.deepEqual(await page.evaluate(() => [client.version.source, failures]), ["network", []]);
});

test("under `default-src 'self'` the server evaluates, with the same API", async () => {
  site = await under("default-src 'self'");
  const page = await context.newPage();
  await page.goto(`${site.url}/page`);
  await serves(page, "#0a5");
  await until("READY", () => page.evaluate(() => client.state === "READY"));
  const details = await page.evaluate(() => client.booleanDetails("checkout", false));
  assert.deepEqual([details.value, details.variant, details.reason, details.flagMetadata.rule], [true, "on", "TARGETING_MATCH", "german"]);
  assert.equal(await page.evaluate(() => client.version.source), "server");
  const { revision } = await paint("heather");
  await serves(page, "#a5c");
  assert.equal(await page.evaluate(() => client.version.revision), revision);
  const values = await page.evaluate(async () => {
    changes.length = 0;
    // The later call outruns the earlier one.
    await Promise.all([client.setContext({ plan: "free" }), client.setContext({ plan: "team" })]);
    return [client.number("limit", 0), client.boolean("checkout", true), changes.at(-1)];
  });
  assert.deepEqual(values.slice(0, 2), [50, false]);
  assert.deepEqual([values[2].cause, values[2].flags], ["context", ["checkout", "limit"]]);
  assert.deepEqual(await page.evaluate(() => [client.stringDetails("limit", "x").errorCode, client.stringDetails("absent", "x").errorCode, failures]), ["TYPE_MISMATCH", "FLAG_NOT_FOUND", []]);
  assert.ok(!site.asked.some((asked) => asked.includes(".wasm")));
});

test("who insists on evaluating in the page learns why it cannot be", async () => {
  site = await under("default-src 'self'");
  const page = await context.newPage();
  await page.goto(site.url);
  await page.addScriptTag({ type: "module", url: "/page.js" });
  await serves(page, "#0a5");
  const said = await page.evaluate(async () => {
    const { createClient } = await import("/loader/index.js");
    const failures = [];
    const client = createClient({ url: "/flags", environment: "shop/production", evaluation: "local", shared: false, onError: ({ code, message }) => failures.push(`${code}: ${message}`) });
    await client.ready({ timeoutMs: 1000 }).catch(() => {});
    client.close();
    return failures[0];
  });
  assert.match(said, /^MODULE: module .* cannot be used: .*Content Security Policy/);
});

test("a page without TLS checks signatures by the verifier, keeps nothing and shares nothing", async () => {
  site = await started();
  const page = await context.newPage();
  await page.goto(`http://shop.test:${site.port}/`);
  assert.equal(await page.evaluate(() => isSecureContext || !!crypto.subtle), false);
  await page.evaluate(module.replace(/^\s*import.*$/m, 'const { createClient } = await import("/loader/index.js");').replace(/^/, "(async () => {").concat("})()"));
  await serves(page, "#0a5");
  await paint("heather");
  await serves(page, "#a5c");
  assert.deepEqual(await page.evaluate(() => failures), []);
  // The verifier does verify.
  const refused = await page.evaluate(async () => {
    const { createClient } = await import("/loader/index.js");
    const failures = [];
    const fetch = async (url, init) => {
      const answer = await globalThis.fetch(url, init);
      if (!String(url).includes("/head")) return answer;
      const announcement = await answer.json();
      announcement.signature = announcement.signature.replace(/^../, (two) => (two === "00" ? "11" : "00"));
      return Response.json(announcement);
    };
    const client = createClient({ url: "/flags", environment: "shop/production", stream: false, fetch, onError: ({ code, message }) => failures.push(`${code}: ${message}`) });
    await client.ready({ timeoutMs: 1500 }).catch(() => {});
    client.close();
    return failures[0];
  });
  assert.equal(refused, "UNTRUSTED: an announcement is refused: its signature is wrong");
  // Without the verifier nothing is believed.
  const missing = await page.evaluate(async () => {
    const { createClient } = await import("/loader/index.js");
    const failures = [];
    const client = createClient({ url: "/flags", environment: "shop/production", stream: false, verifierUrl: "/absent.wasm", onError: ({ code, message }) => failures.push(`${code}: ${message}`) });
    await client.ready({ timeoutMs: 1500 }).catch(() => {});
    client.close();
    return [failures[0], client.state];
  });
  assert.match(missing[0], /^UNTRUSTED: this browser cannot check signatures itself, and the verifier cannot be had: .*absent\.wasm answered with 404/);
  assert.equal(missing[1], "ERROR");
});

test("a browser that does not know Ed25519 checks signatures by the verifier", async () => {
  site = await started();
  const page = await context.newPage();
  await page.addInitScript(() => {
    const { importKey } = SubtleCrypto.prototype;
    SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...rest) {
      if (algorithm === "Ed25519") return Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
      return importKey.call(this, format, key, algorithm, ...rest);
    };
  });
  const verifier = page.waitForRequest(/vexil_verify\.wasm/);
  await page.goto(site.url);
  await page.addScriptTag({ type: "module", content: module });
  await serves(page, "#0a5");
  await verifier;
  assert.deepEqual(await page.evaluate(() => failures), []);
});

test("a page of another origin follows the server directly, with a browser key", async () => {
  await server.stop();
  server = await startServer({ keys: true });
  await server.apply(shop());
  site = await started();
  const { token } = await server.send("POST", "/v1/keys", { kind: "browser", name: "pages", project: "shop", environments: ["production"], origins: [site.url] });
  const page = await context.newPage();
  const preflights = [];
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  devtools.on("Network.requestWillBeSent", ({ type, request }) => type === "Preflight" && preflights.push(request.url));
  await page.goto(site.url);
  const create = (options) => page.evaluate(async (options) => {
    const { createClient } = await import("/loader/index.js");
    window.failures = [];
    window.client = createClient({ environment: "shop/production", onError: (error) => failures.push(`${error.code}: ${error.message}`), ...options });
    const tell = () => (window.accent = client.string("accent", "none"));
    client.onChange(tell);
  }, options);
  await create({ url: server.url, key: token });
  await serves(page, "#0a5");
  await server.apply(shop((flags) => (flags.accent.environments.production.fallthrough = "heather")));
  await serves(page, "#a5c");
  assert.deepEqual(await page.evaluate(() => failures), []);
  assert.deepEqual(preflights, [], "no request needs a second one");
  // Evaluation at the server works from here as well.
  await create({ url: server.url, key: token, evaluation: "remote" });
  await until("the server's word", () => page.evaluate(() => client.version?.source === "server" && client.string("accent", "none") === "#a5c"));
  // A key that is not good is refused, in words.
  await create({ url: server.url, key: token.replace(/....$/, "0000") });
  await until("a refusal", () => page.evaluate(() => failures.some((text) => text.startsWith("REFUSED: the server refuses (401)") || text.startsWith("NETWORK"))));
});
