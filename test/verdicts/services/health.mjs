// A service whose health is asked: GET /orders/ID calls the dependency, GET /ready and GET /live answer 200 or 503 as the configuration says.
// config: { ready, live }, each "static", "dependency" (asks it, `timeoutMs`), "cached" (asked every `cacheMs` in the background), "sticky" (as dependency, once bad always bad) or "flapping" (as dependency, but every other answer is good)
import { makeCall } from "./call.mjs";
import { config, send, serve } from "./http.mjs";

const { ready = "dependency", live = "static", cacheMs = 500, timeoutMs = 300 } = config;
const call = makeCall({ timeoutMs });
const isWell = () => call({ path: "/health" }).then(() => true, () => false);
const state = { cached: true, wasBad: false, turn: 0 };

const checks = {
  static: async () => true,
  dependency: isWell,
  cached: async () => state.cached,
  sticky: async () => {
    state.wasBad ||= !(await isWell());
    return !state.wasBad;
  },
  flapping: async () => {
    if (await isWell()) return true;
    state.turn += 1;
    return state.turn % 10 >= 5;
  },
};

serve(async (request, response, url) => {
  const asked = { "/ready": ready, "/live": live }[url.pathname];
  if (asked !== undefined) return (await checks[asked]()) ? send(response, 200, { status: "well" }) : send(response, 503, { status: "not well" });
  try {
    const { version } = await call({ path: `/items/${url.pathname.split("/")[2]}`, traceparent: request.headers.traceparent });
    return send(response, 200, { version });
  } catch (error) {
    return send(response, 503, { error: String(error?.message ?? error) });
  }
});

if ([ready, live].includes("cached")) setInterval(async () => (state.cached = await isWell()), cacheMs);
