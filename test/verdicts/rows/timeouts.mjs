// Timeouts, nominally 500 ms. Each shape of waiting gets a window of its own (`shapes` schedules them): no head, a head and nothing more, a body that drips, an answer that is slow.

const gives = (claims) => ({ type: "timeout", proxy: "dependency", ...claims });
const served = (library, client, ...around) => ({ module: "client", config: { library, client, around } });
const around = (by, options, client = { by: "fetch" }) => served(by, client, { by, ...options });

const all = ["hang", "headers-hang", "drip", "slow"];
const bound = { givesUp: "400ms..650ms" };
const upper = { givesUp: "<= 650ms" };
const closes = { closesConnection: true };

/** The hypothesis brings the faults along; so long that each shape gets the 90 calls that a p95 takes. */
const shaped = (shapes) => ({ faults: [], probes: { app: { load: "60/s" } }, phases: { during: `${1.9 * shapes.length + 0.65 * (shapes.length - 1) + 1.9}s`, after: "1s" } });
const asked = (shapes, claims) => ({ experiment: shaped(shapes), hypothesis: gives({ ...claims, shapes }) });
/** One fault, in force throughout. */
const holds = (fault, over = {}) => ({ faults: [{ name: "fault", proxy: "dependency", ...fault }], phases: { during: "5s", after: "1s" }, ...over });
const hang = holds({ type: "hang" });

const wholes = [
  { id: "T01", tags: ["smoke", "recorded"], service: served("fetch", { by: "fetch", totalMs: 500 }), ...asked(all, { ...bound, ...closes }), expect: "held", why: "fetch with AbortSignal.timeout: over all of it, whatever it waits for" },
  { id: "T05", service: served("got-14", { by: "got-14", timeout: { request: 500 }, retry: { limit: 0 } }), ...asked(all, { ...bound, ...closes }), expect: "held", why: "got's timeout.request bounds all of it" },
  { id: "T40", service: served("got-16", { by: "got-16", timeout: { request: 500 }, retry: { limit: 0 } }), ...asked(all, { ...bound, ...closes }), expect: "held", why: "the same, got 16" },
  { id: "T41", service: served("axios", { by: "axios", totalMs: 500 }), ...asked(all, { ...bound, ...closes }), expect: "held", why: "axios with a signal instead of its timeout" },
  { id: "T42", service: served("undici-6", { by: "undici-6", totalMs: 500 }), ...asked(all, { ...bound, ...closes }), expect: "held", why: "undici with a signal" },
  { id: "T43", service: around("cockatiel-3", { timeout: 500, strategy: "cooperative" }), ...asked(all, { ...bound, ...closes }), expect: "held", why: "cockatiel's cooperative timeout, and a call that takes its signal" },
  { id: "T44", service: around("cockatiel-3", { timeout: 500, strategy: "aggressive" }), ...asked(["hang", "drip"], { ...bound, ...closes }), expect: "held", why: "cockatiel's aggressive timeout, and a call that takes its signal" },
  { id: "T45", service: served("ky-2", { by: "ky-2", totalTimeout: 500, retry: { limit: 0 } }), ...asked(["headers-hang", "drip"], upper), expect: "violated", claim: "givesUp (headers-hang)", why: "ky 2's totalTimeout ends with the head, too, where the body is read from the response" },
  { id: "T46", service: { ...served("fetch", { by: "fetch", totalMs: 500 }), replicas: 3 }, experiment: hang, hypothesis: gives({ ...bound, ...closes }), expect: "held", why: "three replicas, each with its limit" },
];

