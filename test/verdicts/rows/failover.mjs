// Two dependencies: a standby that takes over, and a balancer that leaves the one that fails.

const failover = (claims) => ({ type: "failover", from: "dependency", to: "second", probe: "app", ...claims });
const balance = (claims, more = []) => ({ type: "load-balance", proxies: ["dependency", "second", ...more], probe: "app", ...claims });
const balancer = (config) => ({ module: "balancer", config });
const two = { others: { second: {} } };
const under = (fault, more = {}) => ({ faults: [{ name: "fault", proxy: "dependency", ...fault }], ...more });
const errors = (more) => under({ type: "error", status: 503 }, more);
const resets = (more) => under({ type: "reset" }, more);
const hangs = (more) => under({ type: "hang" }, more);

const standby = { pick: "first", retries: 1, ejects: { failures: 3, restMs: 500 } };
const even = { pick: "turns", retries: 1, ejects: { failures: 3, restMs: 800 } };
/** Shares of two edges take calls to compare. */
const longer = { phases: { before: "4s" } };

const failovers = [
  {
    id: "L21", tags: ["smoke"], service: balancer(standby), ...two, experiment: errors(), hypothesis: failover({ within: "1s", share: ">= 95%", failsBack: { within: "2s" } }), expect: "held",
    why: "what fails is asked of the standby at once, after three failures for half a second at a time",
  },
  { id: "L23", service: balancer(standby), ...two, experiment: resets(), hypothesis: failover({ within: "1s", share: ">= 95%", failsBack: { within: "2s" } }), expect: "held", why: "the same when connections are reset" },
  {
    id: "L25", tags: ["recorded"], service: balancer({ pick: "first", ejects: { failures: 3, restMs: 500, on: "network" } }), ...two, experiment: errors(), hypothesis: failover({ within: "1s", share: ">= 95%" }), expect: "violated", claim: "share",
    why: "fails over when the network fails, and takes 503 for a good answer",
  },
  { id: "L27", service: balancer({ ...standby, ejects: { ...standby.ejects, on: "network" } }), ...two, experiment: resets(), hypothesis: failover({ within: "1s", share: ">= 95%" }), expect: "held", why: "the same, when the network fails" },
  {
    id: "L07", tags: ["recorded"], service: balancer({ ...standby, ejects: { failures: 3, restMs: null } }), ...two, experiment: errors({ phases: { after: "5s" } }), hypothesis: failover({ failsBack: { within: "2s" } }), expect: "violated", claim: "failsBack.within",
    why: "nobody ever looks whether the active one is well again",
  },
  { id: "L29", service: balancer({ ...standby, sticks: true }), ...two, experiment: errors(), hypothesis: failover({ share: ">= 95%", failsBack: false }), expect: "held", why: "stays with the standby, as claimed" },
  { id: "L31", service: balancer(standby), ...two, experiment: errors(), hypothesis: failover({ failsBack: false }), expect: "violated", claim: "failsBack", why: "returns where it was to stay, until somebody has looked" },
  {
    id: "L33", service: balancer({ pick: "first", ejects: { failures: 60, restMs: 500 } }), ...two, experiment: errors(), hypothesis: failover({ within: "500ms" }), expect: "violated", claim: "within",
    why: "sixty failures in a row, a second and a half of them, until it fails over",
  },
  { id: "L35", service: balancer({ pick: "first" }), ...two, experiment: errors(), hypothesis: failover({ within: "1s", share: ">= 95%" }), expect: "violated", claim: "share", why: "a standby that is never used" },
  { id: "L37", service: balancer(standby), ...two, experiment: hangs({ probes: { app: { timeout: "1s" } } }), hypothesis: failover({ share: ">= 95%" }), expect: "violated", claim: "share", why: "no timeout: silence is no failure, and nothing fails over" },
  {
    id: "L49", service: balancer(standby), ...two, experiment: hangs({ phases: { during: "2s" } }), hypothesis: failover({ share: ">= 95%" }), expect: "inconclusive", reason: "lifted",
    why: "the same, and callers who wait longer than the fault lasts: its lifting resets what hangs, and only that moves them",
  },
  { id: "L39", service: balancer({ ...standby, timeoutMs: 300 }), ...two, experiment: hangs(), hypothesis: failover({ within: "1s", share: ">= 90%" }), expect: "held", why: "silence given up after 300 ms is a failure" },
  { id: "L41", service: balancer(standby), others: { second: { routes: { "/items": { status: 503 } } } }, experiment: errors(), hypothesis: failover({ share: ">= 95%" }), expect: "violated", claim: "share", why: "a standby that fails as well" },
  { id: "L43", service: balancer({ pick: "first", retries: 1 }), ...two, experiment: errors(), hypothesis: failover({ within: "1s", share: ">= 95%" }), expect: "held", why: "asks the active one first each time, and the standby after it: every request is served" },
  { id: "L45", service: balancer(even), ...two, experiment: errors(), hypothesis: failover({ share: ">= 95%" }), expect: "inconclusive", why: "a balancer is no failover: the standby had half of the calls all along" },
  { id: "L47", service: balancer(standby), ...two, experiment: { faults: [{ name: "fault", proxy: "second", type: "error", status: 503 }] }, hypothesis: failover({ within: "1s", share: ">= 95%" }), expect: "inconclusive", why: "the fault is on the standby, which nobody asks" },
];

