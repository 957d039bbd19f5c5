// What a hostile or broken network, another script, or a strange user can do: nothing that lasts.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { accentOf, failuresOf, follow, isHead, isModule, isStream, serves, stateOf, thrownOf } from "./follower.mjs";
import { launch, shop, sleep, startServer, startSite, until } from "./harness.mjs";

let server, site, browser, context;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  server = await startServer();
  site = await startSite({ target: () => server.url });
  context = await browser.newContext();
  await server.apply(shop());
});
afterEach(async () => {
  await context.close();
  await site.stop();
  await server.remove();
});

/** A page with a `client` that is not waited for. */
async function open(options = {}, { page } = {}) {
  page ??= await context.newPage();
  await page.goto(site.url);
  await follow(page, options);
  return page;
}
const paint = (value) => server.apply(shop((flags) => (flags.accent.environments.production.fallthrough = value)));
const head = async () => (await fetch(`${server.url}/v1/projects/shop/environments/production/head?audience=browser`)).text();
const STREAM = { "content-type": "text/event-stream" };
/** Ends the stream, so that the next one is what `between` makes of it. */
const cut = async (page) => {
  site.cut();
  await page.evaluate(() => dispatchEvent(new Event("online")));
};

test("where locks are denied, a page follows the server itself", async () => {
  // A sandboxed frame has an origin of its own, which may neither lock nor keep anything.
  const loader = await startSite({ target: () => server.url, headers: { "access-control-allow-origin": "*" }, pages: { "/sandbox": `<iframe sandbox="allow-scripts" src="/inner"></iframe>`, "/inner": "<!doctype html><p>inner" } });
  try {
    const page = await context.newPage();
    await page.goto(`${loader.url}/sandbox`);
    const frame = page.frames()[1];
    await frame.evaluate(async (base) => {
      const { createClient } = await import(`${base}/loader/index.js`);
      window.client = createClient({ url: `${base}/flags`, environment: "shop/production", stream: false, pollIntervalMs: 1000 });
    }, loader.url);
    // The server refuses pages of no origin; what counts is that the page lives, and asks.
    await until("questions", () => loader.asked.length >= 2);
    assert.ok(loader.asked.length < 20, `${loader.asked.length} requests`);
    assert.equal(await frame.evaluate(() => 2), 2);
  } finally {
    await loader.stop();
  }
});

test("a download that stalls gives way to a newer module", async () => {
  const page = await open();
  await serves(page, "#0a5");
  let stalled = 0;
  site.between = (request, url) => (isModule(url) && !stalled++ ? (response) => {
    response.writeHead(200, { "content-type": "application/wasm" });
    response.write(Buffer.from([0, 97, 115, 109]));
  } : undefined);
  await paint("heather");
  await until("the stall", () => stalled);
  await sleep(5_200);
  await server.apply(shop((flags) => (flags.accent.variants.pine = "#123")));
  await serves(page, "#123");
  assert.deepEqual(await thrownOf(page), []);
});

