// One stream for all tabs of an origin.
// In: options. Out: the messages of `follow`, from this tab or from the one that leads. Who holds
// a Web Lock follows the server and tells the others by a BroadcastChannel; when it goes, the next
// in the queue takes over. Every tab checks for itself what it is told. Where there are no locks
// (pages without TLS), every tab follows the server.

import { ALIVE_MS, LEADER_ANSWER_MS, LEADER_LOST_MS, LEADER_MS } from "./limits.js";
import { VexilError } from "./failure.js";
import { address } from "./http.js";
import { askHead } from "./poll.js";
import { follow } from "./follow.js";

const isHidden = () => globalThis.document?.visibilityState === "hidden";

/** `hear` gets messages; `woken` is called when the network is there again, or somebody looks. */
export function tabs(options, hear, woken) {
  const locks = options.shared && globalThis.BroadcastChannel && globalThis.navigator?.locks;
  const name = `vexil ${address(options, "events")}`;
  let channel, leading, leave, newest, contact, heardAt, watch;

  /** From the server: to this tab and to all others. */
  const tell = (message) => {
    newest = message.announcement ?? newest;
    contact = message.contact ?? contact;
    hear(message);
    const { failure } = message;
    channel?.postMessage(failure ? { failure: [failure.code, failure.message, failure.status] } : message);
  };

  const lead = () => {
    leading ??= follow(options, tell);
  };

  function join() {
    const leaving = new AbortController();
    const { signal } = leaving;
    heardAt = 0;
    leave = () => {
      leaving.abort();
      leading?._stop();
      leading = undefined;
      clearInterval(watch);
      channel?.close();
      channel = undefined;
    };
    if (!locks) return lead();

    channel = new BroadcastChannel(name);
    const say = (message) => channel?.postMessage(message);
    channel.onmessage = ({ data }) => {
      // Any script of this origin may say anything here.
      const { hello, look, announcement, since, contact: at, failure } = data ?? {};
      if (hello) {
        if (leading) say({ contact, announcement: newest, alive: true });
        if (look) leading?._wake();
        return;
      }
      heardAt = Date.now();
      if (leading) return;
      if (typeof announcement === "string") {
        newest = announcement;
        hear({ announcement, since, contact: at });
      } else if (typeof at === "number") hear({ contact: at });
      if (Array.isArray(failure)) {
        const [code, text, status] = failure;
        hear({ failure: Object.assign(new VexilError(String(code), String(text)), { status }) });
      }
    };

    /** Leads while it holds the lock; when that was taken away, it queues again. */
    let queue;
    const request = (steal) => {
      queue?.abort();
      queue = new AbortController();
      const { signal: queued } = queue;
      signal.addEventListener("abort", () => queue.abort());
      const hold = () =>
        signal.aborted || (lead(), new Promise((release) => signal.addEventListener("abort", release)));
      locks.request(name, steal ? { steal } : { signal: queued }, hold).catch((error) => {
        if (signal.aborted || (queued.aborted && !leading)) return;
        // Where there are no locks to be had, every tab leads itself.
        if (error.name !== "AbortError") return lead();
        leading?._stop();
        leading = undefined;
        heardAt = Date.now();
        request();
      });
    };
    request();

    setTimeout(() => {
      if (!leading && !signal.aborted) {
        say({ hello: true });
        setTimeout(() => leading || heardAt || signal.aborted || askHead(options, hear, signal), LEADER_MS);
      }
    });
    watch = setInterval(() => {
      if (leading) return say({ alive: true });
      const asked = Date.now();
      if (isHidden() || asked - heardAt < LEADER_LOST_MS) return;
      say({ hello: true });
      setTimeout(() => leading || signal.aborted || heardAt >= asked || request(true), LEADER_ANSWER_MS);
    }, ALIVE_MS);
  }

  /** Somebody looks, or the network is there again. */
  const wake = () => {
    if (isHidden()) return;
    woken();
    if (leading) leading._wake();
    else channel?.postMessage({ hello: true, look: true });
  };
  // A page that is kept to be shown again (bfcache) may hold neither lock nor stream.
  const hide = () => leave();
  const show = ({ persisted }) => persisted && join();
  const target = globalThis.window ?? globalThis;
  const listeners = [
    [target, "online", wake],
    [target, "pagehide", hide],
    [target, "pageshow", show],
    [globalThis.document, "visibilitychange", wake],
  ];
  for (const [where, event, listener] of listeners) where?.addEventListener?.(event, listener);
  join();

  return {
    /** Asks now. */
    _refresh: () => askHead(options, leading ? tell : hear),
    _close() {
      for (const [where, event, listener] of listeners) where?.removeEventListener?.(event, listener);
      leave();
    },
  };
}
