// A client that does what a test says, for what is built on clients.
// In: values by key, or functions from contexts to values. Out: an object with the methods and the
// events of `Client`, and beside them what a test may let happen. It asks no server.

import { VexilError } from "../src/failure.js";

const KINDS = ["boolean", "string", "number", "json"];

const kindOf = (value) => (KINDS.includes(typeof value) ? typeof value : "json");

function listeners() {
  const all = new Set();
  return {
    all,
    add(listener) {
      all.add(listener);
      return () => void all.delete(listener);
    },
    tell: (news) => [...all].forEach((listener) => listener(news)),
  };
}

/** `source` says where values come from; a client of `server` changes its context when `answer` is called. */
export function fakeClient({ flags, source = "network", state = "READY" } = {}) {
  const changes = listeners(), states = listeners(), errors = listeners();
  let context = {}, revision = 1, errorCode, waiting = [], unanswered = [];

  const version = () => ({ revision, digest: "d".repeat(64), bytes: 100, source, since: new Date(0), compiler: "fake 1" });
  const served = () => {
    const pairs = Object.entries(flags ?? {}).map(([key, value]) => [key, typeof value === "function" ? value(context) : value]);
    return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
  };
  /** Does something, and tells what has changed by it. */
  const changing = (cause, act) => {
    const before = served();
    act();
    const after = served();
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const changed = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key])).sort();
    if (changed.length || cause === "version") changes.tell({ flags: changed, cause, version: version() });
  };

  function details(kind, key, fallback) {
    const failed = (errorCode) => ({ flagKey: key, value: fallback, reason: "ERROR", errorCode, errorMessage: `because of ${errorCode}`, flagMetadata: { revision } });
    const value = served()[key];
    if (errorCode) return failed(errorCode);
    if (!flags) return failed("PROVIDER_NOT_READY");
    if (value === undefined) return failed("FLAG_NOT_FOUND");
    if (kindOf(value) !== kind) return failed("TYPE_MISMATCH");
    // Never the same object twice, as it is with another version.
    return { flagKey: key, value: structuredClone(value), variant: "on", reason: "TARGETING_MATCH", flagMetadata: { rule: "r1", revision } };
  }

  const client = {
    isClosed: false,
    get state() {
      return state;
    },
    get version() {
      return flags ? version() : null;
    },
    get context() {
      return context;
    },
    ready: ({ timeoutMs }) =>
      new Promise((resolve, reject) => {
        if (flags) return resolve(state);
        const timer = setTimeout(() => reject(new VexilError("TIMEOUT", `nothing after ${timeoutMs} ms`)), timeoutMs);
        waiting.push(() => {
          clearTimeout(timer);
          resolve(state);
        });
      }),
    all: () => Object.keys(served()).sort().map((key) => details(kindOf(served()[key]), key)),
    setContext(next) {
      if (typeof next.targetingKey === "number") throw new VexilError("CONTEXT", "`targetingKey` must be a string");
      if (source !== "server") {
        changing("context", () => (context = next));
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => unanswered.push({ next, resolve, reject }));
    },
    onChange: changes.add,
    onState: states.add,
    onError: errors.add,
    refresh: async () => {},
    close: () => void (client.isClosed = true),

    // What a test lets happen.
    listening: () => changes.all.size + states.all.size + errors.all.size,
    becomes(next) {
      state = next;
      states.tell(state);
    },
    serves(next, cause = "version") {
      changing(cause, () => {
        flags = next;
        revision += cause === "version";
      });
      waiting.splice(0).forEach((resolve) => resolve());
    },
    fails: (code, message, status) => errors.tell(Object.assign(new VexilError(code, message), { status })),
    /** All evaluations end so; with nothing they are as ever. */
    answersWith: (code) => (errorCode = code),
    /** The server has evaluated for the context that was set last, or has failed to. */
    answer(error) {
      const { next, resolve, reject } = unanswered.shift();
      if (error) return reject(error);
      changing("context", () => (context = next));
      resolve();
    },
  };
  for (const kind of KINDS) {
    client[`${kind}Details`] = (key, fallback) => details(kind, key, fallback);
    client[kind] = (key, fallback) => details(kind, key, fallback).value;
  }
  return client;
}
