// All verdicts of a module for one context.
// In: a loaded module, a context. Out: verdicts as pairs of 32 bits, low and high, by flag number.
// It never throws: a flag that cannot be evaluated has a verdict that says so.

import { arenaEnd, up8, write } from "./record.js";

const INVALID_CONTEXT = 6, GENERAL = 8;

/** The high half of a verdict with an error; the low half of it names no variant and no rule. */
const errored = (code) => 6 | (code << 8);

/** `trapped` is told of faults of the module. */
export function evaluateAll(loaded, context, pseudo, trapped) {
  const { _guest: guest, _manifest: { _flags } } = loaded;
  try {
    const [start, end] = write(loaded, context, pseudo);
    const out = up8(end);
    if (out + 8 * _flags.length > arenaEnd(guest)) throw new RangeError();
    guest.bind(start);
    guest.evaluate_all(start, out);
    return new Uint32Array(guest.memory.buffer, out, 2 * _flags.length).slice();
  } catch {
    return oneByOne(loaded, context, pseudo, trapped);
  }
}

/** Slower; a text that is too long, or a fault, is then the matter of those flags alone that read it. */
function oneByOne(loaded, context, pseudo, trapped) {
  const { _guest: guest, _manifest: { _flags } } = loaded;
  const verdicts = new Uint32Array(2 * _flags.length);
  _flags.forEach(({ _reads }, index) => {
    let low = -1, high;
    try {
      const [start] = write(loaded, context, pseudo, _reads);
      const verdict = guest.evaluate_once(index, start);
      low = Number(BigInt.asIntN(32, verdict));
      high = Number(BigInt.asIntN(32, verdict >> 32n));
    } catch (error) {
      const tooLarge = error instanceof RangeError && !(error instanceof WebAssembly.RuntimeError);
      high = errored(tooLarge ? INVALID_CONTEXT : GENERAL);
      if (!tooLarge) trapped(error);
    }
    verdicts[2 * index] = low;
    verdicts[2 * index + 1] = high;
  });
  return verdicts;
}
