// Announcements: which module is the environment's, and at which revision.
// In: their JSON. Out: what is stated, checked to be signed by whom the client trusts and to be
// about what it follows.

import { ANNOUNCEMENT_CHARS, MODULE_BYTES } from "./limits.js";
import { VexilError, failure } from "./failure.js";

const names = (list = []) => JSON.stringify([...new Set(list)].sort());

/** Resolves to `{ revision, digest, bytes, expires_ms, … }`. */
export async function read(text, options, trust) {
  let json;
  try {
    if (text.length > ANNOUNCEMENT_CHARS) throw new Error("it is too long");
    json = JSON.parse(text);
    if (!json || typeof json !== "object") throw new Error("it is no object");
  } catch (error) {
    throw failure("MALFORMED", error, "the server's announcement cannot be read");
  }
  const [stated, remember] = await trust._check(json);
  const { project, environment, audience, revision, digest, bytes, selection } = stated;
  const not = (what) => {
    throw new VexilError("UNTRUSTED", `an announcement is refused: it is ${what}`);
  };
  if (project !== options.project || environment !== options.environment) not(`of ${project}/${environment}`);
  // What is not signed does not say for whom it is.
  if (audience !== undefined && audience !== "browser") not(`for ${audience}s`);
  if (names(selection?.flags) !== names(options.flags) || names(selection?.tags) !== names(options.tags)) {
    not("of other flags than those that are asked for");
  }
  if (!Number.isSafeInteger(revision) || !/^[0-9a-f]{64}$/.test(digest) || !(bytes > 0 && bytes <= MODULE_BYTES)) {
    throw new VexilError("MALFORMED", "the server's announcement lacks a revision, a digest or a size that can be right");
  }
  remember();
  return stated;
}
