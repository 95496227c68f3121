// A cart: POST /checkout charges the buyer at PAYMENTS_URL; GET /offers asks for the offers of the day at OFFERS_URL. Each answers
//   200   when its dependency did,
//   503   when there was no room for one call more (at once), or the call failed.
// GET /health/live.
//
// Around the calls of each dependency: a bulkhead (cockatiel) of 5 calls at once, and 5 more that wait for a place.
//
// Switches, each the defect of a story: BULKHEAD=off (none) · endless (the queue has no end) · shared (one for both dependencies)
//   · leaking (a timeout of 150 ms frees the place, and leaves the call running)
import { createServer } from "node:http";
import { bulkhead, noop, timeout, TimeoutStrategy, wrap } from "cockatiel";
import { readJson, send, stopOnSignal } from "./http.mjs";

const { PAYMENTS_URL, OFFERS_URL, BULKHEAD } = process.env;

function makeWall() {
  if (BULKHEAD === "off") return noop;
  if (BULKHEAD === "leaking") return wrap(bulkhead(5, 5), timeout(150, TimeoutStrategy.Aggressive));
  return bulkhead(5, BULKHEAD === "endless" ? Number.POSITIVE_INFINITY : 5);
}

const aroundPayments = makeWall();
const aroundOffers = BULKHEAD === "shared" ? aroundPayments : makeWall();

async function ask(url, { traceparent }, body) {
  const response = await fetch(url, {
    ...(body && { method: "POST", body: JSON.stringify(body) }),
    headers: { "content-type": "application/json", ...(traceparent && { traceparent }) },
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

async function answer(response, wall, call) {
  try {
    return send(response, 200, await wall.execute(call));
  } catch (error) {
    return send(response, 503, { error: error.message });
  }
}

const server = createServer(async (request, response) => {
  switch (`${request.method} ${request.url}`) {
    case "POST /checkout": {
      const order = await readJson(request);
      return answer(response, aroundPayments, () => ask(`${PAYMENTS_URL}/charges`, request.headers, order));
    }
    case "GET /offers": return answer(response, aroundOffers, () => ask(`${OFFERS_URL}/stats`, request.headers));
    case "GET /health/live": return send(response, 200, { status: "alive" });
    default: return send(response, 404, { error: "not found" });
  }
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT ?? 4010), "127.0.0.1", () => console.log("cart: listening"));
stopOnSignal(server);
