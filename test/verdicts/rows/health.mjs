// Readiness and liveness while the dependency fails.
const ask = (path, load = "10/s") => ({ type: "http", url: `\${services.app.url}${path}`, load, timeout: "2s", expect: { status: 200 } });
const probes = (load) => ({ probes: { ready: ask("/ready", load), live: ask("/live", load) } });
const checks = (over = {}) => ({ type: "health-check", probe: "ready", turnsUnhealthy: { within: "1.5s" }, turnsHealthy: { within: "1.5s" }, liveness: "live", ...over });
const service = (config) => ({ module: "health", config });

export const rows = [
  { id: "H01", tags: ["smoke", "recorded"], service: service({}), hypothesis: checks(), expect: "held", experiment: probes(), why: "readiness asks the dependency, liveness does not" },
  { id: "H02", tags: ["recorded"], service: service({ live: "dependency" }), hypothesis: checks(), expect: "violated", experiment: probes(), why: "liveness asks the dependency as well: every instance would be restarted" },
  { id: "H03", tags: ["smoke", "recorded"], service: service({ ready: "static" }), hypothesis: checks(), expect: "violated", claim: "turnsUnhealthy.within", experiment: probes(), why: "readiness is always good" },
  { id: "H04", service: service({ ready: "sticky" }), hypothesis: checks(), expect: "violated", claim: "turnsHealthy.within", experiment: probes(), why: "readiness that was bad once stays bad" },
  { id: "H05", service: service({ ready: "cached", cacheMs: 500 }), hypothesis: checks({ turnsUnhealthy: { within: "2s" }, turnsHealthy: { within: "2s" } }), expect: "held", experiment: probes(), why: "readiness looked up every 500 ms: it lags, within the bound" },
  {
    id: "H06", service: service({ ready: "cached", cacheMs: 3000 }), hypothesis: checks({ turnsUnhealthy: { within: "300ms" }, turnsHealthy: { within: "300ms" }, failureThreshold: 1 }), expect: "violated",
    experiment: { ...probes(), phases: { during: "6s", after: "6s" } }, why: "readiness looked up every 3 s where 300 ms were promised",
  },
  { id: "H07", service: service({ ready: "flapping" }), hypothesis: { type: "health-check", probe: "ready", flaps: "<= 0" }, expect: "violated", claim: "flaps", experiment: probes("20/s"), why: "readiness that turns good and bad while the dependency is away" },
  { id: "H08", service: service({}), hypothesis: { type: "health-check", probe: "ready", flaps: "<= 0" }, expect: "held", experiment: probes("20/s"), why: "one turn down and one turn up" },
  { id: "H09", service: service({}), hypothesis: checks({ turnsUnhealthy: { within: "2s" } }), expect: "held", experiment: { ...probes(), faults: [{ name: "fault", proxy: "dependency", type: "hang" }] }, why: "readiness gives silence up after 300 ms" },
  {
    id: "H10", service: service({ timeoutMs: 10_000 }), hypothesis: checks({ turnsUnhealthy: { within: "1s" } }), expect: "violated", claim: "turnsUnhealthy.within",
    experiment: { ...probes(), faults: [{ name: "fault", proxy: "dependency", type: "hang" }] }, why: "readiness waits for a silent dependency until its asker gives up after 2 s",
  },
  { id: "H11", service: service({ ready: "static" }), hypothesis: checks({ turnsUnhealthy: false, turnsHealthy: undefined }), expect: "held", experiment: probes(), why: "a dependency that is not critical: readiness is to stay good, and does" },
];
