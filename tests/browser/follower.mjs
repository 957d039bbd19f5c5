// A page that follows the shop, and what is asked of it: what several tests have in common.
// In: a page of a site's. Out: a `client` in it, and answers. Asserts nothing.

import { until } from "./harness.mjs";

/** Makes `client` in the page, which is not waited for, and notes what it tells and what is thrown. */
export const follow = (page, options = {}) =>
  page.evaluate(async (options) => {
    const { createClient } = await import("/loader/index.js");
    Object.assign(window, { failures: [], changes: [], states: [], thrown: [] });
    addEventListener("unhandledrejection", ({ reason }) => thrown.push(String(reason)));
    addEventListener("error", ({ message }) => thrown.push(message));
    window.client = createClient({ url: "/flags", environment: "shop/production", onError: (error) => failures.push(`${error.code}: ${error.message}`), ...options });
    client.onChange((change) => changes.push(change));
    client.onState((state) => states.push(state));
  }, options);

export const accentOf = (page) => page.evaluate(() => client.string("accent", "none"));
export const serves = (page, value, patienceMs) => until(`${value} on the page`, async () => (await accentOf(page)) === value, patienceMs);
export const stateOf = (page) => page.evaluate(() => client.state);
export const failuresOf = (page) => page.evaluate(() => failures);
export const thrownOf = (page) => page.evaluate(() => thrown);

/** Which of the server's addresses a request is for. */
export const isStream = (url) => url.pathname.endsWith("/events");
export const isHead = (url) => url.pathname.endsWith("/head");
export const isModule = (url) => url.pathname.endsWith(".wasm");
