import { defaultLimits as http1Limits } from "../http1/limits.ts";
import type { Limits } from "../http1/limits.ts";

/** Those of HTTP; what is in flight shares a connection here, and a head is counted in characters before compression. */
export const defaultLimits: Limits = { ...http1Limits, inFlight: 1024 };

/** A peer may be so far ahead of us in a stream; 64 KiB, the default, would slow down one that is 100 ms away to 640 KB/s. */
const streamWindowBytes = 256 * 1024;
/** The same for a whole connection. */
export const connectionWindowBytes = 1024 * 1024;

/** For sessions on both sides. Floods of settings, pings, continuations and empty frames are bounded by nghttp2's own limits. */
export function sessionOptions({ headBytes, headerCount }: Limits) {
  return {
    maxSessionMemory: 64,
    maxHeaderListPairs: headerCount,
    // Of what was taken in, all goes on.
    maxSendHeaderBlockLength: 2 * headBytes + 32 * headerCount,
    settings: { initialWindowSize: streamWindowBytes, maxHeaderListSize: headBytes },
  };
}

/**
 * nghttp2 ends a session with an error when its client has reset too many streams (CVE-2023-44487): 1,000 at once, 33 a second in the long run.
 * Callers that give up on an upstream that hangs come to that. So before it happens they are told in peace to take another connection.
 */
export const resetBudget = { burst: 900, perSecond: 30 };
