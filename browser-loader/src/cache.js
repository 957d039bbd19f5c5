// What is kept for the next visit: the last good module and its announcement.
// In: options; what serves. Out: the same, next time, before the network has answered. It stands in
// Cache Storage; where there is none, or no room, nothing is kept and nothing is said.

import { address } from "./http.js";

const NAME = "vexil";

export function cache(options) {
  const open = async () => options.cached && globalThis.caches?.open(NAME);
  const head = address(options, "head");
  const place = (what) => `${head}${head.includes("?") ? "&" : "?"}kept=${what}`;
  const { locks } = globalThis.navigator ?? {};
  const kept = async (store) => (await store.match(place("announcement")))?.json();
  return {
    /** Resolves to `{ announcement, anchor, revision, module }`, or nothing; the module may be missing. */
    async _load() {
      try {
        const store = await open();
        const found = store && (await kept(store));
        const module = found && (await store.match(place(found.digest)));
        return found && { ...found, module };
      } catch {}
    },
    /** `bytes` are left out when the module is there already. */
    async _save({ announcement, anchor, revision, digest }, bytes) {
      const save = async () => {
        const store = await open();
        if (!store) return;
        const before = await kept(store);
        if (before?.revision > revision) return;
        // The module first, so that what is announced is there.
        if (bytes) await store.put(place(digest), new Response(bytes, { headers: { "content-type": "application/wasm" } }));
        await store.put(place("announcement"), Response.json({ announcement, anchor, revision, digest }));
        if (before && before.digest !== digest) await store.delete(place(before.digest));
      };
      try {
        // One tab at a time.
        await (locks ? locks.request(head, save) : save());
      } catch {}
    },
  };
}
