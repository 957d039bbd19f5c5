// What the compiler says of the provider, beside the SDK's own types.

import { OpenFeature, type Provider } from "@openfeature/web-sdk";
import { createClient } from "vexil-browser";
import type { Client } from "vexil-browser";
import { VexilProvider } from "vexil-browser/openfeature";
import { same, type Flags } from "./flags.js";

const options = { url: "https://flags.example", environment: "shop/production" };
const provider: Provider = new VexilProvider(options, { timeoutMs: 500 });
void OpenFeature.setProviderAndWait(provider, { targetingKey: "u", since: new Date() });
OpenFeature.setProvider("shop", new VexilProvider(createClient<Flags>(options)));

const { client } = new VexilProvider(createClient(options));
same<typeof client, Client<any> | null>(true);

// @ts-expect-error: contexts come from the SDK
new VexilProvider({ ...options, context: { targetingKey: "u" } });
// @ts-expect-error: an environment is needed
new VexilProvider({ url: "https://flags.example" });
// @ts-expect-error: options or a client are needed
new VexilProvider();
// @ts-expect-error: milliseconds are a number
new VexilProvider(options, { timeoutMs: "500" });
// @ts-expect-error: nothing is tracked
new VexilProvider(options).track("event");
