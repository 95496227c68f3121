// Too much load: limits on a rate, and what a service does that cannot take more. The load is the stress; no fault is needed.

const limits = (claims) => ({ type: "rate-limit", probe: "app", ...claims });
const sheds = (claims) => ({ type: "load-shedding", probe: "app", ...claims });
const limiter = (kind, more = {}) => ({ module: "limiter", config: { kind, ...more } });
const shedder = (more = {}) => ({ module: "shedder", config: more });
const unhurt = { faults: [] };
/** Pulses of 700 ms, which a window of a second betrays itself by. */
const pulses = { ...unhurt, probes: { app: { load: { rate: { before: "10/s", during: "10/s", after: "10/s" }, steps: ["120/s", "4/s", "120/s", "4/s", "120/s", "4/s", "120/s", "4/s"] } } }, phases: { during: "5600ms" } };
const flood = (during = "120/s", probe = {}, more = {}) => ({ ...unhurt, probes: { app: { load: { rate: { before: "20/s", during, after: "20/s" } }, ...probe } }, ...more });
const slowed = { faults: [{ name: "fault", proxy: "dependency", type: "latency", delay: "400ms" }], probes: { app: { load: { rate: { before: "90/s", during: "90/s", after: "20/s" } } } }, phases: { before: "3s" } };

const all = [
  { id: "S01", service: limiter("fixed"), experiment: pulses, hypothesis: limits({ limit: "40/s" }), expect: "violated", claim: "limit", why: "counts afresh every second: around its boundary twice as many get in" },
  { id: "S21", tags: ["smoke", "recorded"], service: limiter("sliding"), experiment: pulses, hypothesis: limits({ limit: "40/s" }), expect: "held", why: "remembers the last second, wherever it begins" },
  { id: "S23", service: limiter("bucket"), experiment: pulses, hypothesis: limits({ limit: "40/s" }), expect: "violated", claim: "limit", why: "a bucket of 40 that refills by 40 a second: nearly twice as many in the first" },
  { id: "S25", service: limiter("bucket"), experiment: pulses, hypothesis: limits({ limit: "40/s", burst: 40 }), expect: "held", why: "the same, claimed as what it is" },
  { id: "S27", service: limiter("fixed"), experiment: pulses, hypothesis: limits({ limit: "40/s", burst: 40 }), expect: "violated", claim: "limit", why: "counting afresh is no bucket either" },
  { id: "S31", service: limiter("none"), experiment: pulses, hypothesis: limits({ limit: "40/s" }), expect: "violated", claim: "limit", why: "no limit at all" },
  { id: "S33", service: limiter("rate-limiter-flexible"), experiment: flood("120/s"), hypothesis: limits({ rejects: { answersWithin: "150ms" }, accepted: { success: ">= 95%" } }), expect: "held", why: "rate-limiter-flexible in memory: turned away at once with 429" },
  { id: "S35", service: limiter("sliding", { status: 500 }), experiment: flood("120/s"), hypothesis: limits({ rejects: {} }), expect: "violated", claim: "rejects.status", why: "turned away with 500: callers cannot tell that they send too much" },
  { id: "S37", service: limiter("sliding", { rejectAfterMs: 400 }), experiment: flood("120/s"), hypothesis: limits({ rejects: { answersWithin: "150ms" } }), expect: "violated", claim: "rejects.answersWithin", why: "turned away after 400 ms" },
  {
    id: "S07", service: limiter("concurrency", { concurrency: 1, asks: true }), upstream: { delayMs: 20 }, experiment: slowed, hypothesis: limits({ limit: "60/s" }), expect: "violated", claim: "limit.steady",
    why: "one at a time, sold as a rate: when the dependency slows down fewer get in",
  },
  { id: "S39", service: limiter("bucket", { perSecond: 45, asks: true }), upstream: { delayMs: 20 }, experiment: { ...slowed, phases: { before: "8s", during: "10s" } }, hypothesis: limits({ limit: "45/s", burst: 45 }), expect: "held", why: "a rate stays the same when the dependency slows down" },
  { id: "S41", service: limiter("sliding"), experiment: flood("30/s"), hypothesis: limits({ limit: "40/s" }), expect: "inconclusive", why: "less is sent than is let in" },

  {
    id: "S03", service: shedder(), experiment: flood(), hypothesis: sheds({ rejects: { answersWithin: "150ms" }, accepted: { success: ">= 95%", p95: "400ms" }, recovers: { within: "2s" } }), expect: "held",
    why: "two workers, a queue of four, 503 for the rest: no more than 150 ms of waiting",
  },
  { id: "S51", service: shedder({ queue: null }), experiment: flood(), hypothesis: sheds({ rejects: {} }), expect: "violated", claim: "rejects.status", why: "a queue without end: nobody is turned away" },
  { id: "S53", service: shedder({ queue: null }), experiment: flood(), hypothesis: sheds({ accepted: { p95: "400ms" } }), expect: "violated", claim: "accepted.p95", why: "and all wait longer and longer" },
  {
    id: "S05", service: shedder({ queue: null }), hypothesis: sheds({ recovers: { within: "2s" } }), expect: "violated", claim: "recovers.within",
    experiment: flood("160/s", { timeout: "1s", load: { rate: { before: "20/s", during: "160/s", after: "30/s" } } }, { phases: { after: "6s" } }),
    why: "the backlog of those who have long left keeps it busy, long after the load has fallen",
  },
  {
    id: "S55", service: shedder({ queue: null, drops: true }), hypothesis: sheds({ recovers: { within: "3s" } }), expect: "held",
    experiment: flood("160/s", { timeout: "1s", load: { rate: { before: "20/s", during: "160/s", after: "20/s" } } }, { phases: { after: "6s" } }),
    why: "what its caller has left is left: a second of backlog is all there is",
  },
  { id: "S57", service: shedder({ rejectAfterMs: 400 }), experiment: flood(), hypothesis: sheds({ rejects: { answersWithin: "150ms" } }), expect: "violated", claim: "rejects.answersWithin", why: "as slow to turn away as to serve" },
  { id: "S59", service: shedder({ status: 500 }), experiment: flood(), hypothesis: sheds({ rejects: {} }), expect: "violated", claim: "rejects.status", why: "turned away with 500" },
  { id: "S61", service: shedder({ cuts: true }), experiment: flood(), hypothesis: sheds({ rejects: {} }), expect: "violated", claim: "rejects.status", why: "turned away by closing the connection" },
  { id: "S63", service: shedder({ failShare: 0.4 }), experiment: flood(), hypothesis: sheds({ accepted: { success: ">= 95%" } }), expect: "violated", claim: "accepted.success", why: "of those that are let in two in five fail" },
  { id: "S65", service: shedder(), experiment: flood("25/s"), hypothesis: sheds({ accepted: { p95: "400ms" } }), expect: "inconclusive", why: "no more is sent than it can take" },
];

/** Limits of several instances add up. */
export const rows = all.map((row) => ({ notWith: ["replicas"], ...row }));
