// Who is weighed: one line of code each that makes a client, as its documentation has it.
//
// `evaluates` says where rules are evaluated: in the page, or at a server that sends values. `wasm`
// names what a package ships and a page fetches beside the bundle.

export const ROWS = [
  {
    name: "Vexil",
    packages: ["vexil-browser"],
    evaluates: "in the page",
    entry: `
      import { createClient } from "vexil-browser";
      export const client = createClient({ url: "https://flags.example", key: "vxl_browser_x", environment: "shop/production" });`,
  },
  {
    name: "Vexil, by OpenFeature",
    packages: ["vexil-browser", "@openfeature/web-sdk"],
    evaluates: "in the page",
    entry: `
      import { OpenFeature } from "@openfeature/web-sdk";
      import { VexilProvider } from "vexil-browser/openfeature";
      OpenFeature.setProvider(new VexilProvider({ url: "https://flags.example", key: "vxl_browser_x", environment: "shop/production" }));
      export const client = OpenFeature.getClient();`,
  },
  {
    name: "OpenFeature with OFREP",
    packages: ["@openfeature/web-sdk", "@openfeature/ofrep-web-provider"],
    evaluates: "at a server",
    entry: `
      import { OpenFeature } from "@openfeature/web-sdk";
      import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
      OpenFeature.setProvider(new OFREPWebProvider({ baseUrl: "https://flags.example" }));
      export const client = OpenFeature.getClient();`,
  },
  {
    name: "LaunchDarkly",
    packages: ["@launchdarkly/js-client-sdk"],
    evaluates: "at a server",
    entry: `
      import { createClient } from "@launchdarkly/js-client-sdk";
      export const client = createClient("id", { kind: "user", key: "user-7" });
      client.start();`,
  },
  {
    name: "LaunchDarkly, before version 4",
    packages: ["launchdarkly-js-client-sdk"],
    evaluates: "at a server",
    entry: `
      import { initialize } from "launchdarkly-js-client-sdk";
      export const client = initialize("id", { kind: "user", key: "user-7" });`,
  },
  {
    name: "GrowthBook",
    packages: ["@growthbook/growthbook"],
    evaluates: "in the page",
    entry: `
      import { GrowthBook } from "@growthbook/growthbook";
      export const client = new GrowthBook({ apiHost: "https://flags.example", clientKey: "key" });
      client.init({ streaming: true });`,
  },
  {
    name: "Unleash",
    packages: ["unleash-proxy-client"],
    evaluates: "at a server",
    entry: `
      import { UnleashClient } from "unleash-proxy-client";
      export const client = new UnleashClient({ url: "https://flags.example", clientKey: "key", appName: "shop" });
      client.start();`,
  },
  {
    name: "Flipt",
    packages: ["@flipt-io/flipt-client-js"],
    evaluates: "in the page",
    entry: `
      import { FliptClient } from "@flipt-io/flipt-client-js";
      export const client = FliptClient.init({ url: "https://flags.example", environment: "production", namespace: "shop" });`,
  },
  {
    name: "Flipt, its engine apart",
    packages: ["@flipt-io/flipt-client-js"],
    evaluates: "in the page",
    entry: `
      import { FliptClient } from "@flipt-io/flipt-client-js/slim";
      export const client = FliptClient.init({ url: "https://flags.example", environment: "production", namespace: "shop" }, { wasm: fetch("/engine.wasm") });`,
    wasm: ["@flipt-io/flipt-client-js/dist/flipt_engine_wasm_js_bg.wasm"],
  },
];
