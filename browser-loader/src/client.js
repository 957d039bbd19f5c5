// A client: follows an environment, evaluates its flags for one context, and tells what changes.
// In: options, contexts. Out: values. Reading a value looks it up and never waits: all flags are
// evaluated when the context or the version changes.

import { address, ask } from "./http.js";
import { backoff, sleep } from "./backoff.js";
import { cache } from "./cache.js";
import { canCompile, load } from "./load.js";
import { changed, moduleView, valuesView } from "./view.js";
import { check, checkContext } from "./options.js";
import { crypto } from "./crypto.js";
import { evaluate } from "./remote.js";
import { evaluateAll } from "./evaluate.js";
import { health } from "./state.js";
import { tabs } from "./tabs.js";
import { trusting } from "./trust.js";
import { updates } from "./update.js";
import { TIMER_MAX_MS, TIME_MS } from "./limits.js";
import { VexilError, failure } from "./failure.js";

/** Who is to be told; one that throws keeps nobody else from it, and news come in their order. */
function listeners() {
  const all = new Set();
  const news = [];
  let isTelling = false;
  return {
    _add(listener) {
      const one = (what) => listener(what);
      all.add(one);
      return () => void all.delete(one);
    },
    _tell(what) {
      news.push(what);
      if (isTelling) return;
      isTelling = true;
      while (news.length) {
        const next = news.shift();
        for (const listener of [...all]) {
          try {
            if (all.has(listener)) listener(next);
          } catch (error) {
            queueMicrotask(() => {
              throw error;
            });
          }
        }
      }
      isTelling = false;
    },
    _clear: () => all.clear(),
  };
}

