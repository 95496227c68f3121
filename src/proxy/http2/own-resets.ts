import { constants } from "node:http2";
import type { Http2Session, Http2Stream } from "node:http2";
import type { LimitIssue, ProxyLimits } from "../../model/limits.ts";
import { format } from "../../units/format.ts";

/** Of heads that are larger than we take. */
const beyondLimits: LimitIssue = "head-beyond-limits";
const calm = constants.NGHTTP2_ENHANCE_YOUR_CALM;

/** Streams that were reset with ENHANCE_YOUR_CALM because somebody else did so, or a fault. */
const asked = new WeakMap<Http2Session, Set<number>>();

interface Host {
  readonly limits: Pick<ProxyLimits, "headBytes" | "headerCount">;
  readonly issue: (code: string, message: string) => void;
}

/** Resets a stream, not by a limit of ours. */
export function resetAs(stream: Http2Stream | undefined, code: number): void {
  const { session } = stream ?? {};
  if (stream === undefined || stream.closed) return;
  if (code === calm && session !== undefined) {
    const streams = asked.get(session) ?? new Set();
    asked.set(session, streams);
    // One that waits for its session to be connected has no number yet.
    if (stream.id === undefined) stream.once("ready", () => streams.add(stream.id ?? 0));
    else streams.add(stream.id);
  }
  stream.close(code);
}

/** A session has reset a stream with ENHANCE_YOUR_CALM. Unless it was told to, it did so at the limits that it was given: of what is beyond them node:http2 says nothing else. */
export function tellOwnReset(session: Http2Session, stream: number, peer: "callers" | "upstream", host: Host): void {
  if (asked.get(session)?.delete(stream) === true) return;
  const [whose, are] = peer === "callers" ? ["a caller's", "callers are"] : ["upstream's", "upstream is"];
  const { headBytes, headerCount } = host.limits;
  host.issue(beyondLimits, `${whose} head or trailers were larger than this proxy takes, and their call was reset with ENHANCE_YOUR_CALM: limits.headers is ${headerCount}, and limits.head ${format("size", headBytes)}, where each header counts 32 bytes beside its characters; raise them if ${are} meant to send so much`);
}
