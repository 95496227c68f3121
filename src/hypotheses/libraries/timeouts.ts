import type { TimeoutKind } from "../timeout/kind.ts";

/** What a library's timeout bounds. */
export interface TimeoutDefaults {
  readonly kind: TimeoutKind;
  /** Without being told; absent: never. */
  readonly usual?: string;
  readonly traps: readonly string[];
}

/** As measured on Node 20: got 14, ky 1, axios 1, undici 6, opossum 9, cockatiel 3 and 4; the others as their sources say. */
export const timeouts: Readonly<Record<string, TimeoutDefaults>> = {
  axios: { kind: "idle", traps: ["bounds silence on the socket, not the whole call: a body that drips is waited for"] },
  "axios-retry": { kind: "idle", traps: ["bounds silence on the socket, not the whole call: a body that drips is waited for"] },
  got: { kind: "total", traps: ["bounds the whole call by timeout.request; timeout.response ends with the first byte, and lets headers be followed by nothing"] },
  ky: { kind: "first-byte", usual: "10s", traps: ["stops its timer when headers have come, before version 2: a body may then take for ever"] },
  undici: { kind: "idle", usual: "300s", traps: ["ticks in seconds: 500ms end near 1s, so allow for that in givesUp", "bounds silence by headersTimeout and bodyTimeout: a body that drips is waited for"] },
  fetch: { kind: "total", usual: "300s", traps: ["has no timeout of its own below 300s of silence: it takes a signal, which must not be cleared when headers have come"] },
  opossum: { kind: "leak", usual: "10s", traps: ["answers at its timeout, and leaves its call running unless it is given an AbortController"] },
  cockatiel: { kind: "total", traps: ["bounds nothing with a cooperative timeout whose signal the call does not take, and leaves the call running with an aggressive one"] },
  resilience4j: { kind: "leak", usual: "1s", traps: ["interrupts the thread, which does not end blocking reads from a socket"] },
  hystrix: { kind: "leak", usual: "1s", traps: ["interrupts the thread, which does not end blocking reads from a socket"] },
  polly: { kind: "total", usual: "30s", traps: ["is cooperative: what ignores its token runs on"] },
  "failsafe-go": { kind: "total", traps: [] },
  nginx: { kind: "idle", usual: "60s", traps: ["bounds the time between two reads, not the whole answer"] },
  requests: { kind: "idle", traps: ["bounds the time between two reads, not the whole answer"] },
  urllib3: { kind: "idle", traps: ["bounds the time between two reads, not the whole answer"] },
  envoy: { kind: "total", usual: "15s", traps: ["bounds all tries of a route together: the last is cut short"] },
};
