// How values, times and sizes are said.
// In: a value, a time, a number. Out: short texts for people.

/** A value on one line; `undefined` is none. */
export function inline(value) {
  if (value === undefined) return "none";
  if (value === true) return "on";
  if (value === false) return "off";
  if (typeof value === "string") return value === "" ? "“”" : value;
  if (value === null || typeof value === "number") return String(value);
  if (Array.isArray(value)) return `[${value.map(inner).join(", ")}]`;
  return `{ ${Object.entries(value).map(([name, one]) => `${name}: ${inner(one)}`).join(", ")} }`;
}

/** Within JSON, texts are quoted and booleans are JSON's. */
const inner = (value) => (typeof value === "object" && value ? inline(value) : JSON.stringify(value));

export const clock = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export function ago(date, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - date) / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
}

/** A short time, with three digits that mean something. */
export function duration(ms) {
  if (ms < 0.0095) return `${(ms * 1000).toFixed(1)} µs`;
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

export const count = (number, one, more = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : more}`;
