// What is published: made as for a release, and used as it is there.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

// Below node_modules packages are found, and git looks at nothing.
const cache = fileURLToPath(new URL("../node_modules/.cache/", import.meta.url));
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, "published-"));
after(() => rmSync(folder, { recursive: true }));

const verifier = join(folder, "built-elsewhere.wasm");
const out = join(folder, "dist");
writeFileSync(verifier, Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
const build = fileURLToPath(new URL("../build.mjs", import.meta.url));
const printed = execFileSync(process.execPath, [build, "--verifier", verifier, "--out", out], { encoding: "utf8" });

const read = (name) => readFileSync(join(out, name), "utf8");
const load = (name) => import(pathToFileURL(join(out, name)));

test("the build tells what every file weighs", () => {
  const names = printed.trim().split("\n").map((line) => line.split(" ")[0]);
  assert.deepEqual(names, ["file", "index.js", "openfeature.js", "react.js", "vexil_verify.wasm", "index.d.ts", "openfeature.d.ts", "react.d.ts"]);
  assert.match(printed, /raw +gzip -9 +brotli -11/);
});

test("everything that package.json exports is there, and nothing of it is for developers", () => {
  const manifest = JSON.parse(read("package.json"));
  const paths = Object.values(manifest.exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
  assert.equal(paths.length, 8);
  for (const path of paths) assert.ok(existsSync(join(out, path)), path);
  for (const name of ["private", "scripts", "devDependencies", "engines"]) assert.equal(manifest[name], undefined, name);
});

test("the package holds what it has to, and no more", () => {
  const [{ files }] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--offline", out], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  const expected = ["LICENSE", "index.d.ts", "index.js", "openfeature.d.ts", "openfeature.js", "package.json", "react.d.ts", "react.js", "vexil_verify.wasm"];
  assert.deepEqual(files.map(({ path }) => path).filter((path) => path !== "README.md").sort(), expected);
});

test("React and OpenFeature share the core of the page instead of having their own", () => {
  assert.ok(read("openfeature.js").includes('from"./index.js"'));
  for (const name of ["openfeature.js", "react.js"]) assert.ok(!read(name).includes("WebAssembly"), name);
  assert.ok(read("react.js").startsWith('"use client";'));
});

test("names for insiders are short, and the same in every file", async () => {
  // Minified variables have such names as well, of two characters.
  for (const name of ["index.js", "openfeature.js", "react.js"]) assert.deepEqual(read(name).match(/(?<![\w$])_[a-z]\w{2,}/g), null, name);
  const { VexilProvider } = await load("openfeature.js");
  const fetch = async () => new Response(JSON.stringify({ detail: "no such key" }), { status: 401 });
  const provider = new VexilProvider({ url: "https://flags.example", environment: "shop/production", shared: false, cached: false, stream: false, fetch });
  // The provider reads the status of a refusal, which the core has written.
  await assert.rejects(provider.initialize(), { code: "PROVIDER_FATAL" });
  await provider.onClose();
});

test("hooks of the published file are all there", async () => {
  const hooks = await load("react.js");
  assert.deepEqual(Object.keys(hooks).sort(), ["VexilProvider", "createHooks", "useFlag", "useFlagDetails", "useVexil", "useVexilState"]);
});
