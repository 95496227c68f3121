// Breakers in circumstances: replicas, other traffic, other faults, other loads, and things that look like a breaker and are none.
import { serviceOf } from "../experiment.mjs";
import { breaks, opossum9, served, staysClosed } from "./breakers/common.mjs";

const consecutive = { kind: "consecutive", of: 5, halfOpenAfter: 500 };
const trusted = served("cockatiel-3", consecutive);

export const rows = [
  {
    id: "B37", tags: ["smoke", "recorded"], service: { ...trusted, replicas: 3 }, hypothesis: breaks({ opens: { within: "2s" } }), expect: "held",
    experiment: { probes: { app: { load: "90/s" } } }, notWith: ["replicas"],
    why: "three replicas, each right by itself: together their trials come much closer than one rest",
  },
  {
    id: "B38", service: { ...served("cockatiel-3", { ...consecutive, halfOpenAfter: 150 }), replicas: 3 }, hypothesis: breaks({ opens: { within: "2s" } }), expect: "violated", claim: "trials.every",
    experiment: { probes: { app: { load: "90/s" } } }, notWith: ["replicas"],
    why: "three replicas, each of which rests 150 ms only",
  },
  {
    id: "B39", service: served("none", {}, { cache: { ms: 500, of: "failures", key: "path" } }), hypothesis: breaks(), expect: "violated", claim: "opens.within",
    why: "failures kept for half a second per key, and every key is new: nothing ever opens",
  },
  {
    id: "B40", service: served("none", {}, { cache: { ms: 500, of: "failures", key: "one" } }), hypothesis: breaks(), expect: "held",
    why: "failures kept for half a second under one key: from outside this is a breaker that opens at the first failure",
  },
  {
    id: "B41", tags: ["recorded"], service: served("none", {}, { call: { maxSockets: 4 } }), hypothesis: breaks(), expect: "violated",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "hang" }] },
    why: "four connections and no timeout under silence: requests without a call wait for a connection, none is refused",
  },
  {
    id: "B43", tags: ["recorded"], service: { module: "supervised", config: { restartsAfterMs: 500, library: "none", crashes: { afterFailures: 15 } } }, hypothesis: breaks(), expect: "inconclusive", reason: "continuity",
    why: "no breaker: the process crashes after 15 failures and is started again half a second later, which looks like rests and trials",
  },
  {
    id: "B44", service: served("none", {}, { crashes: { afterFailures: 15 } }), hypothesis: breaks(), expect: "inconclusive", reason: "continuity",
    why: "no breaker: the process crashes after 15 failures and stays away",
  },
  {
    id: "B49", tags: ["recorded"], service: served("cockatiel-3", consecutive, { scope: "route" }), hypothesis: breaks(), expect: "held",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503, match: { path: "/items/*" } }], probes: { other: { type: "http", url: "${services.app.url}/stock/${request.id}", load: "40/s", timeout: "5s", expect: { status: 200 } } } },
    why: "a breaker per route, beside as much traffic on a route that is well",
  },
  {
    id: "B50", service: served("cockatiel-3", consecutive, { scope: "service" }), hypothesis: breaks(), expect: "violated", claim: "opens.within",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503, match: { path: "/items/*" } }], probes: { other: { type: "http", url: "${services.app.url}/stock/${request.id}", load: "40/s", timeout: "5s", expect: { status: 200 } } } },
    why: "one breaker for both routes: successes on the one that is well keep failures from ever standing in a row",
  },
  {
    id: "B51", service: served("opossum-9", { ...opossum9, errorThresholdPercentage: 60 }), hypothesis: staysClosed, expect: "held",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503, every: 2 }], phases: { epochs: 2 } },
    why: "every other call fails, and 60 % are put up with",
  },
  {
    id: "B52", service: served("opossum-9", { ...opossum9, errorThresholdPercentage: 40 }), hypothesis: staysClosed, expect: "violated", claim: "opens",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503, every: 2 }] },
    why: "every other call fails, and 40 % are put up with: it opens",
  },
  {
    id: "B53", tags: ["recorded"], service: trusted, hypothesis: breaks({ opens: { within: "2s" } }), expect: "violated", claim: "opens.within",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503, every: 2 }] },
    why: "every other call fails: five in a row never happen",
  },
  {
    id: "B54", service: trusted, hypothesis: staysClosed, expect: "held",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503, every: 2 }] },
    why: "every other call fails, five in a row never happen: it stays closed, as claimed",
  },
  {
    id: "B55", service: served("opossum-9", opossum9, { fallback: { status: 200, body: { status: "later" } } }), hypothesis: breaks(), expect: "held",
    why: "a fallback answers 200 all the time: the breaker shows at the dependency only",
  },
  {
    id: "B56", service: trusted, hypothesis: breaks(), expect: "held", experiment: { probes: { app: { load: { rate: "40/s", arrivals: "poisson" } } } },
    why: "requests at random times, as users come",
  },
  {
    id: "B57", service: trusted, hypothesis: breaks(), expect: "held", upstream: { delayMs: 80 },
    why: "a dependency that takes 80 ms when it is well",
  },
  {
    id: "B58", tags: ["recorded"], service: served("opossum-9", opossum9), hypothesis: breaks({ closes: null }), expect: "inconclusive", reason: "unwitnessed|refused",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "down" }] },
    why: "the listener itself refuses: what was tried meanwhile cannot be witnessed",
  },
  {
    id: "B59", service: served("none"), hypothesis: breaks(), expect: "violated", claim: "opens.within",
    why: "no breaker at all",
  },
  {
    id: "B60", tags: ["recorded"], service: trusted, hypothesis: breaks({ closes: null }), expect: "inconclusive",
    experiment: { phases: { during: "900ms" } },
    why: "900 ms of fault leave room for one trial only: how long it rests between trials was not seen",
  },
  {
    id: "B61", service: trusted, hypothesis: breaks(), expect: "inconclusive", reason: "before the fault|fewer than",
    experiment: { probes: { app: { load: "4/s" } } },
    why: "four requests a second: too few to see anything at all",
  },
  {
    id: "B62", service: served("opossum-9", opossum9), hypothesis: breaks(), expect: "held", experiment: { phases: { epochs: 2, during: "3s", after: "3s" } },
    why: "twice in a row: the second epoch meets a breaker with a history",
  },
  {
    id: "B63", service: served("none", {}, { retry: { times: 3, delayMs: 100, where: "inside" } }), hypothesis: breaks(), expect: "violated", claim: "opens.within",
    why: "retries and no breaker: four calls per request are no breaker",
  },
  {
    id: "B64", service: trusted, hypothesis: breaks(), expect: "held",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503, after: 40 }], phases: { during: "5s" } },
    why: "the first 40 calls of the phase are spared: times count from the first call that was hurt",
  },
  {
    id: "B65", service: served("opossum-9", { timeout: false, capacity: 5, volumeThreshold: 1000 }), hypothesis: breaks(), expect: "violated", claim: "trials.every",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "hang" }] },
    why: "a semaphore of five, all held by calls that hang: others are refused at once, but nothing is ever tried again",
  },
  {
    id: "B66", service: trusted, hypothesis: breaks({ opens: { within: "2s" }, whileOpen: { upstream: "<= 20%" }, trials: null }), expect: "violated", claim: "whileOpen.upstream", notWith: ["replicas"],
    experiment: {
      services: {
        app2: serviceOf("app2", "breaker", { UPSTREAM_URL: "${proxies.dependency.url}", CONFIG: JSON.stringify({ library: "none" }) }),
        entrance: serviceOf("entrance", "entrance", { TARGETS: "${services.app.url},${services.app2.url}" }),
      },
      probes: { app: { url: "${services.entrance.url}/orders/${request.id}" } },
    },
    why: "two instances, one of which was deployed without its breaker: half of all requests go on calling",
  },
  {
    id: "B67", service: served("cockatiel-3", { kind: "consecutive", of: 5, halfOpenAfter: 500 }), hypothesis: breaks({ opens: { within: "2s" } }), expect: "held",
    experiment: { probes: { app: { load: { rate: "20/s", burst: 2 } } } },
    why: "requests that come in pairs: the second of a pair waits for the trial that the first one is",
  },
  {
    id: "B68", service: served("opossum-9", { ...opossum9, resetTimeout: 900 }), hypothesis: breaks({ trials: { every: "450ms..750ms" } }), expect: "violated", claim: "trials.every",
    experiment: { phases: { during: "6s" } },
    why: "a rest of 900 ms where 750 were promised at most: outside by little more than a few requests",
  },
  {
    id: "B69", service: served("opossum-9", opossum9), hypothesis: staysClosed, expect: "violated", claim: "opens",
    why: "a breaker that opens where it is claimed that it does not",
  },
  {
    id: "B70", service: served("opossum-9", { ...opossum9, abort: true, timeout: 300 }), hypothesis: breaks({ opens: { within: "2s" }, whileOpen: null, trials: null }), expect: "held",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "hang" }] },
    why: "one abort signal for all calls, renewed at each change of state: it opens by timeouts, and closes when the fault is over",
  },
];
