import { defaultLimits as http1Limits } from "../http1/limits.ts";
import type { Limits } from "../http1/limits.ts";

/** Those of HTTP; what is in flight shares a connection here, and a head is counted in characters before compression. */
export const defaultLimits: Limits = { ...http1Limits, inFlight: 1024 };

/**
 * nghttp2 ends a session with an error when its client has reset too many streams (CVE-2023-44487): 1,000 at once, 33 a second in the long run.
 * Callers that give up on an upstream that hangs come to that. So before it happens they are told in peace to take another connection.
 */
export const resetBudget = { burst: 900, perSecond: 30 };
