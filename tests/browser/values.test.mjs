// What a client serves, and how it changes.

import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { follow } from "./follower.mjs";
import { launch, shop, startServer, startSite, until } from "./harness.mjs";

let server, site, browser, context, page;

before(async () => {
  server = await startServer();
  site = await startSite({ target: () => server.url });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.remove();
});
beforeEach(async () => {
  await server.apply(shop());
  context = await browser.newContext();
  page = await context.newPage();
  await page.goto(site.url);
});
afterEach(() => context.close());

/** Makes `client` in the page. */
const create = (options) => follow(page, options);

const ready = () => page.evaluate(() => client.ready({ timeoutMs: 10_000 }));

test("values of every kind are there when the client is ready", async () => {
  await create({ context: { targetingKey: "user-7", country: "DE", plan: "team" } });
  assert.equal(await ready(), "READY");
  const got = await page.evaluate(() => [
    client.boolean("checkout", false), client.string("accent", "none"), client.number("limit", 0), client.json("layout", null), client.state, client.version.source,
  ]);
  assert.deepEqual(got, [true, "#0a5", 50, { columns: 3, hero: "tent" }, "READY", "network"]);
  assert.deepEqual(await page.evaluate(() => failures), []);
});

test("details tell why", async () => {
  await create({ context: { country: "DE" } });
  await ready();
  const got = await page.evaluate(() => client.booleanDetails("checkout", false));
  const { digest, revision } = got.flagMetadata;
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.ok(revision > 0);
  assert.deepEqual(got, { flagKey: "checkout", value: true, variant: "on", reason: "TARGETING_MATCH", flagMetadata: { rule: "german", prerequisite: undefined, digest, revision } });
  const [missing, mismatch, unready] = await page.evaluate(async () => {
    const { createClient } = await import("/loader/index.js");
    const other = createClient({ url: "/nowhere", environment: "shop/production", shared: false });
    const unready = other.booleanDetails("checkout", true);
    other.close();
    return [client.stringDetails("absent", "x"), client.numberDetails("accent", 7), unready];
  });
  assert.deepEqual([missing.value, missing.reason, missing.errorCode], ["x", "ERROR", "FLAG_NOT_FOUND"]);
  assert.deepEqual([mismatch.value, mismatch.reason, mismatch.errorCode], [7, "ERROR", "TYPE_MISMATCH"]);
  assert.match(mismatch.errorMessage, /`accent` is of kind string, not number/);
  assert.deepEqual([unready.value, unready.errorCode], [true, "PROVIDER_NOT_READY"]);
});

test("flags that pages may not see are not there", async () => {
  await create();
  await ready();
  assert.deepEqual(await page.evaluate(() => client.all().map(({ flagKey }) => flagKey)), ["accent", "checkout", "half", "layout", "limit"].filter((key) => key !== "half").concat("half").sort());
  assert.equal(await page.evaluate(() => client.booleanDetails("secret", false).errorCode), "FLAG_NOT_FOUND");
});

test("another context is evaluated when the call returns, and only what differs is told", async () => {
  await create({ context: { targetingKey: "user-7" } });
  await ready();
  const [before, after, news, again] = await page.evaluate(() => {
    changes.length = 0;
    const before = client.number("limit", 0);
    client.setContext({ targetingKey: "user-7", plan: "team" });
    const after = client.number("limit", 0);
    const news = changes.map(({ flags, cause }) => ({ flags, cause }));
    changes.length = 0;
    client.setContext({ targetingKey: "user-7", plan: "enterprise" });
    return [before, after, news, changes.length];
  });
  assert.deepEqual([before, after, news, again], [10, 50, [{ flags: ["limit"], cause: "context" }], 0]);
});

test("a change on the server changes the page, and tells what really differs", async () => {
  await create({ context: { country: "DE" } });
  await ready();
  await page.evaluate(() => (changes.length = 0));
  const { revision } = await server.apply(shop((flags) => {
    flags.accent.environments.production.fallthrough = "heather";
    // This changes the module, and nothing for this page.
    flags.checkout.environments.production.rules[0].when = { attribute: "country", in: ["DE", "AT"] };
  }));
  await until("the change", () => page.evaluate(() => client.string("accent", "") === "#a5c"));
  const [news, version] = await page.evaluate(() => [changes, client.version]);
  assert.deepEqual(news.map(({ flags, cause }) => ({ flags, cause })), [{ flags: ["accent"], cause: "version" }]);
  assert.equal(version.revision, revision);
  assert.equal(news[0].version.revision, revision);
});

test("flags come and go", async () => {
  await create();
  await ready();
  await page.evaluate(() => (changes.length = 0));
  await server.apply(shop((flags) => (flags.fresh = { ...flags.checkout, description: "new" })));
  await until("the flag", () => page.evaluate(() => !client.booleanDetails("fresh", true).errorCode));
  await server.send("POST", "/v1/projects/shop/flags/fresh/archive", {});
  await until("its end", () => page.evaluate(() => client.booleanDetails("fresh", true).errorCode === "FLAG_NOT_FOUND"));
  assert.deepEqual(await page.evaluate(() => changes.map(({ flags }) => flags)), [["fresh"], ["fresh"]]);
});

test("a page may follow some flags only, by name or by tag", async () => {
  await server.apply(shop((flags) => (flags.limit.tags = ["money, and\\more"])));
  await create({ flags: ["accent"], tags: ["money, and\\more"] });
  await ready();
  assert.deepEqual(await page.evaluate(() => client.all().map(({ flagKey }) => flagKey)), ["accent", "limit"]);
});

