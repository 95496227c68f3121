// Libraries of Python, each with a thread per request.
import { commands } from "../foreign.mjs";

const served = (client, around) => ({ config: { client, ...(around !== undefined && { around }) } });
const on = (row) => ({ ...row, tags: ["python", ...(row.tags ?? [])], needs: ["python3", "python-libraries"], experiment: { ...row.experiment, services: { app: { command: commands.python } } } });
const retries = (claims) => ({ type: "retry", proxy: "dependency", probe: "app", ...claims });
const gives = (claims) => ({ type: "timeout", proxy: "dependency", ...claims });
const fault = (over) => ({ faults: [{ name: "fault", proxy: "dependency", ...over }] });
const unavailable = (over) => fault({ type: "error", status: 503, ...over });
const posts = { probes: { app: { method: "POST" } } };
const hang = { ...fault({ type: "hang" }), phases: { during: "5s", after: "1s" } };
const forced = { total: 3, backoff_factor: 0.1, status_forcelist: [503] };
const requests = { by: "requests" };

const breaks = { type: "circuit-breaker", proxy: "dependency", probe: "app", opens: { within: "1s" }, whileOpen: { answersWithin: "100ms" }, trials: { every: "350ms..900ms", calls: "<= 3" }, closes: { within: "1.3s" } };
const pybreaker = { by: "pybreaker", fail_max: 5, reset_timeout: 0.5 };

export const rows = [
  { id: "B29", service: served(requests, pybreaker), hypothesis: breaks, expect: "held", why: "pybreaker, five failures in a row, half a second of rest" },
  {
    id: "B29b", upstream: { delayMs: 100 }, service: served(requests, pybreaker), experiment: { ...fault({ type: "latency", delay: "1ms" }), phases: { before: "8s", during: "1s", after: "1s" } }, hypothesis: { type: "claim", probe: "app", phase: "before", p95: "<= 500ms" }, expect: "violated",
    claim: "p95", why: "pybreaker holds its lock through the call: 40 calls of 100 ms in a second queue up",
  },
  { id: "B29c", upstream: { delayMs: 100 }, service: served(requests), experiment: { ...fault({ type: "latency", delay: "1ms" }), phases: { before: "4s", during: "1s", after: "1s" } }, hypothesis: { type: "claim", probe: "app", phase: "before", p95: "<= 500ms" }, expect: "held", why: "the same service without the breaker" },
  {
    id: "R19", service: served(requests, { by: "tenacity", attempts: 4, wait: "wait_random_exponential", multiplier: 0.1 }), experiment: { phases: { during: "6s" } }, hypothesis: retries({ attempts: "== 4", backoff: { kind: "exponential", jitter: "required" } }), expect: "held",
    why: "tenacity with full jitter: it takes tens of requests to see that it grows",
  },
  { id: "R19b", service: served(requests, { by: "tenacity", fixed: 0.1 }), hypothesis: retries({ attempts: "<= 5" }), expect: "violated", claim: "attempts", why: "tenacity as it comes never stops" },
  { id: "R19c", service: served(requests, { by: "tenacity", attempts: 3 }), hypothesis: retries({ backoff: { first: ">= 50ms" } }), expect: "violated", claim: "backoff.first", why: "tenacity as it comes does not wait" },
  { id: "R21", service: served(requests), hypothesis: retries({ attempts: "<= 1" }), expect: "held", why: "a Session of requests retries nothing" },
  { id: "R21b", service: served({ ...requests, retry: 3 }), hypothesis: retries({ attempts: ">= 2" }), expect: "violated", claim: "attempts", why: "max_retries=3 of requests is about connections, not about a 503" },
  { id: "R21c", service: served({ by: "urllib3", retry: forced }), hypothesis: retries({ attempts: "== 4", backoff: { first: ">= 50ms" } }), expect: "violated", claim: "backoff.first", why: "urllib3's backoff begins with the second retry: the first comes at once" },
  { id: "R21d", service: served({ by: "urllib3", retry: forced }), hypothesis: retries({ attempts: "== 4" }), expect: "held", why: "urllib3 with a list of statuses: three retries" },
  { id: "R21e", service: served({ by: "urllib3" }), hypothesis: retries({ attempts: "<= 1" }), expect: "held", why: "urllib3 as it comes retries no status" },
  { id: "R21f", service: served({ by: "urllib3" }), experiment: { ...unavailable({ retryAfter: "1s" }), phases: { during: "7s" } }, hypothesis: retries({ attempts: ">= 2", honoursRetryAfter: true }), expect: "held", why: "but a 503 with Retry-After it does" },
  { id: "R21g", service: served({ by: "urllib3", retry: forced }), experiment: posts, hypothesis: retries({ onlyMethods: ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"] }), expect: "held", why: "urllib3 repeats no POST" },
  { id: "T21", service: served({ ...requests, timeoutS: 0.5 }), experiment: hang, hypothesis: gives({ givesUp: "400ms..650ms", closesConnection: true }), expect: "held", why: "requests with a timeout, where no head comes" },
  { id: "T21b", service: served({ ...requests, timeoutS: 0.5 }), experiment: { ...fault({ type: "slow-body", size: "1B", spacing: "80ms" }), phases: { during: "5s", after: "1s" } }, hypothesis: gives({ givesUp: "<= 650ms" }), expect: "violated", claim: "givesUp", why: "the timeout of requests is about the silence of its socket" },
  { id: "T21c", service: served(requests), experiment: { ...hang, probes: { app: { timeout: "3s" } } }, hypothesis: gives({ givesUp: "<= 1s" }), expect: "violated", claim: "givesUp", why: "requests without a timeout waits for ever" },
  { id: "T21d", service: served(requests, { by: "future", timeoutS: 0.5 }), experiment: hang, hypothesis: gives({ closesConnection: true }), expect: "violated", claim: "closesConnection", why: "a future that is waited for half a second: its thread goes on" },
].map(on);
