// How changes arrive: streams, polls, tabs, what is kept, and what is refused.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { accentOf, failuresOf, follow, isHead, isModule, isStream, serves } from "./follower.mjs";
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
async function open(options = {}, { page, clock } = {}) {
  page ??= await context.newPage();
  if (clock) await page.clock.install();
  await page.goto(site.url);
  await follow(page, options);
  return page;
}

const fails = (page, pattern) => until(`a failure like ${pattern}`, async () => (await failuresOf(page)).find((text) => pattern.test(text)));
const paint = (value) => server.apply(shop((flags) => (flags.accent.environments.production.fallthrough = value)));
const head = async (place = "production/head?audience=browser") =>
  (await fetch(`${server.url}/v1/projects/shop/environments/${place}`)).json();
const refuse = (status, body = { detail: "not now" }, headers = {}) => (response) => {
  response.writeHead(status, { "content-type": "application/problem+json", ...headers });
  response.end(JSON.stringify(body));
};

test("ten tabs have one connection; when the leader closes, another takes over and nothing is missed", async () => {
  const pages = await Promise.all(Array.from({ length: 10 }, () => open()));
  for (const page of pages) await serves(page, "#0a5");
  await until("one stream", () => site.open === 1);
  assert.equal(site.opened, 1);
  const leaders = [];
  for (let round = 0; round < 3; round++) {
    const value = round % 2 ? "pine" : "heather";
    const { revision } = await paint(value);
    const rest = pages.filter((page) => !page.isClosed());
    for (const page of rest) await until("the revision", () => page.evaluate((revision) => client.version.revision === revision, revision));
    assert.equal(site.open, 1);
    // The leader is the one whose requests the stream is among; it is told by its lock.
    const locks = await rest[0].evaluate(() => navigator.locks.query());
    const [{ clientId }] = locks.held.filter(({ name }) => name.startsWith("vexil"));
    let leader;
    for (const page of rest) {
      const own = await page.evaluate(async () => {
        let held;
        await navigator.locks.request("whose", async () => (held = await navigator.locks.query()));
        return held.held.find(({ name }) => name === "whose").clientId;
      });
      if (own === clientId) leader = page;
    }
    leaders.push(clientId);
    // The change is made while nobody leads.
    const next = round % 2 ? "heather" : "pine";
    const [, made] = await Promise.all([leader.close(), paint(next)]);
    for (const page of rest.filter((page) => !page.isClosed())) {
      await until("the revision of the gap", () => page.evaluate((revision) => client.version.revision === revision, made.revision));
    }
    await until("one stream again", () => site.open === 1);
  }
  assert.equal(new Set(leaders).size, 3);
  const rest = pages.filter((page) => !page.isClosed());
  for (const page of rest) assert.deepEqual(await failuresOf(page), []);
});

test("a tab whose leader is frozen takes its place, and the other queues again when it thaws", async () => {
  const leader = await open();
  await serves(leader, "#0a5");
  const page = await context.newPage();
  await open({}, { page, clock: true });
  await serves(page, "#0a5");
  assert.equal(site.opened, 1);
  const devtools = await context.newCDPSession(leader);
  await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
  for (let second = 0; second < 600 && site.opened < 2; second += 10) {
    await page.clock.runFor(10_000);
    await sleep(20);
  }
  await until("a second stream", () => site.opened === 2);
  await devtools.send("Page.setWebLifecycleState", { state: "active" });
  await until("one stream", () => site.open === 1);
  await paint("heather");
  await serves(page, "#a5c");
  await serves(leader, "#a5c");
  assert.equal(site.open, 1);
});

test("a page that is kept to be shown again lets go, and comes back", async () => {
  const page = await open();
  await serves(page, "#0a5");
  await until("a stream", () => site.open === 1);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await until("no stream", () => site.open === 0);
  await paint("heather");
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await serves(page, "#a5c");
});

test("where no stream comes through, the server is asked, and answers without news have no body", async () => {
  site.between = (request, url) => (isStream(url) ? refuse(503) : undefined);
  const statuses = [];
  site.answered = (url, status) => isHead(url) && statuses.push(status);
  const page = await open({ pollIntervalMs: 1000 });
  await serves(page, "#0a5");
  assert.match(await fails(page, /REFUSED/), /the server refuses \(503\): not now/);
  await until("answers without news", () => statuses.filter((status) => status === 304).length >= 2);
  await paint("heather");
  await serves(page, "#a5c");
  // The stream comes through again: nobody asks any more.
  site.between = () => undefined;
  await until("a stream", () => site.open === 1, 40_000);
  await sleep(200);
  const asked = statuses.length;
  await sleep(2500);
  assert.equal(statuses.length, asked);
});

