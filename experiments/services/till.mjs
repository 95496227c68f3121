// A till: POST /checkout charges the buyer at PAYMENTS_URL by one call, which is given 500 ms, and answers
//   200 { status: "paid" }     when the charge went through,
//   202 { status: "queued" }   when it did not in time.
// GET /health/live.
//
// What the 500 ms bound is a switch, since HTTP clients differ in it. LIMIT:
//   total    the whole call, and it is aborted (fetch with AbortSignal.timeout)
//   headers  the wait for the head of the answer: the timer is cleared when it has come, and a body may take for ever
//   silence  the time without a byte (http.request with a timeout, as axios does it): a body that drips is waited for
//   undici   silence too, by undici's headersTimeout and bodyTimeout, whose clock ticks in seconds
//   notify   silence, and nobody closes the socket: the caller has its answer, and the call goes on
//   race     the whole call, which is left to run when the timer wins (Promise.race)
//   off      nothing
import { createServer, Agent, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent as UndiciAgent, request as undiciRequest } from "undici";
import { readJson, send, stopOnSignal } from "./http.mjs";

const { PAYMENTS_URL = "http://127.0.0.1:4001", LIMIT = "total" } = process.env;
const limitMs = 500;
const agent = new Agent({ keepAlive: true });
const undici = new UndiciAgent({ headersTimeout: limitMs, bodyTimeout: limitMs });

const chargeBy = {
  total: (ask) => viaFetch({ ...ask, signal: AbortSignal.timeout(limitMs) }),
  async headers(ask) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), limitMs);
    const response = await fetch(`${PAYMENTS_URL}/charges`, { ...ask, signal: controller.signal }).finally(() => clearTimeout(timer));
    return response.json();
  },
  silence: (ask) => viaHttp(ask, (request) => request.destroy(new Error("silent for too long"))),
  notify: (ask) => viaHttp(ask, () => {}),
  async undici(ask) {
    const { body } = await undiciRequest(`${PAYMENTS_URL}/charges`, { ...ask, dispatcher: undici });
    return body.json();
  },
  race: (ask) => Promise.race([viaFetch(ask), sleep(limitMs).then(() => Promise.reject(new Error("too slow")))]),
  off: (ask) => viaFetch(ask),
};

async function viaFetch(ask) {
  const response = await fetch(`${PAYMENTS_URL}/charges`, ask);
  return response.json();
}

function viaHttp({ method, headers, body }, onSilence) {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${PAYMENTS_URL}/charges`, { method, headers, agent, timeout: limitMs });
    request.on("timeout", () => {
      onSilence(request);
      reject(new Error("silent for too long"));
    });
    request.on("error", reject);
    request.on("response", (response) => readJson(response).then(resolve, reject));
    request.end(body);
  });
}

async function checkout(request, response) {
  const body = await readJson(request);
  if (typeof body?.order !== "string") return send(response, 400, { error: "expected { order, amount }" });
  const { traceparent } = request.headers;
  try {
    const { charge } = await chargeBy[LIMIT]({ method: "POST", headers: { "content-type": "application/json", ...(traceparent && { traceparent }) }, body: JSON.stringify(body) });
    return send(response, 200, { status: "paid", order: body.order, charge });
  } catch {
    return send(response, 202, { status: "queued", order: body.order });
  }
}

const server = createServer((request, response) => {
  switch (`${request.method} ${request.url}`) {
    case "POST /checkout": return checkout(request, response);
    case "GET /health/live": return send(response, 200, { status: "alive" });
    default: return send(response, 404, { error: "not found" });
  }
});

server.keepAliveTimeout = 60_000;
// What a call left running comes to in the end is nobody's business.
process.on("unhandledRejection", () => {});
server.listen(Number(process.env.PORT ?? 4002), "127.0.0.1", () => console.log("till: listening"));
stopOnSignal(server);
