// A ledger: POST /transfers { transfer, amount } with an Idempotency-Key books it in some 20 ms and answers 201 { entry }; what comes with a known key
// is answered as the first was, also while that is still being booked. GET /stats answers { transfers } booked. GET /health/ready.
//
// Switches, each the defect of a story:
//   DEDUP=off         every call is booked
//   DEDUP=sequential  a key is known only when its transfer has been booked: two that come at once are both booked
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { readJson, send, stopOnSignal } from "./http.mjs";

const { DEDUP } = process.env;
const entryOfKey = new Map();
let transfers = 0;

async function book() {
  await sleep(20);
  return `entry_${(transfers += 1)}`;
}

async function bookOnce(key) {
  if (entryOfKey.has(key)) return entryOfKey.get(key);
  const booking = book();
  if (DEDUP !== "sequential") entryOfKey.set(key, booking);
  const entry = await booking;
  entryOfKey.set(key, entry);
  return entry;
}

const server = createServer(async (request, response) => {
  if (request.method === "GET" && request.url === "/health/ready") return send(response, 200, { status: "ready" });
  if (request.method === "GET" && request.url === "/stats") return send(response, 200, { transfers });
  if (request.method !== "POST" || request.url !== "/transfers") return send(response, 404, { error: "not found" });
  const body = await readJson(request);
  if (typeof body?.transfer !== "string") return send(response, 400, { error: "expected { transfer, amount }" });
  const key = request.headers["idempotency-key"];
  const entry = key === undefined || DEDUP === "off" ? await book() : await bookOnce(key);
  return send(response, 201, { entry, transfer: body.transfer });
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ledger: listening"));
stopOnSignal(server);
