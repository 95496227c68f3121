// A service that has something else to say when its dependency fails: GET /orders/ID answers 200 { status: "ok", version, items }, else what `answer` says.
// config: { library, breaker, timeoutMs, on: "all" | "statuses", answer: "marked" | "unmarked" | "stale" | "success" | "none", slowMs, share, asksFirst }
import { setTimeout as sleep } from "node:timers/promises";
import { makeBreaker } from "./breakers/index.mjs";
import { makeCall } from "./call.mjs";
import { config, send, serve } from "./http.mjs";

const { library = "none", breaker = {}, timeoutMs, on = "all", answer = "marked", slowMs = 0, share = 1, asksFirst = false } = config;
const call = makeCall({ timeoutMs });
const guarded = await makeBreaker(library, breaker, (what, signal) => call({ ...what, signal }));
let last;

serve(async (request, response, url) => {
  const what = { path: `/items/${url.pathname.split("/")[2]}`, traceparent: request.headers.traceparent };
  try {
    last = await guarded(what);
    return send(response, 200, { status: "ok", version: last.version, items: last.items });
  } catch (error) {
    const falls = answer !== "none" && (on === "all" || error.status !== undefined || error.code === "EOPENBREAKER") && Math.random() < share;
    if (!falls) return send(response, 503, { error: String(error?.message ?? error) });
    // A fallback that asks the dead dependency for yesterday's prices.
    if (asksFirst) await call({ ...what, path: "/yesterday" }).catch(() => {});
    await sleep(slowMs);
    return send(response, 200, answers[answer]());
  }
});

const answers = {
  marked: () => ({ status: "degraded", items: [] }),
  unmarked: () => ({ status: "ok", items: [] }),
  stale: () => ({ status: "degraded", version: last?.version, items: last?.items }),
  success: () => ({ status: "ok", version: 0, items: [1] }),
};
