// A service behind a circuit breaker: GET /orders/ID calls the dependency's /items/ID and answers 200, or 503 when that failed, or the row's fallback.
// config: { library, breaker, call: { timeoutMs, maxSockets, swallows, traced }, retry: { times, delayMs, where: "around" | "inside" }, fallback: { status, body }, scope: "service" | "route",
//           poll: { everyMs, path }, crashes: { afterFailures }, cache: { ms, of: "failures" | "answers", key: "path" | "one" } }
import { setTimeout as sleep } from "node:timers/promises";
import { makeBreaker } from "./breakers/index.mjs";
import { makeCall } from "./call.mjs";
import { config, send, serve } from "./http.mjs";

const { library = "none", breaker: options = {}, call: callOptions, retry, fallback, scope = "service", poll, crashes, cache } = config;
const call = makeCall(callOptions);

async function withRetries(run) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt >= retry.times) throw error;
      await sleep(retry.delayMs);
    }
  }
}

const attempt = retry?.where === "inside" ? (what, signal) => withRetries(() => call({ ...what, signal })) : (what, signal) => call({ ...what, signal });
const breakers = new Map();

async function guardedBy(key) {
  const made = breakers.get(key) ?? makeBreaker(library, options, attempt);
  breakers.set(key, made);
  return made;
}

const cached = new Map();

async function ask(what, route) {
  const key = cache?.key === "one" ? "one" : what.path;
  const kept = cached.get(key);
  if (kept !== undefined && kept.untilMs > performance.now()) {
    if (kept.error !== undefined) throw kept.error;
    return kept.answer;
  }
  const guarded = await guardedBy(scope === "route" ? route : "service");
  try {
    const answer = await (retry?.where === "around" ? withRetries(() => guarded(what)) : guarded(what));
    if (cache?.of === "answers") cached.set(key, { answer, untilMs: performance.now() + cache.ms });
    return answer;
  } catch (error) {
    if (cache?.of === "failures") cached.set(key, { error, untilMs: performance.now() + cache.ms });
    throw error;
  }
}

let failures = 0;

serve(async (request, response, url) => {
  const [, route, id = "1"] = url.pathname.split("/");
  if (route === "static") return send(response, 200, { status: "ok" });
  try {
    const { version } = await ask({ path: `/${route === "orders" ? "items" : route}/${id}`, traceparent: request.headers.traceparent }, route);
    return send(response, 200, { status: "ok", version });
  } catch (error) {
    failures += 1;
    if (failures === crashes?.afterFailures) process.exit(1);
    return fallback === undefined ? send(response, 503, { error: String(error?.message ?? error) }) : send(response, fallback.status, fallback.body);
  }
});

if (poll !== undefined) {
  setInterval(() => fetch(`${process.env.UPSTREAM_URL}${poll.path}`).then((answer) => answer.arrayBuffer()).catch(() => {}), poll.everyMs);
}
