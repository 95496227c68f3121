// Libraries of Go.
import { commands } from "../foreign.mjs";

const on = ({ given, ...row }) => ({ ...row, service: { config: given }, tags: ["go"], needs: ["go", "go-modules"], experiment: { ...row.experiment, services: { app: { command: commands.go } } } });
const retries = (claims) => ({ type: "retry", proxy: "dependency", probe: "app", ...claims });
const fault = (over) => ({ faults: [{ name: "fault", proxy: "dependency", ...over }] });
const posts = { probes: { app: { method: "POST" } } };
const hang = { ...fault({ type: "hang" }), phases: { during: "5s", after: "1s" } };
const late = { faults: [{ name: "late", proxy: "dependency", type: "latency", delay: "250ms" }, { name: "fault", proxy: "dependency", type: "error", status: 503 }] };
const safe = { onlyMethods: ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"] };
const breaks = (over) => ({ type: "circuit-breaker", proxy: "dependency", probe: "app", opens: { within: "1s" }, whileOpen: { answersWithin: "100ms" }, trials: { every: "350ms..900ms", calls: "<= 3" }, closes: { within: "1.3s" }, ...over });
const retryable = { by: "retryablehttp", retries: 4, waitMs: 50, maxWaitMs: 2000 };
const failsafe = { by: "failsafe", retries: 2, waitMs: 50, maxWaitMs: 1000 };

export const rows = [
  { id: "B27", given: { by: "gobreaker", maxRequests: 3, restMs: 500 }, hypothesis: breaks(), expect: "held", why: "gobreaker, six failures in a row, three trials at most, closes after three successes" },
  { id: "B33", given: { by: "failsafe", breaker: true, restMs: 500 }, hypothesis: { type: "circuit-breaker", proxy: "dependency", probe: "app", opens: { afterFailures: ">= 3" } }, expect: "violated", claim: "opens.afterFailures", why: "failsafe-go as it comes opens on a single failure" },
  { id: "R27", given: retryable, experiment: { ...fault({ type: "error", status: 500 }), ...posts }, hypothesis: retries(safe), expect: "violated", claim: "onlyMethods", why: "go-retryablehttp repeats a POST that got 500" },
  { id: "R27b", given: retryable, experiment: { phases: { during: "5s" } }, hypothesis: retries({ attempts: "== 5", backoff: { kind: "exponential", jitter: "forbidden" } }), expect: "held", why: "go-retryablehttp: four retries, 50 ms that double" },
  { id: "R27c", given: retryable, experiment: { ...fault({ type: "error", status: 501 }) }, hypothesis: retries({ neverStatuses: [501] }), expect: "held", why: "go-retryablehttp leaves a 501 alone" },
  { id: "R27d", given: { ...retryable, retries: 1 }, experiment: { ...fault({ type: "error", status: 503, retryAfter: "1s" }), phases: { during: "5s" } }, hypothesis: retries({ honoursRetryAfter: true }), expect: "held", why: "go-retryablehttp waits for Retry-After, even beyond its longest wait" },
  { id: "R31", given: { ...failsafe, budget: 0.2 }, experiment: { ...late, probes: { app: { load: "50/s" } }, phases: { during: "8s" } }, hypothesis: retries({ amplification: "<= 2x" }), expect: "held", why: "failsafe-go with a budget: of what is in flight, one in five may be a retry, and three at least" },
  { id: "R31f", given: { ...failsafe, budget: 0.2 }, experiment: { probes: { app: { load: "50/s" } }, phases: { during: "6s" } }, hypothesis: retries({ amplification: "<= 1.6x" }), expect: "violated", claim: "amplification", why: "the same where answers fail at once: three are never in flight, and nothing is refused" },
  { id: "R31b", given: failsafe, experiment: { probes: { app: { load: "50/s" } } }, hypothesis: retries({ amplification: "<= 1.6x" }), expect: "violated", claim: "amplification", why: "failsafe-go without a budget: three times the calls" },
  { id: "R31c", given: { by: "backoff", retries: 3, waitMs: 100, maxWaitMs: 5000 }, experiment: { phases: { during: "5s" } }, hypothesis: retries({ attempts: "== 4", backoff: { kind: "exponential", jitter: "required" } }), expect: "held", why: "backoff of Go: half as long again each time, ±50 % of jitter" },
  { id: "R31d", given: { by: "http" }, hypothesis: retries({ attempts: "<= 1" }), expect: "held", why: "net/http repeats no request that was answered" },
  { id: "R31e", given: { by: "http" }, experiment: fault({ type: "drop" }), hypothesis: retries({ attempts: "<= 1" }), expect: "inconclusive", reason: "repeated", why: "net/http repeats a GET by itself when a connection that it reused is closed: no retry of the service" },
  { id: "T31", given: { by: "http", timeoutMs: 500 }, experiment: hang, hypothesis: { type: "timeout", proxy: "dependency", givesUp: "400ms..650ms", closesConnection: true }, expect: "held", why: "http.Client's Timeout closes what it gives up" },
  {
    id: "T31b", given: { by: "http", timeoutMs: 500 }, experiment: { ...fault({ type: "slow-body", size: "1B", spacing: "80ms" }), phases: { during: "5s", after: "1s" } }, hypothesis: { type: "timeout", proxy: "dependency", givesUp: "400ms..650ms", closesConnection: true }, expect: "held",
    why: "and bounds the body as well",
  },
].map(on);
