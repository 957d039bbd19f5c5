// The table of flags.
// In: what every flag serves. Out: a row for each, changed in place, so that what is open stays open
// and what has the focus keeps it; and which flags serve another value than before.

import { inline } from "./words.js";

/** As long as the style sheet lights a row. */
const FRESH_MS = 2400;

const byId = (id) => document.getElementById(id);

function set(element, text, title = text) {
  if (element.textContent !== text) element.textContent = text;
  if (element.title !== title) element.title = title;
}

/** Why a flag serves what it does, as text and names in turn: `["rule ", "dach", ", by percentage"]`. */
function because({ reason, errorCode, errorMessage, flagMetadata: { rule, prerequisite } }, environment) {
  if (errorCode === "TARGETING_KEY_MISSING") return ["it splits by a key that is not there"];
  if (errorCode) return [errorMessage ?? "it cannot be evaluated"];
  if (prerequisite) return ["needs ", prerequisite, ", not met"];
  if (prerequisite === "") return ["needs a flag that pages do not see"];
  switch (reason) {
    case "STATIC": return ["the same for everybody"];
    case "TARGETING_MATCH": return rule ? ["rule ", rule] : ["names this visitor"];
    case "SPLIT": return rule ? ["rule ", rule, ", by percentage"] : ["by percentage"];
    case "DEFAULT": return ["no rule matched"];
    case "DISABLED": return [`switched off in ${environment}`];
    default: return ["the server says no more"];
  }
}

/** Texts, and the names between them as code. */
const marked = (parts) =>
  parts.map((part, index) => {
    if (index % 2 === 0) return part;
    const name = document.createElement("code");
    name.textContent = part;
    return name;
  });

/** Shows a value in its cell; a fold that is open stays open. */
function showValue(cell, { value, kind }) {
  const text = value === undefined ? "no value" : inline(value);
  const shape = value === undefined ? "none" : typeof value === "boolean" ? (value ? "on" : "off") : kind;
  if (cell.dataset.text === text && cell.dataset.shape === shape) return;
  Object.assign(cell.dataset, { text, shape });
  if (kind !== "json") return set(cell, text);
  let fold = cell.querySelector("details");
  if (!fold) {
    fold = document.createElement("details");
    fold.append(document.createElement("summary"), document.createElement("pre"));
    cell.replaceChildren(fold);
    cell.title = "";
  }
  const [summary, whole] = fold.children;
  summary.textContent = text;
  whole.textContent = JSON.stringify(value, null, 2);
}

export function flagTable(environment, openCode) {
  const rows = new Map();
  const cooling = new WeakMap();

  function makeRow(key) {
    const row = byId("row").content.firstElementChild.cloneNode(true);
    row.id = `flag-${key}`;
    const button = row.querySelector("button");
    button.setAttribute("aria-label", `Code of ${key}`);
    button.addEventListener("click", () => openCode(key));
    set(row.querySelector(".key"), key);
    return row;
  }

  function fill(row, details) {
    const { kind, variant, reason, errorCode, flagMetadata: { digest } } = details;
    const part = (name) => row.querySelector(name);
    if (kind) set(part(".kind"), kind, "");
    showValue(part(".value"), details);
    set(part(".variant"), variant ?? "the page's own default", "");
    const parts = because(details, environment);
    const text = parts.join("");
    if (part(".because").title !== text) {
      part(".because").replaceChildren(...marked(parts));
      part(".because").title = text;
    }
    set(part(".reason"), errorCode ?? reason, "");
    row.dataset.reason = reason;
    part("button").disabled = !digest;
    row.dataset.text = [details.flagKey, kind, part(".value").dataset.text, variant, text, errorCode ?? reason].join(" ").toLowerCase();
  }

  function light(row) {
    row.classList.remove("fresh");
    void row.offsetWidth; // begins the animation anew
    row.classList.add("fresh");
    clearTimeout(cooling.get(row));
    cooling.set(row, setTimeout(() => row.classList.remove("fresh"), FRESH_MS));
  }

  function filter() {
    const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    let visible = 0;
    for (const row of rows.values()) {
      row.hidden = !words.every((word) => row.dataset.text.includes(word));
      visible += row.hidden ? 0 : 1;
    }
    set(byId("count"), words.length ? `${visible} of ${rows.size}` : String(rows.size || ""), "");
    const empty = byId("empty");
    empty.hidden = visible > 0;
    set(empty, rows.size ? "No flag has all of these words." : "No flags have arrived yet.", "");
  }
  byId("filter").addEventListener("input", filter);

  return {
    /** Draws `now`, and tells which flags serve another value than was drawn before. */
    show(now) {
      const isFirst = rows.size === 0;
      const changed = [];
      for (const [key, row] of rows) {
        if (now.has(key)) continue;
        row.remove();
        rows.delete(key);
        changed.push(key);
      }
      let before;
      for (const [key, details] of now) {
        const isNew = !rows.has(key);
        if (isNew) rows.set(key, makeRow(key));
        const row = rows.get(key);
        const text = row.querySelector(".value").dataset.text;
        fill(row, details);
        if (isNew) {
          if (before) before.after(row);
          else byId("rows").prepend(row);
        }
        if (isNew || text !== row.querySelector(".value").dataset.text) {
          changed.push(key);
          if (!isFirst) light(row);
        }
        before = row;
      }
      filter();
      return changed.sort();
    },
  };
}