test("a server that refuses is not asked over and over", async () => {
  const page = await open({ environment: "nowhere/production", pollIntervalMs: 3_600_000 });
  assert.match(await fails(page, /REFUSED/), /REFUSED: the server refuses \(404\)/);
  await sleep(2_500);
  // The stream, with pauses of 0.5, 1, 2 s on average, and one question.
  assert.ok(site.asked.length <= 10, `${site.asked.length} requests`);
});

test("a client may poll only", async () => {
  const page = await open({ stream: false, pollIntervalMs: 1000 });
  await serves(page, "#0a5");
  await paint("heather");
  await serves(page, "#a5c");
  assert.equal(site.opened, 0);
});

test("asking now tells when what is new serves", async () => {
  const page = await open({ stream: false, pollIntervalMs: 3_600_000 });
  await serves(page, "#0a5");
  const { revision } = await paint("heather");
  await until("the announcement", async () => (await head()).revision >= revision);
  await page.evaluate(() => client.refresh());
  assert.equal(await accentOf(page), "#a5c");
});

test("a stream that falls silent is dropped and opened again", async () => {
  const page = await context.newPage();
  let silent = true;
  site.between = (request, url) => {
    if (!isStream(url) || !silent) return undefined;
    return (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": hello\n\n");
    };
  };
  await open({ shared: false }, { page, clock: true });
  await sleep(100);
  silent = false;
  assert.equal(await accentOf(page), "none");
  await page.clock.runFor(44_000);
  assert.equal(site.opened, 0);
  await page.clock.runFor(2_000);
  assert.match(await fails(page, /silent/), /NETWORK: the stream of changes was silent for 45 s/);
  await page.clock.runFor(31_000);
  await serves(page, "#0a5");
});

test("a page is STALE when the server is not heard of, and READY when it is again", async () => {
  const page = await context.newPage();
  await open({}, { page, clock: true });
  await serves(page, "#0a5");
  await until("READY", async () => (await page.evaluate(() => client.state)) === "READY");
  site.between = () => (response) => response.destroy();
  site.cut();
  for (let second = 0; second < 60; second += 5) await page.clock.runFor(5_000);
  assert.equal(await page.evaluate(() => client.state), "STALE");
  assert.equal(await accentOf(page), "#0a5");
  site.between = () => undefined;
  for (let second = 0; second < 60 && (await page.evaluate(() => client.state)) === "STALE"; second += 2) {
    await page.clock.runFor(2_000);
    await sleep(30);
  }
  assert.equal(await page.evaluate(() => client.state), "READY");
  assert.deepEqual((await page.evaluate(() => states)).slice(-2), ["STALE", "READY"]);
});

test("when the network is there again, nobody waits for the end of a pause", async () => {
  const page = await open();
  await serves(page, "#0a5");
  await context.setOffline(true);
  site.cut();
  await fails(page, /NETWORK/);
  await page.evaluate(() => (window.client, 0));
  await sleep(5_000);
  await paint("heather");
  const back = Date.now();
  await context.setOffline(false);
  await serves(page, "#a5c");
  assert.ok(Date.now() - back < 5_000);
});

test("a server that restarts is followed on", async () => {
  const page = await open();
  await serves(page, "#0a5");
  const { folder, port } = server;
  await server.stop();
  await sleep(300);
  server = await startServer({ folder, port });
  await paint("heather");
  await serves(page, "#a5c", 30_000);
});