export function createClient(given) {
  const options = check(given);
  let context = checkContext(given.context);
  const isRemote = options.evaluation === "remote" || (options.evaluation === "auto" && !canCompile());
  const closing = new AbortController();
  const { signal } = closing;
  const changes = listeners(), states = listeners(), errors = listeners();
  if (given.onError) errors._add(given.onError);
  /** Callbacks of `ready`. */
  const waiting = new Set();
  let view, version, loaded, lastFailure, draw, asked = 0;

  const state = health(options, () => view, states._tell);
  const fail = (error) => {
    lastFailure = error;
    errors._tell(error);
    state._failed(error);
  };

  /** Puts another view in the place of the one that serves. */
  function swap(next, cause, nextVersion = version) {
    const flags = changed(view, next);
    const isNewVersion = nextVersion !== version;
    [view, version] = [next, nextVersion];
    state._update();
    waiting.forEach((resolve) => resolve());
    if (flags.length || isNewVersion) changes._tell({ flags, cause, version });
  }

  /** What serves; the time that it began stays when the module is the same. */
  const versionOf = ({ revision, digest, bytes }, source, compiler) =>
    Object.freeze({ revision, digest, bytes, source, since: new Date(), compiler });

  /** `$random` is drawn once for a context: a new version alone moves nobody. */
  const redraw = () => (draw = Math.floor(Math.random() * 2 ** 32));
  redraw();
  const local = (module, trapped) =>
    moduleView(module, evaluateAll(module, context, { $now: Date.now(), $random: draw }, trapped));
  const trap = (error) => failure("TRAP", error, "a flag's evaluation ended with a fault");

  /** Rules may name the time: then values are looked at again now and then. */
  let clock;
  function watchTime() {
    clearInterval(clock);
    if (loaded._manifest._attributes.some(([path]) => path === "$now")) {
      clock = setInterval(() => swap(local(loaded, (error) => fail(trap(error))), "time"), TIME_MS);
    }
  }

  const verifier = crypto(options);
  async function take(response, stated, source) {
    if (response) {
      const next = await load(response, stated, verifier);
      if (signal.aborted) return;
      const nextView = local(next, (error) => {
        throw trap(error);
      });
      loaded = next;
      watchTime();
      swap(nextView, "version", versionOf(stated, source, next._manifest._compiler));
      return next._bytes;
    }
    version = Object.freeze({ ...version, revision: stated.revision });
    changes._tell({ flags: [], cause: "version", version });
  }

  /**
   * Asks the server to evaluate; of several answers the one to the newest question counts, and all
   * who have asked wait for that.
   */
  let question;
  const askServer = (cause, revision = 0) => (question = answerTo(cause, revision));
  async function answerTo(cause, revision) {
    const turn = ++asked;
    const [next, found] = await evaluate(options, context, signal);
    if (turn !== asked) return question;
    const isNew = cause === "version" || version?.source !== "server";
    swap(next, cause, isNew ? versionOf({ revision: Math.max(revision, found), digest: "", bytes: 0 }, "server", "") : version);
  }

  /** The same until it is answered, or another question has taken its place; rejects when the first attempt fails. */
  async function keepAsking(cause, pauses = backoff()) {
    try {
      await askServer(cause);
    } catch (error) {
      if (!signal.aborted) fail(error);
      const turn = asked;
      sleep(pauses._pause(error._retryAfterMs), signal).then(() => {
        if (turn === asked && !signal.aborted) keepAsking(cause, pauses).catch(() => {});
      });
      throw error;
    }
  }

  const { bootstrap } = options;
  if (bootstrap) {
    const rows = Object.keys(bootstrap).sort().map((key) => [key, { value: bootstrap[key], reason: "CACHED" }]);
    swap(valuesView(new Map(rows)), "version", versionOf({ revision: 0, digest: "", bytes: 0 }, "bootstrap", ""));
  }

  const update = updates(options, {
    trust: trusting(options.trust, verifier),
    store: cache({ ...options, cached: options.cached && !isRemote }),
    fetchModule: ({ digest }, again, signal) =>
      isRemote || ask(options, address(options, "module", digest), { signal, ...(again && { cache: "reload" }) }, 0),
    askAgain: () => tab._refresh(),
    take: isRemote ? (_, { revision }) => version?.source === "server" && version.revision >= revision || askServer("version", revision) : take,
    fail,
    fresh: state._fresh,
    signal,
  });
  // Values of the server need no announcement; a later one only says that there are others.
  if (isRemote) keepAsking("version").catch(() => {});

  const hear = async ({ announcement, since, contact, failure }) => {
    if (signal.aborted) return;
    if (failure) fail(failure);
    // Who answers with something else is not the server.
    const isHeard = announcement === undefined || (await update._offer(announcement, since));
    if (contact && isHeard && !signal.aborted) state._contact(contact);
  };
  const tab = tabs(options, hear, update._wake);

  function details(key, fallback, kind) {
    const row = view?._explain(key);
    const { revision, digest } = version ?? {};
    const errored = (errorCode, errorMessage) =>
      ({ flagKey: key, value: fallback, reason: "ERROR", errorCode, errorMessage, flagMetadata: { revision, digest } });
    if (!view) return errored("PROVIDER_NOT_READY", lastFailure?.message ?? "no flags have arrived yet");
    if (!row) return errored("FLAG_NOT_FOUND", `there is no flag \`${String(key)}\``);
    const { value, variant, reason, errorCode, rule, prerequisite } = row;
    if (errorCode) return errored(errorCode, row.errorMessage ?? `flag \`${key}\` cannot be evaluated for this context`);
    if (value === undefined) return { flagKey: key, value: fallback, reason, flagMetadata: { rule, prerequisite, revision, digest } };
    const is = row._kind ?? (kind === "json" ? kind : typeof value);
    if (is !== kind && kind) return errored("TYPE_MISMATCH", `flag \`${key}\` is of kind ${is}, not ${kind}`);
    return { flagKey: key, value, variant, reason, flagMetadata: { rule, prerequisite, revision, digest } };
  }

  const client = {
    get state() {
      return state._state();
    },
    get version() {
      return version ?? null;
    },
    get context() {
      return context;
    },
    ready: ({ timeoutMs } = {}) =>
      new Promise((resolve, reject) => {
        const refuse = (code, message) => reject(new VexilError(code, message, lastFailure));
        const done = () => {
          waiting.delete(done);
          clearTimeout(timer);
          if (view) resolve(state._state());
          else refuse("CLOSED", "the client was closed");
        };
        const timer = timeoutMs === undefined || timeoutMs > TIMER_MAX_MS ? undefined : setTimeout(() => {
          waiting.delete(done);
          refuse("TIMEOUT", `there are no flags after ${timeoutMs} ms${lastFailure ? `: ${lastFailure.message}` : ""}`);
        }, timeoutMs);
        waiting.add(done);
        if (view || signal.aborted) done();
      }),
    keys: () => [...(view?._keys() ?? [])],
    all: () => (view ? [...view._keys()].map((key) => details(key)).filter(({ value }) => value !== undefined) : []),
    setContext(next) {
      context = checkContext(next);
      redraw();
      if (isRemote && !signal.aborted) return keepAsking(view ? "context" : "version");
      if (loaded) swap(local(loaded, (error) => fail(trap(error))), "context");
      return Promise.resolve();
    },
    onChange: changes._add,
    onState: states._add,
    onError: errors._add,
    async refresh() {
      if (signal.aborted) return;
      update._wake();
      await tab._refresh();
      await update._settled();
    },
    close() {
      closing.abort();
      for (const told of [changes, states, errors]) told._clear();
      clearInterval(clock);
      tab._close();
      state._close();
      waiting.forEach((done) => done());
    },
  };
  for (const kind of ["boolean", "string", "number", "json"]) {
    client[`${kind}Details`] = (key, fallback) => details(key, fallback, kind);
    client[kind] = (key, fallback) => {
      const value = view?._value(key, kind);
      return value === undefined ? fallback : value;
    };
  }
  return client;
}
