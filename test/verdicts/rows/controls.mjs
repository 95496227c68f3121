// Runs that prove nothing, and must say so; and other traffic that must not matter.
import { breaks, opossum9, served, staysClosed } from "./breakers/common.mjs";

const trusted = served("opossum-9", opossum9);
const elsewhere = [{ name: "fault", proxy: "dependency", type: "error", status: 503, match: { path: "/nowhere/*" } }];
const falls = { type: "fallback", probe: "app", share: ">= 95%" };

export const rows = [
  { id: "Q01", tags: ["smoke", "recorded"], service: trusted, hypothesis: breaks(), expect: "inconclusive", reason: "eligible", experiment: { faults: elsewhere }, why: "the fault waits on a route that nobody calls" },
  { id: "Q02", service: trusted, hypothesis: staysClosed, expect: "inconclusive", reason: "eligible", experiment: { faults: elsewhere }, why: "the same, where doing nothing is what is claimed" },
  { id: "Q03", tags: ["recorded"], service: served("none"), upstream: { failShare: 0.4 }, hypothesis: breaks(), expect: "inconclusive", reason: "failed already before", why: "the dependency fails two times in five before the fault" },
  { id: "Q04", service: trusted, hypothesis: breaks(), expect: "inconclusive", experiment: { faults: [{ name: "fault", proxy: "dependency", type: "latency", delay: "5ms" }] }, why: "5 ms more hurt nobody: no breaker would open, and this one was not put to the test" },
  { id: "Q05", tags: ["smoke", "recorded"], service: served("opossum-9", opossum9, { poll: { everyMs: 200, path: "/items/poll" } }), hypothesis: breaks(), expect: "held", why: "the service polls the same route five times a second, open or not: these calls are nobody's requests" },
  { id: "Q06", service: served("opossum-9", opossum9, { call: { traced: false } }), hypothesis: breaks(), expect: "inconclusive", reason: "joined", why: "calls that do not say which request they belong to" },
  {
    id: "Q07", tags: ["recorded"], service: served("none", {}, { cache: { ms: 60_000, of: "answers", key: "one" } }), hypothesis: breaks(), expect: "inconclusive",
    why: "answers kept for a minute: requests do not reach the dependency, with or without the fault",
  },
  { id: "Q08", notWith: ["replicas"], service: served("none", {}, { cache: { ms: 60, of: "answers", key: "one" } }), hypothesis: breaks(), expect: "inconclusive", reason: "even before the fault", why: "answers kept for 60 ms: two requests in three cause no call even when all is well" },
  {
    id: "Q09", service: served("opossum-9", opossum9, { call: { traced: false } }), hypothesis: breaks(), expect: "held",
    experiment: { proxies: { dependency: { correlate: { path: "/items/{}" } } } }, why: "no traceparent, but the id of the request comes out in the path",
  },
  { id: "Q10", service: { module: "fallback", config: {} }, hypothesis: falls, expect: "inconclusive", experiment: { faults: elsewhere, probes: { app: { degraded: { status: 203 } } } }, why: "nobody met the fault, so nobody needed a fallback" },
  { id: "Q11", service: trusted, hypothesis: breaks(), expect: "inconclusive", experiment: { faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503, rate: "2%" }] }, why: "one call in fifty fails: no breaker opens at that, and it proves nothing of one that should" },
  { id: "Q12", service: trusted, hypothesis: { type: "recovery", probe: "app", within: "1.5s" }, expect: "inconclusive", experiment: { faults: elsewhere, steadyState: [{ probe: "app", success: ">= 90%" }] }, why: "nothing was disturbed, so nothing recovered" },
  { id: "Q13", service: trusted, hypothesis: { type: "recovery", probe: "app", within: "1.5s" }, expect: "held", experiment: { steadyState: [{ probe: "app", success: ">= 90%" }] }, why: "back to normal half a second after the fault, when the breaker tries again" },
  {
    id: "Q14", service: served("opossum-9", { ...opossum9, resetTimeout: 1500 }), hypothesis: { type: "recovery", probe: "app", within: "300ms" }, expect: "violated",
    experiment: { steadyState: [{ probe: "app", success: ">= 90%" }] }, why: "a rest of 1.5 s: the third trial comes about a second after the end of the fault, until then callers are refused",
  },
];
