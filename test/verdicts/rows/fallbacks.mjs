// What callers get instead when the dependency fails.
const marked = { expect: { status: 200, body: { json: { path: "/status", equals: "ok" } } }, degraded: { status: 200, body: { json: { path: "/status", equals: "degraded" } } } };
const falls = (over = {}) => ({ type: "fallback", probe: "app", share: ">= 95%", ...over });
const service = (config) => ({ module: "fallback", config });
const guarded = { library: "opossum-9", breaker: { timeout: 1000, resetTimeout: 500, rollingCountTimeout: 1000, volumeThreshold: 10 } };
const under = (fault, probe = {}) => ({ probes: { app: { ...marked, ...probe } }, ...(fault !== undefined && { faults: [{ name: "fault", proxy: "dependency", ...fault }] }) });
const paid = { type: "claim", probe: "app", phase: "during", success: "<= 5%" };

export const rows = [
  { id: "F01", tags: ["smoke", "recorded"], service: service(guarded), hypothesis: falls({ answersWithin: "200ms" }), expect: "held", experiment: under(), why: "a static answer, by an open breaker or after a failure" },
  { id: "F02", service: service({ ...guarded, answer: "stale" }), hypothesis: falls(), expect: "held", experiment: under(), why: "the last good answer, marked as such" },
  {
    id: "F03", tags: ["recorded"], service: service({}), hypothesis: falls(), expect: "violated", claim: "share",
    experiment: under({ type: "hang" }, { timeout: "1s" }), why: "no timeout: silence is no failure, and callers wait for an answer that never comes",
  },
  { id: "F04", service: service({ timeoutMs: 300 }), hypothesis: falls({ answersWithin: "600ms" }), expect: "held", experiment: under({ type: "hang" }), why: "silence given up after 300 ms, then the static answer" },
  {
    id: "F05", tags: ["smoke", "recorded"], service: service({ ...guarded, answer: "unmarked" }), hypothesis: falls(), expect: "violated", claim: "share",
    experiment: under(), why: "an empty list that looks like a good answer: callers cannot tell that data is missing",
  },
  { id: "F06", service: service({ timeoutMs: 300, on: "statuses" }), hypothesis: falls(), expect: "violated", claim: "share", experiment: under({ type: "reset" }), why: "statuses fall back, connections that are reset do not" },
  {
    id: "F07", tags: ["recorded"], service: service({ answer: "success" }), hypothesis: paid, expect: "violated", claim: "success",
    experiment: under(), why: "a payment that is said to have gone through while the provider fails: here success is the defect",
  },
  { id: "F08", service: service({ answer: "none" }), hypothesis: paid, expect: "held", experiment: under(), why: "a payment that fails in the open while the provider fails" },
  { id: "F09", service: service({ answer: "none" }), hypothesis: falls(), expect: "violated", claim: "share", experiment: under(), why: "no fallback at all" },
  { id: "F10", service: service({ share: 0.7 }), hypothesis: falls(), expect: "violated", claim: "share", experiment: under(), why: "three in ten get an error instead, as when one code path was forgotten" },
  {
    id: "F11", service: service({ slowMs: 400 }), hypothesis: falls({ answersWithin: "200ms" }), expect: "violated", claim: "answersWithin",
    experiment: under(), why: "a fallback that takes 400 ms where 200 were promised",
  },
  {
    id: "F12", service: service({ timeoutMs: 300, asksFirst: true }), hypothesis: falls({ answersWithin: "450ms" }), expect: "violated", claim: "answersWithin",
    experiment: under({ type: "hang" }), why: "a fallback that asks the dead dependency first: two timeouts in place of one",
  },
  { id: "F13", tags: ["recorded"], service: service(guarded), hypothesis: falls(), expect: "inconclusive", experiment: under({ type: "latency", delay: "20ms" }), why: "20 ms more hurt nobody: whether there is a fallback was never asked" },
  { id: "F14", service: service(guarded), hypothesis: falls({ share: ">= 99.9%" }), expect: "inconclusive", experiment: under(), why: "160 requests cannot show 99.9 %" },
];
