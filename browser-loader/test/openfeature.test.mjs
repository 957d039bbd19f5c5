// The provider, asked by OpenFeature's web SDK.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ErrorCode, OpenFeature, ProviderEvents, ProviderStatus } from "@openfeature/web-sdk";
import { VexilError } from "../src/failure.js";
import { VexilProvider } from "../src/openfeature.js";
import { fakeClient } from "./fake-client.mjs";

const FLAGS = { checkout: true, colour: "blue", limit: 7, theme: { dark: true }, country: ({ country }) => country ?? "none" };

const silent = () => {};
before(() => OpenFeature.setLogger({ error: silent, warn: silent, info: silent, debug: silent }));
after(() => OpenFeature.clearProviders());

/** A client of the SDK for a domain of its own, and all events that it is told. */
let domains = 0;
function sdk() {
  const domain = `domain-${++domains}`;
  const client = OpenFeature.getClient(domain);
  const told = [];
  return {
    domain,
    client,
    told,
    /** Starts to listen; before there is a provider the SDK tells of the one that does nothing. */
    listen() {
      for (const event of Object.values(ProviderEvents)) {
        let isNow = true; // A handler is called at once with the state that is.
        client.addHandler(event, ({ message, errorCode, flagsChanged } = {}) => isNow || told.push({ event, message, errorCode, flagsChanged }));
        isNow = false;
      }
    },
    next: (event) =>
      new Promise((resolve) => {
        let isNow = true;
        const handler = (details) => {
          if (isNow) return;
          client.removeHandler(event, handler);
          resolve(details);
        };
        client.addHandler(event, handler);
        isNow = false;
      }),
  };
}

/** Everything that is under way in microtasks and timers without delay has happened. */
const settled = async () => {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve));
};

async function ready(fake, context = {}) {
  const its = sdk();
  const provider = new VexilProvider(fake);
  await OpenFeature.setProviderAndWait(its.domain, provider, context);
  await settled();
  its.listen();
  return { ...its, provider };
}

const events = (told) => told.map(({ event }) => event);

test("values of every kind come with variant, reason and metadata", async () => {
  const { client } = await ready(fakeClient({ flags: FLAGS }), { targetingKey: "u" });
  assert.equal(client.providerStatus, ProviderStatus.READY);
  assert.deepEqual(client.getBooleanDetails("checkout", false), {
    flagKey: "checkout",
    value: true,
    variant: "on",
    reason: "TARGETING_MATCH",
    flagMetadata: { rule: "r1", revision: 1 },
  });
  assert.equal(client.getStringValue("colour", "red"), "blue");
  assert.equal(client.getNumberValue("limit", 1), 7);
  assert.deepEqual(client.getObjectValue("theme", {}), { dark: true });
});

test("the SDK's context is the client's, with its dates", async () => {
  const since = new Date(1e12);
  const fake = fakeClient({ flags: FLAGS });
  await ready(fake, { targetingKey: "u", since });
  assert.deepEqual(fake.context, { targetingKey: "u", since });
});

test("a context that is empty, or none, is one", async () => {
  const fake = fakeClient({ flags: FLAGS });
  const { client } = await ready(fake);
  assert.deepEqual(fake.context, {});
  assert.equal(client.getBooleanValue("checkout", false), true);
  await new VexilProvider(fakeClient({ flags: FLAGS })).initialize();
});

test("every error code of an evaluation is the SDK's, with message and fallback", async () => {
  const fake = fakeClient({ flags: FLAGS });
  const { client } = await ready(fake);
  for (const code of Object.values(ErrorCode)) {
    fake.answersWith(code);
    const { value, reason, errorCode, errorMessage, variant } = client.getStringDetails("colour", "red");
    assert.deepEqual({ value, reason, errorCode, errorMessage, variant }, {
      value: "red",
      reason: "ERROR",
      errorCode: code,
      errorMessage: `because of ${code}`,
      variant: undefined,
    });
  }
  fake.answersWith("SOMETHING_NEW");
  assert.equal(client.getStringDetails("colour", "red").errorCode, ErrorCode.GENERAL);
});

