// The dependency of every row: answers any path with 200 and a growing version after `delayMs` (default 5), or as `routes` say:
// { "/b": { delayMs, status } } by the longest prefix that fits. `fails: { from, until }` in ms since the start: 503 meanwhile. GET /effects: how often each POST key took effect;
// GET /charges: { charges }, how often POSTs did in all. `dedups`: "none", "always", "done" (a repeat is known when the first is done), and what is repeated is answered again.
import { setTimeout as sleep } from "node:timers/promises";
import { config, readText, send, serve } from "./http.mjs";

const { delayMs = 5, routes = {}, failShare = 0, dedups = "none" } = config;
const factor = Number(process.env.LATENCY_FACTOR ?? 1);
const prefixes = Object.keys(routes).sort((a, b) => b.length - a.length);
const effects = new Map();
const known = new Set();
let charges = 0;
let version = 0;

serve(async (request, response, url) => {
  if (url.pathname === "/effects") return send(response, 200, Object.fromEntries(effects));
  if (url.pathname === "/charges") return send(response, 200, { charges });
  const route = routes[prefixes.find((prefix) => url.pathname.startsWith(prefix))] ?? {};
  const body = await readText(request);
  if (request.method === "POST") {
    const named = request.headers["idempotency-key"];
    const key = named ?? url.pathname;
    const isRepeat = dedups !== "none" && named !== undefined && known.has(key);
    if (dedups === "always") known.add(key);
    await sleep((route.delayMs ?? delayMs) * factor);
    known.add(key);
    if (isRepeat) return send(response, 200, { version, path: url.pathname, received: body.length, items: [1, 2, 3] });
    effects.set(key, (effects.get(key) ?? 0) + 1);
    charges += 1;
  } else await sleep((route.delayMs ?? delayMs) * factor);
  version += 1;
  const status = route.status ?? (Math.random() < failShare ? 503 : 200);
  return send(response, status, { version, path: url.pathname, received: body.length, items: [1, 2, 3] });
});
