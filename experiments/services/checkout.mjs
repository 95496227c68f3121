// A checkout: POST /checkout charges the buyer at PAYMENTS_URL, and answers
//   200 { status: "paid" }     when the charge went through,
//   202 { status: "queued" }   when it did not and the order is kept for later (the fallback).
// GET /health/live, GET /health/ready (503 while the breaker is not closed).
//
// Around each charge: up to 3 attempts (exponential backoff from 100 ms, ±50 % jitter), each through a circuit breaker
// (opossum: more than half of at least 10 calls in 10 s fail, then 2 s of rest), each given 500 ms.
//
// Its calls carry the traceparent of their request (TRACE=off: they do not) and the order as x-order.
//
// Switches, each the defect of a story: BREAKER=off|stuck · RETRIES=off|unbounded|unjittered · TIMEOUT=off · FALLBACK=off · LIVENESS=dependency
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import CircuitBreaker from "opossum";
import { readJson, send, stopOnSignal } from "./http.mjs";

const { PAYMENTS_URL, BREAKER, RETRIES, TIMEOUT, FALLBACK, LIVENESS, TRACE } = process.env;
const attemptsAtMost = { off: 1, unbounded: Number.POSITIVE_INFINITY }[RETRIES] ?? 3;
const perTryMs = 500;

async function charge(order, amount, traceparent) {
  const response = await fetch(`${PAYMENTS_URL}/charges`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": order, "x-order": order, ...(traceparent && TRACE !== "off" && { traceparent }) },
    body: JSON.stringify({ order, amount }),
    ...(TIMEOUT !== "off" && { signal: AbortSignal.timeout(perTryMs) }),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(`payments answered ${response.status}`);
  return body;
}

const breaker = new CircuitBreaker(charge, {
  enabled: BREAKER !== "off",
  timeout: false, // the fetch has its own, which also closes the connection
  errorThresholdPercentage: 50,
  volumeThreshold: 10,
  rollingCountTimeout: 10_000,
  resetTimeout: BREAKER === "stuck" ? 600_000 : 2_000,
});

/** Attempts until one succeeds; an open breaker is not asked again, it would only say no. */
async function chargeWithRetries(...args) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await breaker.fire(...args);
    } catch (error) {
      if (attempt >= attemptsAtMost || error.code === "EOPENBREAKER") throw error;
      const backoffMs = Math.min(100 * 2 ** (attempt - 1), 400);
      await sleep(RETRIES === "unjittered" ? backoffMs : backoffMs * (0.5 + Math.random()));
    }
  }
}

async function checkout(request, response) {
  const body = await readJson(request);
  if (typeof body?.order !== "string") return send(response, 400, { error: "expected { order, amount }" });
  try {
    const { charge } = await chargeWithRetries(body.order, body.amount, request.headers.traceparent);
    return send(response, 200, { status: "paid", order: body.order, charge });
  } catch (error) {
    if (FALLBACK === "off") return send(response, 503, { status: "failed", error: error.message });
    return send(response, 202, { status: "queued", order: body.order });
  }
}

const dependable = () => BREAKER === "off" || breaker.closed;

const server = createServer((request, response) => {
  switch (`${request.method} ${request.url}`) {
    case "POST /checkout": return checkout(request, response);
    case "GET /health/ready": return dependable() ? send(response, 200, { status: "ready" }) : send(response, 503, { status: "payments are out" });
    case "GET /health/live": return LIVENESS !== "dependency" || dependable() ? send(response, 200, { status: "alive" }) : send(response, 503, { status: "payments are out" });
    default: return send(response, 404, { error: "not found" });
  }
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT ?? 4002), "127.0.0.1", () => console.log("checkout: listening"));
stopOnSignal(server);
