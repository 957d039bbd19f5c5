// What a slot of the record gets of a context, exactly as guest-abi's ABI.md, "Paths" and "Reads",
// says. In: a context and what a slot asks for. Out: a value, or `null` for a missing one.

import { AS_FLOAT, AS_NUMBER, AS_UNIT } from "./abi.js";

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

const member = (object, name) => (isObject(object) && Object.hasOwn(object, name) ? object[name] : null);

/** `pseudo` is what the host itself knows: `$now` and `$random`. */
const resolve = (context, path, pseudo) =>
  member(context, path) ?? member(pseudo, path) ?? path.split(".").reduce(member, context);

/** The double of a text with exponents, bare points and infinities; `null` when it is none. */
function float(text) {
  const infinity = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinity) return infinity[1] === "-" ? -Infinity : Infinity;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? +text : null;
}

export function read(context, [path, how], pseudo) {
  const value = resolve(context, path, pseudo);
  const isText = typeof value === "string";
  if (how === AS_NUMBER || how === AS_FLOAT) {
    if (isText) return how === AS_FLOAT ? float(value) : /^[+-]?\d+(\.\d+)?$/.test(value) ? +value : null;
    return typeof value === "number" ? value : null;
  }
  if (how === AS_UNIT) return isText ? value : Number.isSafeInteger(value) ? String(value) : null;
  return value;
}
