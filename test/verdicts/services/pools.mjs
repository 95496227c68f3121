// A service with a limit on what it has under way: GET /orders/ID calls the first dependency, GET /other/ID the second, GET /static none; 200, or 503 when that failed.
// config: { library, guard, call: { timeoutMs, maxSockets }, shared (one guard for both dependencies), busyMs (the processor is kept so long by each failure) }
import { makeCall } from "./call.mjs";
import { makeGuard } from "./guards/index.mjs";
import { config, send, serve } from "./http.mjs";

const { library = "none", guard: options, call: callOptions, shared = false, busyMs = 0 } = config;
const urls = (process.env.UPSTREAM_URLS ?? process.env.UPSTREAM_URL).split(",");
const one = await makeGuard(library, options);
const edges = await Promise.all(urls.map(async (url) => ({ guard: shared ? one : await makeGuard(library, options), call: makeCall({ ...callOptions, url }) })));

serve(async (request, response, url) => {
  const [, route, id = "1"] = url.pathname.split("/");
  if (route === "static") return send(response, 200, { status: "ok" });
  const { guard, call } = edges[route === "other" ? 1 : 0];
  try {
    const { version } = await guard((signal) => call({ path: `/items/${id}`, traceparent: request.headers.traceparent, signal }));
    return send(response, 200, { status: "ok", version });
  } catch (error) {
    for (const untilMs = performance.now() + busyMs; performance.now() < untilMs;);
    return send(response, 503, { error: String(error?.message ?? error) });
  }
});
