// What the pure parts of the browser loader weigh and take, in JavaScript and in Rust.
//
//   node measure.mjs BINDINGS VEXIL     `cargo xtask browser split` builds both and calls this
//
// In: what wasm-bindgen has made of this crate, optimised; the command line `vexil`. Out: a table.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { contexts, fiveRules } from "../../tests/browser/five-rules.mjs";

const [bindings, vexil] = process.argv.slice(2);
const loader = new URL("../../browser-loader/", import.meta.url);
const { build } = createRequire(new URL("package.json", loader))("esbuild");
const source = (name) => new URL(`src/${name}.js`, loader);

const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
const minified = async (contents, resolveDir) => {
  const made = await build({ stdin: { contents, resolveDir }, bundle: true, format: "esm", target: "es2022", minify: true, mangleProps: /^_[a-z]/, write: false });
  return made.outputFiles[0].contents;
};

const folder = mkdtempSync(join(tmpdir(), "vexil-split-"));
try {
  const script = await minified(
    'export { manifest } from "./manifest.js"; export { write } from "./record.js"; export { explain } from "./verdict.js";',
    fileURLToPath(new URL("src", loader)),
  );
  const glue = await minified('export { default, Manifest } from "./vexil_split.js";', bindings);
  const wasm = readFileSync(join(bindings, "vexil_split_bg.wasm"));

  const document = join(folder, "flags.json"), module = join(folder, "m.wasm");
  writeFileSync(document, JSON.stringify(fiveRules(1000)));
  const compiled = spawnSync(vexil, ["compile", document, "-e", "production", "--audience", "browser", "-o", module]);
  if (compiled.status !== 0) throw new Error(String(compiled.stderr));
  const guest = new WebAssembly.Module(readFileSync(module));
  const { exports } = new WebAssembly.Instance(guest);
  const section = new Uint8Array(WebAssembly.Module.customSections(guest, "vexil.manifest")[0]);

  const { manifest } = await import(source("manifest"));
  const { write } = await import(source("record"));
  const rust = await import(pathToFileURL(join(bindings, "vexil_split.js")));
  const { memory } = await rust.default({ module_or_path: wasm });
  const people = contexts();
  const start = Math.ceil(exports.arena.value / 8) * 8;

  const inScript = { _guest: exports, _manifest: manifest(section) };
  const inRust = rust.Manifest.read(section);
  const room = exports.memory.buffer.byteLength - 8 - start;
  const byScript = (context) => write(inScript, context, { $now: 0, $random: 0 });
  const byRust = (context) => {
    const at = inRust.write(context, 0, 0, room);
    new Uint8Array(exports.memory.buffer).set(new Uint8Array(memory.buffer, at, inRust.length()), start);
  };
  // They have to write the same, but for what the guest keeps for itself.
  const { _attributes, _scratch } = inScript._manifest;
  const told = (by, context) => {
    const length = (by(context), new DataView(exports.memory.buffer).getUint32(start, true));
    const bytes = Buffer.from(exports.memory.buffer, start, length);
    return Buffer.concat([bytes.subarray(0, 16 + 16 * _attributes.length), bytes.subarray(16 + 16 * _attributes.length + _scratch)]).toString("hex");
  };
  for (const context of people) if (told(byScript, context) !== told(byRust, context)) throw new Error(`they differ on ${JSON.stringify(context)}`);

  /** Microseconds of the quickest of many rounds, turn by turn. */
  const quickest = (...works) => {
    const best = works.map(() => Infinity);
    for (let round = 0; round < 40; round++) {
      works.forEach((work, index) => {
        const began = performance.now();
        const times = work();
        best[index] = Math.min(best[index], (1000 * (performance.now() - began)) / times);
      });
    }
    return best;
  };
  const all = (by) => () => (people.forEach(by), people.length);
  const records = quickest(all(byScript), all(byRust));
  const manifests = quickest(() => (manifest(section), 1), () => (rust.Manifest.read(section).free(), 1));
  const row = (name, ...cells) => console.log(`| ${[name, ...cells].join(" | ")} |`);
  row("the manifest, the record and verdicts in", "minified bytes", "brotli", "a record of 6 attributes", "a manifest of 1,000 flags");
  row("---", "--:", "--:", "--:", "--:");
  const times = (index) => [`${records[index].toFixed(2)} µs`, `${(manifests[index] / 1000).toFixed(2)} ms`];
  row("JavaScript", script.length, brotli(script), ...times(0));
  row("Rust by wasm-bindgen", `${wasm.length} + ${glue.length} of glue`, brotli(wasm) + brotli(glue), ...times(1));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
