// Breakers as people write them: five failures in a row open, half a second of rest, one trial. Each but the first has a slip that is common.
import { breaks } from "./breakers/common.mjs";

const byHand = (options = {}) => ({ module: "breaker", config: { library: "hand", breaker: { failures: 5, restMs: 500, ...options } } });
const slow503 = (delay) => [{ name: "slow", proxy: "dependency", type: "latency", at: "request", delay }, { name: "fault", proxy: "dependency", type: "error", status: 503 }];

export const rows = [
  { id: "BH01", tags: ["recorded"], service: byHand(), hypothesis: breaks(), expect: "held", why: "a breaker by hand without a slip" },
  {
    id: "BH02", tags: ["smoke", "recorded"], service: byHand({ defect: "never-closes" }), hypothesis: breaks(), expect: "violated", claim: "closes.within",
    why: "a trial that succeeds does not close it: it goes on with one call per rest",
  },
  {
    id: "BH03", tags: ["recorded"], service: byHand({ defect: "floodgate" }), hypothesis: breaks({ opens: { within: "2s" } }), expect: "violated", claim: "trials.calls",
    experiment: { faults: slow503("200ms") },
    why: "half-open lets every call through until the first has failed: eight per trial at 200 ms each",
  },
  {
    id: "BH05", service: byHand({ defect: "slow-refusals" }), hypothesis: breaks(), expect: "violated", claim: "whileOpen.answersWithin",
    why: "it refuses after 300 ms of sleep, where 100 ms were promised",
  },
  {
    id: "BH06", service: byHand({ defect: "slow-refusals", refuseAfterMs: 40 }), hypothesis: breaks(), expect: "held",
    why: "it refuses after 40 ms, well below the 100 ms that were promised",
  },
  {
    id: "BH07", service: byHand({ defect: "opens-late" }), hypothesis: breaks(), expect: "violated", claim: "opens.within",
    why: "it opens after 85 failures, two seconds at this load, where one was promised",
  },
  {
    id: "BH08", tags: ["recorded"], service: byHand({ defect: "leaks" }), hypothesis: breaks({ whileOpen: { upstream: "<= 20%" }, trials: null }), expect: "violated", claim: "whileOpen.upstream",
    why: "two calls in five go through although it is open",
  },
  {
    id: "BH09", service: byHand({ defect: "never-tries" }), hypothesis: breaks(), expect: "violated", claim: "closes.within",
    why: "no trial ever: once open, always open",
  },
  {
    id: "BH10", service: byHand({ defect: "early-trials" }), hypothesis: breaks(), expect: "violated", claim: "trials.every",
    why: "milliseconds taken for something else: it rests 100 ms in place of 500",
  },
  {
    id: "BH11", tags: ["recorded"], service: byHand({ defect: "closes-by-time" }), hypothesis: breaks(), expect: "violated", claim: "trials.calls",
    why: "after its rest it is simply closed, and five calls fail each time before it opens again",
  },
  {
    id: "BH12", service: byHand({ defect: "keeps-half-open" }), hypothesis: breaks({ closes: { within: "1.3s" } }), expect: "violated", claim: "closes.within",
    why: "the outcome of a trial is never looked at: it stays half-open, and refuses for ever",
  },
  { id: "BH13", service: byHand({ trials: 3 }), hypothesis: breaks(), expect: "held", why: "up to three trials, the first failure of which opens it again" },
  {
    id: "BH14", service: byHand({ restMs: 2000 }), hypothesis: breaks({ closes: null }), expect: "violated", claim: "trials.every",
    experiment: { phases: { during: "6s" } },
    why: "a rest of 2 s where 900 ms were promised at most",
  },
  {
    id: "BH15", service: byHand({ restMs: 2000 }), hypothesis: breaks({ trials: null }), expect: "inconclusive",
    experiment: { phases: { during: "3.2s", after: "800ms" } },
    why: "a rest of 2 s, and only 800 ms to watch after a recovery that comes a second before the next trial: whether it closes within 1.3 s was not seen",
  },
  {
    id: "BH16", service: byHand({ failures: 1 }), hypothesis: breaks({ opens: { afterFailures: ">= 3" } }), expect: "violated", claim: "opens.afterFailures",
    why: "it opens at the first failure, where three were to be put up with",
  },
  {
    id: "BH17", service: byHand(), hypothesis: breaks({ opens: { afterFailures: "3..8" } }), expect: "held",
    why: "it opens after five failures",
  },
];