test("answers without end are not read to it", async () => {
  const page = await open();
  await serves(page, "#0a5");
  let sent = 0;
  const endless = (status) => (response) => {
    response.writeHead(status, { "content-type": "application/json" });
    const chunk = Buffer.alloc(1 << 20, 32);
    const more = () => {
      while (!response.destroyed && sent < 400 << 20) {
        sent += chunk.length;
        if (!response.write(chunk)) return response.once("drain", more);
      }
    };
    more();
  };
  site.between = (request, url) => (isHead(url) ? endless(200) : undefined);
  await page.evaluate(() => client.refresh());
  assert.match((await failuresOf(page)).at(-1), /^MALFORMED: an answer of the server's is longer than 8388608 characters/);
  assert.ok(sent < 100 << 20, `${sent >> 20} MiB`);
  sent = 0;
  site.between = (request, url) => (isHead(url) ? endless(500) : undefined);
  await page.evaluate(() => client.refresh());
  assert.match((await failuresOf(page)).at(-1), /^REFUSED: the server refuses \(500\)/);
  assert.ok(sent < 100 << 20, `${sent >> 20} MiB`);
});

test("no word of the server's switches pauses off, or makes them endless", async () => {
  const words = [
    [200, STREAM, "retry: soon\n\n"],
    [200, STREAM, 'event: bye\ndata: {"retry_ms": -5}\n\n'],
    [200, STREAM, "event: bye\ndata: {}\n\n"],
    [200, STREAM, 'event: bye\ndata: {"retry_ms": 2000000000}\n\n'],
    [503, { "retry-after": "-3600" }, "{}"],
    [503, { "retry-after": "soon" }, "{}"],
    [200, { "content-type": "text/html" }, "<h1>log in</h1>"],
  ];
  for (const [status, headers, text] of words) {
    let opened = 0;
    site.between = (request, url) => (isStream(url) ? (response) => (opened++, response.writeHead(status, headers).end(text)) : undefined);
    const page = await open({ shared: false, cached: false });
    await sleep(2_500);
    assert.ok(opened >= 1 && opened <= 9, `${opened} connections after ${JSON.stringify(text)}`);
    // The wish of the last one is bounded as well: thirty seconds, and somebody who looks ends them.
    site.between = () => undefined;
    await cut(page);
    await serves(page, "#0a5");
    await page.close();
  }
});

test("what was damaged on its way is asked for again", async () => {
  const page = await open();
  await serves(page, "#0a5");
  await paint("heather");
  await serves(page, "#a5c");
  let damaged = 0;
  site.between = (request, url) => {
    if (!isStream(url)) return undefined;
    return async (response) => {
      response.writeHead(200, STREAM);
      const text = await head();
      response.write(`event: announcement\ndata: ${damaged++ ? text : text.slice(0, 300)}\n\n`);
      // The stream stays open, and tells nothing more.
    };
  };
  site.cut();
  await paint("pine");
  await cut(page);
  await until("the damage", () => damaged);
  await serves(page, "#0a5");
  assert.match((await failuresOf(page)).join("\n"), /MALFORMED/);
  await until("READY", async () => (await stateOf(page)) === "READY");
});

test("a verifier that could not be had is asked for again", async () => {
  let asked = 0;
  const page = await context.newPage();
  await page.addInitScript(() => {
    SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
  });
  await page.route(/vexil_verify\.wasm/, (route) => (asked++ ? route.continue() : route.fulfill({ status: 503 })));
  await open({}, { page });
  await serves(page, "#0a5");
  assert.match((await failuresOf(page))[0], /^UNTRUSTED: this browser cannot check signatures itself/);
});

test("an answer that was overtaken by the stream is dropped without a word", async () => {
  const page = await open();
  await serves(page, "#0a5");
  const old = await head();
  site.between = (request, url) => (isHead(url) ? async (response) => {
    await sleep(1_500);
    response.writeHead(200, { "content-type": "application/json" }).end(old);
  } : undefined);
  const refreshed = page.evaluate(() => client.refresh());
  await paint("heather");
  await serves(page, "#a5c");
  await refreshed;
  assert.deepEqual(await failuresOf(page), []);
  assert.equal(await stateOf(page), "READY");
});

test("closing in the middle of a download leaves what is kept as it was", async () => {
  const page = await open();
  await serves(page, "#0a5");
  const kept = () => page.evaluate(async () => {
    const store = await caches.open("vexil");
    return Promise.all((await store.keys()).map(async ({ url }) => [url.slice(-20), (await (await store.match(url)).arrayBuffer()).byteLength]));
  });
  await until("what is kept", async () => (await kept()).length === 2);
  const before = await kept();
  await page.evaluate(() => {
    const { digest } = SubtleCrypto.prototype;
    SubtleCrypto.prototype.digest = async function (...input) {
      const found = await digest.apply(this, input);
      client.close();
      await new Promise((resolve) => setTimeout(resolve, 200));
      return found;
    };
  });
  await paint("heather");
  await sleep(1_000);
  assert.deepEqual(await kept(), before);
});

test("who looks is not kept waiting by a leader that nobody looks at", async () => {
  const leader = await open();
  await serves(leader, "#0a5");
  await leader.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
    Math.random = () => 0.97;
  });
  const page = await open();
  await serves(page, "#0a5");
  site.between = () => (response) => response.destroy();
  site.cut();
  await sleep(6_000);
  await paint("heather");
  site.between = () => undefined;
  const began = Date.now();
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await serves(page, "#a5c");
  assert.ok(Date.now() - began < 5_000, `${Date.now() - began} ms`);
});