test("the same context gets the same side of a split as everywhere", async () => {
  await create();
  await ready();
  const got = await page.evaluate(() =>
    Array.from({ length: 200 }, (_, user) => {
      client.setContext({ targetingKey: `user-${user}` });
      return client.boolean("half", false);
    }),
  );
  const asked = await Promise.all(
    got.map((_, user) =>
      server.send("POST", "/v1/projects/shop/environments/production/ofrep/v1/evaluate/flags/half", { context: { targetingKey: `user-${user}` } }),
    ),
  );
  assert.deepEqual(got, asked.map(({ value }) => value));
  assert.ok(got.includes(true) && got.includes(false));
});

test("rules that name the time are looked at again", async () => {
  const at = Date.now() + 3_600_000;
  await server.apply(shop((flags) => {
    flags.checkout.environments.production.rules = [{ id: "soon", when: { attribute: "$now", after: at }, serve: "on" }];
  }));
  await page.clock.install({ time: Date.now() });
  await create();
  await ready();
  assert.equal(await page.evaluate(() => client.boolean("checkout", false)), false);
  await page.clock.setSystemTime(at + 1000);
  await page.clock.runFor(31_000);
  assert.equal(await page.evaluate(() => client.boolean("checkout", false)), true);
  assert.deepEqual(await page.evaluate(() => changes.at(-1)?.cause), "time");
});

test("values passed in serve at once, and only what differs from them is told", async () => {
  await create({ bootstrap: { accent: "#0a5", limit: 50, layout: { columns: 3, hero: "tent" } }, context: { plan: "free" } });
  const first = await page.evaluate(async () => [await client.ready(), client.string("accent", ""), client.stringDetails("accent", "").reason, client.version.source]);
  assert.equal(first[1], "#0a5");
  assert.deepEqual(first.slice(2), first[3] === "bootstrap" ? ["CACHED", "bootstrap"] : ["STATIC", "network"]);
  await until("the module", () => page.evaluate(() => client.version.source === "network"));
  const news = await page.evaluate(() => changes.map(({ flags }) => flags));
  assert.deepEqual(news, [["checkout", "half", "limit"]]);
});

test("a listener that throws keeps nobody else from hearing", async () => {
  await create();
  await ready();
  const uncaught = page.waitForEvent("pageerror");
  const heard = await page.evaluate(() => {
    const heard = [];
    client.onChange(() => {
      throw new Error("mine alone");
    });
    const stop = client.onChange(() => heard.push("second"));
    client.setContext({ plan: "team" });
    stop();
    client.setContext({});
    return heard;
  });
  assert.deepEqual(heard, ["second"]);
  assert.match((await uncaught).message, /mine alone/);
});

test("values of kind json cannot be changed by a caller", async () => {
  await create();
  await ready();
  const frozen = await page.evaluate(() => Object.isFrozen(client.json("layout", null)));
  assert.ok(frozen);
});

test("a context beyond the module's room is the matter of those flags that read it", async () => {
  await create();
  await ready();
  const got = await page.evaluate(() => {
    client.setContext({ country: "x".repeat(1 << 20) });
    return [client.booleanDetails("checkout", true), client.stringDetails("accent", "none")].map(({ value, errorCode }) => [value, errorCode]);
  });
  assert.deepEqual(got, [[true, "INVALID_CONTEXT"], ["#0a5", undefined]]);
});

test("what cannot be right is refused with words", async () => {
  const refused = await page.evaluate(async () => {
    const { createClient } = await import("/loader/index.js");
    const attempt = (options) => {
      try {
        createClient(options).close();
        return "taken";
      } catch (error) {
        return `${error.code}: ${error.message}`;
      }
    };
    const good = { url: "/flags", environment: "shop/production" };
    return [
      attempt(undefined),
      attempt({ ...good, url: "ftp://x" }),
      attempt({ url: "/flags", environment: "production" }),
      attempt({ ...good, key: "vxl_server_0123456789_x" }),
      attempt({ ...good, flags: "accent" }),
      attempt({ ...good, trust: ["beef"] }),
      attempt({ ...good, evaluation: "here" }),
      attempt({ ...good, context: { targetingKey: 7 } }),
      attempt({ ...good, context: [] }),
      attempt({ ...good, pollIntervalMs: 3 }),
    ];
  });
  const expected = [
    /^OPTIONS: `url` must be the address/, /^OPTIONS: `url` must be the address .*; it is "ftp:\/\/x"/, /^OPTIONS: `environment` must be named with its project/,
    /^OPTIONS: `key` must be a browser key/, /^OPTIONS: `flags` must be a list of keys; it is "accent"/, /^OPTIONS: `trust` must be .*a list of root keys of 64/,
    /^OPTIONS: `evaluation` must be "auto", "local" or "remote"; it is "here"/, /^CONTEXT: `targetingKey` must be a string, and is of type number/,
    /^CONTEXT: a context must be an object/, /^OPTIONS: `pollIntervalMs` must be at least 1000 milliseconds; it is 3/,
  ];
  assert.equal(refused.length, expected.length);
  refused.forEach((text, index) => assert.match(text, expected[index]));
});

test("who waits is told when it takes too long, and why", async () => {
  await create({ url: "/flags/below", shared: false });
  const said = await page.evaluate(() => client.ready({ timeoutMs: 1500 }).catch((error) => `${error.code}: ${error.message}`));
  assert.match(said, /^TIMEOUT: there are no flags after 1500 ms: the server refuses \(404\)/);
  const closed = await page.evaluate(() => {
    const waiting = client.ready().catch((error) => error.code);
    client.close();
    return waiting;
  });
  assert.equal(closed, "CLOSED");
});
