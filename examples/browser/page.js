// The page: a client of Vexil's, and everything that shows what it does.
// In: where the server is, what is typed. Out: a page that follows its flags. Flags are evaluated
// by the client, here; nothing in these files may ask a server for a value.

import { createClient } from "./vexil/index.js";
import { codeDialog } from "./code.js";
import { contextEditor } from "./visitor.js";
import { copyButtons } from "./copy.js";
import { flagTable } from "./flags.js";
import { history } from "./history.js";
import { DEFAULTS, settings } from "./settings.js";
import { snapshot } from "./snapshot.js";
import { strip } from "./strip.js";

/** Clocks of browsers are coarse on purpose: a time is the mean of as many runs as this takes. */
const MEASURED_MS = 4;
const RUNS_MAX = 200;

const byId = (id) => document.getElementById(id);
const { server, project, environment, key } = settings(location, document);

const head = strip(server);
const code = codeDialog({ server, key });
const flags = flagTable(environment, (flag) => code.open(flag));
const log = history();
const visitor = contextEditor((context) => evaluate(context));
copyButtons();

/** What serves each flag now, and what has changed it since that was drawn. */
let shown = new Map();
let measured;
const causes = new Set();
let drawing = false;

/** Draws once for all changes of one moment. */
function drawSoon() {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    draw();
  });
}

function draw() {
  const { version } = client;
  const now = snapshot(client, shown.keys());
  const cause = ["version", "time", "context"].find((one) => causes.has(one)) ?? "context";
  const changed = flags.show(now);
  if (changed.length || causes.has("version")) log.add(cause, version, changed, shown, now);
  if (cause === "version" && changed.length && shown.size) byId("news").textContent = `Revision ${version.revision}: ${changed.length} changed`;
  causes.clear();
  shown = now;
  head.show(client, now.size);
  code.follow(version);
  visitor.say(version?.source);
  wear(now);
  showCommand(now);
  // Another module takes another time.
  if (version?.digest && version.digest !== measured) {
    measured = version.digest;
    evaluate(client.context);
  }
}

/** Sets the context, and measures what that takes. Where the server evaluates, it is asked once. */
async function evaluate(context) {
  if (!client) return;
  const isRemote = client.version?.source === "server";
  const began = performance.now();
  let runs = 0, took;
  try {
    do {
      const settled = client.setContext(context);
      if (isRemote) await settled;
      else settled.catch(() => {}); // `onError` tells of it.
      runs++;
      took = performance.now() - began;
    } while (!isRemote && client.version && took < MEASURED_MS && runs < RUNS_MAX);
  } catch (error) {
    if (error.code === "CONTEXT") visitor.complain(`${error.message}. The last good context stays.`);
    return;
  }
  if (client.version) head.took(took / runs, isRemote);
  drawSoon();
}

/** The page wears the shop's colour, which is a flag like any other. */
function wear(now) {
  const accent = now.get("accent")?.value;
  if (typeof accent === "string") document.documentElement.dataset.accent = accent;
}

/** A command that changes what is seen: it switches a flag off that is on for this visitor, and on again. */
let chosen;
function showCommand(now) {
  const rows = [...now.values()];
  const isOff = now.get(chosen)?.reason === "DISABLED";
  if (!isOff && now.get(chosen)?.value !== true) chosen = rows.find(({ value }) => value === true)?.flagKey ?? rows[0]?.flagKey;
  const words = chosen ? `flag ${isOff ? "on" : "off"} ${chosen}` : "flag list";
  const elsewhere = server === DEFAULTS.server ? "" : ` --server ${server}`;
  byId("command").textContent = `vexil ${words} -p ${project} -e ${environment}${elsewhere}`;
}

byId("project").textContent = project;
byId("environment").textContent = environment;
byId("follows").textContent = `Follows ${server}`;
showCommand(shown);
document.title = `${project}/${environment} – flags in the browser`;

byId("forget").addEventListener("click", async () => {
  await globalThis.caches?.delete("vexil");
  location.reload();
});

let client;
try {
  client = createClient({ url: server, key, project, environment, context: visitor.context(), onError: (error) => head.failed(error) });
  client.onChange(({ cause }) => {
    causes.add(cause);
    drawSoon();
  });
  client.onState(drawSoon);
  setInterval(() => head.show(client, shown.size), 1000);
  head.show(client, 0);
} catch (error) {
  head.failed(error);
}
