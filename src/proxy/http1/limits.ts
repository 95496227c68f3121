/** What one client connection may make the lane hold or wait for. */
export interface Limits {
  /** Largest head of a request or response, in bytes; a larger request head is answered 431. */
  readonly headBytes: number;
  /** From the first byte of a request head to its last; a slower one is answered 408. */
  readonly headMs: number;
  /** Held in each direction (delays, pipelining) before the sender is made to wait. */
  readonly heldBytes: number;
  /** Unanswered requests on one connection before the client is made to wait. */
  readonly inFlight: number;
  /** After our own close the client may go on sending for so long, so that it can read the answer before a reset. */
  readonly lingerMs: number;
}

export const defaultLimits: Limits = { headBytes: 64 * 1024, headMs: 60_000, heldBytes: 256 * 1024, inFlight: 128, lingerMs: 2000 };
