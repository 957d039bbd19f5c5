// The context record: one evaluation's subject, laid out as guest-abi's ABI.md says.
// In: a loaded module, a context, which slots are asked for. Out: bytes in the module's arena, and
// where they begin and end. Throws a RangeError when the context does not fit.

import { BOOLEAN, HEADER, LIST, NUMBER, OPAQUE, SLOT, STRING, TAIL } from "./abi.js";
import { read } from "./read.js";

const encoder = new TextEncoder();

export const up8 = (address) => Math.ceil(address / 8) * 8;

/** The first address behind the arena. */
export const arenaEnd = ({ memory }) => memory.buffer.byteLength - TAIL;

/** Gives `[start, end]`. `slots` are numbers; all when it is left out. */
export function write({ _guest: guest, _manifest: { _attributes, _scratch } }, context, pseudo, slots = _attributes.keys()) {
  const start = up8(guest.arena.value);
  const memory = new Uint8Array(guest.memory.buffer, start, arenaEnd(guest) - start);
  const view = new DataView(memory.buffer, start);
  let end = HEADER + SLOT * _attributes.length;
  if (end + _scratch > memory.length) throw new RangeError();
  memory.fill(0, 0, end); // Missing slots are zero.
  end += _scratch;
  const slot = (at, tag, length, payload) => {
    view.setUint32(at, tag, true);
    view.setUint32(at + 4, length, true);
    view.setUint32(at + 8, payload, true);
    view.setUint32(at + 12, 0, true);
  };
  const put = (at, value, inList) => {
    if (value == null) return;
    if (typeof value === "string") {
      const { read, written } = encoder.encodeInto(value, memory.subarray(end));
      if (read < value.length) throw new RangeError();
      slot(at, STRING, written, end);
      end += written;
    } else if (typeof value === "number") {
      slot(at, NUMBER, 0, 0);
      view.setFloat64(at + 8, value, true);
    } else if (typeof value === "boolean") slot(at, BOOLEAN, 0, +value);
    else if (!Array.isArray(value) || inList) slot(at, OPAQUE, 0, 0);
    else {
      const elements = value.filter((element) => element != null);
      const first = up8(end);
      end = first + SLOT * elements.length;
      if (end > memory.length) throw new RangeError();
      slot(at, LIST, elements.length, first);
      elements.forEach((element, index) => put(first + SLOT * index, element, true));
    }
  };
  for (const number of slots) put(HEADER + SLOT * number, read(context, _attributes[number], pseudo));
  view.setUint32(0, end, true);
  return [start, start + end];
}
