// A landing page: GET /page/N asks the offers at OFFERS_URL, behind cockatiel's circuit breaker, and answers
//   200 { offer }         fresh,
//   203 { offer: null }   a page without an offer, while the breaker is open (the fallback).
// GET /health/ready.
//
// Five failures in a row open the breaker; after 1 s one call tries again. Who comes while that call is under way gets the page without an offer.
//
// Switch, the defect of a story: WAITERS=on  as cockatiel has it: who comes meanwhile waits for the trial, and all who waited call at once when it has gone well
import { createServer } from "node:http";
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from "cockatiel";
import { send, stopOnSignal } from "./http.mjs";

const { OFFERS_URL, WAITERS } = process.env;
const breaker = circuitBreaker(handleAll, { halfOpenAfter: 1_000, breaker: new ConsecutiveBreaker(5) });

async function ask(id, traceparent) {
  const response = await fetch(`${OFFERS_URL}/offers/${id}`, { headers: traceparent === undefined ? {} : { traceparent } });
  const body = await response.json();
  if (!response.ok) throw new Error(`offers answered ${response.status}`);
  return body;
}

const server = createServer(async (request, response) => {
  if (request.url === "/health/ready") return send(response, 200, { status: "ready" });
  const id = /^\/page\/(.+)$/.exec(request.url)?.[1];
  if (id === undefined) return send(response, 404, { error: "not found" });
  try {
    if (WAITERS !== "on" && breaker.state === CircuitState.HalfOpen) return send(response, 203, { offer: null });
    return send(response, 200, await breaker.execute(() => ask(id, request.headers.traceparent)));
  } catch {
    return send(response, 203, { offer: null });
  }
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("landing page: listening"));
stopOnSignal(server);
