import { connect, performServerHandshake } from "node:http2";
import type { ClientHttp2Session, ServerHttp2Session } from "node:http2";
import type { Duplex } from "node:stream";
import type { Limits } from "../http1/limits.ts";

/** A peer may be so far ahead of us in a stream; 64 KiB, the default, would slow down one that is 100 ms away to 640 KB/s. */
const streamWindowBytes = 256 * 1024;
/** The same for a whole connection. */
const connectionWindowBytes = 1024 * 1024;

/** The session with a caller. */
export function serverSession(duplex: Duplex, limits: Limits): ServerHttp2Session {
  const { settings, ...options } = sessionOptions(limits);
  const session = performServerHandshake(duplex, { ...options, settings: { ...settings, maxConcurrentStreams: limits.inFlight } });
  session.setLocalWindowSize(connectionWindowBytes);
  return session;
}

/** The session with upstream, which may push nothing. */
export function clientSession(origin: string, duplex: Duplex, limits: Limits): ClientHttp2Session {
  const { settings, ...options } = sessionOptions(limits);
  const session = connect(origin, { ...options, settings: { ...settings, enablePush: false }, createConnection: () => duplex });
  session.on("connect", () => session.destroyed || session.setLocalWindowSize(connectionWindowBytes));
  return session;
}

/** For both sides. Floods of settings, pings, continuations and empty frames are bounded by nghttp2's own limits. */
function sessionOptions({ headBytes, headerCount }: Limits) {
  return {
    maxSessionMemory: 64,
    maxHeaderListPairs: headerCount,
    // Of what was taken in, all goes on.
    maxSendHeaderBlockLength: 2 * headBytes + 32 * headerCount,
    settings: { initialWindowSize: streamWindowBytes, maxHeaderListSize: headBytes },
  };
}
