// What React renders on a server, where there is neither a document nor, mostly, a client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { createClient } from "../src/index.js";
import { VexilProvider, useFlag, useFlagDetails, useVexil, useVexilState } from "../src/react.js";
import { fakeClient } from "./fake-client.mjs";

const show = (value) => createElement("i", null, JSON.stringify(value));
const Flag = ({ flag, fallback }) => show(useFlag(flag, fallback));
const Details = ({ flag, fallback }) => show(useFlagDetails(flag, fallback));
const State = () => show(useVexilState());
const HasClient = () => show(useVexil() !== null);

/** What is shown by `component` below a provider. */
function rendered(provided, component, props) {
  const html = renderToString(createElement(VexilProvider, { client: null, ...provided }, createElement(component, props)));
  return JSON.parse(html.replace(/<\/?i>/g, "").replaceAll("&quot;", '"'));
}

const BOOTSTRAP = { checkout: true, colour: "blue", limit: 7, theme: { dark: true } };

test("a server without a client renders fallbacks", () => {
  assert.equal(rendered({}, Flag, { flag: "checkout", fallback: false }), false);
  assert.equal(rendered({}, Details, { flag: "checkout", fallback: false }).errorCode, "PROVIDER_NOT_READY");
  assert.equal(rendered({}, State), "NOT_READY");
  assert.equal(rendered({}, HasClient), false);
});

test("a server with a bootstrap renders its values", () => {
  const provided = { bootstrap: BOOTSTRAP };
  assert.equal(rendered(provided, Flag, { flag: "checkout", fallback: false }), true);
  assert.equal(rendered(provided, Flag, { flag: "colour", fallback: "red" }), "blue");
  assert.equal(rendered(provided, Flag, { flag: "limit", fallback: 1 }), 7);
  assert.deepEqual(rendered(provided, Flag, { flag: "theme", fallback: {} }), { dark: true });
  assert.deepEqual(rendered(provided, Details, { flag: "checkout", fallback: false }), {
    flagKey: "checkout",
    value: true,
    reason: "CACHED",
    flagMetadata: {},
  });
  assert.equal(rendered(provided, State), "STALE");
});

test("a bootstrap's value of another kind, or one that is not there, gives the fallback", () => {
  const provided = { bootstrap: BOOTSTRAP };
  assert.equal(rendered(provided, Flag, { flag: "checkout", fallback: "no" }), "no");
  assert.equal(rendered(provided, Details, { flag: "checkout", fallback: "no" }).errorCode, "TYPE_MISMATCH");
  assert.equal(rendered(provided, Details, { flag: "nothing", fallback: 1 }).errorCode, "FLAG_NOT_FOUND");
});

test("the bootstrap of a client serves too, values that it has fetched do not", () => {
  const bootstrapped = fakeClient({ flags: BOOTSTRAP, source: "bootstrap", state: "STALE" });
  assert.equal(rendered({ client: bootstrapped }, Flag, { flag: "limit", fallback: 1 }), 7);
  assert.equal(rendered({ client: fakeClient({ flags: BOOTSTRAP }) }, Flag, { flag: "limit", fallback: 1 }), 1);
});

test("a real client serves its bootstrap", () => {
  const client = createClient({
    url: "https://flags.example",
    environment: "shop/production",
    bootstrap: BOOTSTRAP,
    shared: false,
    cached: false,
    stream: false,
    fetch: () => new Promise(() => {}),
  });
  try {
    assert.equal(rendered({ client }, Flag, { flag: "limit", fallback: 1 }), 7);
    assert.equal(rendered({ client }, Details, { flag: "colour", fallback: "red" }).reason, "CACHED");
    assert.equal(rendered({ client }, State), client.state);
  } finally {
    client.close();
  }
});

test("a hook without a provider says what is missing", () => {
  assert.throws(() => renderToString(createElement(Flag, { flag: "checkout", fallback: false })), /no VexilProvider/);
});
