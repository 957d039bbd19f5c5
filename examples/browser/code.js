// The code of a flag, as WebAssembly text.
// In: a flag's key, what serves. Out: a dialog, which follows when another version serves. It asks
// the server for text to read; what the page evaluates was here before.

const byId = (id) => document.getElementById(id);

/** Pieces of WebAssembly text (https://webassembly.github.io/spec/core/text/lexical.html) that are told apart. */
const PIECES = [
  ["aside", /;; label = .*|\(;[^]*?;\)/],
  ["comment", /;;.*/],
  ["text", /"(?:[^"\\\n]|\\.)*"/],
  ["name", /\$[^\s()"]+/],
  ["number", /(?<![\w.$])[-+]?(?:0x[\da-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:e[-+]?\d+)?)(?![\w.])/],
  ["type", /\b(?:i32|i64|f32|f64|v128|funcref)\b(?!\.)/],
  ["word", /\b(?:func|param|result|local|type|module|block|loop|if|then|else|end|return|br|br_if|br_table|call|call_indirect|select|drop|unreachable)\b(?!\.)/],
];
const PIECE = new RegExp(PIECES.map(([name, { source }]) => `(?<${name}>${source})`).join("|"), "g");

/** The text as nodes, each piece in a `span` with its class. */
function coloured(text) {
  const nodes = document.createDocumentFragment();
  let at = 0;
  for (const { 0: piece, index, groups } of text.matchAll(PIECE)) {
    const span = document.createElement("span");
    span.className = Object.keys(groups).find((name) => groups[name] !== undefined);
    span.textContent = piece;
    nodes.append(text.slice(at, index), span);
    at = index + piece.length;
  }
  nodes.append(text.slice(at));
  return nodes;
}

/** What the server said instead of code, in a sentence. */
async function refused(response) {
  const problem = await response.json().catch(() => ({}));
  if (response.status === 404 && problem.detail) return `The server has no code to show: ${problem.detail}.`;
  if (response.status === 404) return "This server does not show code: it is older than this page.";
  if (response.status === 429) return "The server was asked for code too often. Wait a moment, and try again.";
  return `The server refuses (${response.status})${problem.detail ? `: ${problem.detail}` : ""}.`;
}

export function codeDialog({ server, key }) {
  const dialog = byId("code");
  const text = byId("code-text");
  let flag, version, asking;

  function say(words, isBad) {
    byId("code-words").textContent = words;
    dialog.classList.toggle("bad", Boolean(isBad));
    byId("copy-code").disabled = Boolean(isBad);
  }

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    const url = new URL(`${server}/v1/modules/${version.digest}/wat`);
    url.searchParams.set("flag", flag);
    if (key) url.searchParams.set("key", key);
    const fail = (words) => {
      text.textContent = words;
      say("There is no code to show.", true);
    };
    try {
      const response = await fetch(url, { credentials: "omit", signal });
      if (!response.ok) return fail(await refused(response));
      const code = await response.text();
      text.replaceChildren(coloured(code));
      say(`What its rules were compiled to, at revision ${version.revision}. The page runs the binary form of it.`);
    } catch {
      if (!signal.aborted) fail("The server cannot be asked for the code. The flag goes on without it.");
    }
  }

  dialog.addEventListener("close", () => asking?.abort());
  // A click beside the dialog closes it, as Escape does.
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());

  return {
    open(next) {
      flag = next;
      byId("code-title").textContent = flag;
      text.textContent = "";
      say("Asking the server …");
      dialog.showModal();
      ask();
    },
    /** Another version may serve: what is open is asked for again. */
    follow(next) {
      const isOther = next?.digest && next.digest !== version?.digest;
      version = next;
      if (isOther && dialog.open) ask();
    },
  };
}
