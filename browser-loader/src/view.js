// What all flags serve to one context: a view never changes; another context or version is another.
// In: a module's verdicts, or values. Out: values and explanations by key.

import { NONE } from "./abi.js";
import { explain } from "./verdict.js";

/** Of a module and its verdicts. A value is undefined where there is none, or none of the `kind`. */
export function moduleView({ _manifest: { _index, _flags } }, verdicts) {
  const value = (index, kind) => {
    const { _kind, _variants } = _flags[index];
    return kind && kind !== _kind ? undefined : _variants[verdicts[2 * index] & NONE]?.[1];
  };
  return {
    _flags,
    _keys: () => _index.keys(),
    _at: value,
    _value(key, kind) {
      const index = _index.get(key);
      return index === undefined ? index : value(index, kind);
    },
    _explain(key) {
      const index = _index.get(key);
      return index === undefined ? index : explain(_flags[index], verdicts[2 * index], verdicts[2 * index + 1]);
    },
  };
}

/** For `JSON.parse`: what it makes cannot be changed by those who are given it. */
export const frozen = (_, value) => Object.freeze(value);

/** Of rows by key, in the order of keys; what a value is tells its kind, and any may be JSON. */
export const valuesView = (rows) => ({
  _keys: () => rows.keys(),
  _value(key, kind = "json") {
    const value = rows.get(key)?.value;
    return kind === "json" || kind === typeof value ? value : undefined;
  },
  _explain: (key) => rows.get(key),
});

const isSame = (a, b) => a === b || (typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));

/** Keys whose values differ, sorted; there may have been no view before. */
export function changed(before, after) {
  if (before && after._flags && before._flags === after._flags) {
    // Of one module: its flags are the same ones, and sorted.
    let index = 0;
    const keys = [];
    for (const key of after._keys()) {
      if (!isSame(before._at(index), after._at(index))) keys.push(key);
      index++;
    }
    return keys;
  }
  const keys = new Set(after._keys());
  if (before) for (const key of before._keys()) keys.add(key);
  return [...keys].filter((key) => !isSame(before?._value(key), after._value(key))).sort();
}
