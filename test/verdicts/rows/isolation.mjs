// Neighbours: two dependencies behind one service, of which one hangs.

const pools = (library, guard, more = {}) => ({ module: "pools", config: { library, guard, call: { timeoutMs: 1000 }, ...more } });
const two = { others: { second: {} } };
const isolated = (over = {}) => ({ type: "isolation", probe: "other", suffers: "app", unaffected: { success: ">= 95%", p95: "<= 250ms" }, ...over });
const other = { type: "http", url: "${services.app.url}/other/${request.id}", load: "40/s", timeout: "5s", expect: { status: 200 } };
const under = (fault, more = {}) => ({ faults: [{ name: "fault", proxy: "dependency", ...fault }], probes: { other: { ...other, ...more } } });
const hangs = under({ type: "hang" });

const all = [
  { id: "N01", tags: ["recorded"], service: pools("none"), ...two, experiment: hangs, hypothesis: isolated(), expect: "held", why: "each dependency has connections of its own" },
  {
    id: "N03", service: pools("hand", { limit: 8 }, { shared: true }), ...two, experiment: hangs, hypothesis: isolated(), expect: "violated", claim: "unaffected.success",
    why: "eight at once for both dependencies: those that hang keep the room until they have timed out",
  },
  { id: "N05", service: pools("p-limit", { limit: 8 }, { shared: true }), ...two, experiment: hangs, hypothesis: isolated(), expect: "violated", claim: "unaffected.p95", why: "one queue for both dependencies" },
  { id: "N07", service: pools("p-limit", { limit: 8 }), ...two, experiment: hangs, hypothesis: isolated(), expect: "held", why: "a queue for each" },
  {
    id: "N09", service: pools("opossum-9", { limit: 1000, breaks: true, timeout: 500, resetTimeout: 500, rollingCountTimeout: 1000, volumeThreshold: 10, errorThresholdPercentage: 40 }, { shared: true }), ...two, experiment: under({ type: "error", status: 503 }), hypothesis: isolated(),
    expect: "violated", claim: "unaffected.success", why: "one breaker for both dependencies: failures of the one shut off the other",
  },
  {
    id: "N11", service: pools("opossum-9", { limit: 1000, breaks: true, timeout: 500, resetTimeout: 500, rollingCountTimeout: 1000, volumeThreshold: 10, errorThresholdPercentage: 40 }), ...two, experiment: under({ type: "error", status: 503 }), hypothesis: isolated(),
    expect: "held", why: "a breaker for each",
  },
  {
    id: "N13", service: pools("none", {}, { busyMs: 220 }), ...two, experiment: { ...under({ type: "error", status: 503, every: 10 }), phases: { before: "4s", during: "5s" } }, hypothesis: isolated({ unaffected: { p95: "<= 100ms" } }), expect: "violated", claim: "unaffected.p95",
    why: "each failure keeps the processor for 220 ms, four times a second: whoever comes meanwhile waits",
  },
  { id: "N15", service: pools("none"), ...two, experiment: under({ type: "latency", delay: "3ms" }), hypothesis: isolated(), expect: "inconclusive", reason: "felt it|known to have suffered", why: "3 ms more hurt nobody: there was nothing to be isolated from" },
  {
    id: "N17", service: pools("none"), ...two, experiment: under({ type: "hang" }, { url: "${services.app.url}/orders/${request.id}" }), hypothesis: isolated(), expect: "inconclusive", reason: "need what suffers",
    why: "the neighbour asks for what hangs itself",
  },
];

export const rows = all.map((row) => ({ notWith: ["replicas"], ...row }));
