// What the tests of the browser loader stand on: a server of Vexil's, a site that serves pages and
// stands between page and server, and a real Chromium.
// In: nothing but what the machine has. Out: all of it started, on free ports, in folders of its
// own, and stopped again.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { createServer as createNetServer } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
/** The loader as it is written, and as it is published. */
const SOURCES = join(ROOT, "browser-loader/src");
const DIST = join(ROOT, "browser-loader/dist");

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is truthy. */
export async function until(what, ask, patienceMs = 15_000) {
  const end = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what} did not come to be`);
    await sleep(10);
  }
}

const freePort = () =>
  new Promise((resolve) => {
    const probe = createNetServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

/** The browser of this machine. */
export function browserPath() {
  const places = [
    process.env.VEXIL_CHROMIUM,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
  ];
  const found = places.find((place) => place && existsSync(place));
  if (!found) throw new Error("there is no Chromium: install it (on Debian `apt-get install chromium`), or name one by VEXIL_CHROMIUM");
  return found;
}

const ARGUMENTS = [
  "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
  // Where the name of a page is to be another than that of this machine, it leads here.
  "--host-resolver-rules=MAP *.test 127.0.0.1",
  // Chromium's sandbox cannot be had by root.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

export const launch = (more = []) =>
  chromium.launch({ executablePath: browserPath(), headless: true, args: [...ARGUMENTS, ...more] });

export const launchPersistent = (folder, more = []) =>
  chromium.launchPersistentContext(folder, { executablePath: browserPath(), headless: true, args: [...ARGUMENTS, ...more] });

/** A server of Vexil's with a store of its own. `keys`: whether it asks for keys. */
export async function startServer({ keys = false, folder = mkdtempSync(join(tmpdir(), "vexil-browser-")), port } = {}) {
  port ??= await freePort();
  const store = join(folder, "vexil.db");
  const vexil = process.env.VEXIL_BINARY ?? join(TARGET, "debug/vexil");
  const child = spawn(vexil, ["serve", "--json", "--log", "warn", ...(keys ? [] : ["--dev"]), "--listen", `127.0.0.1:${port}`, "--store", store], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  child.stdout.on("data", (bytes) => (printed += bytes));
  child.stderr.on("data", (bytes) => (printed += bytes));
  const url = `http://127.0.0.1:${port}`;
  let gone = false;
  const ended = new Promise((resolve) => child.on("exit", () => resolve((gone = true))));
  await until("the server", async () => {
    if (gone) throw new Error(`the server ended: ${printed}`);
    return fetch(`${url}/healthz`).then((answer) => answer.ok, () => false);
  });
  const token = /vxl_admin_\w+/.exec(printed)?.[0];
  return {
    url, port, folder, token,
    printed: () => printed,
    /** Sends JSON and gives JSON back; anything but success is an error. */
    async send(method, path, body, headers = {}) {
      const answer = await fetch(url + path, {
        method,
        headers: { "content-type": "application/json", "x-vexil-actor": "tests", ...(token && { authorization: `Bearer ${token}` }), ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text && JSON.parse(text);
    },
    /** Makes the project equal to a document. */
    async apply(document) {
      return this.send("POST", `/v1/projects/${document.project}/apply`, document);
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
    async remove() {
      await this.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".html": "text/html", ".wasm": "application/wasm", ".json": "application/json", ".css": "text/css", ".svg": "image/svg+xml" };

/**
 * A site: `/` is an empty page, `/loader/` the loader as it is written, `/dist/` as it is published,
 * and everything below `/flags/` is answered by the server at `target()`. `pages` has further ones:
 * text, or `{ text, type, headers }`. `between(request, url)` may answer in the server's place, by
 * giving `(response) => …`, or change its answer, by giving `{ change: (status, headers, body) => [status, headers, body] }`.
 */
export async function startSite({ target, pages = {}, headers = {}, port } = {}) {
  const site = { asked: [], open: 0, opened: 0, between: () => undefined };
  const sockets = new Set();
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://site");
    const serve = (bytes, type, more = {}) => {
      response.writeHead(200, { "content-type": type, "cache-control": "no-store", ...headers, ...more });
      response.end(bytes);
    };
    if (url.pathname.startsWith("/flags/")) return pass(request, response, url);
    const page = pages[url.pathname];
    if (page !== undefined) return typeof page === "string" ? serve(page, TYPES[extname(url.pathname)] ?? "text/html") : serve(page.text, page.type ?? "text/html", page.headers);
    for (const [prefix, folder] of [["/loader/", SOURCES], ["/dist/", DIST], ["/example/", join(ROOT, "examples/browser")]]) {
      const path = normalize(join(folder, url.pathname.slice(prefix.length)));
      if (url.pathname.startsWith(prefix) && path.startsWith(folder) && existsSync(path)) return serve(readFileSync(path), TYPES[extname(path)] ?? "text/plain");
    }
    // The verifier stands beside the loader where it is published.
    if (url.pathname === "/loader/vexil_verify.wasm") return serve(readFileSync(join(DIST, "vexil_verify.wasm")), "application/wasm");
    if (url.pathname === "/") return serve("<!doctype html><title>a page</title><p id=p>a page", "text/html");
    response.writeHead(404).end("not found");
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });

  function pass(request, response, url) {
    site.asked.push(`${request.method} ${url.pathname.slice("/flags".length)}`);
    const between = site.between(request, url);
    if (typeof between === "function") return between(response);
    const isStream = url.pathname.endsWith("/events");
    if (isStream) {
      site.open++;
      site.opened++;
      response.on("close", () => site.open--);
    }
    const { host, origin, referer, ...rest } = request.headers;
    const asked = httpRequest(target() + request.url.slice("/flags".length), { method: request.method, headers: rest }, (answer) => {
      site.answered?.(url, answer.statusCode);
      if (!between?.change) {
        response.writeHead(answer.statusCode, { ...answer.headers, ...headers });
        response.flushHeaders();
        answer.pipe(response);
        return;
      }
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        const [status, changed, body] = between.change(answer.statusCode, answer.headers, Buffer.concat(chunks));
        response.writeHead(status, changed);
        response.end(body);
      });
    });
    asked.on("error", () => response.destroy());
    response.on("close", () => asked.destroy());
    request.pipe(asked);
  }

  await new Promise((resolve) => server.listen(port ?? 0, "127.0.0.1", resolve));
  site.port = server.address().port;
  site.url = `http://127.0.0.1:${site.port}`;
  /** Breaks every connection, as a network that goes away does. */
  site.cut = () => sockets.forEach((socket) => socket.destroy());
  site.stop = async () => {
    site.cut();
    await new Promise((resolve) => server.close(resolve));
  };
  return site;
}

/** The flags of most tests. */
export const shop = (change = () => {}) => {
  const document = {
    format: "vexil/1",
    project: "shop",
    environments: ["production"],
    flags: {
      checkout: {
        kind: "boolean", client_visible: true,
        environments: {
          production: { enabled: true, off_variant: "off", rules: [{ id: "german", when: { attribute: "country", equals: "DE" }, serve: "on" }], fallthrough: "off" },
        },
      },
      accent: {
        kind: "string", client_visible: true, variants: { pine: "#0a5", heather: "#a5c" },
        environments: { production: { enabled: true, off_variant: "pine", fallthrough: "pine" } },
      },
      limit: {
        kind: "number", client_visible: true, variants: { few: 10, many: 50 },
        environments: { production: { enabled: true, off_variant: "few", rules: [{ id: "paying", when: { attribute: "plan", in: ["team", "enterprise"] }, serve: "many" }], fallthrough: "few" } },
      },
      layout: {
        kind: "json", client_visible: true, variants: { plain: { columns: 1 }, wide: { columns: 3, hero: "tent" } },
        environments: { production: { enabled: true, off_variant: "plain", fallthrough: "wide" } },
      },
      half: {
        kind: "boolean", client_visible: true,
        environments: { production: { enabled: true, off_variant: "off", fallthrough: { split: { weights: { on: 50000, off: 50000 }, otherwise: "off" } } } },
      },
      secret: {
        kind: "boolean",
        environments: { production: { enabled: true, off_variant: "off", overrides: { on: ["eva@acme.example"] }, fallthrough: "off" } },
      },
    },
  };
  change(document.flags);
  return document;
};