test("a flag of another kind is a type mismatch, one that is not there is not found", async () => {
  const { client } = await ready(fakeClient({ flags: FLAGS }));
  assert.equal(client.getStringDetails("checkout", "x").errorCode, ErrorCode.TYPE_MISMATCH);
  assert.equal(client.getBooleanDetails("nothing", true).errorCode, ErrorCode.FLAG_NOT_FOUND);
  assert.equal(client.getBooleanValue("nothing", true), true);
});

test("another version, and time, are told with the flags that changed; the first version is not", async () => {
  const fake = fakeClient({ state: "NOT_READY" });
  const its = sdk();
  const starting = OpenFeature.setProviderAndWait(its.domain, new VexilProvider(fake));
  its.listen();
  fake.becomes("READY");
  fake.serves(FLAGS);
  await starting;
  await settled();
  assert.deepEqual(events(its.told), [ProviderEvents.Ready]);
  fake.serves({ ...FLAGS, limit: 8, checkout: false });
  fake.serves({ ...FLAGS, limit: 8 }, "time");
  fake.serves({ ...FLAGS, limit: 8 });
  await settled();
  assert.deepEqual(its.told.slice(1).map(({ event, flagsChanged }) => [event, flagsChanged]), [
    [ProviderEvents.ConfigurationChanged, ["checkout", "limit"]],
    [ProviderEvents.ConfigurationChanged, ["checkout"]],
    [ProviderEvents.ConfigurationChanged, []],
  ]);
});

test("another context is evaluated at once, and is not told as a change of the configuration", async () => {
  const fake = fakeClient({ flags: FLAGS });
  const { client, domain, told } = await ready(fake);
  const changing = OpenFeature.setContext(domain, { country: "DE" });
  assert.equal(client.getStringValue("country", "?"), "DE");
  await changing;
  await settled();
  assert.deepEqual(events(told), [ProviderEvents.ContextChanged]);
  assert.equal(client.providerStatus, ProviderStatus.READY);
});

test("while the server evaluates for another context the SDK is reconciling", async () => {
  const fake = fakeClient({ flags: FLAGS, source: "server" });
  const its = sdk();
  const starting = OpenFeature.setProviderAndWait(its.domain, new VexilProvider(fake), { country: "DE" });
  fake.answer();
  await starting;
  its.listen();
  const changing = OpenFeature.setContext(its.domain, { country: "FR" });
  assert.equal(its.client.providerStatus, ProviderStatus.RECONCILING);
  assert.equal(its.client.getStringValue("country", "?"), "DE");
  fake.answer();
  await changing;
  await settled();
  assert.equal(its.client.getStringValue("country", "?"), "FR");
  assert.deepEqual(events(its.told), [ProviderEvents.Reconciling, ProviderEvents.ContextChanged]);
});

test("a context that the server could not evaluate is an error until values are of it", async () => {
  const fake = fakeClient({ flags: FLAGS, source: "server" });
  const its = sdk();
  const starting = OpenFeature.setProviderAndWait(its.domain, new VexilProvider(fake));
  fake.answer();
  await starting;
  its.listen();
  const changing = OpenFeature.setContext(its.domain, { country: "FR" });
  fake.answer(new VexilError("NETWORK", "the server cannot be reached"));
  await changing;
  assert.equal(its.client.providerStatus, ProviderStatus.ERROR);
  fake.serves({ ...FLAGS, limit: 8 });
  await settled();
  assert.equal(its.client.providerStatus, ProviderStatus.READY);
  assert.deepEqual(events(its.told), [
    ProviderEvents.Reconciling,
    ProviderEvents.Error,
    ProviderEvents.ConfigurationChanged,
    ProviderEvents.Ready,
  ]);
});

test("a context that is none is an error, and the next one is good", async () => {
  const { client, domain, told } = await ready(fakeClient({ flags: FLAGS }));
  await OpenFeature.setContext(domain, { targetingKey: 7 });
  assert.equal(client.providerStatus, ProviderStatus.ERROR);
  await OpenFeature.setContext(domain, { targetingKey: "7" });
  assert.equal(client.providerStatus, ProviderStatus.READY);
  await settled();
  assert.deepEqual(events(told), [ProviderEvents.Reconciling, ProviderEvents.Error, ProviderEvents.ContextChanged]);
});

test("a first context that is none fails with a code of its own", async () => {
  await assert.rejects(new VexilProvider(fakeClient({ flags: FLAGS })).initialize({ targetingKey: 7 }), { code: ErrorCode.INVALID_CONTEXT });
});

