/** What goes wrong at a limit of ours, by the code of its issue. */
export type LimitIssue = "too-many-connections" | "head-too-large" | "too-many-headers" | "head-beyond-limits" | "head-too-slow" | "EMFILE" | "ENFILE";

/** Calls that ended so did it of the proxy: what came of them says nothing of callers or upstream. */
export const limitIssues: ReadonlySet<string> = new Set<LimitIssue>(["too-many-connections", "head-too-large", "too-many-headers", "head-beyond-limits", "head-too-slow", "EMFILE", "ENFILE"]);

/** What callers and upstream may make one proxy hold or wait for, before it refuses them or makes them wait. */
export interface ProxyLimits {
  /** Client connections open at once; further ones are reset at accept. */
  readonly connections: number;
  /** Held in each direction (delays, pipelining) of a connection before the sender is made to wait. */
  readonly heldBytes: number;
  /** HTTP. Largest head of a request or response, in bytes; a larger request head is answered 431. */
  readonly headBytes: number;
  /** HTTP. Most header lines of a head; a request with more is answered 431. */
  readonly headerCount: number;
  /** HTTP and TLS. From the first byte of a request head to its last; a slower one is answered 408, or where it cannot be its connection is closed. Handshakes and prefaces may take as long. */
  readonly headMs: number;
  /** HTTP. Unanswered requests on one connection before the client is made to wait. */
  readonly inFlight: number;
  /** HTTP. A connection on which nothing is outstanding and nothing comes for so long is closed; absent: never. */
  readonly idleMs?: number;
}
