// Retries. The usual fault answers 503 at once for four seconds; a row names the client, what is built around it, and what is claimed of both.

const retries = (claims) => ({ type: "retry", proxy: "dependency", probe: "app", ...claims });
/** `library`: what the row is about; some need a later version of Node. */
const served = (library, client, ...around) => ({ module: "client", config: { library, client, around } });
const around = (by, options, client = { by: "fetch" }) => served(by, client, { by, ...options });
const hand = (options) => around("hand", options);
const axiosRetry = (retry, more = {}) => served("axios-retry", { by: "axios", retry, ...more });

const errors = (over) => ({ faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503, ...over }] });
const resets = { faults: [{ name: "fault", proxy: "dependency", type: "reset" }] };
const hangs = { faults: [{ name: "fault", proxy: "dependency", type: "hang" }] };
const posts = { probes: { app: { method: "POST" } } };
const lasting = (during, more = {}) => ({ phases: { during }, ...more });
const load = (rate) => ({ probes: { app: { load: rate } } });

const safe = { onlyMethods: ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"] };
const pRetry3 = { retries: 3, minTimeout: 100, factor: 2 };
const undiciRetry = { maxRetries: 3, minTimeout: 100, maxTimeout: 30_000, timeoutFactor: 2 };
const exponential = { kind: "exponential", ms: 100 };
const cockatielRetry = (maxAttempts, backoff) => ({ retry: { maxAttempts, backoff } });

const attempts = [
  { id: "R01", tags: ["smoke", "recorded"], service: axiosRetry({ retries: 3 }), hypothesis: retries({ attempts: "<= 4" }), expect: "held", why: "axios-retry, three retries of a GET" },
  {
    id: "R05", notWith: ["latency-x2"], service: axiosRetry({ retries: 3 }, { timeout: 300 }), hypothesis: retries({ attempts: "== 4" }), expect: "violated", claim: "attempts",
    experiment: { faults: [{ name: "late", proxy: "dependency", type: "latency", delay: "200ms" }, { name: "fault", proxy: "dependency", type: "error", status: 503 }] },
    why: "axios-retry lets its timeout shrink from try to try: of 300 ms, 200 went to the first 503, and the second try is given up and not retried",
  },
  { id: "R40", service: axiosRetry({ retries: 3, shouldResetTimeout: true }, { timeout: 2000 }), experiment: errors({}), hypothesis: retries({ attempts: "== 4" }), expect: "held", why: "the same with a timeout that begins anew, and 503s at once" },
  {
    id: "R09", tags: ["smoke"], service: served("got-14", { by: "got-14", timeout: { request: 2000 } }), experiment: errors({ retryAfter: "5s" }), hypothesis: retries({ attempts: ">= 2" }), expect: "violated", claim: "attempts",
    why: "got takes no retry when Retry-After asks for more than its timeout, and says nothing of it",
  },
  { id: "R41", service: served("got-14", { by: "got-14", timeout: { request: 2000 } }), experiment: lasting("7s", errors({ retryAfter: "1s" })), hypothesis: retries({ attempts: ">= 2", honoursRetryAfter: true }), expect: "held", why: "a Retry-After within its timeout got waits for" },
  {
    id: "R11", tags: ["smoke", "recorded"], service: served("ky-1", { by: "ky-1", timeout: 500, retry: { limit: 2 } }), experiment: hangs, hypothesis: retries({ attempts: ">= 2" }), expect: "violated", claim: "attempts",
    why: "ky retries no timeouts unless told to",
  },
  {
    id: "R13", service: served("undici-6", { by: "undici-6", headersTimeout: 500, bodyTimeout: 500, retry: undiciRetry }), experiment: lasting("6s", hangs), hypothesis: retries({ attempts: ">= 2" }), expect: "violated", claim: "attempts",
    why: "undici's RetryAgent does not count a timeout of the head among its errors",
  },
  { id: "R29", tags: ["smoke", "recorded"], service: around("cockatiel-3", cockatielRetry(3, { kind: "constant", ms: 50 })), hypothesis: retries({ attempts: "== 4" }), expect: "held", why: "cockatiel's maxAttempts counts retries, not calls" },
  { id: "R42", service: around("cockatiel-3", cockatielRetry(3, { kind: "constant", ms: 50 })), hypothesis: retries({ attempts: "<= 3" }), expect: "violated", claim: "attempts", why: "the same, taken for a count of calls" },
  { id: "R43", service: axiosRetry({ retries: 3 }, { timeout: 300 }), experiment: hangs, hypothesis: retries({ attempts: ">= 2" }), expect: "violated", claim: "attempts", why: "axios-retry retries no timeouts (ECONNABORTED)" },
  {
    id: "R44", service: axiosRetry({ retries: 2, onTimeout: true, shouldResetTimeout: true }, { timeout: 300 }), experiment: lasting("5s", hangs), hypothesis: retries({ attempts: "== 3" }), expect: "held",
    why: "axios-retry told to retry timeouts, each try with a limit of its own",
  },
  { id: "R45", service: around("p-retry-6", pRetry3, { by: "fetch", returnsStatus: true }), hypothesis: retries({ attempts: ">= 2" }), expect: "violated", claim: "attempts", why: "p-retry around a fetch: a 503 is no throw, and nothing is retried" },
  { id: "R46", tags: ["smoke"], service: hand({ times: null, pause: { kind: "constant", ms: 100 } }), hypothesis: retries({ attempts: "<= 5" }), expect: "violated", claim: "attempts", why: "a loop without an end" },
  { id: "R47", service: hand({ times: 2, pause: { kind: "constant", ms: 20 } }), hypothesis: retries({ attempts: "<= 3" }), expect: "held", why: "a loop of three calls" },
  {
    id: "R48", service: served("cockatiel-3", { by: "fetch" }, { by: "hand", times: 2, pause: { kind: "constant", ms: 40 } }, { by: "cockatiel-3", ...cockatielRetry(2, { kind: "constant", ms: 20 }) }), hypothesis: retries({ attempts: "<= 3" }), expect: "violated", claim: "attempts",
    why: "two layers that retry twice each: nine calls",
  },
  { id: "R49", service: served("got-14", { by: "got-14", retry: { limit: 2, backoffLimit: 100 } }), experiment: resets, hypothesis: retries({ attempts: "== 3" }), expect: "held", why: "got retries a connection that was reset, twice" },
  {
    id: "R50", service: axiosRetry({ retries: 3 }), experiment: resets, hypothesis: retries({ attempts: "== 4" }), expect: "inconclusive", reason: "repeated some by itself",
    why: "resets on reused connections, retried at once: the first retry looks like one of the client below, which Go and Java make by themselves",
  },
  { id: "R51", service: hand({ times: 3, pause: { kind: "constant", ms: 4000 } }), hypothesis: retries({ attempts: "== 4" }), expect: "inconclusive", reason: "ran to their end", why: "pauses as long as the fault: no request ran to its end" },
  {
    id: "R52", service: served("cockatiel-3", { by: "fetch" }, { by: "cockatiel-3", ...cockatielRetry(3, { kind: "constant", ms: 100 }) }, { by: "cockatiel-3", breaker: { failures: 5, restMs: 30_000 } }), hypothesis: retries({ attempts: "== 4" }),
    expect: "inconclusive", reason: "breaker opened", why: "retries around a breaker that opens after five failures: hardly a request makes all its calls",
  },
  { id: "R53", service: served("undici-6", { by: "undici-6", retry: undiciRetry }), hypothesis: retries({ attempts: "== 4" }), expect: "held", why: "undici's RetryAgent, three retries of a GET" },
  { id: "R54", service: served("undici-7", { by: "undici-7", retry: undiciRetry }), hypothesis: retries({ attempts: "== 4" }), expect: "held", why: "the same, undici 7" },
  { id: "R55", service: served("undici-8", { by: "undici-8", retry: undiciRetry }), hypothesis: retries({ attempts: "== 4" }), expect: "held", why: "the same, undici 8" },
  {
    id: "R35", service: around("p-retry-6", { retries: 9, minTimeout: 200, factor: 1 }), experiment: lasting("6s", { probes: { app: { timeout: "700ms" } } }),
    hypothesis: retries({ attempts: "<= 5" }), expect: "violated", claim: "attempts", why: "p-retry without a signal goes on with ten calls after its caller has left",
  },
  {
    id: "R56", service: { module: "client", config: { library: "p-retry-6", client: { by: "fetch" }, around: [{ by: "p-retry-6", retries: 9, minTimeout: 200, factor: 1, takesSignal: true }], cancels: true } }, experiment: lasting("6s", { probes: { app: { timeout: "700ms" } } }),
    hypothesis: retries({ attempts: "<= 5" }), expect: "held", why: "with the signal it stops when its caller leaves",
  },
];

const rules = [
  { id: "R03", tags: ["smoke", "recorded"], service: axiosRetry({ retries: 3, retryDelay: "linear" }), experiment: { ...resets, ...posts }, hypothesis: retries(safe), expect: "violated", claim: "onlyMethods", why: "axios-retry repeats even a POST when the network failed" },
  { id: "R60", service: axiosRetry({ retries: 3 }), experiment: posts, hypothesis: retries(safe), expect: "held", why: "axios-retry repeats no POST that got 503" },
  { id: "R61", service: served("got-14", { by: "got-14" }), experiment: posts, hypothesis: retries(safe), expect: "held", why: "got repeats no POST" },
  { id: "R62", service: served("got-14", { by: "got-14" }), experiment: { ...resets, ...posts }, hypothesis: retries(safe), expect: "held", why: "nor when the connection was reset" },
  { id: "R63", service: served("ky-1", { by: "ky-1" }), experiment: posts, hypothesis: retries({ attempts: "<= 1", ...safe }), expect: "held", why: "ky repeats no POST" },
  { id: "R64", service: served("undici-6", { by: "undici-6", retry: undiciRetry }), experiment: posts, hypothesis: retries(safe), expect: "held", why: "undici's RetryAgent repeats no POST" },
  { id: "R65", tags: ["smoke"], service: hand({ times: 2, pause: { kind: "constant", ms: 50 } }), experiment: posts, hypothesis: retries(safe), expect: "violated", claim: "onlyMethods", why: "a loop that repeats whatever failed" },
  { id: "R66", service: hand({ times: 2, pause: { kind: "constant", ms: 50 }, methods: ["GET"] }), experiment: posts, hypothesis: retries(safe), expect: "held", why: "a loop that looks at the method" },
  { id: "R67", service: hand({ times: 2, pause: { kind: "constant", ms: 50 } }), experiment: errors({ status: 404 }), hypothesis: retries({ neverStatuses: [400, 404, 422] }), expect: "violated", claim: "neverStatuses", why: "a loop that tries again what was not found" },
  { id: "R68", service: axiosRetry({ retries: 3 }), experiment: errors({ status: 404 }), hypothesis: retries({ neverStatuses: [400, 404, 422] }), expect: "held", why: "axios-retry leaves a 404 alone" },
  { id: "R69", service: axiosRetry({ retries: 3, retryDelay: "exponential" }), experiment: errors({ status: 429 }), hypothesis: retries({ attempts: ">= 2" }), expect: "held", why: "axios-retry retries 429" },
  { id: "R70", tags: ["smoke"], service: axiosRetry({ retries: 2 }), experiment: lasting("5s", errors({ retryAfter: "1s" })), hypothesis: retries({ honoursRetryAfter: true }), expect: "held", why: "axios-retry waits as long as Retry-After says" },
  { id: "R71", service: axiosRetry({ retries: 2 }), experiment: lasting("6s", errors({ retryAfter: "2s", retryAfterAs: "http-date" })), hypothesis: retries({ honoursRetryAfter: true }), expect: "held", why: "and when it says so with a date" },
  { id: "R72", service: around("p-retry-6", pRetry3), experiment: errors({ retryAfter: "1s" }), hypothesis: retries({ honoursRetryAfter: true }), expect: "violated", claim: "honoursRetryAfter", why: "p-retry knows of no Retry-After" },
  { id: "R73", service: hand({ times: 2, pause: { kind: "constant", ms: 100 }, honoursRetryAfter: true }), experiment: lasting("5s", errors({ status: 429, retryAfter: "1s" })), hypothesis: retries({ honoursRetryAfter: true }), expect: "held", why: "a loop that reads Retry-After of 429" },
  { id: "R74", service: served("ky-1", { by: "ky-1", retry: { limit: 1 } }), experiment: lasting("5s", errors({ retryAfter: "1s" })), hypothesis: retries({ honoursRetryAfter: true }), expect: "held", why: "ky waits for it" },
  { id: "R75", service: served("undici-6", { by: "undici-6", retry: undiciRetry }), experiment: lasting("6s", errors({ retryAfter: "1s" })), hypothesis: retries({ honoursRetryAfter: true }), expect: "held", why: "undici's RetryAgent waits for it" },
  { id: "R76", service: served("got-14", { by: "got-14" }), experiment: errors({ retryAfter: "5s" }), hypothesis: retries({ honoursRetryAfter: true }), expect: "held", why: "a wait longer than the fault: the retries come after it, and not before their time" },
];

const backoffs = [
  { id: "R01b", tags: ["smoke"], service: axiosRetry({ retries: 3 }), hypothesis: retries({ backoff: { first: ">= 50ms" } }), expect: "violated", claim: "backoff.first", why: "axios-retry without a delay retries at once, 0 ms and what the machine takes" },
  {
    id: "R07", service: axiosRetry({ retries: 3, retryDelay: "exponential" }), hypothesis: retries({ backoff: { kind: "exponential", first: "80ms..150ms" } }), expect: "violated", claim: "backoff.first",
    why: "axios-retry's exponentialDelay begins with twice its base of 100 ms",
  },
  { id: "R80", service: axiosRetry({ retries: 3, retryDelay: "exponential" }), hypothesis: retries({ backoff: { kind: "exponential", first: "180ms..300ms" } }), expect: "held", why: "the same, known" },
  { id: "R81", service: axiosRetry({ retries: 3, retryDelay: "linear" }), hypothesis: retries({ backoff: { kind: "linear" } }), expect: "held", why: "axios-retry's linearDelay: 100, 200, 300 ms" },
  { id: "R15", tags: ["smoke", "recorded"], service: around("p-retry-6", pRetry3), hypothesis: retries({ attempts: "== 4", backoff: { kind: "exponential", jitter: "forbidden" } }), expect: "held", why: "p-retry, 100, 200, 400 ms and no jitter" },
  { id: "R82", service: around("p-retry-8", pRetry3), hypothesis: retries({ attempts: "== 4", backoff: { kind: "exponential", jitter: "forbidden" } }), expect: "held", why: "the same, p-retry 8" },
  { id: "R83", service: around("p-retry-6", { ...pRetry3, randomize: true }), hypothesis: retries({ backoff: { kind: "exponential", jitter: "required" } }), expect: "held", why: "p-retry that stretches each pause by 1 to 2" },
  { id: "R84", tags: ["smoke"], service: around("p-retry-6", pRetry3), hypothesis: retries({ backoff: { jitter: "required" } }), expect: "violated", claim: "backoff.jitter", why: "p-retry without randomize: all retry together" },
  { id: "R85", service: around("p-retry-6", { ...pRetry3, factor: 3, minTimeout: 60 }), hypothesis: retries({ backoff: { factor: "1.8x..2.2x" } }), expect: "violated", claim: "backoff.factor", why: "pauses that treble where they should double" },
  { id: "R86", service: around("p-retry-6", pRetry3), hypothesis: retries({ backoff: { factor: "1.8x..2.2x" } }), expect: "held", why: "pauses that double" },
  {
    id: "R17", tags: ["smoke"], service: around("cockatiel-3", cockatielRetry(3, {})), experiment: lasting("6s"), hypothesis: retries({ backoff: { kind: "exponential" } }), expect: "held",
    why: "cockatiel's ExponentialBackoff has decorrelated jitter: single requests are not monotone, hundreds are",
  },
  {
    id: "R17b", service: around("cockatiel-3", cockatielRetry(3, {})), experiment: { ...lasting("4s"), ...load({ rate: { before: "40/s", during: "1/s", after: "40/s" } }) }, hypothesis: retries({ backoff: { kind: "exponential" } }), expect: "inconclusive",
    why: "the same, seen in two or three requests",
  },
  { id: "R87", service: around("cockatiel-4", cockatielRetry(3, {})), experiment: lasting("6s"), hypothesis: retries({ backoff: { kind: "exponential" } }), expect: "held", why: "the same, cockatiel 4" },
  { id: "R88", tags: ["smoke"], service: around("cockatiel-3", cockatielRetry(3)), hypothesis: retries({ backoff: { kind: "exponential" } }), expect: "violated", claim: "backoff.kind", why: "cockatiel's retry without a backoff: at once" },
  { id: "R89", service: around("cockatiel-3", cockatielRetry(3, { kind: "constant", ms: 100 })), hypothesis: retries({ backoff: { kind: "constant", jitter: "forbidden" } }), expect: "held", why: "cockatiel's ConstantBackoff" },
  { id: "R90", service: around("cockatiel-3", cockatielRetry(3, { kind: "constant", ms: 100 })), hypothesis: retries({ backoff: { kind: "exponential" } }), expect: "violated", claim: "backoff.kind", why: "the same, claimed to grow" },
  { id: "R91", service: around("cockatiel-3", cockatielRetry(3, { initialDelay: 100, generator: "noJitterGenerator" })), hypothesis: retries({ backoff: { kind: "exponential", jitter: "required" } }), expect: "violated", claim: "backoff.jitter", why: "cockatiel told to leave the jitter out" },
  { id: "R92", service: around("cockatiel-3", cockatielRetry(3, { initialDelay: 200, generator: "fullJitterGenerator" })), experiment: load("60/s"), hypothesis: retries({ backoff: { jitter: "required" } }), expect: "held", why: "cockatiel with full jitter" },
  { id: "R93", service: around("cockatiel-3", cockatielRetry(3, { initialDelay: 100, generator: "halfJitterGenerator" })), hypothesis: retries({ backoff: { kind: "exponential", jitter: "required" } }), expect: "held", why: "cockatiel with half of each pause drawn" },
  { id: "R94", service: around("cockatiel-3", cockatielRetry(3, { kind: "iterable", list: [300, 100, 50] })), hypothesis: retries({ backoff: { kind: "exponential" } }), expect: "violated", claim: "backoff.kind", why: "pauses that shrink, from a list in the wrong order" },
  { id: "R95", service: hand({ times: 3, pause: exponential }), hypothesis: retries({ backoff: { kind: "constant" } }), expect: "violated", claim: "backoff.kind", why: "pauses that double, claimed to be equal" },
  { id: "R96", service: hand({ times: 3, pause: { kind: "linear", ms: 100 } }), hypothesis: retries({ backoff: { kind: "exponential" } }), expect: "inconclusive", reason: "ever smaller", why: "100, 200, 300 ms: linear, or a factor with a cap" },
  { id: "R97", service: hand({ times: 2, pause: exponential }), hypothesis: retries({ attempts: "<= 3", backoff: { kind: "exponential" } }), expect: "held", why: "two pauses, the second twice the first" },
  { id: "R98", service: hand({ times: 3, pause: { ...exponential, jitterShare: 0.5 } }), hypothesis: retries({ backoff: { kind: "exponential", jitter: "required" } }), expect: "held", why: "±50 % of jitter" },
  { id: "R99", service: hand({ times: 3, pause: { ...exponential, jitterShare: 0.5 } }), hypothesis: retries({ backoff: { jitter: "forbidden" } }), expect: "violated", claim: "backoff.jitter", why: "the same, claimed to be exact" },
  {
    id: "R33", service: hand({ times: 4, pause: { kind: "envoy", ms: 25, maxMs: 250 } }), experiment: load("60/s"), hypothesis: retries({ backoff: { kind: "exponential" } }), expect: "held",
    why: "as a sidecar has it, 25 ms of full jitter and a cap of 250: single pauses are noise, some 200 requests are not",
  },
  {
    id: "R33b", service: hand({ times: 4, pause: { kind: "envoy", ms: 25, maxMs: 250 } }), experiment: { ...lasting("4s"), ...load({ rate: { before: "40/s", during: "3/s", after: "40/s" } }) }, hypothesis: retries({ backoff: { kind: "exponential" } }), expect: "inconclusive",
    why: "the same, seen in ten requests",
  },
  { id: "R100", service: hand({ times: 3, pause: { kind: "none" } }), hypothesis: retries({ backoff: { kind: "none" } }), expect: "held", why: "a loop without a pause, known to be one" },
  { id: "R101", service: served("got-14", { by: "got-14" }), experiment: lasting("8s"), hypothesis: retries({ attempts: "== 3", backoff: { first: "900ms..1.2s", kind: "exponential" } }), expect: "held", why: "got as it comes: 1 s, 2 s, and up to 100 ms more" },
  { id: "R102", service: served("ky-1", { by: "ky-1" }), experiment: lasting("5s"), hypothesis: retries({ attempts: "== 3", backoff: { kind: "exponential", jitter: "forbidden", first: "270ms..360ms" } }), expect: "held", why: "ky as it comes: 300 ms, 600 ms" },
  { id: "R103", service: served("ky-2", { by: "ky-2" }), experiment: lasting("5s"), hypothesis: retries({ attempts: "== 3", backoff: { kind: "exponential", first: "270ms..360ms" } }), expect: "held", why: "the same, ky 2" },
  { id: "R104", service: { ...around("cockatiel-3", cockatielRetry(3, { initialDelay: 100, generator: "noJitterGenerator" })), replicas: 3 }, hypothesis: retries({ attempts: "== 4", backoff: { kind: "exponential", jitter: "forbidden" } }), expect: "held", why: "three replicas, whose calls are joined to requests one by one" },
  { id: "R105", service: served("undici-6", { by: "undici-6", retry: { ...undiciRetry, minTimeout: 100 } }), hypothesis: retries({ backoff: { kind: "exponential", jitter: "forbidden" } }), expect: "held", why: "undici's RetryAgent, on a new connection each time" },
];

const claim = (over) => ({ type: "claim", probe: "app", phase: "during", ...over });
const effects = [
  {
    id: "R37", service: hand({ times: 5, pause: { kind: "exponential", ms: 250, maxMs: 1000 } }), experiment: lasting("6s"), hypothesis: claim({ p95: "<= 2s" }), expect: "violated", claim: "p95",
    why: "backoff with a cap of 1 s and no deadline over all: 250, 500, 1000, 1000, 1000 ms",
  },
  { id: "R106", service: hand({ times: 5, pause: { kind: "exponential", ms: 250, maxMs: 1000 }, totalMs: 1500 }), experiment: lasting("6s"), hypothesis: claim({ p95: "<= 2s" }), expect: "held", why: "the same with a deadline" },
  {
    id: "R39", tags: ["smoke"], service: hand({ times: 2, pause: { kind: "constant", ms: 20 } }), experiment: { ...errors({ attempt: 1 }), ...lasting("5s", load("110/s")) }, hypothesis: retries({ success: ">= 99%" }), expect: "held",
    why: "503 to the first attempt only: the second heals it (99 %, for which 459 requests are enough)",
  },
  { id: "R107", service: served("none", { by: "fetch" }), experiment: errors({ attempt: 1 }), hypothesis: retries({ success: ">= 99%" }), expect: "violated", claim: "success", why: "the same without a retry" },
  { id: "R108", service: hand({ times: 3, pause: { kind: "constant", ms: 20 } }), experiment: { ...errors({ rate: "30%" }), ...load("80/s") }, hypothesis: retries({ attempts: "<= 4", success: ">= 80%" }), expect: "held", why: "three calls in ten fail, four attempts: hardly a request fails" },
  { id: "R109", service: hand({ times: 3, pause: { kind: "constant", ms: 30 } }), hypothesis: retries({ amplification: "<= 1.5x" }), expect: "violated", claim: "amplification", why: "retries without a budget: four times the calls" },
  { id: "R110", tags: ["smoke"], service: hand({ times: 3, pause: { kind: "constant", ms: 30 }, budgetShare: 0.1 }), experiment: lasting("6s"), hypothesis: retries({ amplification: "<= 1.5x" }), expect: "held", why: "a budget of one retry in ten requests, and ten saved up" },
  { id: "R111", service: served("none", { by: "fetch" }), hypothesis: retries({ amplification: "<= 1.2x", attempts: "<= 1" }), expect: "held", why: "no retries at all" },
  { id: "R112", service: served("none", { by: "fetch" }), hypothesis: retries({ attempts: ">= 2" }), expect: "violated", claim: "attempts", why: "no retries where some were claimed" },
];

export const rows = [...attempts, ...rules, ...backoffs, ...effects];