test("the second visit has values before the network answers, and without it", async () => {
  const first = await open({ context: { country: "DE" } });
  await serves(first, "#0a5");
  await until("what is kept", () => first.evaluate(async () => (await (await caches.open("vexil")).keys()).length === 2));
  await first.close();
  await server.stop();
  site.between = (request, url) => (url.pathname.startsWith("/flags/") ? () => {} : undefined);
  const page = await open({ context: { country: "DE" } });
  const [state, took] = await page.evaluate(async () => {
    const began = performance.now();
    const state = await client.ready({ timeoutMs: 2000 });
    return [state, performance.now() - began, client.version.source];
  });
  assert.equal(state, "STALE");
  assert.deepEqual(await page.evaluate(() => [client.boolean("checkout", false), client.version.source]), [true, "cache"]);
  console.log(`values of the last visit were there ${took.toFixed(1)} ms after they were asked for`);
  // Only one module is kept, however many there were.
  site.between = () => undefined;
  server = await startServer({ folder: server.folder, port: server.port });
  site.cut();
  await paint("heather");
  await serves(page, "#a5c", 40_000);
  await until("two entries", () => page.evaluate(async () => (await (await caches.open("vexil")).keys()).length === 2));
});

test("what is kept and was altered is not served", async () => {
  const first = await open();
  await serves(first, "#0a5");
  await until("what is kept", () => first.evaluate(async () => (await (await caches.open("vexil")).keys()).length === 2));
  await first.evaluate(async () => {
    const store = await caches.open("vexil");
    for (const request of await store.keys()) {
      const bytes = new Uint8Array(await (await store.match(request)).arrayBuffer());
      if (bytes[0] !== 0) continue;
      bytes[bytes.length - 1] ^= 1;
      await store.put(request, new Response(bytes, { headers: { "content-type": "application/wasm" } }));
    }
  });
  await first.close();
  const page = await open();
  await serves(page, "#0a5");
  assert.match((await failuresOf(page))[0], /^DIGEST: module [0-9a-f]{8}… is refused: its SHA-256 is [0-9a-f]{64}/);
  assert.equal(await page.evaluate(() => client.version.source), "network");
});

/** A client that serves one module while the next is spoilt by `between`, and what it says then. */
async function spoilt(between, pattern, options) {
  const page = await open(options);
  await serves(page, "#0a5");
  const before = await page.evaluate(() => client.version.digest);
  site.between = between;
  await paint("heather");
  const said = await fails(page, pattern);
  assert.deepEqual(await page.evaluate(() => [client.string("accent", "none"), client.version.digest]), ["#0a5", before]);
  site.between = () => undefined;
  return [page, said];
}
const changeModule = (change) => (request, url) =>
  isModule(url) ? { change: (status, headers, body) => change(status, Object.fromEntries(Object.entries(headers).filter(([name]) => !["content-length", "transfer-encoding"].includes(name))), body) } : undefined;
/** Modules come as they are, so that the bytes can be altered. */
const plain = (between) => (request, url) => {
  delete request.headers["accept-encoding"];
  delete request.headers["available-dictionary"];
  return between(request, url);
};

test("a tampered module is refused, and the one before serves until the right one comes", async () => {
  const [page, said] = await spoilt(
    plain(changeModule((status, headers, body) => {
      body[body.length - 3] ^= 1;
      return [status, headers, body];
    })),
    /DIGEST/,
  );
  assert.match(said, /^DIGEST: module [0-9a-f]{8}… is refused: its SHA-256 is [0-9a-f]{64}$/);
  await serves(page, "#a5c", 40_000);
});

test("a module of another length is refused", async () => {
  const [, said] = await spoilt(
    plain(changeModule((status, headers, body) => [status, headers, Buffer.concat([body, Buffer.from([0, 1, 0])])])),
    /DIGEST/,
  );
  assert.match(said, /^DIGEST: module .* is refused: it is longer than the \d+ bytes that were announced/);
});

test("a download that is cut off is refused", async () => {
  const [page, said] = await spoilt(
    plain(changeModule((status, headers, body) => [status, headers, body.subarray(0, 100)])),
    /DIGEST/,
  );
  assert.match(said, /^DIGEST: module .* is refused: it has 100 bytes, and \d+ were announced/);
  await serves(page, "#a5c", 40_000);
});

test("a connection that breaks in the middle of a module is refused as well", async () => {
  const [, said] = await spoilt(
    plain((request, url) => (isModule(url) ? (response) => {
      response.writeHead(200, { "content-type": "application/wasm", "content-length": "5000" });
      response.write(Buffer.alloc(50));
      setTimeout(() => response.destroy(), 50);
    } : undefined)),
    /DIGEST/,
  );
  assert.match(said, /^DIGEST: module .* is refused: its download was cut off after \d+ of \d+ bytes/);
});

