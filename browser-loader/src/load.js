// A module, from an answer of the server or of the cache to one that can be asked.
// In: a response, what was announced. Out: a loaded module, or why there is none. Nothing of a
// module runs before its bytes were compared with what was signed.

import { ABI } from "./abi.js";
import { VexilError, failure } from "./failure.js";
import { manifest } from "./manifest.js";

const FUNCTIONS = ["bind", "evaluate_once", "evaluate_all"];

/** May this page compile WebAssembly? A content security policy may forbid it. */
export function canCompile() {
  try {
    return !!new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  } catch {
    return false;
  }
}

/** Resolves to `{ _guest, _manifest, _bytes }`. */
export async function load(response, { digest, bytes }, { _digest }) {
  const differs = (what) => {
    throw new VexilError("DIGEST", `module ${digest.slice(0, 8)}… is refused: ${what}`);
  };
  let length = 0;
  const bounded = new TransformStream({
    transform(chunk, controller) {
      if ((length += chunk.length) > bytes) controller.error(new Error());
      else controller.enqueue(chunk);
    },
  });
  const [one, other] = response.body.pipeThrough(bounded).tee();
  const typed = new Response(one, { headers: { "content-type": "application/wasm" } });
  // It is compiled while it comes, and taken only when all of it is what was announced.
  const [compiled, read] = await Promise.allSettled([WebAssembly.compileStreaming(typed), new Response(other).arrayBuffer()]);
  if (length > bytes) differs(`it is longer than the ${bytes} bytes that were announced`);
  if (!read.value) differs(`its download was cut off after ${length} of ${bytes} bytes`);
  if (length !== bytes) differs(`it has ${length} bytes, and ${bytes} were announced`);
  const found = await _digest(read.value);
  if (found !== digest) differs(`its SHA-256 is ${found}`);
  const unfit = (what, cause) => {
    throw new VexilError("MODULE", `module ${digest.slice(0, 8)}… cannot be used: ${what}`, cause);
  };
  if (!compiled.value) unfit(compiled.reason.message, compiled.reason);
  const module = compiled.value;
  const [imported] = WebAssembly.Module.imports(module);
  if (imported) unfit(`it imports ${imported.module}.${imported.name}, and modules of Vexil import nothing`);
  try {
    const { exports: guest } = await WebAssembly.instantiate(module);
    const abi = guest.vexil_abi?.value;
    if (abi !== ABI) unfit(`it is of guest ABI ${abi ?? "none"}, and this loader knows ${ABI}: a newer loader is needed`);
    if (!(guest.memory && guest.arena && FUNCTIONS.every((name) => guest[name]))) unfit("it lacks exports of guest ABI 1");
    const [section] = WebAssembly.Module.customSections(module, "vexil.manifest");
    return { _guest: guest, _manifest: manifest(new Uint8Array(section)), _bytes: read.value };
  } catch (error) {
    throw failure("MODULE", error, `module ${digest.slice(0, 8)}… cannot be used`);
  }
}
