// OpenFeature's web provider for OFREP, following a server.
//
//   node web.mjs BASE_URL BROWSER_KEY FLAG TARGETING_KEY
//
// In: where the server is, a key for pages, a boolean flag. Out: a line of JSON with the evaluation's
// details, and another each time the provider tells that the configuration has changed. It ends with
// its standard input.

import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
import { EventSource } from "eventsource";

// Node has none before version 22; pages do.
globalThis.EventSource ??= EventSource;

const [baseUrl, key, flag, targetingKey] = process.argv.slice(2);
const provider = new OFREPWebProvider({
  baseUrl,
  headers: [["Authorization", `Bearer ${key}`]],
  changeDetection: "sse",
});
const client = OpenFeature.getClient();
const tell = () => {
  const { value, reason, variant, flagMetadata } = client.getBooleanDetails(flag, false);
  console.log(JSON.stringify({ value, reason, variant, flagMetadata }));
};

process.stdin.on("end", () => process.exit(0)).resume();
await OpenFeature.setContext({ targetingKey });
await OpenFeature.setProviderAndWait(provider);
client.addHandler(ProviderEvents.ConfigurationChanged, tell);
tell();
