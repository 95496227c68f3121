// A bank: POST /transfer { transfer, amount } books it in the ledger at LEDGER_URL, and answers 200 { entry }, or 503 when the ledger did not.
// GET /health/ready.
//
// A call that fails is tried again, by cockatiel, up to twice, after some 50 and 100 ms; all attempts carry one Idempotency-Key, the transfer's own.
//
// Switch, the defect of a story: KEYS=fresh (a new key for each attempt) or KEYS=off (none)
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { ExponentialBackoff, handleAll, retry } from "cockatiel";
import { readJson, send, stopOnSignal } from "./http.mjs";

const { LEDGER_URL, KEYS } = process.env;
const policy = retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 400 }) });

async function book(transfer, amount, key, traceparent) {
  const response = await fetch(`${LEDGER_URL}/transfers`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key && { "idempotency-key": key }), ...(traceparent && { traceparent }) },
    body: JSON.stringify({ transfer, amount }),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(`the ledger answered ${response.status}`);
  return body;
}

const keyOf = { fresh: () => randomUUID(), off: () => undefined }[KEYS] ?? ((transfer) => transfer);

async function transferMoney(request, response) {
  const body = await readJson(request);
  if (typeof body?.transfer !== "string") return send(response, 400, { error: "expected { transfer, amount }" });
  try {
    const { entry } = await policy.execute(() => book(body.transfer, body.amount, keyOf(body.transfer), request.headers.traceparent));
    return send(response, 200, { entry });
  } catch (error) {
    return send(response, 503, { error: error.message });
  }
}

const server = createServer((request, response) => {
  if (request.method === "POST" && request.url === "/transfer") return transferMoney(request, response);
  return send(response, request.url === "/health/ready" ? 200 : 404, {});
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("bank: listening"));
stopOnSignal(server);
