#!/usr/bin/env node
// A complete Vexil host in plain JavaScript: Node 20, no packages, written from guest-abi/ABI.md alone, whose headings it has.
//
//   node node.mjs MODULE.wasm --batch FILE|-   one {"flag", "context", "now_ms"?} a line in, one answer a line out
//   node node.mjs MODULE.wasm --inspect        what the module holds
//
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";

// ---- Manifest ---------------------------------------------------------------------------------------------
/** The MessagePack value in `bytes`; an integer that a double cannot hold comes as a BigInt. */
function messagePack(bytes) {
  const view = new DataView(bytes.buffer);
  let at = 0;
  const skip = (count) => (at += count) - count;
  const integer = (type, size) => {
    const number = view[`get${size === 8 ? "Big" : ""}${type}${size * 8}`](skip(size));
    return Number.isSafeInteger(Number(number)) ? Number(number) : number;
  };
  const text = (length) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(skip(length), at));
  const list = (length) => Array.from({ length }, value);
  const map = (length) => Object.fromEntries(Array.from({ length }, () => [value(), value()]));
  function value() {
    const byte = view.getUint8(skip(1));
    if (byte < 0x80 || byte >= 0xe0) return (byte << 24) >> 24; // a small integer, positive or negative
    if (byte < 0x90) return map(byte & 15);
    if (byte < 0xa0) return list(byte & 15);
    if (byte < 0xc0) return text(byte & 31);
    if (byte < 0xc4) return [null, undefined, false, true][byte & 3];
    if (byte === 0xca) return view.getFloat32(skip(4));
    if (byte === 0xcb) return view.getFloat64(skip(8));
    if (byte >= 0xcc && byte < 0xd4) return integer(byte < 0xd0 ? "Uint" : "Int", 1 << (byte & 3));
    if (byte >= 0xd9 && byte < 0xdc) return text(integer("Uint", 1 << (byte - 0xd9)));
    if (byte >= 0xdc) return (byte < 0xde ? list : map)(integer("Uint", byte & 1 ? 4 : 2));
    throw new Error(`the manifest holds MessagePack type 0x${byte.toString(16)}`);
  }
  return value();
}

/** Compiles a module, refuses any that is not of guest ABI 1, and gives its exports and its manifest. */
function load(bytes) {
  const module = new WebAssembly.Module(bytes);
  if (WebAssembly.Module.imports(module).length > 0) throw new Error("the module imports something");
  const guest = new WebAssembly.Instance(module).exports;
  if (guest.vexil_abi?.value !== 1) throw new Error("the module is not of guest ABI 1");
  const [section] = WebAssembly.Module.customSections(module, "vexil.manifest");
  const [, compiler, scratch, attributes, variants, rules, reads, flags] = messagePack(new Uint8Array(section));
  const named = ([key, v, r, s, , constant]) =>
    ({ key, kind: variants[v][0], variants: variants[v][1], rules: rules[r], reads: reads[s], constant });
  return { guest, compiler, scratch, attributes, flags: flags.map(named) };
}

// ---- Paths and reads --------------------------------------------------------------------------------------
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const member = (object, name) => (isObject(object) && Object.hasOwn(object, name) ? object[name] : null);

/** `pseudo` is what the host itself knows: `$now` is its clock, `$random` its draw for this context. */
function resolve(context, path, pseudo) {
  return member(context, path) ?? member(pseudo, path) ?? path.split(".").reduce(member, context);
}

/** The double of a text with exponents, bare points and infinities; null when it is none. */
function float(text) {
  const infinity = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinity) return infinity[1] === "-" ? -Infinity : Infinity;
  return /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(text) ? Number(text) : null;
}

/** What a slot gets of the context (how: 0 the value as it is, 1 as a number, 2 as a unit, 3 as a float); null when it is missing. */
function read(context, [path, how], pseudo) {
  const value = resolve(context, path, pseudo), isText = typeof value === "string";
  if (how === 1 && isText) return /^[+-]?[0-9]+(\.[0-9]+)?$/.test(value) ? Number(value) : null;
  if (how === 3 && isText) return float(value);
  if (how === 1 || how === 3) return typeof value === "number" ? value : null;
  if (how === 2) return isText ? value : Number.isSafeInteger(value) ? String(value) : null;
  return value;
}

// ---- Context record ---------------------------------------------------------------------------------------
const HEADER = 16, SLOT = 16, TAIL = 8, MISSING = 0, BOOLEAN = 2, NUMBER = 3, STRING = 4, LIST = 5, OPAQUE = 6;
const up8 = (address) => Math.ceil(address / 8) * 8;

