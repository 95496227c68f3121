// An API behind a rate limit: GET /search answers 200 after some 10 ms of work, or 429 with Retry-After at once. With INDEX_URL it asks there
// first. GET /health/live.
//
// The limit: a bucket of BURST (10) that refills at RATE (50) a second.
//
// Switches, each the defect of a story: LIMIT=fixed (RATE in each second of the clock, counted afresh) · off · places (2 at once, which is no rate)
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { send, stopOnSignal } from "./http.mjs";

const { INDEX_URL, LIMIT } = process.env;
const perSecond = Number(process.env.RATE ?? 50);
const burst = Number(process.env.BURST ?? 10);
const places = 2;

let tokens = burst;
let filledMs = performance.now();
function takeToken() {
  const nowMs = performance.now();
  tokens = Math.min(burst, tokens + ((nowMs - filledMs) * perSecond) / 1000);
  filledMs = nowMs;
  if (tokens < 1) return false;
  tokens -= 1;
  return true;
}

let second = 0;
let counted = 0;
function count() {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) [second, counted] = [now, 0];
  return ++counted <= perSecond;
}

let taken = 0;
const doors = { fixed: count, off: () => true, places: () => taken < places };
const mayPass = doors[LIMIT] ?? takeToken;

async function search({ headers }, response) {
  if (!mayPass()) {
    response.setHeader("retry-after", "1");
    return send(response, 429, { error: "too many requests" });
  }
  taken += 1;
  try {
    if (INDEX_URL) await (await fetch(`${INDEX_URL}/stats`, { headers: headers.traceparent ? { traceparent: headers.traceparent } : {} })).json();
    else await sleep(10);
    return send(response, 200, { found: 3 });
  } catch (error) {
    return send(response, 502, { error: error.message });
  } finally {
    taken -= 1;
  }
}

const server = createServer((request, response) => {
  switch (`${request.method} ${request.url}`) {
    case "GET /search": return search(request, response);
    case "GET /health/live": return send(response, 200, { status: "alive" });
    default: return send(response, 404, { error: "not found" });
  }
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT ?? 4011), "127.0.0.1", () => console.log("gate: listening"));
stopOnSignal(server);
