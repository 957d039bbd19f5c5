// The manifest of a module: which flags it has, and what it wants to know of a context.
// In: the bytes of the custom section `vexil.manifest`. Out: the same as objects; values of flags
// are frozen, because every caller is given the same ones.

import { KINDS } from "./abi.js";

/** The MessagePack value in `bytes` (https://github.com/msgpack/msgpack/blob/master/spec.md). */
function messagePack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let at = 0;
  const skip = (count) => (at += count) - count;
  /** Of `type` Uint or Int, of 1, 2, 4 or 8 bytes. */
  const integer = (type, size) => Number(view[`get${size > 4 ? "Big" : ""}${type}${8 * size}`](skip(size)));
  const text = (length) => decoder.decode(bytes.subarray(skip(length), at));
  const list = (length) => {
    const items = [];
    while (items.length < length) items.push(value());
    return Object.freeze(items);
  };
  const map = (length) => Object.freeze(Object.fromEntries(Array.from({ length }, () => [value(), value()])));
  function value() {
    const byte = integer("Uint", 1);
    if (byte < 0x80 || byte > 0xdf) return (byte << 24) >> 24;
    if (byte < 0x90) return map(byte & 15);
    if (byte < 0xa0) return list(byte & 15);
    if (byte < 0xc0) return text(byte & 31);
    if (byte === 0xc0) return null;
    if (byte === 0xc2 || byte === 0xc3) return byte > 0xc2;
    if (byte === 0xca) return view.getFloat32(skip(4));
    if (byte === 0xcb) return view.getFloat64(skip(8));
    if (byte > 0xcb && byte < 0xd4) return integer(byte < 0xd0 ? "Uint" : "Int", 1 << (byte & 3));
    if (byte > 0xd8 && byte < 0xdc) return text(integer("Uint", 1 << (byte - 0xd9)));
    if (byte > 0xdb) return (byte < 0xde ? list : map)(integer("Uint", byte & 1 ? 4 : 2));
    throw new Error(`MessagePack type 0x${byte.toString(16)}`);
  }
  return value();
}

/**
 * Attributes are `[path, read]`, flags `{ _kind, _variants: [key, value][], _rules, _reads,
 * _prerequisites }`, by number; `_index` has the numbers by key.
 */
export function manifest(bytes) {
  const [abi, compiler, scratch, attributes, variants, rules, reads, flags] = messagePack(bytes);
  return {
    _abi: abi,
    _compiler: compiler,
    _scratch: scratch,
    _attributes: attributes,
    _index: new Map(flags.map(([key], index) => [key, index])),
    _flags: flags.map(([, of, byRules, byReads, prerequisites]) => ({
      _kind: KINDS[variants[of][0]],
      _variants: variants[of][1],
      _rules: rules[byRules],
      _reads: reads[byReads],
      _prerequisites: prerequisites,
    })),
  };
}