const firstByte = [
  { id: "T03", tags: ["smoke", "recorded"], service: served("fetch", { by: "fetch", headersMs: 500 }), ...asked(["hang", "headers-hang"], upper), expect: "violated", claim: "givesUp (headers-hang)", why: "a timer that is cleared when the head comes: it passes the test with a hang" },
  { id: "T47", service: served("fetch", { by: "fetch", headersMs: 500 }), ...asked(["hang", "slow"], { ...bound, ...closes }), expect: "held", why: "the same, asked about the wait for the head alone" },
  { id: "T48", service: served("fetch", { by: "fetch", headersMs: 500 }), ...asked(["drip"], upper), expect: "violated", claim: "givesUp (drip)", why: "the same, and a body that drips" },
  { id: "T07", tags: ["smoke"], service: served("ky-1", { by: "ky-1", timeout: 500, retry: { limit: 0 } }), ...asked(["headers-hang", "drip"], upper), expect: "violated", claim: "givesUp (headers-hang)", why: "ky's timeout ends with the head" },
  { id: "T49", service: served("ky-1", { by: "ky-1", timeout: 500, retry: { limit: 0 } }), ...asked(["hang"], { ...bound, ...closes }), expect: "held", why: "ky's timeout, where no head comes" },
  { id: "T50", service: served("got-14", { by: "got-14", timeout: { response: 500 }, retry: { limit: 0 } }), ...asked(["hang", "drip"], upper), expect: "violated", claim: "givesUp (drip)", why: "got's timeout.response is about the first byte" },
];

const idle = [
  { id: "T51", service: served("axios", { by: "axios", timeout: 500 }), ...asked(["hang", "headers-hang", "slow"], { ...bound, ...closes }), expect: "held", why: "axios' timeout is about silence: it ends a hang before the head and behind it" },
  { id: "T52", tags: ["smoke"], service: served("axios", { by: "axios", timeout: 500 }), ...asked(["drip"], upper), expect: "violated", claim: "givesUp (drip)", why: "axios' timeout lets a body drip for as long as it likes" },
  { id: "T53", service: served("node-http", { by: "node-http", timeoutMs: 500 }), ...asked(["hang", "headers-hang"], { ...bound, ...closes }), expect: "held", why: "node:http's timeout, and destroy when it comes" },
  { id: "T54", service: served("node-http", { by: "node-http", timeoutMs: 500 }), ...asked(["drip"], upper), expect: "violated", claim: "givesUp (drip)", why: "the same is about the silence of its socket" },
  { id: "T55", service: served("undici-6", { by: "undici-6", headersTimeout: 500, bodyTimeout: 500 }), experiment: hang, hypothesis: gives(upper), expect: "violated", claim: "givesUp", why: "undici's timers tick every half second: 500 ms become nearly a second" },
  { id: "T56", service: served("undici-6", { by: "undici-6", headersTimeout: 500, bodyTimeout: 500 }), experiment: holds({ type: "hang" }, { phases: { during: "7s" } }), hypothesis: gives({ givesUp: "<= 1.6s", ...closes }), expect: "held", why: "the same with its ticks allowed for" },
  { id: "T57", service: served("undici-7", { by: "undici-7", headersTimeout: 500, bodyTimeout: 500 }), ...asked(["drip"], upper), expect: "violated", claim: "givesUp (drip)", why: "undici's bodyTimeout is about silence" },
];

const leaks = [
  { id: "T09", tags: ["smoke", "recorded"], service: served("node-http", { by: "node-http", timeoutMs: 500, destroys: false }), experiment: hang, hypothesis: gives(closes), expect: "violated", claim: "closesConnection", why: "node:http's timeout event without destroy: the caller is told, the call runs on" },
  { id: "T11", service: around("cockatiel-3", { timeout: 500, strategy: "aggressive", ignoresSignal: true }), experiment: hang, hypothesis: gives(closes), expect: "violated", claim: "closesConnection", why: "cockatiel's aggressive timeout, and a call that ignores its signal" },
  { id: "T58", tags: ["smoke"], service: around("race", { ms: 500 }), experiment: hang, hypothesis: gives(closes), expect: "violated", claim: "closesConnection", why: "Promise.race: the loser runs on" },
  { id: "T59", service: around("opossum-9", { timeout: 500 }), ...asked(["hang", "headers-hang"], closes), expect: "violated", claim: "closesConnection (headers-hang)", why: "opossum's timeout leaves the call running" },
  { id: "T60", service: around("opossum-9", { timeout: 500 }), experiment: hang, hypothesis: gives(upper), expect: "violated", claim: "givesUp", why: "so it never gives the call up" },
  {
    id: "T61", service: served("race", { by: "fetch" }, { by: "hand", times: 2, pause: { kind: "constant", ms: 50 } }, { by: "race", ms: 400 }), experiment: hang, hypothesis: gives(closes), expect: "violated", claim: "closesConnection",
    why: "retries around a race: each leaves a call behind, before its request is answered",
  },
];

