import type { ProxyLimits } from "../../model/limits.ts";

/** What one client connection may make the lane hold or wait for. */
export interface Limits extends Omit<ProxyLimits, "connections"> {
  /** After our own close the client may go on sending for so long, so that it can read the answer before a reset. */
  readonly lingerMs: number;
}

/** Heads: as large as those of nginx and as many headers as of node:http by default, or more. */
export const defaultLimits: Limits = { headBytes: 64 * 1024, headerCount: 2000, headMs: 60_000, heldBytes: 1024 * 1024, inFlight: 128, lingerMs: 2000 };