test("what other scripts say on the channel of the tabs is not believed", async () => {
  const [, page] = [await open(), await open()];
  await serves(page, "#0a5");
  const name = `vexil ${site.url}/flags/v1/projects/shop/environments/production/events?audience=browser`;
  await page.evaluate((name) => {
    const channel = new BroadcastChannel(name);
    for (const message of [null, 7, "x", {}, { failure: 7 }, { failure: [] }, { failure: [{}, null] }, { announcement: 7 }, { announcement: "{}" }, { announcement: "null" }, { contact: "x" }, { contact: 1e300 }, { hello: {}, look: 1 }]) channel.postMessage(message);
  }, name);
  await sleep(300);
  assert.deepEqual(await thrownOf(page), []);
  await paint("heather");
  await serves(page, "#a5c");
  // A contact in the future is one of now.
  await until("READY", async () => (await stateOf(page)) === "READY");
});

test("a page that asks for a login is not the server", async () => {
  const page = await context.newPage();
  await page.clock.install();
  await open({ pollIntervalMs: 1000 }, { page });
  await serves(page, "#0a5");
  site.between = (request, url) => (response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>log in</h1>");
  site.cut();
  for (let second = 0; second < 60; second += 5) {
    await page.clock.runFor(5_000);
    await sleep(20);
  }
  assert.equal(await stateOf(page), "STALE");
  assert.equal(await accentOf(page), "#0a5");
});

test("lines of events may end in any way, and at any place", async () => {
  site.between = (request, url) => (isStream(url) ? async (response) => {
    response.writeHead(200, STREAM);
    const text = `: hello\r\n\r\nevent: announcement\r\nid: 1\r\ndata: ${await head()}\r\n\r\n`;
    for (let at = 0; at < text.length; at += 7) {
      response.write(text.slice(at, at + 7));
      if (at % 70 === 0) await sleep(1);
    }
  } : undefined);
  const page = await open({ shared: false });
  await serves(page, "#0a5");
  assert.deepEqual(await failuresOf(page), []);
});

test("what stands in the cache may be anything", async () => {
  const page = await open();
  await serves(page, "#0a5");
  for (const anchor of [{}, 5, null, { roots: null, serial: 1 }, { roots: [], serial: 1 }, { roots: ["x"], serial: "y" }]) {
    await page.evaluate(async (anchor) => {
      client.close();
      const store = await caches.open("vexil");
      for (const request of await store.keys()) {
        const kept = await (await store.match(request)).json().catch(() => undefined);
        if (kept?.announcement) await store.put(request, Response.json({ ...kept, anchor }));
      }
    }, anchor);
    await open({}, { page });
    await serves(page, "#0a5");
    await until("READY", async () => (await stateOf(page)) === "READY");
  }
});

test("an announcement of another project does not stand in the way of this one's", async () => {
  const page = await open();
  await serves(page, "#0a5");
  const other = shop();
  other.project = "other";
  for (let n = 0; n < 3; n++) await server.apply({ ...other, flags: { ...other.flags, [`f${n}`]: other.flags.accent } });
  const foreign = await until("the other", async () => {
    const answer = await fetch(`${server.url}/v1/projects/other/environments/production/head?audience=browser`);
    return answer.ok && answer.text();
  });
  site.between = (request, url) => (isStream(url) ? (response) => {
    response.writeHead(200, STREAM);
    response.write(`event: announcement\ndata: ${foreign}\n\n`);
  } : undefined);
  await cut(page);
  await until("its refusal", async () => (await failuresOf(page)).some((text) => /it is of other\/production/.test(text)));
  site.between = () => undefined;
  const { revision } = JSON.parse(foreign);
  for (let n = 0; n < 40; n++) {
    const made = await paint(n % 2 ? "pine" : "heather");
    if (made.revision > revision) break;
  }
  await cut(page);
  const last = JSON.parse(await head()).revision;
  await until("the newest", () => page.evaluate((revision) => client.version.revision >= revision, last));
  assert.ok(!(await failuresOf(page)).some((text) => /another history/.test(text)));
});

test("strange contexts are refused, or read as far as they can be", async () => {
  for (const evaluation of ["local", "remote"]) {
    const page = await open({ evaluation, shared: false });
    await serves(page, "#0a5");
    const said = await page.evaluate(async () => {
      const circle = { country: "DE" };
      circle.self = circle;
      const said = [];
      for (const context of [circle, { get country() { throw new Error("mine"); } }, null, 7, { targetingKey: 7n }, { targetingKey: {} }]) {
        try {
          await client.setContext(context);
          said.push("taken");
        } catch (error) {
          said.push(`${error.code}: ${error.message}`);
        }
      }
      const read = [];
      const nested = { country: "DE", tags: [] };
      for (const context of [{ country: "DE", x: Symbol(), y: () => {}, z: 1n, when: new Date(NaN), list: [new Date(NaN), new Map(), undefined] }, Object.create(null, { country: { value: "DE", enumerable: true } }), { country: "DE", name: "Ann \ud83d" }, nested]) {
        await client.setContext(context);
        read.push(client.boolean("checkout", false));
      }
      nested.tags.push("late");
      return [said, read, client.context.tags, Object.isFrozen(client.json("layout", null))];
    });
    assert.deepEqual(said[1], [true, true, true, true]);
    assert.deepEqual(said[2], []);
    assert.equal(said[3], true);
    assert.match(said[0][0], /^CONTEXT: a context cannot be read: it is nested too deep, or a circle$/);
    assert.match(said[0][1], /^CONTEXT: a context cannot be read: mine$/);
    assert.match(said[0][2], /^CONTEXT: a context must be an object/);
    assert.match(said[0][3], /^CONTEXT: a context must be an object/);
    assert.equal(said[0][4], "taken");
    assert.match(said[0][5], /^CONTEXT: `targetingKey` must be a string, and is of type object/);
    assert.deepEqual(await thrownOf(page), []);
    await page.close();
  }
});

test("news come in their order, also to listeners that make news, and to nobody after the end", async () => {
  const page = await open();
  await serves(page, "#0a5");
  const told = await page.evaluate(async () => {
    const told = [];
    let once = true;
    client.onChange(({ flags }) => {
      told.push(["first", flags.join()]);
      if (once) client.setContext({ plan: "team", country: "DE" });
      once = false;
    });
    const same = ({ flags }) => told.push(["second", flags.join()]);
    const stop = client.onChange(same);
    client.onChange(same);
    client.setContext({ plan: "team" });
    stop();
    told.push("stopped");
    client.setContext({});
    const count = told.length;
    const refreshing = client.refresh();
    client.close();
    await refreshing;
    client.setContext({ plan: "team" });
    await client.refresh();
    return [told, told.length - count, client.number("limit", 0)];
  });
  assert.deepEqual(told[0], [
    ["first", "limit"], ["second", "limit"], ["second", "limit"],
    ["first", "checkout"], ["second", "checkout"], ["second", "checkout"],
    "stopped",
    ["first", "checkout,limit"], ["second", "checkout,limit"],
  ]);
  assert.deepEqual(told.slice(1), [0, 50]);
});