const none = [
  { id: "T13", tags: ["smoke"], service: served("fetch", { by: "fetch" }), experiment: holds({ type: "hang" }, { phases: { during: "6s", after: "1s" }, probes: { app: { timeout: "4s" } } }), hypothesis: gives({ givesUp: "<= 1s" }), expect: "violated", claim: "givesUp", why: "Node's fetch as it comes waits for 300 s, which need not be waited for" },
  { id: "T62", service: around("cockatiel-3", { timeout: 500, strategy: "cooperative", ignoresSignal: true }), experiment: hang, hypothesis: gives(upper), expect: "violated", claim: "givesUp", why: "cockatiel's cooperative timeout bounds nothing when its signal is ignored" },
  { id: "T63", service: served("fetch", { by: "fetch", totalMs: 1200 }), experiment: hang, hypothesis: gives(upper), expect: "violated", claim: "givesUp", why: "a limit of 1.2 s" },
  { id: "T64", service: served("fetch", { by: "fetch", totalMs: 150 }), experiment: holds({ type: "hang" }, { phases: { during: "8s" } }), hypothesis: gives(bound), expect: "violated", claim: "givesUp", why: "a limit of 150 ms: too impatient" },
  { id: "T65", service: { module: "client", config: { client: { by: "fetch", totalMs: 500 }, barely: 5 } }, experiment: hang, hypothesis: gives(upper), expect: "violated", claim: "givesUp", why: "one request in five goes another way, without a limit" },
  { id: "T66", service: served("fetch", { by: "fetch" }), ...asked(["headers-hang"], closes), expect: "inconclusive", reason: "No caller gave up", why: "no limit at all: what giving up does cannot be seen" },
  {
    id: "T67", service: { module: "client", config: { client: { by: "fetch" }, cancels: true } }, experiment: holds({ type: "hang" }, { probes: { app: { timeout: "450ms" } } }), hypothesis: gives(upper), expect: "inconclusive", reason: "as the probe gave up",
    why: "no limit of its own, but its caller's leaving is passed on, and its caller leaves",
  },
  { id: "T68", service: served("fetch", { by: "fetch", totalMs: 500 }), experiment: holds({ type: "latency", delay: "300ms" }), hypothesis: gives(upper), expect: "inconclusive", why: "answers that are late by 300 ms: nobody has a reason to give up" },
];

const claim = (over) => ({ type: "claim", probe: "app", phase: "during", ...over });
const tries = { by: "hand", times: 3, pause: { kind: "constant", ms: 50 }, tryMs: 300 };
const overAll = [
  { id: "T69", service: served("hand", { by: "fetch" }, tries), experiment: hang, hypothesis: gives({ givesUp: "250ms..450ms", ...closes }), expect: "held", why: "a limit of 300 ms on each of four tries" },
  { id: "T70", service: served("hand", { by: "fetch" }, tries), experiment: hang, hypothesis: claim({ p95: "<= 800ms" }), expect: "violated", claim: "p95", why: "four tries of 300 ms, and nothing over all of them" },
  {
    id: "T15", service: served("cockatiel-3", { by: "fetch" }, { by: "cockatiel-3", timeout: 600, strategy: "aggressive" }, { by: "cockatiel-3", retry: { maxAttempts: 3, backoff: { kind: "constant", ms: 50 } } }, { by: "cockatiel-3", timeout: 250, strategy: "aggressive" }), experiment: hang,
    hypothesis: claim({ p95: "<= 800ms" }), expect: "held", why: "as a sidecar has it, a limit of 600 ms that includes the tries: the last one is cut short",
  },
  {
    id: "T17", notWith: ["latency-x2"], service: served("fetch", { by: "fetch", totalMs: 500 }), experiment: holds({ type: "latency", delay: "300ms", jitter: "60ms", distribution: "normal" }), hypothesis: claim({ success: ">= 99.9%" }), expect: "inconclusive",
    why: "a dependency whose slow answers come near the limit: a share of 0.1 % takes thousands of requests",
  },
];

export const rows = [...wholes, ...firstByte, ...idle, ...leaks, ...none, ...overAll];