/** Writes what `flag` reads of the context into the arena; gives the record's address. RangeError: it does not fit. */
function writeRecord({ guest, attributes, scratch }, flag, context, pseudo) {
  const { buffer } = guest.memory, start = up8(guest.arena.value);
  const memory = new Uint8Array(buffer, start), view = new DataView(buffer, start);
  let end = HEADER + SLOT * attributes.length + scratch; // the record so far; strings and elements follow
  const take = (size) => (end += size) - size;
  function write(at, value, inList) {
    const slot = (tag, len = 0, payload = 0) =>
      [tag, len, payload, 0].forEach((word, index) => view.setUint32(at + 4 * index, word, true));
    if (value === null) return slot(MISSING);
    if (typeof value === "boolean") return slot(BOOLEAN, 0, Number(value));
    if (typeof value === "number") return slot(NUMBER), view.setFloat64(at + 8, value, true);
    if (typeof value === "string") {
      const utf8 = new TextEncoder().encode(value), offset = take(utf8.length);
      return memory.set(utf8, offset), slot(STRING, utf8.length, offset);
    }
    if (!Array.isArray(value) || inList) return slot(OPAQUE);
    end = up8(end);
    const elements = value.filter((element) => element !== null), first = take(SLOT * elements.length);
    elements.forEach((element, index) => write(first + SLOT * index, element, true));
    slot(LIST, elements.length, first);
  }
  memory.fill(0, 0, HEADER);
  for (const index of flag.reads) write(HEADER + SLOT * index, read(context, attributes[index], pseudo), false);
  if (end > memory.length - TAIL) throw new RangeError("the context does not fit the arena");
  view.setUint32(0, end, true);
  return start;
}

// ---- Verdict ----------------------------------------------------------------------------------------------
const REASONS = ["UNKNOWN", "STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "DISABLED", "ERROR"];
const ERROR_CODES = [null, "PROVIDER_NOT_READY", "FLAG_NOT_FOUND", "PARSE_ERROR", "TYPE_MISMATCH",
  "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "PROVIDER_FATAL", "GENERAL"];
const failure = (key, errorCode) => ({ key, value: null, variant: null, reason: "ERROR", rule: null, errorCode });

function evaluate(loaded, key, context, pseudo) {
  const index = loaded.flags.findIndex((flag) => flag.key === key), flag = loaded.flags[index];
  if (!flag) return failure(key, "FLAG_NOT_FOUND");
  let packed = flag.constant; // the same verdict for everybody, unless it is nil
  try {
    if (packed === null) {
      const record = writeRecord(loaded, flag, context, pseudo);
      packed = loaded.guest.evaluate_once(index, record);
    }
  } catch (error) {
    return failure(key, error instanceof RangeError ? "INVALID_CONTEXT" : "GENERAL");
  }
  const bits = (from, count) => Number(BigInt.asUintN(count, BigInt(packed) >> BigInt(from)));
  const [variant, value] = flag.variants[bits(0, 16)] ?? [null, null];
  const reason = REASONS[bits(32, 8)], rule = flag.rules[bits(16, 16)] ?? null, errorCode = ERROR_CODES[bits(40, 8)];
  return { key, value, variant, reason, rule, errorCode };
}

// ---- Command line -----------------------------------------------------------------------------------------
function answer(loaded, line) {
  const { flag, context = {}, now_ms } = JSON.parse(line) ?? {};
  if (typeof flag !== "string" || !isObject(context)) throw new Error("`flag` must be a string, `context` an object");
  if (typeof (context.targetingKey ?? "") !== "string") throw new Error("`targetingKey` must be a string");
  const $random = Math.floor(Math.random() * 2 ** 32); // drawn anew for each evaluation
  return evaluate(loaded, flag, context, { $now: now_ms ?? Date.now(), $random });
}

const [path, mode, file] = process.argv.slice(2);
process.on("uncaughtException", ({ message }) => (console.error(`node.mjs: ${path}: ${message}`), process.exit(1)));
const print = (object, indent) =>
  console.log(JSON.stringify(object, (_, value) => (typeof value === "bigint" ? Number(value) : value), indent));
if (mode === "--inspect") {
  const bytes = readFileSync(path), digest = createHash("sha256").update(bytes).digest("hex");
  print({ digest, bytes: bytes.length, ...load(bytes), guest: undefined }, 2);
} else if (mode === "--batch" && file) {
  const loaded = load(readFileSync(path)), lines = readFileSync(file === "-" ? 0 : file, "utf8").split("\n");
  for (const [index, line] of lines.entries()) {
    try { if (line.trim()) print(answer(loaded, line)); }
    catch (error) { print({ error: `line ${index + 1}: ${error.message}` }), (process.exitCode = 1); }
  }
} else console.error("usage: node node.mjs MODULE.wasm (--batch FILE|- | --inspect)");
