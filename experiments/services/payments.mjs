// A payment provider: POST /charges does some 20 ms of work and answers 201; the same order is charged once.
// Environment: PORT, WORK_MS (20).
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { readJson, send, stopOnSignal } from "./http.mjs";

const workMs = Number(process.env.WORK_MS ?? 20);
const chargeOfOrder = new Map();

const server = createServer(async (request, response) => {
  if (request.method === "GET" && request.url === "/health/ready") return send(response, 200, { status: "ready" });
  if (request.method === "GET" && request.url === "/stats") return send(response, 200, { orders: chargeOfOrder.size });
  if (request.method !== "POST" || request.url !== "/charges") return send(response, 404, { error: "not found" });
  const body = await readJson(request);
  if (typeof body?.order !== "string") return send(response, 400, { error: "expected { order, amount }" });
  await sleep(workMs);
  if (!chargeOfOrder.has(body.order)) chargeOfOrder.set(body.order, `ch_${chargeOfOrder.size + 1}`);
  return send(response, 201, { charge: chargeOfOrder.get(body.order), order: body.order });
});

// Longer than any pause of our own load, so that an idle connection is not closed just as it is reused.
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT ?? 4001), "127.0.0.1", () => console.log("payments: listening"));
stopOnSignal(server);
