// The dependency of every row: answers any path with 200 and a growing version after `delayMs` (default 5), or as `routes` say:
// { "/b": { delayMs, status } } by the longest prefix that fits. `fails: { from, until }` in ms since the start: 503 meanwhile. GET /effects: how often each POST key took effect.
import { setTimeout as sleep } from "node:timers/promises";
import { config, readText, send, serve } from "./http.mjs";

const { delayMs = 5, routes = {}, failShare = 0 } = config;
const factor = Number(process.env.LATENCY_FACTOR ?? 1);
const prefixes = Object.keys(routes).sort((a, b) => b.length - a.length);
const effects = new Map();
let version = 0;

serve(async (request, response, url) => {
  if (url.pathname === "/effects") return send(response, 200, Object.fromEntries(effects));
  const route = routes[prefixes.find((prefix) => url.pathname.startsWith(prefix))] ?? {};
  const body = await readText(request);
  if (request.method === "POST") {
    const key = request.headers["idempotency-key"] ?? url.pathname;
    effects.set(key, (effects.get(key) ?? 0) + 1);
  }
  await sleep((route.delayMs ?? delayMs) * factor);
  version += 1;
  const status = route.status ?? (Math.random() < failShare ? 503 : 200);
  return send(response, status, { version, path: url.pathname, received: body.length, items: [1, 2, 3] });
});