const balances = [
  {
    id: "L61", service: balancer(even), ...two, experiment: errors(longer), hypothesis: balance({ maxSkew: "1.4x", ejectsWithin: "1s" }), expect: "held",
    why: "in turns, and after three failures in a row left for 800 ms at a time",
  },
  { id: "L63", tags: ["recorded"], service: balancer({ pick: "turns", retries: 1 }), ...two, experiment: errors(), hypothesis: balance({ ejectsWithin: "1s" }), expect: "violated", claim: "ejectsWithin", why: "what fails is asked elsewhere, and the one that fails gets its half all the same" },
  { id: "L65", service: balancer({ pick: "weights", weights: [4, 1] }), ...two, experiment: errors({ ...longer, probes: { app: { load: "60/s" } } }), hypothesis: balance({ maxSkew: "1.2x" }), expect: "violated", claim: "maxSkew", why: "four to one" },
  { id: "L67", service: balancer({ pick: "random" }), ...two, experiment: errors({ ...longer, probes: { app: { load: "60/s" } } }), hypothesis: balance({ maxSkew: "1.5x" }), expect: "held", why: "by chance: even in the long run" },
  { id: "L69", service: balancer({ ...even, ejects: { ...even.ejects, on: "network" } }), ...two, experiment: errors(), hypothesis: balance({ ejectsWithin: "1s" }), expect: "violated", claim: "ejectsWithin", why: "leaves what resets connections, and not what answers 503" },
  { id: "L71", service: balancer({ ...even, ejects: { ...even.ejects, on: "network" } }), ...two, experiment: resets(), hypothesis: balance({ ejectsWithin: "1s" }), expect: "held", why: "the same, when connections are reset" },
  {
    id: "L73", service: balancer({ pick: "key", keepsAlive: false }), ...two, experiment: { ...longer, faults: [], probes: { app: { url: "${services.app.url}/orders/7" } } }, hypothesis: balance({ maxSkew: "1.3x" }), expect: "violated", claim: "maxSkew",
    why: "sticky by a key that all requests have",
  },
  {
    id: "L81", tags: ["recorded"], service: balancer({ pick: "key" }), ...two, experiment: { ...longer, faults: [], probes: { app: { url: "${services.app.url}/orders/7" } } }, hypothesis: balance({ maxSkew: "1.3x" }), expect: "inconclusive", reason: "connection",
    why: "the same by few connections that are kept: a balancer of connections would do that, too",
  },
  { id: "L75", service: balancer(even), others: { second: {}, third: {} }, experiment: errors({ probes: { app: { load: "80/s" } }, phases: { before: "3s", during: "5s" } }), hypothesis: balance({ maxSkew: "1.6x", ejectsWithin: "1s" }, ["third"]), expect: "held", why: "three of them, in turns" },
  {
    id: "L77", service: balancer({ pick: "fewest", retries: 1, keepsAlive: false }), upstream: { delayMs: 60 }, others: { second: { delayMs: 60 } }, experiment: errors(), hypothesis: balance({ ejectsWithin: "1s" }), expect: "violated", claim: "ejectsWithin",
    why: "by the fewest calls under way: who fails at once draws the most",
  },
  { id: "L79", service: balancer({ ...even, ejects: { failures: 80, restMs: 800 } }), ...two, experiment: errors(), hypothesis: balance({ ejectsWithin: "1s" }), expect: "violated", claim: "ejectsWithin", why: "eighty failures in a row until it is left: two seconds of them, since a retry takes the other's turn and each request asks it first" },
];

export const rows = [...failovers, ...balances];
