// Limits on how many calls run at once: forty requests a second, a dependency that takes half a second, and room for five.

const bulkhead = (claims) => ({ type: "bulkhead", proxy: "dependency", probe: "app", ...claims });
const pools = (library, guard, more = {}) => ({ module: "pools", config: { library, guard, ...more } });
const slow = (delay, more = {}) => ({ faults: [{ name: "fault", proxy: "dependency", type: "latency", delay }], ...more });
const hangs = { faults: [{ name: "fault", proxy: "dependency", type: "hang" }] };
const neighbour = (path) => ({ probes: { other: { type: "http", url: `\${services.app.url}/${path}/\${request.id}`, load: "40/s", timeout: "5s", expect: { status: 200 } } } });
const protects = { protects: { probe: "other", success: ">= 95%" } };

const all = [
  {
    id: "K01", tags: ["recorded"], service: pools("cockatiel-3", { limit: 5, queue: 5 }), experiment: slow("300ms", { phases: { during: "6s" } }), hypothesis: bulkhead({ maxConcurrent: 5, rejects: { answersWithin: "150ms" } }), expect: "held",
    why: "cockatiel's bulkhead(5, 5): five run, five wait, the rest is told at once",
  },
  { id: "K21", service: pools("cockatiel-4", { limit: 5, queue: 5 }), experiment: slow("300ms", { phases: { during: "6s" } }), hypothesis: bulkhead({ maxConcurrent: 5, rejects: { answersWithin: "150ms" } }), expect: "held", why: "the same, cockatiel 4" },
  { id: "K23", service: pools("cockatiel-3", { limit: 8, queue: 0 }), experiment: slow("500ms"), hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "violated", claim: "maxConcurrent", why: "room for eight where five were promised" },
  {
    id: "K03", service: pools("opossum-9", { limit: 5, timeout: 300, abort: "shared" }), experiment: hangs, hypothesis: { type: "claim", probe: "app", phase: "after", success: ">= 95%" }, expect: "violated", claim: "success",
    why: "opossum with one AbortController for all calls: what times out first aborts it, and calls are aborted before they begin from then on",
  },
  {
    id: "K25", tags: ["smoke", "recorded"], service: pools("opossum-9", { limit: 5, timeout: 300 }), experiment: hangs, hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "violated", claim: "maxConcurrent",
    why: "opossum's timeout frees the room while the call runs on",
  },
  { id: "K27", service: pools("opossum-9", { limit: 5, timeout: false }), experiment: slow("500ms"), hypothesis: bulkhead({ maxConcurrent: 5, rejects: { answersWithin: "150ms" } }), expect: "held", why: "opossum's capacity without its timeout" },
  {
    id: "K29", service: pools("opossum-9", { limit: 5, timeout: 300 }, { call: { timeoutMs: 280 } }), experiment: hangs, hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "held",
    why: "opossum's timeout beside one of the call itself, which ends first",
  },
  {
    id: "K05", service: pools("none", {}, { call: { maxSockets: 4 } }), experiment: slow("500ms"), hypothesis: bulkhead({ rejects: { answersWithin: "200ms" } }), expect: "violated", claim: "rejects.answersWithin",
    why: "maxSockets makes requests wait, and turns none away",
  },
  { id: "K31", service: pools("none", {}, { call: { maxSockets: 4 } }), experiment: slow("500ms"), hypothesis: bulkhead({ maxConcurrent: 4 }), expect: "held", why: "maxSockets limits how many calls run at once" },
  { id: "K33", service: pools("p-limit", { limit: 5 }), experiment: slow("500ms"), hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "held", why: "p-limit runs five at once" },
  { id: "K35", service: pools("p-limit", { limit: 5 }), experiment: slow("500ms"), hypothesis: bulkhead({ rejects: { answersWithin: "200ms" } }), expect: "violated", claim: "rejects.answersWithin", why: "and its queue has no end" },
  {
    id: "K37", service: pools("bottleneck", { limit: 5, queue: 3 }), experiment: slow("500ms"), hypothesis: bulkhead({ maxConcurrent: 5, rejects: { answersWithin: "150ms" } }), expect: "held",
    why: "bottleneck with a high-water mark and the strategy OVERFLOW",
  },
  { id: "K39", service: pools("none"), experiment: slow("500ms"), hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "violated", claim: "maxConcurrent", why: "no limit at all" },
  {
    id: "K41", service: pools("hand", { limit: 5, waitMs: 400 }), experiment: slow("500ms"), hypothesis: bulkhead({ rejects: { answersWithin: "150ms" } }), expect: "violated", claim: "rejects.answersWithin",
    why: "who finds no room is told so after 400 ms",
  },
  {
    id: "K43", service: pools("hand", { limit: 5, defect: "frees-twice" }), hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "violated", claim: "maxConcurrent",
    experiment: { faults: [{ name: "slow", proxy: "dependency", type: "latency", delay: "500ms" }, { name: "fault", proxy: "dependency", type: "error", status: 503, every: 2 }] },
    why: "a failure frees its room twice, so that there is more and more of it",
  },
  {
    id: "K45", service: pools("hand", { limit: 5, defect: "checks-late" }), hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "violated", claim: "maxConcurrent",
    experiment: slow("500ms", { probes: { app: { load: { rate: { before: "40/s", during: "60/s", after: "40/s" } } } } }), why: "looks for room, waits, and takes it: those who look meanwhile find it, too",
  },
  {
    id: "K47", service: pools("cockatiel-3", { limit: 25, queue: 5 }), experiment: slow("300ms"), hypothesis: bulkhead({ maxConcurrent: 25 }), expect: "inconclusive",
    why: "a dozen calls at once do not show whether there is room for more than 25",
  },
  {
    id: "K49", notWith: ["replicas"], service: { ...pools("cockatiel-3", { limit: 5, queue: 0 }), replicas: 2 }, hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "held",
    experiment: slow("500ms", { probes: { app: { load: "80/s" } } }), why: "two replicas with room for five each: ten in all, and no caller has more than five",
  },
  {
    id: "K07", service: pools("cockatiel-3", { limit: 5, queue: 5 }, { shared: true }), others: { second: {} }, hypothesis: bulkhead(protects), expect: "violated", claim: "protects.success",
    experiment: slow("500ms", neighbour("other")), why: "one bulkhead for two dependencies: the slow one fills it, and the other is turned away",
  },
  { id: "K51", service: pools("cockatiel-3", { limit: 5, queue: 5 }), others: { second: {} }, hypothesis: bulkhead(protects), expect: "held", experiment: slow("500ms", neighbour("other")), why: "a bulkhead for each dependency" },
  {
    id: "K53", service: pools("p-limit", { limit: 6 }, { call: { timeoutMs: 2000 }, shared: true }), others: { second: {} }, hypothesis: bulkhead({ protects: { probe: "other", p95: "300ms" } }), expect: "violated", claim: "protects.p95",
    experiment: { ...hangs, ...neighbour("other") }, why: "one queue for both dependencies: calls that hang keep all others waiting",
  },
  { id: "K55", service: pools("cockatiel-3", { limit: 5, queue: 5 }), hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "inconclusive", why: "503s at once: nothing piles up, and the limit is never reached" },
];

/** A limit of each of several instances needs several times the load. */
export const rows = all.map((row) => ({ notWith: ["replicas"], ...row }));
