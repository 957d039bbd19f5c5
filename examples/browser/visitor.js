// For whom flags are evaluated: prepared visitors, fields, and JSON for everything else.
// In: what is typed and pressed. Out: a context, each time that it is another one. JSON that cannot
// be read changes nothing: the last that could goes on, and a sentence says what is wrong.

import { PERSONAS } from "./personas.js";

const HINT = "Names that stand here win over the fields.";

/** How a field's text becomes an attribute, and back. An empty field is no attribute. */
const READ = {
  text: (text) => text,
  number: (text) => Number(text),
  day: (text) => `${text}T00:00:00Z`,
  list: (text) => text.split(",").map((one) => one.trim()).filter(Boolean),
};
const WRITE = {
  text: (value) => value,
  number: (value) => String(value),
  day: (value) => value.slice(0, 10),
  list: (value) => value.join(", "),
};

/** Puts a value at `path`, as in `company.id`. */
function put(context, path, value) {
  const [name, inner] = path.split(".");
  if (inner) (context[name] ??= {})[inner] = value;
  else context[name] = value;
}

const at = (context, path) => path.split(".").reduce((object, name) => object?.[name], context);

/** An object from JSON; throws an error whose message says what is wrong, as the browser has it. */
function object(text) {
  if (!text.trim()) return {};
  let value;
  try {
    value = JSON.parse(text);
  } catch ({ message }) {
    throw new Error(`This is not JSON: ${message.replace(/^JSON\.parse: | in JSON at position \d+|\.$/g, "")}.`);
  }
  if (typeof value !== "object" || !value || Array.isArray(value)) throw new Error('This has to be an object, as in {"age": 34}.');
  return value;
}

/** The number that colours an initial, as in the shop. */
const hue = (name) => [...new TextEncoder().encode(name)].reduce((sum, byte) => sum + byte, 0) % 6;

export function contextEditor(changed) {
  const form = document.getElementById("visitor");
  const words = document.getElementById("further-words");
  const further = document.getElementById("further");
  const fields = [...form.querySelectorAll("[name]")];
  const buttons = new Map();
  let more = {}, last = "";

  function complain(text) {
    words.textContent = text || HINT;
    words.classList.toggle("bad", Boolean(text));
    further.setAttribute("aria-invalid", String(Boolean(text)));
  }

  function readFurther() {
    try {
      more = object(further.value);
      complain("");
    } catch (error) {
      complain(`${error.message} The last good one is used.`);
    }
  }

  function context() {
    const made = {};
    for (const { name, value, dataset } of fields) if (value.trim()) put(made, name, READ[dataset.as](value.trim()));
    return { ...made, ...more };
  }

  /** Tells of a context that is another one, and marks whose it is. */
  function tell() {
    const made = context();
    const text = JSON.stringify(made);
    for (const [persona, button] of buttons) button.setAttribute("aria-pressed", String(text === persona));
    if (text !== last) changed(made);
    last = text;
  }

  function fill(next) {
    for (const field of fields) {
      const value = at(next, field.name);
      field.value = value === undefined ? "" : WRITE[field.dataset.as](value);
    }
    further.value = "";
    readFurther();
  }

  for (const { name, about, context: persona } of PERSONAS) {
    const button = document.createElement("button");
    const initial = document.createElement("i");
    Object.assign(initial, { className: `avatar hue-${hue(name)}`, textContent: name[0], ariaHidden: "true" });
    Object.assign(button, { type: "button", title: about });
    button.append(initial, name);
    button.addEventListener("click", () => {
      fill(persona);
      tell();
    });
    document.getElementById("personas").append(button);
    fill(persona);
    buttons.set(JSON.stringify(context()), button);
  }

  fill(PERSONAS[0].context);
  last = JSON.stringify(context());
  buttons.get(last).setAttribute("aria-pressed", "true");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target }) => {
    if (target === further) readFurther();
    tell();
  });
  // Where the flags stand below, the fields are folded, so that they are not far.
  const narrow = matchMedia("(max-width: 60rem)");
  const fold = () => (document.getElementById("attributes").open = !narrow.matches);
  narrow.addEventListener("change", fold);
  fold();

  return {
    context,
    complain,
    /** Where this context is used. */
    say(source) {
      const text = source === "server" ? "This browser may not run WebAssembly here: the server is asked, and told all of this." : "Nothing of this leaves the page.";
      const note = document.getElementById("visitor-note");
      if (note.textContent !== text) note.textContent = text;
    },
  };
}
