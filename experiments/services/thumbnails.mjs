// Thumbnails: GET /thumbnail takes 40 ms of one of 2 workers, so that some 50 a second can be made. 4 more wait for a worker; the others are told
// 503 with Retry-After at once. GET /health/live.
//
// Switches, each the defect of a story: SHEDDING=off (the queue has no end) · slow (says no only after a second)
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { send, stopOnSignal } from "./http.mjs";

const { SHEDDING } = process.env;
const workers = 2;
const workMs = 40;
const places = SHEDDING === "off" ? Number.POSITIVE_INFINITY : 4;

let working = 0;
const waiting = [];

async function thumbnail(response) {
  if (working >= workers && waiting.length >= places) {
    if (SHEDDING === "slow") await sleep(1_000);
    response.setHeader("retry-after", "1");
    return send(response, 503, { error: "too busy" });
  }
  // A worker that is free takes who waits longest, so it is never free while somebody waits.
  if (working >= workers) await new Promise((resolve) => waiting.push(resolve));
  else working += 1;
  await sleep(workMs);
  const next = waiting.shift();
  if (next) next();
  else working -= 1;
  return send(response, 200, { size: "64x64" });
}

const server = createServer((request, response) => {
  switch (`${request.method} ${request.url}`) {
    case "GET /thumbnail": return thumbnail(response);
    case "GET /health/live": return send(response, 200, { status: "alive" });
    default: return send(response, 404, { error: "not found" });
  }
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT ?? 4012), "127.0.0.1", () => console.log("thumbnails: listening"));
stopOnSignal(server);
