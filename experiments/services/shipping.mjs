// Shipping costs, from two third parties that are called by their own URLs: GET /quote asks CARRIER_URL for the price and BANK_URL for the
// exchange rate, and answers
//   200 { status: "quoted" }      with both,
//   202 { status: "estimated" }   when the carrier gave no price in 300 ms: the flat one is taken (the fallback),
//   503                           when the bank gave no rate.
// GET /health/live. Calls go where HTTP_PROXY says, as with most HTTP clients; for undici, EnvHttpProxyAgent reads it.
//
// Switches, each the defect of a story: TIMEOUT=off · FALLBACK=off
import { createServer } from "node:http";
import { EnvHttpProxyAgent, request as call } from "undici";
import { send, stopOnSignal } from "./http.mjs";

const { CARRIER_URL, BANK_URL, TIMEOUT, FALLBACK } = process.env;
const dispatcher = new EnvHttpProxyAgent();
const perCallMs = 300;
const flatPrice = 9;

async function rateFrom(url, { traceparent }) {
  const { statusCode, body } = await call(`${url}/rate`, {
    dispatcher,
    headers: { ...(traceparent && { traceparent }) },
    ...(TIMEOUT !== "off" && { signal: AbortSignal.timeout(perCallMs) }),
  });
  const { rate } = await body.json();
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
  return rate;
}

async function quote({ headers }, response) {
  const [price, exchange] = await Promise.allSettled([rateFrom(CARRIER_URL, headers), rateFrom(BANK_URL, headers)]);
  if (exchange.status === "rejected") return send(response, 503, { status: "failed", error: exchange.reason.message });
  if (price.status === "fulfilled") return send(response, 200, { status: "quoted", costs: price.value * exchange.value });
  if (FALLBACK === "off") return send(response, 503, { status: "failed", error: price.reason.message });
  return send(response, 202, { status: "estimated", costs: flatPrice * exchange.value });
}

const server = createServer((request, response) => {
  switch (`${request.method} ${request.url}`) {
    case "GET /quote": return quote(request, response);
    case "GET /health/live": return send(response, 200, { status: "alive" });
    default: return send(response, 404, { error: "not found" });
  }
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT ?? 4006), "127.0.0.1", () => console.log("shipping: listening"));
stopOnSignal(server);
