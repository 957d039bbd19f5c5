// What a page loads for feature flags, of Vexil and of what a user could pick instead.
//
//   node weigh.mjs [--module FILE.wasm]… [--json FILE] [--markdown]
//
// In: the packages of package.json here, Vexil as browser-loader/build.mjs has left it in dist/, and
// modules of flags. Out: a table, smallest first; a record in JSON; the table in Markdown. Everybody
// is bundled in the same way and with a client that the bundle exports, so that nothing that is
// needed can be shaken off. A row that cannot be made is shown with its error, never left out.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build, version as bundler } from "esbuild";
import { columns, grouped, weights } from "../../browser-loader/weights.mjs";
import { ROWS } from "./rows.mjs";

/** No client is as small: a package that has left fewer bytes in its bundle was not really used. */
const BYTES_MIN = 1_000;

const { values: given } = parseArgs({
  options: { module: { type: "string", multiple: true, default: [] }, json: { type: "string" }, markdown: { type: "boolean" } },
});
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const installed = (name) => here(`node_modules/${name}`);
const dist = (name) => here(`../../browser-loader/dist/${name}`);
const versionIn = (folder) => JSON.parse(readFileSync(`${folder}/package.json`, "utf8")).version;
const folderOf = (name) => (name === "vexil-browser" ? dist("") : installed(name));

/** As if dist/ were installed here: it is found, and finds the packages of here instead of its own. */
const vexilIsInstalled = {
  name: "vexil-is-installed",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^vexil-browser/ }, ({ path }) => ({ path: dist(path.replace(/^vexil-browser\/?/, "") || "index") + ".js" }));
    onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => (importer.startsWith(dist("")) ? resolve(path, { kind, resolveDir: here(".") }) : undefined));
  },
};

/** The bundle of an entry, and how many bytes of it are of which file. */
async function bundled(entry) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: entry, resolveDir: here(".") },
    bundle: true,
    minify: true,
    target: "es2022",
    platform: "browser",
    format: "esm",
    plugins: [vexilIsInstalled],
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  return { bytes: outputFiles[0].contents, inputs: Object.entries(inputs) };
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

function expectUsed(name, inputs) {
  const part = name === "vexil-browser" ? "browser-loader/dist/" : `node_modules/${name}/`;
  const bytes = sum(inputs.filter(([path]) => path.includes(part)).map(([, { bytesInOutput }]) => bytesInOutput));
  if (bytes < BYTES_MIN) throw new Error(`the bundle holds only ${bytes} bytes of ${name}`);
}

/** A row with its weights, or with an error in words. */
async function weigh({ name, packages, evaluates, entry, wasm = [] }) {
  const row = { name, evaluates };
  try {
    row.versions = Object.fromEntries(packages.map((one) => [one, versionIn(folderOf(one))]));
    const { bytes, inputs } = await bundled(entry);
    for (const one of packages) expectUsed(one, inputs);
    const files = [["bundle", bytes], ...wasm.map((path) => [basename(path), readFileSync(installed(path))])];
    row.files = files.map(([file, bytes]) => ({ file, ...weights(bytes) }));
    for (const measure of ["raw", "gzip", "brotli"]) row[measure] = sum(row.files.map((file) => file[measure]));
  } catch (error) {
    row.error = error.message.replaceAll(here("../../"), "");
  }
  return row;
}

/** What is fetched beside a bundle. */
const apart = (name, path) => ({ name, ...(existsSync(path) ? weights(readFileSync(path)) : { error: "it was not built" }) });

const commit = () => execFileSync("git", ["rev-parse", "--short=12", "HEAD"], { cwd: here("."), encoding: "utf8" }).trim();

const rows = await Promise.all(ROWS.map(weigh));
rows.sort((a, b) => (a.brotli ?? Infinity) - (b.brotli ?? Infinity));
const beside = [
  apart("Vexil's verifier, only where a browser knows no Ed25519", dist("vexil_verify.wasm")),
  ...given.module.map((path) => apart(`module ${basename(path)}`, path)),
];

const versions = ({ versions = {} }) => Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
const numbers = ({ raw, gzip, brotli, error }) => (error ? ["", "", error.split("\n")[0]] : [raw, gzip, brotli].map(grouped));
const lines = [
  ["client", "packages", "evaluates", "raw", "gzip -9", "brotli -11"],
  ...rows.map((row) => [row.name, versions(row), row.evaluates, ...numbers(row)]),
  ...beside.map((row) => [row.name, "", "", ...numbers(row)]),
];

if (given.markdown) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const [head, ...body] = lines;
  console.log([line(head), "|---|---|---|--:|--:|--:|", ...body.map(line)].join("\n"));
} else console.log(columns(lines, 3));

if (given.json) {
  const record = { command: "node benches/weight/weigh.mjs", commit: commit(), node: process.version, esbuild: bundler, rows, beside };
  writeFileSync(given.json, JSON.stringify(record, null, 2) + "\n");
}
if ([...rows, ...beside].some(({ error }) => error)) process.exitCode = 1;