/** The next announcements of the stream, changed. */
const changeAnnouncement = (change) => (request, url) => {
  if (!isStream(url) && !isHead(url)) return undefined;
  return async (response) => {
    const answer = await fetch(server.url + url.pathname.replace("/events", "/head").slice("/flags".length) + url.search);
    const announcement = change(await answer.json());
    const text = JSON.stringify(announcement);
    if (isHead(url)) return response.writeHead(200, { "content-type": "application/json" }).end(text);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`event: announcement\nid: ${announcement.revision}\ndata: ${text}\n\n`);
  };
};
async function announced(change, pattern, options) {
  const page = await open(options);
  await serves(page, "#0a5");
  site.between = changeAnnouncement(change);
  const before = await page.evaluate(() => client.version);
  await paint("heather");
  // The stream breaks, and tells something else when it is opened again.
  await until("the change everywhere but here", async () => {
    site.cut();
    await sleep(300);
    return (await failuresOf(page)).some((text) => pattern.test(text)) || !(await sleep(700));
  });
  const said = await fails(page, pattern);
  const version = await page.evaluate(() => client.version);
  return [page, said, before, version];
}

test("an announcement with a wrong signature is refused", async () => {
  const [page, said, , version] = await announced((announcement) => ({ ...announcement, signature: announcement.signature.replace(/^../, (two) => (two === "00" ? "11" : "00")) }), /UNTRUSTED/);
  assert.equal(said, "UNTRUSTED: an announcement is refused: its signature is wrong");
  assert.equal(await page.evaluate(() => client.state), "STALE");
  assert.ok(version.revision > 0);
});

test("an announcement that says something else than what was signed changes nothing", async () => {
  const other = "0".repeat(64);
  const [page] = await announced((announcement) => ({ ...announcement, digest: other, statement: announcement.statement.replace(announcement.digest, other) }), /UNTRUSTED/);
  assert.notEqual(await page.evaluate(() => client.version.digest), other);
});

test("an unsigned announcement is refused, but by those who trust anybody", async () => {
  const unsigned = ({ statement, signature, key, keys, ...rest }) => rest;
  const [page, said] = await announced(unsigned, /UNTRUSTED/);
  assert.equal(said, "UNTRUSTED: an announcement is refused: it is not signed");
  site.between = changeAnnouncement(unsigned);
  const careless = await open({ trust: "anybody", shared: false, cached: false });
  await serves(careless, "#a5c");
  await page.close();
});

test("a server whose root is not the pinned one is refused, and the pinned one is followed", async () => {
  const page = await open({ trust: ["ab".repeat(32)], shared: false });
  assert.match(await fails(page, /UNTRUSTED/), /signed by none of the roots that this client trusts/);
  assert.equal(await accentOf(page), "none");
  assert.equal(await page.evaluate(() => client.state), "ERROR");
  const [root] = JSON.parse((await head()).keys.statement).roots;
  const good = await open({ trust: [root.toUpperCase()], shared: false });
  await serves(good, "#0a5");
});

test("another server than the first is not followed, also after a reload", async () => {
  const page = await open();
  await serves(page, "#0a5");
  await until("what is kept", () => page.evaluate(async () => (await (await caches.open("vexil")).keys()).length === 2));
  const impostor = await startServer();
  try {
    await impostor.apply(shop((flags) => (flags.accent.variants.pine = "#666")));
    const genuine = server.url;
    site.between = (request, url) => (isStream(url) || isHead(url) ? async (response) => {
      const text = await (await fetch(impostor.url + url.pathname.replace("/events", "/head").slice("/flags".length) + url.search)).text();
      if (isHead(url)) return response.writeHead(200, { "content-type": "application/json" }).end(text);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`event: announcement\ndata: ${text}\n\n`);
    } : undefined);
    await open({}, { page });
    assert.match(await fails(page, /UNTRUSTED/), /none of the roots/);
    assert.equal(await accentOf(page), "#0a5");
    assert.equal(genuine, server.url);
  } finally {
    await impostor.remove();
  }
});

test("an announcement of an older revision is refused", async () => {
  const old = await head();
  await paint("heather");
  const page = await open();
  await serves(page, "#a5c");
  site.between = changeAnnouncement(() => old);
  site.cut();
  const said = await fails(page, /OLDER/);
  assert.equal(said, `OLDER: an announcement is ignored: it is of revision ${old.revision}, and ${await page.evaluate(() => client.version.revision)} was seen`);
  assert.equal(await accentOf(page), "#a5c");
  assert.equal(await page.evaluate(() => client.state), "STALE");
  site.between = () => undefined;
  site.cut();
  await until("READY", async () => {
    await page.evaluate(() => dispatchEvent(new Event("online")));
    return (await page.evaluate(() => client.state)) === "READY";
  });
});

