// A service that limits what it lets in: GET /orders/ID answers 200, with `asks: true` after a call of the dependency, or 429 at once when that is too much.
// config: { kind: "fixed" | "sliding" | "bucket" | "concurrency" | "none" | "rate-limiter-flexible", perSecond, burst, concurrency, status, rejectAfterMs, asks }
import { setTimeout as sleep } from "node:timers/promises";
import { makeCall } from "./call.mjs";
import { config, send, serve } from "./http.mjs";

const { kind, perSecond = 40, burst = perSecond, concurrency = 8, status = 429, rejectAfterMs = 0, asks = false } = config;
const call = makeCall();
let [underWay, taken, window, tokens, filledMs] = [0, 0, -1, burst, performance.now()];
const lately = [];
const flexible = kind === "rate-limiter-flexible" ? new (await import(kind)).RateLimiterMemory({ points: perSecond, duration: 1 }) : undefined;

const kinds = {
  none: () => true,
  concurrency: () => underWay < concurrency,
  fixed: () => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== window) [window, taken] = [now, 0];
    return taken++ < perSecond;
  },
  sliding: () => {
    const nowMs = performance.now();
    while (lately.length > 0 && lately[0] <= nowMs - 1000) lately.shift();
    return lately.length < perSecond && lately.push(nowMs) > 0;
  },
  bucket: () => {
    const nowMs = performance.now();
    tokens = Math.min(burst, tokens + ((nowMs - filledMs) * perSecond) / 1000);
    filledMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  },
  "rate-limiter-flexible": () => flexible.consume("all").then(() => true, () => false),
};

serve(async (request, response, url) => {
  if (!(await kinds[kind]())) {
    await sleep(rejectAfterMs);
    return send(response, status, { error: "too many" }, { "retry-after": "1" });
  }
  underWay += 1;
  try {
    if (asks) await call({ path: `/items/${url.pathname.split("/")[2]}`, traceparent: request.headers.traceparent });
    return send(response, 200, { status: "ok" });
  } catch (error) {
    return send(response, 502, { error: String(error?.message ?? error) });
  } finally {
    underWay -= 1;
  }
});
