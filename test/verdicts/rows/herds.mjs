// Callers that come back when the fault is over: one by one, or all at once.

const stampede = (claims) => ({ type: "stampede", proxy: "dependency", ...claims });
const herd = (config) => ({ module: "herd", config });
const down = { faults: [{ name: "fault", proxy: "dependency", type: "down" }], phases: { before: "2s", after: "6s" } };
const jittered = { by: "fetch" };
const retried = (options) => ({ module: "client", config: { library: "hand", client: jittered, around: [{ by: "hand", ...options }] } });
const kept = { probes: { app: { expect: { status: 200 }, degraded: { status: 202 } } } };
const oneKey = { probes: { app: { url: "${services.app.url}/orders/7" } }, faults: [{ name: "fault", proxy: "dependency", type: "latency", delay: "300ms" }] };

export const rows = [
  {
    id: "G01", tags: ["recorded"], service: { module: "breaker", config: { library: "cockatiel-3", breaker: { kind: "consecutive", of: 5, halfOpenAfter: 500 } } }, upstream: { delayMs: 400 }, notWith: ["latency-x2", "replicas"],
    experiment: { probes: { app: { load: "80/s" } } }, hypothesis: stampede({ peak: "<= 2x" }), expect: "violated", claim: "peak",
    why: "cockatiel lets callers wait for the trial call, 400 ms of them, and lets all go when it has gone well",
  },
  {
    id: "G03", service: retried({ times: 4, pause: { kind: "full", ms: 400 } }), experiment: { probes: { app: { timeout: "10s", load: { rate: "40/s", arrivals: "poisson" } } }, phases: { after: "6s" } }, hypothesis: stampede({ peak: "<= 3x" }), expect: "held",
    why: "pauses with full jitter: what was put off comes spread out",
  },
  { id: "G21", service: herd({}), hypothesis: stampede({ peak: "<= 2x" }), expect: "held", experiment: {}, why: "nobody repeats anything: the load after is the load before" },
  { id: "G05", service: herd({ cache: { ms: 0, joins: true } }), experiment: oneKey, hypothesis: { type: "bulkhead", proxy: "dependency", probe: "app", maxConcurrent: 1 }, expect: "held", why: "who asks for what is being asked for waits for that call" },
  {
    id: "G23", service: herd({ cache: { ms: 0, joins: false } }), experiment: oneKey, hypothesis: { type: "bulkhead", proxy: "dependency", probe: "app", maxConcurrent: 1 }, expect: "violated", claim: "maxConcurrent",
    why: "all ask for the same at the same time",
  },
  {
    id: "G25", tags: ["smoke"], service: herd({ outbox: { everyMs: 300, each: null } }), experiment: kept, hypothesis: stampede({ peak: "<= 2x" }), expect: "violated", claim: "peak",
    why: "what was kept for later, 150 requests, is sent all at once when the first has gone well",
  },
  { id: "G27", service: herd({ outbox: { everyMs: 300, each: 1 } }), experiment: kept, hypothesis: stampede({ peak: "<= 3x" }), expect: "held", why: "what was kept for later is sent two by two" },
  {
    id: "G29", notWith: ["replicas"], service: herd({ clients: { count: 40, everyMs: 600, reconnectMs: 800 } }), experiment: down, hypothesis: stampede({ connections: "<= 22/s" }), expect: "violated", claim: "connections",
    why: "forty clients that come back 800 ms after each failure: all within a second",
  },
  {
    id: "G31", notWith: ["replicas"], service: herd({ clients: { count: 40, everyMs: 600, reconnectMs: 0, spreadMs: 6000 } }), experiment: { ...down, phases: { before: "2s", after: "8s" } }, hypothesis: stampede({ connections: "<= 32/s" }), expect: "held",
    why: "forty clients that come back when chance will have it, within 6 s",
  },
  {
    id: "G33", service: { module: "breaker", config: { library: "hand", breaker: { failures: 5, restMs: 500 } } }, hypothesis: stampede({ peak: "<= 2x" }), expect: "held",
    why: "a breaker that refuses at once keeps nobody waiting: nobody is let go",
  },
  { id: "G35", service: herd({}), experiment: { phases: { after: "3s" }, probes: { app: { load: { rate: { before: "20/s", during: "20/s", after: "80/s" } } } } }, hypothesis: stampede({ peak: "<= 2x" }), expect: "inconclusive", why: "four times the load after it: what came back cannot be told from that" },
];