test("stale, and ready again", async () => {
  const fake = fakeClient({ flags: FLAGS });
  const { client, told } = await ready(fake);
  fake.fails("NETWORK", "the stream broke");
  fake.becomes("STALE");
  assert.equal(client.providerStatus, ProviderStatus.STALE);
  assert.equal(client.getBooleanValue("checkout", false), true);
  fake.becomes("READY");
  assert.equal(client.providerStatus, ProviderStatus.READY);
  fake.becomes("STALE");
  await settled();
  assert.deepEqual(told.map(({ event, message }) => [event, message]), [
    [ProviderEvents.Stale, "the stream broke"],
    [ProviderEvents.Ready, undefined],
    [ProviderEvents.Stale, undefined],
  ]);
});

test("what serves from the start without the server having been heard is stale", async () => {
  const its = sdk();
  const stale = its.next(ProviderEvents.Stale);
  await OpenFeature.setProviderAndWait(its.domain, new VexilProvider(fakeClient({ flags: FLAGS, source: "cache", state: "STALE" })));
  await stale;
  assert.equal(its.client.providerStatus, ProviderStatus.STALE);
});

test("another context does not make what is stale ready", async () => {
  const fake = fakeClient({ flags: FLAGS });
  const { client, domain, next } = await ready(fake);
  fake.becomes("STALE");
  await settled();
  const stale = next(ProviderEvents.Stale);
  await OpenFeature.setContext(domain, { country: "DE" });
  await stale;
  assert.equal(client.providerStatus, ProviderStatus.STALE);
});

test("nothing to serve in time is an error; when it comes, the provider is ready", async () => {
  const fake = fakeClient({ state: "NOT_READY" });
  const its = sdk();
  await assert.rejects(OpenFeature.setProviderAndWait(its.domain, new VexilProvider(fake, { timeoutMs: 1 })), {
    code: ErrorCode.PROVIDER_NOT_READY,
    message: "nothing after 1 ms",
  });
  assert.equal(its.client.providerStatus, ProviderStatus.ERROR);
  assert.equal(its.client.getBooleanDetails("checkout", false).errorCode, ErrorCode.PROVIDER_NOT_READY);
  its.listen();
  await settled();
  fake.fails("NETWORK", "the server cannot be reached");
  fake.becomes("ERROR");
  await settled();
  assert.deepEqual(its.told.map(({ event, message }) => [event, message]), [[ProviderEvents.Error, "the server cannot be reached"]]);
  assert.equal(its.client.providerStatus, ProviderStatus.ERROR);
  fake.serves(FLAGS);
  fake.becomes("READY");
  assert.equal(its.client.providerStatus, ProviderStatus.READY);
  assert.equal(its.client.getBooleanValue("checkout", false), true);
});

test("another context does not make ready what has nothing to serve", async () => {
  const fake = fakeClient({ state: "NOT_READY" });
  const its = sdk();
  await assert.rejects(OpenFeature.setProviderAndWait(its.domain, new VexilProvider(fake, { timeoutMs: 1 })));
  const error = its.next(ProviderEvents.Error);
  await OpenFeature.setContext(its.domain, { country: "DE" });
  await error;
  assert.equal(its.client.providerStatus, ProviderStatus.ERROR);
});

test("a context that is set while the first values are awaited waits for them too", async () => {
  const fake = fakeClient({ state: "NOT_READY" });
  const its = sdk();
  const starting = OpenFeature.setProviderAndWait(its.domain, new VexilProvider(fake));
  const changing = OpenFeature.setContext(its.domain, { country: "DE" });
  await settled();
  assert.equal(its.client.providerStatus, ProviderStatus.RECONCILING);
  fake.becomes("READY");
  fake.serves(FLAGS);
  await Promise.all([starting, changing]);
  assert.equal(its.client.getStringValue("country", "?"), "DE");
  assert.equal(its.client.providerStatus, ProviderStatus.READY);
});

