// What a verdict means.
// In: a flag's row and the two halves of its verdict. Out: value, variant and OpenFeature's words.

import { ERROR_CODES, NONE, REASONS } from "./abi.js";

/** `{ _kind, value, variant, reason, errorCode, rule, prerequisite }`; `value` is undefined when none is served. */
export function explain({ _kind, _variants, _rules, _prerequisites }, low, high) {
  const [variant, value] = _variants[low & NONE] ?? [];
  return {
    _kind,
    value,
    variant,
    reason: REASONS[high & 255] ?? REASONS[0],
    errorCode: ERROR_CODES[(high >> 8) & 255],
    rule: _rules[low >>> 16],
    // A module for pages does not name every flag that others need.
    prerequisite: _prerequisites[(high >>> 16) - 1] || undefined,
  };
}
