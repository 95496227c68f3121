// A service that can take only so much: GET /orders/ID is done by one of `workers` in `workMs`, waits for one in a queue, or is turned away when that is full.
// config: { workers, workMs, queue (null: without end), status, rejectAfterMs, cuts (closes the connection in place of an answer), failShare (of those let in), drops (leaves what its caller has left) }
import { setTimeout as sleep } from "node:timers/promises";
import { config, send, serve } from "./http.mjs";

const { workers = 2, workMs = 50, queue = 4, status = 503, rejectAfterMs = 0, cuts = false, failShare = 0, drops = false } = config;
const waiting = [];
let busy = 0;

async function work() {
  busy += 1;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (drops && next.destroyed) continue;
    await sleep(workMs);
    if (Math.random() < failShare) send(next, 500, { error: "lost" });
    else send(next, 200, { status: "ok" });
  }
  busy -= 1;
}

serve(async (request, response) => {
  if (busy >= workers && queue !== null && waiting.length >= queue) {
    if (cuts) return request.socket.destroy();
    await sleep(rejectAfterMs);
    return send(response, status, { error: "too much" }, { "retry-after": "1" });
  }
  waiting.push(response);
  if (busy < workers) void work();
});
