// What to follow.
// In: the page's address, and what the program that serves the page has put into it. Out: a
// server, a project, an environment, perhaps a key. The address goes first.

/** Where the server is when nobody says; `vexil` asks there, too. */
export const DEFAULTS = { server: "http://127.0.0.1:7070", project: "storefront", environment: "production" };

/** What the page says; a placeholder that nobody has replaced says nothing. */
function said(page, name) {
  const text = page.querySelector(`meta[name="vexil-${name}"]`)?.content ?? "";
  return text.startsWith("{{") ? "" : text;
}

export function settings({ search }, page) {
  const asked = new URLSearchParams(search);
  const setting = (name) => asked.get(name) || said(page, name) || DEFAULTS[name];
  return {
    server: setting("server").replace(/\/+$/, ""),
    project: setting("project"),
    environment: setting("environment"),
    key: asked.get("key") || undefined,
  };
}
