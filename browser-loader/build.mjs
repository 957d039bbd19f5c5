// Makes what is published, in dist/.
//
//   node build.mjs [--verifier FILE] [--out FOLDER]
//
// In: src/, README.md, package.json, the licence, and the verifier of signatures (WebAssembly that
// is built elsewhere; without it browsers that know no Ed25519 have to be told where one is). Out:
// dist/, to be published by `npm publish ./dist`, and what each of its files weighs. Nothing else is
// left there of an earlier time than a verifier that nobody has given anew, and nothing of another
// folder is removed.

import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { table } from "./weights.mjs";

const VERIFIER = "vexil_verify.wasm";
const ENTRIES = ["index", "openfeature", "react"];

const { values: given } = parseArgs({ options: { verifier: { type: "string" }, out: { type: "string" } } });
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = given.out ? resolve(given.out) : here("dist");
const made = (name) => resolve(out, name);

/** The other entries ask for the core where the page has it already, instead of having their own. */
const coreIsApart = {
  name: "core-is-apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/index\.js$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** What package.json says here, as it is published: paths are of there, and nothing is for developers. */
function manifest() {
  const { private: _, engines, scripts, devDependencies, ...kept } = JSON.parse(readFileSync(here("package.json"), "utf8"));
  const exports = JSON.parse(JSON.stringify(kept.exports).replaceAll('"./src/', '"./'));
  if (verifierBytes) exports[`./${VERIFIER}`] = `./${VERIFIER}`;
  return JSON.stringify({ ...kept, exports }, null, 2) + "\n";
}

const verifier = given.verifier ?? made(VERIFIER);
const verifierBytes = existsSync(verifier) || given.verifier ? readFileSync(verifier) : undefined;
if (!given.out) rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
if (readdirSync(out).length) throw new Error(`${out} is not empty`);

/** Names that begin with `_` become short ones, and in every file the same, for which they are handed on. */
let mangleCache = {};
for (const name of ENTRIES) {
  const built = await build({
    entryPoints: [here(`src/${name}.js`)],
    outdir: out,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    mangleProps: /^_[a-z]/,
    mangleCache,
    external: ["react", "@openfeature/*"],
    plugins: [coreIsApart],
    logLevel: "warning",
  });
  mangleCache = built.mangleCache;
}
for (const name of ENTRIES) copyFileSync(here(`src/${name}.d.ts`), made(`${name}.d.ts`));
copyFileSync(here("../LICENSE"), made("LICENSE"));
writeFileSync(made("package.json"), manifest());
if (verifierBytes) writeFileSync(made(VERIFIER), verifierBytes);
// What it links to lies beside it there, or in the repository alone.
const readme = readFileSync(here("README.md"), "utf8");
writeFileSync(made("README.md"), readme.replaceAll("](src/", "](").replace(/\[([^\]]*)\]\(\.\.\/[^)]*\)/g, "$1"));
if (!verifierBytes) console.warn(`without --verifier there is no ${VERIFIER}: do not publish this`);

const weighed = [...ENTRIES.map((name) => `${name}.js`), ...(verifierBytes ? [VERIFIER] : []), ...ENTRIES.map((name) => `${name}.d.ts`)];
console.log(table("file", weighed.map((name) => [name, readFileSync(made(name))])));
