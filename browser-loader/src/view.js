// What all flags serve to one context: a view never changes; another context or version is another.
// In: a module's verdicts, or values. Out: values and explanations by key.

import { explain, valueOf } from "./verdict.js";

/** Of a module and its verdicts. */
export function moduleView({ _manifest: { _index, _flags } }, verdicts) {
  return {
    _keys: () => _index.keys(),
    _value(key) {
      const index = _index.get(key);
      return index === undefined ? index : valueOf(_flags[index], verdicts[2 * index]);
    },
    _explain(key) {
      const index = _index.get(key);
      return index === undefined ? index : explain(_flags[index], verdicts[2 * index], verdicts[2 * index + 1]);
    },
  };
}

/** Of rows by key, in the order of keys. */
export const valuesView = (rows) => ({
  _keys: () => rows.keys(),
  _value: (key) => rows.get(key)?.value,
  _explain: (key) => rows.get(key),
});

const isSame = (a, b) => a === b || (typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));

/** Keys whose values differ, sorted; there may have been no view before. */
export function changed(before, after) {
  const keys = new Set(after._keys());
  if (before) for (const key of before._keys()) keys.add(key);
  return [...keys].filter((key) => !isSame(before?._value(key), after._value(key))).sort();
}
