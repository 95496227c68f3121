// Circuit breakers. The usual service opens within a second of 503s, refuses at once, tries again every half second, and closes when the fault is over.

/** What is asked of most of them; `over` is laid over its claims. */
const breaks = (over = {}) => ({
  type: "circuit-breaker",
  proxy: "dependency",
  probe: "app",
  opens: { within: "1s" },
  whileOpen: { answersWithin: "100ms" },
  trials: { every: "350ms..900ms", calls: "<= 3" },
  closes: { within: "1.3s" },
  ...over,
});

const opossum9 = { timeout: 1000, resetTimeout: 500, rollingCountTimeout: 1000, volumeThreshold: 10 };
const served = (library, breaker, more = {}) => ({ module: "breaker", config: { library, breaker, ...more } });

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
    id: "B03", tags: ["smoke", "recorded"], service: served("cockatiel-3", { kind: "consecutive", of: 5, halfOpenAfter: 500 }), hypothesis: breaks(), expect: "held",
    why: "cockatiel 3, five failures in a row: callers during a trial wait for its outcome, which looks like slowness",
  },
  {
    id: "B09", tags: ["smoke", "recorded"], service: served("cockatiel-3", { kind: "consecutive", of: 5, halfOpenAfter: 50 }), hypothesis: breaks(), expect: "violated", claim: "trials.every",
    why: "a rest of 50 ms where 350 ms were promised, near the 25 ms between requests",
  },
  {
    id: "B11", tags: ["smoke", "recorded"], service: served("opossum-9", { ...opossum9, errors: "ignored" }), hypothesis: breaks(), expect: "violated", claim: "opens.within",
    why: "an error filter that lets every failure pass as success: it never opens",
  },
];
