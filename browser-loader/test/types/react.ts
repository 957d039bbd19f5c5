// What the compiler says of the hooks.

import { createElement } from "react";
import { createClient } from "vexil-browser";
import type { Client, Details, Json, State } from "vexil-browser";
import { VexilProvider, createHooks, useFlag, useFlagDetails, useVexil, useVexilState } from "vexil-browser/react";
import { same, type Flags } from "./flags.js";

const options = { url: "https://flags.example", environment: "shop/production" };

// ---- The provider
createElement(VexilProvider, { client: createClient(options) }, "below");
createElement(VexilProvider, { client: createClient<Flags>(options), bootstrap: { limit: 7, theme: { sizes: [1] } } });
createElement(VexilProvider, { client: null }, createElement("i"), null);
// @ts-expect-error: a client is needed, or `null`
createElement(VexilProvider, {});
// @ts-expect-error: options are no client
createElement(VexilProvider, { client: options });
// @ts-expect-error: a date is not JSON
createElement(VexilProvider, { client: null, bootstrap: { since: new Date() } });

// ---- Nothing is known of the flags
const isOn = useFlag("whatever", false);
same<typeof isOn, boolean>(true);
const text = useFlag("whatever", "x");
same<typeof text, string>(true);
const limit = useFlag("whatever", 7);
same<typeof limit, number>(true);
const json = useFlag("whatever", { a: [1, null] });
same<typeof json, Json>(true);
const details = useFlagDetails("whatever", [1, 2]);
same<typeof details, Details<Json>>(true);
const open = useVexil();
same<typeof open, Client | null>(true);
const state = useVexilState();
same<typeof state, State>(true);
// @ts-expect-error: a fallback is needed
useFlag("whatever");
// @ts-expect-error: a function is not JSON
useFlag("whatever", () => 1);
// @ts-expect-error: the client may be none
useVexil().refresh();

// ---- Flags are known
const hooks = createHooks<Flags>();
const checkout = hooks.useFlag("checkout-v2", false);
same<typeof checkout, boolean>(true);
const colour = hooks.useFlag("colour", "red");
same<typeof colour, "red" | "blue">(true);
const size = hooks.useFlagDetails("size", 2);
same<typeof size, Details<1 | 2 | 3>>(true);
const theme = hooks.useFlag("theme", { dark: false, sizes: [] });
same<typeof theme, Flags["theme"]>(true);
const anything = hooks.useFlag("anything", null);
same<typeof anything, Flags["anything"]>(true);
hooks.useFlag("anything", { deep: { deeper: 1 } });
const client = hooks.useVexil();
same<typeof client, Client<Flags> | null>(true);
createElement(hooks.VexilProvider, { client: createClient<Flags>(options) });
// @ts-expect-error: there is no such flag
hooks.useFlag("checkout-v3", false);
// @ts-expect-error: the fallback is of another kind
hooks.useFlag("checkout-v2", "x");
// @ts-expect-error: the fallback is none of its values
hooks.useFlag("colour", "green");
// @ts-expect-error: the fallback is none of its values
hooks.useFlagDetails("size", 4);
// @ts-expect-error: the fallback has another shape
hooks.useFlag("theme", { dark: false });
// @ts-expect-error: a bare string tells that a flag of kind string is meant
hooks.useFlag("anything", "x");