test("an announcement of another environment, or of other flags, is refused", async () => {
  const document = shop();
  document.environments.push("staging");
  for (const flag of Object.values(document.flags)) flag.environments.staging = flag.environments.production;
  await server.apply(document);
  const staging = await head("staging/head?audience=browser");
  const page = await open();
  await serves(page, "#0a5");
  site.between = changeAnnouncement(() => staging);
  site.cut();
  assert.match(await fails(page, /UNTRUSTED/), /it is of shop\/staging/);
  const some = await head("production/head?audience=browser&flags=accent");
  site.between = changeAnnouncement(() => some);
  site.cut();
  assert.match(await fails(page, /other flags/), /it is of other flags than those that are asked for/);
  const services = await head("production/head");
  site.between = changeAnnouncement(() => services);
  site.cut();
  assert.match(await fails(page, /for servers/), /it is for servers/);
});

test("a module that imports, is of another ABI or is none is refused", async () => {
  const section = (id, bytes) => [id, bytes.length, ...bytes];
  const header = [0, 97, 115, 109, 1, 0, 0, 0];
  const text = (value) => [value.length, ...Buffer.from(value)];
  const modules = [
    [Buffer.from([...header, ...section(1, [1, 0x60, 0, 0]), ...section(2, [1, ...text("host"), ...text("spy"), 0, 0])]), /MODULE: .*it imports host\.spy/],
    [Buffer.from([...header, ...section(6, [1, 0x7f, 0, 0x41, 2, 0x0b]), ...section(7, [1, ...text("vexil_abi"), 3, 0])]), /MODULE: .*it is of guest ABI 2, and this loader knows 1: a newer loader is needed/],
    [Buffer.from(header), /MODULE: .*it is of guest ABI none/],
    [Buffer.from("<!doctype html>"), /MODULE: .*cannot be used/],
  ];
  const { createHash } = await import("node:crypto");
  for (const [bytes, pattern] of modules) {
    const digest = createHash("sha256").update(bytes).digest("hex");
    site.between = (request, url) => {
      if (isModule(url)) return (response) => response.writeHead(200, { "content-type": "application/wasm" }).end(bytes);
      return changeAnnouncement((announcement) => ({ project: "shop", environment: "production", revision: announcement.revision + 1000, digest, bytes: bytes.length }))(request, url);
    };
    const page = await open({ trust: "anybody", shared: false, cached: false });
    await fails(page, pattern);
    assert.equal(await page.evaluate(() => client.state), "ERROR");
    await page.close();
  }
});

test("what is no announcement is told and changes nothing", async () => {
  const page = await open();
  await serves(page, "#0a5");
  for (const text of ["<html>", "null", "[]", "{}", '{"statement": 7, "keys": 8}', '{"statement": "", "keys": {"signatures": null}}']) {
    await page.evaluate(() => (failures.length = 0));
    site.between = (request, url) => (isStream(url) ? (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`event: announcement\ndata: ${text}\n\n`);
    } : undefined);
    site.cut();
    await until("a failure", async () => {
      await page.evaluate(() => dispatchEvent(new Event("online")));
      return (await failuresOf(page)).some((text) => /MALFORMED|UNTRUSTED/.test(text));
    });
    assert.equal(await accentOf(page), "#0a5");
  }
});

test("the server's paths may have other names", async () => {
  site.between = (request, url) => {
    const real = { "/flags/t/news": "/flags/v1/projects/shop/environments/production/events", "/flags/t/now": "/flags/v1/projects/shop/environments/production/head" }[url.pathname];
    if (real) request.url = real + url.search;
    if (url.pathname.startsWith("/flags/t/m/")) request.url = `/flags/v1/modules/${url.pathname.slice(11)}.wasm`;
    return undefined;
  };
  const page = await open({ paths: { events: "t/news", head: "t/now", module: "t/m/{digest}" } });
  await serves(page, "#0a5");
  await paint("heather");
  await serves(page, "#a5c");
  assert.ok(site.asked.every((asked) => asked.startsWith("GET /t/")), site.asked.join());
});
