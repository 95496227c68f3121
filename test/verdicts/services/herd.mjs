// A service whose calls may come back all together. GET /orders/ID calls the dependency and answers 200, or 503 when that failed.
// config: { clients: { count, everyMs, reconnectMs, spreadMs } (connections of their own that ask in the background, and come back reconnectMs, and up to spreadMs more, after a failure),
//           outbox: { everyMs, each } (what failed is answered 202 and kept; every so often one is tried, and when that goes well so many at once: null for all),
//           cache: { ms, joins } (answers are kept so long under one key; joins: who finds none waits for the call that is under way) }
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { makeCall } from "./call.mjs";
import { config, send, serve } from "./http.mjs";

const { clients, outbox, cache } = config;
const call = makeCall();
const kept = [];
let [last, pending] = [undefined, undefined];

async function ask(what) {
  if (cache === undefined) return call(what);
  if (last !== undefined && last.untilMs > performance.now()) return last.answer;
  if (cache.joins && pending !== undefined) return pending;
  const asked = call(what).finally(() => (pending = undefined));
  pending = asked;
  const answer = await asked;
  last = { answer, untilMs: performance.now() + cache.ms };
  return answer;
}

serve(async (request, response, url) => {
  const what = { path: `/items/${cache === undefined ? url.pathname.split("/")[2] : "all"}`, traceparent: request.headers.traceparent };
  try {
    const { version } = await ask(what);
    return send(response, 200, { status: "ok", version });
  } catch (error) {
    if (outbox === undefined) return send(response, 503, { error: String(error?.message ?? error) });
    kept.push(what);
    return send(response, 202, { status: "kept" });
  }
});

async function flush({ everyMs, each }) {
  for (;;) {
    await sleep(everyMs);
    const batch = kept.splice(0, 1);
    const isWell = batch.length > 0 && await call(batch[0]).then(() => true, () => kept.unshift(...batch) < 0);
    if (isWell) await Promise.all(kept.splice(0, each === null ? kept.length : each).map((what) => call(what).catch(() => kept.push(what))));
  }
}
if (outbox !== undefined) void flush(outbox);

async function keepAsking({ everyMs, reconnectMs, spreadMs = 0 }, nth) {
  const own = makeCall({ agent: new Agent({ keepAlive: true, maxSockets: 1 }) });
  await sleep(Math.random() * everyMs);
  for (;;) {
    const isWell = await own({ path: `/feeds/${nth}` }).then(() => true, () => false);
    await sleep(isWell ? everyMs : reconnectMs + spreadMs * Math.random());
  }
}
for (let nth = 0; nth < (clients?.count ?? 0); nth += 1) void keepAsking(clients, nth);