test("a key that is refused is fatal at once, until the server takes it", async () => {
  const fake = fakeClient({ state: "NOT_READY" });
  const its = sdk();
  const starting = OpenFeature.setProviderAndWait(its.domain, new VexilProvider(fake));
  fake.fails("REFUSED", "the server refuses (401): no such key", 401);
  fake.becomes("ERROR");
  await assert.rejects(starting, { code: ErrorCode.PROVIDER_FATAL, message: "the server refuses (401): no such key" });
  assert.equal(its.client.providerStatus, ProviderStatus.FATAL);
  assert.equal(its.client.getBooleanDetails("checkout", false).errorCode, ErrorCode.PROVIDER_FATAL);
  fake.serves(FLAGS);
  fake.becomes("READY");
  assert.equal(its.client.getBooleanValue("checkout", false), true);
});

test("a server that is only busy is waited for", async () => {
  const fake = fakeClient({ state: "NOT_READY" });
  const its = sdk();
  const starting = OpenFeature.setProviderAndWait(its.domain, new VexilProvider(fake));
  fake.fails("REFUSED", "the server refuses (503): later", 503);
  fake.becomes("READY");
  fake.serves(FLAGS);
  await starting;
  assert.equal(its.client.providerStatus, ProviderStatus.READY);
});

test("a client that was given is let go of, and stays open", async () => {
  const fake = fakeClient({ flags: FLAGS });
  const { provider } = await ready(fake);
  assert.equal(provider.client, fake);
  assert.ok(fake.listening() > 0);
  await provider.onClose();
  assert.equal(fake.listening(), 0);
  assert.equal(fake.isClosed, false);
  assert.equal(provider.client, null);
  assert.throws(() => provider.resolveBooleanEvaluation("checkout", false), { code: ErrorCode.PROVIDER_NOT_READY });
});

test("a provider can be used again after it was closed", async () => {
  const { client, domain, provider } = await ready(fakeClient({ flags: FLAGS }));
  await OpenFeature.clearProviders();
  assert.equal(provider.client, null);
  await OpenFeature.setProviderAndWait(domain, provider, { country: "DE" });
  assert.equal(client.getStringValue("country", "?"), "DE");
});

test("a provider has one context, thus it is bound to one domain", async () => {
  const { provider } = await ready(fakeClient({ flags: FLAGS }));
  await assert.rejects(OpenFeature.setProviderAndWait("another", provider), /more than one domain/);
});

/** What is told below is told by a real client. */
const options = (fetch) => ({ url: "https://flags.example", environment: "shop/production", shared: false, cached: false, stream: false, fetch });

test("of options a client is made with the context, and closed with the provider", async () => {
  const provider = new VexilProvider({ ...options(() => new Promise(() => {})), bootstrap: { checkout: true } });
  const its = sdk();
  await OpenFeature.setProviderAndWait(its.domain, provider, { targetingKey: "u" });
  assert.deepEqual(provider.client.context, { targetingKey: "u" });
  const { value, reason } = its.client.getBooleanDetails("checkout", false);
  assert.deepEqual({ value, reason }, { value: true, reason: "CACHED" });
  const { client } = provider;
  await provider.onClose();
  await assert.doesNotReject(client.ready());
});

test("options that cannot be right are fatal", async () => {
  const its = sdk();
  await assert.rejects(OpenFeature.setProviderAndWait(its.domain, new VexilProvider({ ...options(), url: "nowhere" })), {
    code: ErrorCode.PROVIDER_FATAL,
    message: /`url` must be/,
  });
  assert.equal(its.client.providerStatus, ProviderStatus.FATAL);
});

test("a provider whose first context was none begins with the next one", async () => {
  const provider = new VexilProvider({ ...options(() => new Promise(() => {})), bootstrap: { checkout: true } });
  const its = sdk();
  await assert.rejects(OpenFeature.setProviderAndWait(its.domain, provider, { targetingKey: 7 }), { code: ErrorCode.INVALID_CONTEXT });
  await OpenFeature.setContext(its.domain, { targetingKey: "7" });
  assert.equal(its.client.getBooleanValue("checkout", false), true);
  await provider.onClose();
  await OpenFeature.setContext(its.domain, { targetingKey: "8" });
  assert.equal(its.client.providerStatus, ProviderStatus.ERROR);
});

test("a server that refuses the key of a real client is fatal", async () => {
  const its = sdk();
  const refuse = async () => new Response(JSON.stringify({ detail: "no such key" }), { status: 401 });
  const provider = new VexilProvider(options(refuse));
  await assert.rejects(OpenFeature.setProviderAndWait(its.domain, provider), { code: ErrorCode.PROVIDER_FATAL, message: /no such key/ });
  await provider.onClose();
});
