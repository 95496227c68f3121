// A service with several dependencies to choose from: GET /orders/ID calls one of UPSTREAM_URLS and answers 200, or 503 when that failed.
// config: { pick: "first" | "turns" | "random" | "weights" | "key" | "fewest", weights, timeoutMs, retries (at others),
//           ejects: { failures (in a row), restMs (null: for ever), on: "all" | "network" (a bad status counts as a success) }, sticks (stays where it moved to), keepsAlive (false: a connection for each call) }
import { Agent } from "node:http";
import { makeCall } from "./call.mjs";
import { config, send, serve } from "./http.mjs";

const { pick = "turns", weights = [], timeoutMs, retries = 0, ejects, sticks = false, keepsAlive = true } = config;
const agent = keepsAlive ? undefined : new Agent({ keepAlive: false });
const edges = process.env.UPSTREAM_URLS.split(",").map((url, nth) => ({ nth, call: makeCall({ url, timeoutMs, ...(agent !== undefined && { agent }) }), failures: 0, awayUntilMs: 0, underWay: 0 }));
let [turn, favourite] = [0, 0];

const picks = {
  first: (open) => open.find(({ nth }) => nth >= favourite) ?? open[0],
  turns: (open) => open[turn++ % open.length],
  random: (open) => open[Math.floor(Math.random() * open.length)],
  weights: (open) => {
    let left = Math.random() * open.reduce((sum, { nth }) => sum + weights[nth], 0);
    return open.find(({ nth }) => (left -= weights[nth]) < 0) ?? open[0];
  },
  key: (open, key) => open[key.length % open.length],
  fewest: (open) => {
    const least = Math.min(...open.map(({ underWay }) => underWay));
    const idle = open.filter(({ underWay }) => underWay === least);
    return idle[turn++ % idle.length];
  },
};

async function ask(edge, what) {
  edge.underWay += 1;
  try {
    const answer = await edge.call(what);
    edge.failures = 0;
    return answer;
  } catch (error) {
    if (ejects?.on === "network" && error.status !== undefined) edge.failures = 0;
    else edge.failures += 1;
    if (ejects !== undefined && edge.failures >= ejects.failures) {
      edge.awayUntilMs = ejects.restMs === null ? Number.POSITIVE_INFINITY : performance.now() + ejects.restMs;
      if (sticks) favourite = (edge.nth + 1) % edges.length;
    }
    throw error;
  } finally {
    edge.underWay -= 1;
  }
}

serve(async (request, response, url) => {
  const what = { path: `/items/${url.pathname.split("/")[2]}`, traceparent: request.headers.traceparent };
  const tried = [];
  for (;;) {
    const here = edges.filter((edge) => edge.awayUntilMs <= performance.now() && !tried.includes(edge));
    const left = edges.filter((edge) => !tried.includes(edge));
    const edge = picks[pick](here.length > 0 ? here : left, url.pathname);
    try {
      const { version } = await ask(edge, what);
      return send(response, 200, { status: "ok", version });
    } catch (error) {
      tried.push(edge);
      if (tried.length > retries || tried.length === edges.length) return send(response, 503, { error: String(error?.message ?? error) });
    }
  }
});
