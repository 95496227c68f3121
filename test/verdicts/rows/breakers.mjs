// Circuit breakers of real libraries. The usual service opens within a second of 503s, refuses at once, tries again every half second, and closes when the fault is over.
import { breaks, opossum9, served, staysClosed } from "./breakers/common.mjs";

const consecutive = { kind: "consecutive", of: 5, halfOpenAfter: 500 };
const slow503 = (delay, more = {}) => [{ name: "slow", proxy: "dependency", type: "latency", at: "request", delay, ...more }, { name: "fault", proxy: "dependency", type: "error", status: 503 }];

export const rows = [
  {
    id: "B01", tags: ["smoke", "recorded"], service: served("opossum-9", opossum9), hypothesis: breaks(), expect: "held",
    why: "opossum 9 with a rolling window of 1 s: successes before the fault dilute its rate, it opens after some 20 failures, not 10",
  },
  {
    id: "B02", service: served("opossum-10", opossum9), hypothesis: breaks(), expect: "held",
    why: "opossum 10, the same",
  },
  {
    id: "B03", tags: ["smoke", "recorded"], service: served("cockatiel-3", consecutive), hypothesis: breaks(), expect: "held",
    why: "cockatiel 3, five failures in a row: callers during a trial wait for its outcome, which looks like slowness",
  },
  {
    id: "B04", service: served("cockatiel-4", consecutive), hypothesis: breaks(), expect: "held",
    why: "cockatiel 4, the same",
  },
  {
    id: "B05", tags: ["recorded"], service: served("cockatiel-3", { kind: "sampling", of: { threshold: 0.5, duration: 1000 }, halfOpenAfter: 500 }), hypothesis: breaks(), expect: "held",
    why: "cockatiel's window of rates at 40 requests a second",
  },
  {
    id: "B06", service: served("cockatiel-3", { kind: "sampling", of: { threshold: 0.5, duration: 1000 }, halfOpenAfter: 500 }), hypothesis: breaks({ opens: { within: "3s" } }), expect: "violated", claim: "opens.within",
    experiment: { probes: { app: { load: "5/s" } }, phases: { before: "5s", during: "8s" } },
    why: "the same window at 5 requests a second: it asks for 10 and never opens",
  },
  {
    id: "B07", service: served("cockatiel-4", { ...consecutive, halfOpenSampling: { calls: 3, threshold: 0 } }), hypothesis: breaks(), expect: "held",
    why: "cockatiel 4 that tries with three calls, and opens again at the first failure among them",
  },
  {
    id: "B08", service: served("cockatiel-3", { kind: "count", of: { threshold: 0.5, size: 20 }, halfOpenAfter: 500 }), hypothesis: breaks(), expect: "held",
    why: "cockatiel's window of the last 20 calls",
  },
  {
    id: "B09", tags: ["smoke", "recorded"], service: served("cockatiel-3", { ...consecutive, halfOpenAfter: 50 }), hypothesis: breaks(), expect: "violated", claim: "trials.every",
    why: "a rest of 50 ms where 350 ms were promised, near the 25 ms between requests",
  },
  {
    id: "B10", tags: ["recorded"], service: served("cockatiel-3", { ...consecutive, halfOpenAfter: { initialMs: 300, maxMs: 5000 } }), hypothesis: breaks({ closes: null }), expect: "violated", claim: "trials.every",
    experiment: { phases: { during: "6s" } },
    why: "a rest that doubles from 300 ms on: the second is 600 ms, then 1.2 s and 2.4 s where 900 ms were promised at most",
  },
  {
    id: "B11", tags: ["smoke", "recorded"], service: served("opossum-9", { ...opossum9, errors: "ignored" }), hypothesis: breaks(), expect: "violated", claim: "opens.within",
    why: "an error filter that lets every failure pass as success: it never opens",
  },
  {
    id: "B12", service: served("opossum-9", { ...opossum9, errors: "server" }), hypothesis: staysClosed, expect: "held",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "error", status: 404 }] },
    why: "an error filter that lets statuses below 500 pass: 404s do not open it",
  },
  {
    id: "B13", tags: ["smoke", "recorded"], service: served("opossum-4-2", opossum9), hypothesis: breaks({ opens: { within: "2s" } }), expect: "violated", claim: "closes.within",
    experiment: { faults: slow503("80ms", { jitter: "20ms" }) },
    why: "opossum 4.2.0 under 503s that take 60 to 100 ms: failures that end after the opening keep it from ever trying again",
  },
  {
    id: "B14", tags: ["recorded"], service: served("opossum-4-1", { timeout: 5000, resetTimeout: 1500, rollingCountTimeout: 1000, volumeThreshold: 5 }), upstream: { delayMs: 600 },
    hypothesis: breaks({ whileOpen: null, trials: { calls: "<= 1" }, opens: { within: "2s" }, closes: null }), expect: "violated", claim: "trials.calls",
    experiment: { phases: { during: "5s", after: "3s", epochs: 2 } }, notWith: ["latency-x2"],
    why: "opossum 4.1.0: calls from before the fault that succeed late close it again while the dependency fails",
  },
  {
    id: "B14b", service: served("opossum-9", { timeout: 5000, resetTimeout: 1500, rollingCountTimeout: 1000, volumeThreshold: 5 }), upstream: { delayMs: 600 },
    hypothesis: breaks({ whileOpen: null, trials: { calls: "<= 1" }, opens: { within: "2s" }, closes: null }), expect: "held",
    experiment: { phases: { during: "5s", after: "3s", epochs: 2 } }, notWith: ["latency-x2"],
    why: "opossum 9 under the same late successes: they are not taken for a trial",
  },
  {
    id: "B15", tags: ["recorded"], service: served("opossum-9", { ...opossum9, timeout: false }, { call: { swallows: true } }), hypothesis: breaks({ trials: null, closes: { within: "1.3s" } }), expect: "violated", claim: "closes.within",
    experiment: { faults: [{ name: "errors", proxy: "dependency", type: "error", status: 503, for: "2s" }, { name: "silence", proxy: "dependency", type: "hang", from: "2s" }] },
    why: "no timeout, and a client that loses what the network says: a trial that hangs never ends, and it stays half-open for ever",
  },
  {
    id: "B16", service: served("opossum-9", opossum9), hypothesis: breaks(), expect: "held",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "reset" }] },
    why: "connections that are reset count as failures like any others",
  },
  {
    id: "B17", service: served("opossum-9", { ...opossum9, rollingCountTimeout: 300, resetTimeout: 3000, volumeThreshold: 0 }), hypothesis: staysClosed, expect: "violated", claim: "opens",
    experiment: { probes: { app: { load: "3/s" } }, phases: { before: "8s", during: "14s" }, faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503, after: 3, every: 8, first: 2 }] },
    why: "no minimum volume and a short window at 3 requests a second: a single failure is 100 % of it, and opens it",
  },
  {
    id: "B18", tags: ["recorded"], service: served("opossum-9", opossum9), hypothesis: staysClosed, expect: "held",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503, every: 4 }] },
    why: "one call in four fails, which is well below half",
  },
  {
    id: "B19", service: served("cockatiel-3", { kind: "count", of: { threshold: 0.5, size: 100 }, halfOpenAfter: 500 }), hypothesis: breaks({ opens: { within: "4s" }, closes: null, trials: null, whileOpen: null }), expect: "violated", claim: "opens.within",
    experiment: { probes: { app: { load: "10/s" } }, phases: { before: "3s", during: "8s" } },
    why: "a window of the last 100 calls at 10 a second: half of them fail after 5 s at the soonest",
  },
  {
    id: "B20", service: served("opossum-9", { ...opossum9, volumeThreshold: 100 }), hypothesis: breaks(), expect: "violated", claim: "opens.within",
    why: "100 calls a second asked for before it opens, where 40 are made: it never opens",
  },
  {
    id: "B21", service: served("opossum-9", { ...opossum9, volumeThreshold: 10 }), hypothesis: breaks({ opens: { within: "3s" } }), expect: "violated", claim: "opens.within",
    experiment: { probes: { app: { load: "5/s" } }, phases: { before: "5s", during: "8s" } },
    why: "10 calls asked for in a window of 1 s, where 5 are made",
  },
  {
    id: "B24", tags: ["recorded"], service: served("cockatiel-3", { kind: "consecutive", of: 5, halfOpenAfter: 500, counts: "statuses" }), hypothesis: breaks({ whileOpen: { upstream: "<= 20%" }, trials: null }), expect: "violated", claim: "whileOpen.upstream",
    experiment: { faults: [{ name: "errors", proxy: "dependency", type: "error", status: 503, for: "1.5s" }, { name: "resets", proxy: "dependency", type: "reset", from: "1.5s" }] },
    why: "only statuses count as failures: a trial that is reset closes it, and calls go on while the dependency is away",
  },
  {
    id: "B26", service: served("opossum-9", { ...opossum9, timeout: 300 }), hypothesis: breaks({ opens: { within: "2s" } }), expect: "held",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "latency", delay: "3s" }] },
    why: "slow answers given up after 300 ms; opossum leaves the calls running, so their ends tell nothing",
  },
  {
    id: "B28", service: served("opossum-9", { ...opossum9, timeout: false }), hypothesis: breaks(), expect: "violated", claim: "opens.within",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "hang" }] },
    why: "no timeout at all under silence: nothing ever fails, so it never opens",
  },
  {
    id: "B30", service: served("cockatiel-3", { ...consecutive, timeout: { ms: 300, strategy: "aggressive" } }), hypothesis: breaks({ whileOpen: null }), expect: "held",
    experiment: { faults: [{ name: "fault", proxy: "dependency", type: "hang" }] },
    why: "cockatiel around a timeout of 300 ms, under silence: calls under way at the opening are many, trials take 300 ms",
  },
  {
    id: "B32", tags: ["recorded"], service: served("cockatiel-3", consecutive), hypothesis: breaks({ whileOpen: { answersWithin: "100ms" } }), expect: "violated", claim: "whileOpen.answersWithin",
    experiment: { faults: slow503("300ms") },
    why: "cockatiel lets callers wait while a trial of 300 ms is under way, a third of the time: refusals are not answered at once",
  },
  {
    id: "B34", tags: ["recorded"], service: served("opossum-9", opossum9), hypothesis: breaks({ opens: { within: "2s" } }), expect: "held",
    experiment: { faults: slow503("300ms") },
    why: "opossum under 503s that take 300 ms: a dozen calls are under way when it opens, others are refused during a trial",
  },
  {
    id: "B35", tags: ["recorded"], service: served("cockatiel-3", { ...consecutive, retry: { times: 2, delayMs: 10 } }), hypothesis: breaks(), expect: "held",
    why: "retries around the breaker: they meet the open breaker, each trial makes one call",
  },
  {
    id: "B36", tags: ["smoke", "recorded"], service: served("cockatiel-3", consecutive, { retry: { times: 2, delayMs: 50, where: "inside" } }), hypothesis: breaks(), expect: "held",
    why: "retries inside the breaker: each trial is one request with three calls",
  },
];
