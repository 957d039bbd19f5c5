// What the compiler says of calls of a client: what is right passes, what is marked does not.

import { createClient, VexilError } from "vexil-browser";
import type { Client, Context, Details, Json, Options, State } from "vexil-browser";
import { same, type Flags } from "./flags.js";

const options: Options = { url: "https://flags.example", environment: "shop/production" };
createClient({ url: new URL("https://flags.example"), key: "k", project: "shop", environment: "production", trust: ["00"], paths: { head: "head.json" } });
// @ts-expect-error: an environment is needed
createClient({ url: "https://flags.example" });
// @ts-expect-error: there is no such trust
createClient({ ...options, trust: "nobody" });

// ---- Nothing is known of the flags
const open = createClient(options);
same<typeof open, Client>(true);
const isOn = open.boolean("whatever", false);
same<typeof isOn, boolean>(true);
const text = open.string("whatever", "x");
same<typeof text, string>(true);
const json = open.json("whatever", { a: [1, null] });
same<typeof json, Json>(true);
// @ts-expect-error: the fallback is of another kind
open.boolean("whatever", "x");
// @ts-expect-error: a fallback is needed
open.number("whatever");
// @ts-expect-error: a function is not JSON
open.json("whatever", () => 1);
// @ts-expect-error: keys are strings
open.boolean(7, false);

// ---- Flags are known
const client = createClient<Flags>(options);
const checkout = client.boolean("checkout-v2", false);
same<typeof checkout, boolean>(true);
const colour = client.string("colour", "red");
same<typeof colour, "red" | "blue">(true);
const size = client.numberDetails("size", 2);
same<typeof size, Details<1 | 2 | 3>>(true);
const theme = client.json("theme", { dark: false, sizes: [] });
same<typeof theme, Flags["theme"]>(true);
// @ts-expect-error: there is no such flag
client.boolean("checkout-v3", false);
// @ts-expect-error: it is of another kind
client.boolean("limit", false);
// @ts-expect-error: it is of another kind
client.string("checkout-v2", "x");
// @ts-expect-error: the fallback is none of its values
client.string("colour", "green");
// @ts-expect-error: the fallback is none of its values
client.number("size", 4);
// @ts-expect-error: the fallback has another shape
client.json("theme", { dark: 1, sizes: [] });
// @ts-expect-error: the fallback is of another kind
client.booleanDetails("checkout-v2", "x");

client.onChange(({ flags, cause, version }) => {
  const [key] = flags;
  same<typeof key, keyof Flags | undefined>(true);
  same<typeof cause, "version" | "context" | "time">(true);
  version.since.getTime();
  // @ts-expect-error: a list that is told is nobody's to change
  flags.push("limit");
});

// ---- Contexts, states, errors
const context: Context = { targetingKey: "u", since: new Date(), tags: ["a", null], nested: { plan: "pro" }, missing: undefined };
const done: Promise<void> = client.setContext(context);
// @ts-expect-error: a targeting key is a string
client.setContext({ targetingKey: 7 });
// @ts-expect-error: a function is no attribute
client.setContext({ now: () => 1 });
const state: Promise<State> = client.ready({ timeoutMs: 1 });
// @ts-expect-error: milliseconds are a number
client.ready({ timeoutMs: "1" });
// @ts-expect-error: it is told, not set
client.state = "READY";
const stop: () => void = client.onState((state) => state === "STALE");
client.onError((error) => {
  if (error instanceof VexilError && error.code === "REFUSED") stop();
  // @ts-expect-error: there is no such code
  if (error.code === "REFUSE") stop();
});
void [checkout, done, state];

// ---- Where flags do not matter, any client will do
const anyClient: Client<any> = client;
const another: Client<any> = open;
void [anyClient, another];
