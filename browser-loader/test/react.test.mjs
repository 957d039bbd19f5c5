// Hooks in a page, with a client that does what the test says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { act, hydrate, mount } from "./page.mjs";
import { StrictMode, createElement, useEffect } from "react";
import { renderToString } from "react-dom/server";
import { VexilProvider, createHooks, useFlag, useFlagDetails, useVexil, useVexilState } from "../src/react.js";
import { fakeClient } from "./fake-client.mjs";

const FLAGS = { checkout: true, colour: "blue", limit: 7, theme: { dark: true }, country: ({ country }) => country ?? "none" };

/** A component that shows what `use` gives, counts how often it was rendered and keeps what it saw. */
function probe(use) {
  const seen = [];
  const Probe = (props) => {
    const value = use(props);
    seen.push(value);
    return createElement("i", null, JSON.stringify(value), ";");
  };
  return { seen, Probe, element: (props) => createElement(Probe, { key: "probe", ...props }) };
}

const below = (client, ...children) => createElement(VexilProvider, { client }, ...children);

/** React complains on the console; a test that is to pass must give it no reason. */
async function uncomplaining(act) {
  const complaints = [];
  const { error } = console;
  console.error = (...words) => complaints.push(words.join(" "));
  try {
    await act();
  } finally {
    console.error = error;
  }
  assert.deepEqual(complaints, []);
}

test("values of every kind, told by the fallback", async () => {
  const { Probe } = probe(() => [useFlag("checkout", false), useFlag("colour", "red"), useFlag("limit", 1), useFlag("theme", {}), useFlag("theme", null)]);
  const page = await mount(below(fakeClient({ flags: FLAGS }), createElement(Probe)));
  assert.equal(page.text(), '[true,"blue",7,{"dark":true},{"dark":true}];');
  await page.unmount();
});

test("a flag of another kind gives the fallback", async () => {
  const { Probe } = probe(() => [useFlag("checkout", "no"), useFlagDetails("checkout", 1).errorCode, useFlag("nothing", [])]);
  const page = await mount(below(fakeClient({ flags: FLAGS }), createElement(Probe)));
  assert.equal(page.text(), '["no","TYPE_MISMATCH",[]];');
  await page.unmount();
});

test("only components whose own flag has another value render anew", async () => {
  const fake = fakeClient({ flags: FLAGS });
  const checkout = probe(() => useFlag("checkout", false));
  const limit = probe(() => useFlag("limit", 1));
  const theme = probe(() => useFlag("theme", { dark: false }));
  const client = probe(() => useVexil().version.source);
  const page = await mount(below(fake, ...[checkout, limit, theme, client].map(({ Probe }, key) => createElement(Probe, { key }))));
  const counts = () => [checkout, limit, theme, client].map(({ seen }) => seen.length);
  assert.deepEqual(counts(), [1, 1, 1, 1]);
  await act(() => fake.serves({ ...FLAGS, limit: 8 }));
  assert.deepEqual(counts(), [1, 2, 1, 1]);
  await act(() => fake.serves({ ...FLAGS, limit: 8 }));
  await act(() => fake.becomes("STALE"));
  assert.deepEqual(counts(), [1, 2, 1, 1]);
  await act(() => fake.serves({ ...FLAGS, limit: 8, theme: { dark: false } }));
  assert.deepEqual(counts(), [1, 2, 2, 1]);
  assert.equal(page.text(), 'true;8;{"dark":false};"network";');
  await page.unmount();
});

test("another context renders anew who depends on it", async () => {
  const fake = fakeClient({ flags: FLAGS });
  const country = probe(() => useFlag("country", "?"));
  const limit = probe(() => useFlag("limit", 1));
  const page = await mount(below(fake, country.element(), createElement(limit.Probe, { key: 2 })));
  await act(() => fake.setContext({ country: "DE" }));
  assert.equal(page.text(), '"DE";7;');
  assert.deepEqual([country.seen.length, limit.seen.length], [2, 1]);
  await page.unmount();
});

test("equal values of json are one object, also through versions and renderings with a new fallback", async () => {
  await uncomplaining(async () => {
    const fake = fakeClient({ flags: FLAGS });
    const theme = probe(() => useFlag("theme", { dark: false }));
    const missing = probe(() => useFlag("nothing", { a: [1, { b: null }] }));
    const both = (n) => below(fake, theme.element({ n }), createElement(missing.Probe, { key: 2, n }));
    const page = await mount(both(1));
    await page.render(both(2));
    await act(() => fake.serves({ ...FLAGS, limit: 8 }));
    await page.render(both(3));
    assert.equal(theme.seen.length, 3);
    assert.equal(new Set(theme.seen).size, 1);
    assert.equal(new Set(missing.seen).size, 1);
    await act(() => fake.serves({ ...FLAGS, theme: { dark: true, size: 1 } }));
    assert.deepEqual(theme.seen.at(-1), { dark: true, size: 1 });
    await page.unmount();
  });
});

