// The strip at the head: whether the page can be relied on, what serves it, and what went wrong.
// In: a client, its failures, measured times. Out: words. Everything has its place from the start,
// so that nothing moves when it is filled.

import { ago, clock, count, duration } from "./words.js";

/** A failure is news until nothing like it has happened for as long as a client waits for a sign of life. */
const NEWS_MS = 45_000;

const STATES = {
  NOT_READY: ["waits for the first flags", "Nothing serves yet: a page would use its own defaults."],
  READY: ["follows the server", "All is well. What changes at the server is here in a moment."],
  STALE: ["goes on without the server", "The last flags go on serving, and the page keeps asking for newer ones."],
  ERROR: ["has no flags yet", "Nothing serves yet, and the last attempt failed. The page keeps trying."],
};

const SOURCES = {
  network: ["network", "from the server"],
  cache: ["cache", "of the last visit"],
  bootstrap: ["page", "written into it"],
  server: ["server", "it evaluates"],
};

const byId = (id) => document.getElementById(id);

function set(id, text, title) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
  if (title !== undefined && element.title !== title) element.title = title;
}

export function strip(server) {
  let failure, doubted, revision, state = "NOT_READY";

  function showHealth() {
    const isNews = failure && !failure.isOver && (state !== "READY" || Date.now() - failure.at < NEWS_MS);
    byId("health").classList.toggle("bad", Boolean(isNews));
    if (!failure) return set("health", STATES[state][1], "");
    const what = `${failure.message} (${failure.code}, ${ago(failure.at)}).`;
    set("health", isNews ? `${what} ${STATES[state === "READY" ? "STALE" : state][1]}` : `${STATES[state][1]} The last failure was: ${what}`, what);
  }

  function showVersion({ digest, bytes, source, since, compiler }) {
    set("revision", revision.toLocaleString("en"));
    set("digest", digest ? digest.slice(0, 12) : "none", digest && `SHA-256 of the module: ${digest}`);
    byId("copy-digest").disabled = !digest;
    byId("copy-digest").dataset.text = digest;
    set("bytes", bytes ? count(bytes, "byte") : "none", compiler && `Made by ${compiler}; before compression`);
    set("source", SOURCES[source][0]);
    set("source-words", SOURCES[source][1]);
    set("since", ago(since), since.toString());
    set("since-clock", `at ${clock(since)}`);
  }

  /** Offers to forget what was remembered; without a code the offer goes. */
  function distrust(code) {
    doubted = code && { code, revision };
    byId("distrust").hidden = !code;
    if (code) set("distrust-why", `If ${server} has been set up anew, let go of what was kept of the old one. If not, ask whoever runs it.`);
  }

  return {
    /** Draws what the client says of itself now. */
    show(client, flags) {
      if (failure && state !== "READY" && client.state === "READY") failure.isOver = true;
      state = client.state;
      byId("strip").dataset.state = state;
      set("state", state);
      if (client.version) {
        revision = client.version.revision;
        showVersion(client.version);
        if (doubted && (doubted.code === "UNTRUSTED" ? state === "READY" : revision > doubted.revision)) distrust();
      }
      set("state-words", doubted && state === "READY" ? "takes nothing older" : STATES[state][0]);
      if (flags) set("time-words", `all ${count(flags, "flag")}, once`);
      showHealth();
    },

    /** Takes the time of one evaluation of all flags. */
    took(ms, isRemote) {
      set("time", duration(ms), isRemote ? "A question to the server, and its answer" : "The mean of some runs of client.setContext(), because clocks of browsers are coarse");
    },

    failed(error) {
      failure = { code: error.code, message: error.message[0].toUpperCase() + error.message.slice(1).replace(/\.$/, ""), at: Date.now() };
      if (error.code === "UNTRUSTED" || error.code === "OLDER") distrust(error.code);
      if (error.code === "OPTIONS") set("state-words", "cannot begin");
      showHealth();
    },
  };
}
