// Keeps an open page true: when flags change, fetches the page again and puts in what differs.
//
// The server stays the only one that decides; this file knows no flag by name.

const pageOf = (html) => new DOMParser().parseFromString(html, "text/html");
const ours = (selector) => document.querySelectorAll(selector);

/** Replaces every live part that the server now renders differently. */
async function refresh(changed) {
  const response = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!response.ok && response.status !== 404) return;
  const fresh = pageOf(await response.text());
  document.documentElement.dataset.accent = fresh.documentElement.dataset.accent;
  for (const next of fresh.querySelectorAll("[data-live]")) {
    const now = document.getElementById(next.id);
    if (now && now.outerHTML !== next.outerHTML) replace(now, next);
  }
  for (const key of changed) ours(`main [data-flag~="${CSS.escape(key)}"], tr[data-flag="${CSS.escape(key)}"]`).forEach(flash);
}

/** Puts `next` in the place of `now`, and keeps what the shopper has opened, ticked or typed. */
function replace(now, next) {
  if (now.open) next.open = true;
  for (const field of now.querySelectorAll("input[name], textarea[name], #xray")) {
    const selector = field.id ? `#${field.id}` : `[name="${CSS.escape(field.name)}"]${field.type === "radio" ? `[value="${CSS.escape(field.value)}"]` : ""}`;
    const same = next.querySelector(selector);
    if (!same || same.type === "hidden") continue;
    if (field.checked !== field.defaultChecked) same.checked = field.checked;
    if (field.value !== field.defaultValue) same.value = field.value;
  }
  now.replaceWith(document.adoptNode(next));
}

function flash(element) {
  element.classList.remove("fresh");
  void element.offsetWidth; // begins the animation anew
  element.classList.add("fresh");
}

let hiding;
function say(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => toast.classList.remove("shown"), 6000);
}

/** What the page was rendered from. */
function rendered() {
  const { state, revision, digest } = document.getElementById("status").dataset;
  return { state, revision, digest };
}

let work = Promise.resolve(); // one refresh after the other
new EventSource("/live").addEventListener("pulse", ({ data }) => {
  const pulse = JSON.parse(data);
  work = work.then(async () => {
    const before = rendered();
    if (before.state === pulse.state && before.revision === String(pulse.revision ?? "")) return;
    const swapped = before.digest !== (pulse.digest ?? "");
    await refresh(swapped ? pulse.changed : []);
    if (pulse.state === "STALE") say("The flag server does not answer. The shop goes on with what it has.");
    else if (before.state === "STALE" && !swapped) say("The flag server is back.");
    else if (swapped && pulse.changed.length) say(`Revision ${pulse.revision} changed ${pulse.changed.join(", ")}`);
  }).catch(() => say("The shop does not answer."));
});

// The switch that shows flags is remembered; hearts beat; menus close.
addEventListener("change", ({ target }) => {
  if (target.id === "xray") sessionStorage.setItem("xray", target.checked ? "1" : "");
});
document.getElementById("xray").checked = Boolean(sessionStorage.getItem("xray"));
addEventListener("click", ({ target }) => {
  const heart = target.closest(".heart");
  if (heart) heart.setAttribute("aria-pressed", heart.getAttribute("aria-pressed") !== "true");
  const menu = document.getElementById("who");
  if (menu.open && !menu.contains(target)) menu.open = false;
});