test("details are one object until something of them is other than before", async () => {
  await uncomplaining(async () => {
    const fake = fakeClient({ flags: FLAGS });
    const details = probe(() => useFlagDetails("theme", {}));
    const page = await mount(below(fake, details.element({ n: 1 })));
    await page.render(below(fake, details.element({ n: 2 })));
    await act(() => fake.becomes("STALE"));
    await act(() => fake.serves({ ...FLAGS, limit: 8 }, "time"));
    assert.equal(new Set(details.seen).size, 1);
    assert.equal(details.seen.length, 2);
    assert.deepEqual(details.seen[0], {
      flagKey: "theme",
      value: { dark: true },
      variant: "on",
      reason: "TARGETING_MATCH",
      flagMetadata: { rule: "r1", revision: 1 },
    });
    await act(() => fake.serves({ ...FLAGS, limit: 8 }));
    assert.equal(details.seen.at(-1).flagMetadata.revision, 2);
    await page.unmount();
  });
});

test("the first values arrive, and the state with them", async () => {
  const fake = fakeClient({ state: "NOT_READY" });
  const { Probe } = probe(() => [useFlag("checkout", false), useVexilState(), useFlagDetails("limit", 1).errorCode]);
  const page = await mount(below(fake, createElement(Probe)));
  assert.equal(page.text(), '[false,"NOT_READY","PROVIDER_NOT_READY"];');
  await act(() => {
    fake.becomes("READY");
    fake.serves(FLAGS);
  });
  assert.equal(page.text(), '[true,"READY",null];');
  await page.unmount();
});

test("another key, fallback or client is followed", async () => {
  const one = fakeClient({ flags: FLAGS }), other = fakeClient({ flags: { limit: 70 } });
  const { Probe } = probe(({ flag, fallback }) => useFlag(flag, fallback));
  const show = (client, flag, fallback) => below(client, createElement(Probe, { flag, fallback }));
  const page = await mount(show(one, "limit", 1));
  await page.render(show(one, "colour", "red"));
  assert.equal(page.text(), '"blue";');
  await page.render(show(one, "nothing", 5));
  assert.equal(page.text(), "5;");
  await page.render(show(other, "limit", 1));
  assert.equal(page.text(), "70;");
  assert.equal(one.listening(), 0);
  await act(() => other.serves({ limit: 71 }));
  assert.equal(page.text(), "71;");
  await page.render(show(null, "limit", 1));
  assert.equal(page.text(), "1;");
  assert.equal(other.listening(), 0);
  await page.unmount();
});

test("a component that goes listens no more, and nobody closes the client", async () => {
  await uncomplaining(async () => {
    const fake = fakeClient({ flags: FLAGS });
    const { Probe } = probe(() => [useFlag("checkout", false), useFlagDetails("limit", 1).value, useVexilState()]);
    const page = await mount(createElement(StrictMode, null, below(fake, createElement(Probe))));
    assert.equal(fake.listening(), 4);
    await page.unmount();
    assert.equal(fake.listening(), 0);
    assert.equal(fake.isClosed, false);
  });
});

test("in StrictMode a context that an effect sets is followed, without complaints", async () => {
  await uncomplaining(async () => {
    const fake = fakeClient({ flags: FLAGS });
    const { Probe } = probe(() => {
      const client = useVexil();
      useEffect(() => void client.setContext({ country: "FR" }), [client]);
      return [useFlag("country", "?"), useFlag("theme", {})];
    });
    const page = await mount(createElement(StrictMode, null, below(fake, createElement(Probe))));
    assert.equal(page.text(), '["FR",{"dark":true}];');
    await page.unmount();
  });
});

test("a page is hydrated with the server's bootstrap, though its client knows more", async () => {
  await uncomplaining(async () => {
    const bootstrap = { limit: 5, theme: { dark: false } };
    const { Probe, seen } = probe(() => [useFlag("limit", 1), useFlag("theme", {}), useVexilState()]);
    const tree = (client) => createElement(VexilProvider, { client, bootstrap }, createElement(Probe));
    const html = renderToString(tree(null));
    const page = await hydrate(html, tree(fakeClient({ flags: FLAGS })));
    assert.equal(page.before, '[5,{"dark":false},"STALE"];');
    assert.deepEqual(page.faults, []);
    assert.equal(page.text(), '[7,{"dark":true},"READY"];');
    assert.deepEqual(seen[1][0], 5);
    await page.unmount();
  });
});

test("typed hooks are the same ones", async () => {
  const hooks = createHooks();
  assert.deepEqual(hooks, { VexilProvider, useFlag, useFlagDetails, useVexil, useVexilState });
});
