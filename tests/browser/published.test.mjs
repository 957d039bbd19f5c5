// The package as it is published: by a plain script, by a bundler, with React and OpenFeature.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT, launch, shop, startServer, startSite, until } from "./harness.mjs";

const loader = join(ROOT, "browser-loader");
const { build } = createRequire(join(loader, "package.json"))("esbuild");

/** What a bundler makes of a user's script. */
async function bundled(contents) {
  const made = await build({
    stdin: { contents, resolveDir: loader, loader: "jsx" },
    bundle: true, format: "esm", minify: true, platform: "browser", write: false, logLevel: "silent",
    jsx: "automatic", define: { "process.env.NODE_ENV": '"production"' },
    alias: { "vexil-browser": join(loader, "dist/index.js"), "vexil-browser/react": join(loader, "dist/react.js"), "vexil-browser/openfeature": join(loader, "dist/openfeature.js") },
  });
  return made.outputFiles[0].text;
}

const OPTIONS = `{ url: "/flags", environment: "shop/production", context: { targetingKey: "user-7", country: "DE" } }`;
let server, site, browser;

before(async () => {
  server = await startServer();
  browser = await launch();
  const page = (script) => ({ text: `<!doctype html><title>published</title><div id="root"></div><script type="module">${script}</script>` });
  site = await startSite({
    target: () => server.url,
    pages: {
      "/plain": page(`import { createClient } from "/dist/index.js"; window.client = createClient(${OPTIONS});`),
      "/bundled": page(await bundled(`import { createClient } from "vexil-browser"; window.client = createClient(${OPTIONS});`)),
      "/react": page(await bundled(`
        import { createRoot } from "react-dom/client";
        import { createClient } from "vexil-browser";
        import { VexilProvider, useFlag, useVexilState } from "vexil-browser/react";
        const client = (window.client = createClient(${OPTIONS}));
        window.renders = { accent: 0, limit: 0 };
        const Accent = () => (window.renders.accent++, <b id="accent">{useFlag("accent", "none")}</b>);
        const Limit = () => (window.renders.limit++, <i id="limit">{useFlag("limit", 0)}</i>);
        const State = () => <u id="state">{useVexilState()}</u>;
        createRoot(document.querySelector("#root")).render(<VexilProvider client={client}><Accent /><Limit /><State /></VexilProvider>);
      `)),
      "/openfeature": page(await bundled(`
        import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
        import { VexilProvider } from "vexil-browser/openfeature";
        const { context, ...options } = ${OPTIONS};
        window.events = [];
        for (const event of Object.values(ProviderEvents)) OpenFeature.addHandler(event, ({ flagsChanged } = {}) => events.push([event, flagsChanged]));
        await OpenFeature.setContext(context);
        await OpenFeature.setProviderAndWait(new VexilProvider(options));
        window.flags = OpenFeature.getClient();
        window.setContext = (context) => OpenFeature.setContext(context);
      `)),
    },
  });
});
after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.remove();
});

const paint = (value) => server.apply(shop((flags) => (flags.accent.environments.production.fallthrough = value)));

/** A page, and whether anything was thrown in it. */
async function open(path) {
  await paint("pine");
  const context = await browser.newContext();
  const page = await context.newPage();
  const thrown = [];
  page.on("pageerror", (error) => thrown.push(error));
  await page.goto(site.url + path);
  return { page, thrown, close: () => context.close() };
}

for (const how of ["plain", "bundled"]) {
  test(`by a ${how} script`, async () => {
    const { page, thrown, close } = await open(`/${how}`);
    await until("a value", () => page.evaluate(() => window.client?.string("accent", "none") === "#0a5"));
    await paint("heather");
    await until("the change", () => page.evaluate(() => client.string("accent", "none") === "#a5c"));
    assert.deepEqual(thrown, []);
    await close();
  });
}

test("components of React show what changes, and are left alone by the rest", async () => {
  const { page, thrown, close } = await open("/react");
  const text = (id) => page.evaluate((id) => document.querySelector(id)?.textContent, id);
  await until("a value", async () => (await text("#accent")) === "#0a5" && (await text("#state")) === "READY");
  assert.equal(await text("#limit"), "10");
  const before = await page.evaluate(() => ({ ...renders }));
  await paint("heather");
  await until("the change", async () => (await text("#accent")) === "#a5c");
  assert.deepEqual(await page.evaluate(() => renders), { accent: before.accent + 1, limit: before.limit });
  await page.evaluate(() => client.setContext({ plan: "team" }));
  await until("the context", async () => (await text("#limit")) === "50");
  assert.deepEqual(thrown, []);
  await close();
});

test("OpenFeature's client evaluates, and hears of changes", async () => {
  const { page, thrown, close } = await open("/openfeature");
  await until("a provider", () => page.evaluate(() => !!window.flags));
  const details = await page.evaluate(() => flags.getBooleanDetails("checkout", false));
  assert.deepEqual([details.value, details.variant, details.reason, details.flagMetadata.rule], [true, "on", "TARGETING_MATCH", "german"]);
  await paint("heather");
  await until("the change", () => page.evaluate(() => flags.getStringValue("accent", "none") === "#a5c"));
  await page.evaluate(() => setContext({ targetingKey: "user-7", plan: "team" }));
  assert.deepEqual(await page.evaluate(() => [flags.getBooleanValue("checkout", true), flags.getNumberValue("limit", 0)]), [false, 50]);
  const events = await page.evaluate(() => events);
  assert.ok(events.some(([event]) => event === "PROVIDER_READY"));
  assert.ok(events.some(([event, flags]) => event === "PROVIDER_CONFIGURATION_CHANGED" && flags?.includes("accent")), JSON.stringify(events));
  assert.deepEqual(thrown, []);
  await close();
});
