// What has changed, newest first.
// In: a cause, a version, keys of flags and what they served before. Out: a list that can be read.
// What somebody types is one change, however many keys it took.

import { clock, count, inline } from "./words.js";

/** Changes of the context that follow each other so soon are one. */
const TYPING_MS = 1500;
const ENTRIES_MAX = 40;
/** So many flags are named at once; the rest is folded. */
const NAMED = 5;

/** What a flag serves, in a word or two: of JSON the variant's name says more than its beginning. */
const brief = (details) => (typeof details?.value === "object" && details.variant) || inline(details?.value);

const list = document.getElementById("history");

function line([key, [before, after]]) {
  const item = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href: `#flag-${key}`, textContent: key });
  const values = document.createElement("span");
  const old = Object.assign(document.createElement("s"), { textContent: before });
  const next = Object.assign(document.createElement("b"), { textContent: after });
  values.append(old, " → ", next);
  values.title = `${before} → ${after}`;
  item.append(link, values);
  return item;
}

export function history() {
  let last;

  function draw({ at, title, changes, words, element }) {
    const time = element.querySelector("time");
    time.textContent = clock(at);
    time.dateTime = at.toISOString();
    element.querySelector("b").textContent = title;
    const lines = [...changes].sort(([a], [b]) => (a < b ? -1 : 1)).map(line);
    const items = element.querySelector("ul");
    items.replaceChildren(...lines.slice(0, NAMED));
    if (words) items.append(Object.assign(document.createElement("li"), { className: "note", textContent: words }));
    if (lines.length <= NAMED) return;
    const [fold, summary, rest] = ["details", "summary", "ul"].map((name) => document.createElement(name));
    summary.textContent = `and ${lines.length - NAMED} more`;
    rest.append(...lines.slice(NAMED));
    fold.append(summary, rest);
    const item = document.createElement("li");
    item.append(fold);
    items.append(item);
  }

  function entry(cause, title) {
    const element = document.getElementById("entry").content.firstElementChild.cloneNode(true);
    element.dataset.cause = cause;
    list.prepend(element);
    while (list.children.length > ENTRIES_MAX) list.lastElementChild.remove();
    document.getElementById("history-empty").hidden = true;
    return { cause, title, changes: new Map(), element };
  }

  return {
    /** `before` has what was served, by key; `after` the same now. */
    add(cause, version, keys, before, after) {
      const at = new Date();
      const isFirst = before.size === 0;
      const isTyping = cause === "context" && last?.cause === "context" && at - last.at < TYPING_MS;
      const title = { version: `revision ${version?.revision}`, context: "visitor changed", time: "time has passed" }[cause];
      if (!isTyping) last = entry(cause, title);
      last.at = at;
      if (isFirst) last.words = `${count(keys.length, "flag")} arrived from the ${version.source === "cache" ? "cache of this browser" : version.source}`;
      else {
        for (const key of keys) {
          const [old] = last.changes.get(key) ?? [brief(before.get(key))];
          last.changes.set(key, [old, brief(after.get(key))]);
        }
        for (const [key, [old, next]] of last.changes) if (old === next) last.changes.delete(key);
        last.words = last.changes.size ? "" : cause === "version" ? "changes nothing for this visitor" : "all as it was";
      }
      draw(last);
    },
  };
}
