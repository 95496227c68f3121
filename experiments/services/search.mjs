// A search page: GET /search?q=WORDS asks the index at INDEX_URL and answers
//   200 { q, hits }    whatever the index found,
//   503                when it found nothing in time.
// GET /health/ready.
//
// Hedged: what is not answered within 150 ms is asked a second time, the first answer is taken, and the other call is left.
//
// Switches, each the defect of a story:
//   CANCEL=off   the other call runs on, and costs the index what it costs
//   HEDGE=retry  a retry that looks like a hedge: what is not answered within 150 ms is asked again, twice, and an answer that comes late is thrown away
//   HEDGE=off    one call, however long it takes
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { send, stopOnSignal } from "./http.mjs";

const { INDEX_URL, HEDGE, CANCEL } = process.env;
const hedgeAfterMs = 150;

async function find(q, traceparent, signal) {
  const response = await fetch(`${INDEX_URL}/find?q=${encodeURIComponent(q)}`, { signal, headers: traceparent === undefined ? {} : { traceparent } });
  if (!response.ok) throw new Error(`the index answered ${response.status}`);
  return response.json();
}

async function hedged(q, traceparent) {
  const calls = [];
  const call = () => {
    const controller = new AbortController();
    const answer = find(q, traceparent, controller.signal);
    calls.push({ controller, answer });
    return answer;
  };
  const first = call();
  first.catch(() => {}); // the race below hears of it
  const isSlow = await Promise.race([first.then(() => false, () => false), sleep(hedgeAfterMs, true)]);
  const found = await (isSlow ? Promise.any([first, call()]) : first);
  if (CANCEL !== "off") for (const { controller, answer } of calls) {
    answer.catch(() => {}); // it was left
    controller.abort();
  }
  return found;
}

/** Each attempt is given its time, and forgotten, not ended, when that is up. */
async function leaking(q, traceparent) {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const answer = find(q, traceparent).catch(() => undefined);
    const found = await Promise.race([answer, sleep(hedgeAfterMs)]);
    if (found !== undefined) return found;
  }
  throw new Error("the index did not answer in time");
}

const ask = { retry: leaking, off: (q, traceparent) => find(q, traceparent) }[HEDGE] ?? hedged;

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://search");
  if (pathname === "/health/ready") return send(response, 200, { status: "ready" });
  if (pathname !== "/search") return send(response, 404, { error: "not found" });
  try {
    return send(response, 200, await ask(searchParams.get("q") ?? "", request.headers.traceparent));
  } catch (error) {
    return send(response, 503, { error: error.message });
  }
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("search: listening"));
stopOnSignal(server);
