import type { Http2Stream } from "node:http2";

const cut = new WeakSet<Http2Stream>();

/**
 * Watches how what comes of a stream ends, from before anything of it is read. One that is reset with NO_ERROR ends in node:http2 like any other,
 * and says nothing else of it; but it is closed already then, and one that its peer ends is not yet.
 */
export function watchEnd(stream: Http2Stream): void {
  if (Object.hasOwn(stream, "push") || stream.state.remoteClose === 1) return;
  if (stream.closed) cut.add(stream);
  const push = stream.push.bind(stream);
  stream.push = (bytes, encoding) => {
    if (bytes === null) {
      stream.push = push;
      if (stream.closed) cut.add(stream);
    }
    return push(bytes, encoding);
  };
}

/** Whether a stream that is watched was reset before its end had come. */
export function wasCut(stream: Http2Stream): boolean {
  return cut.has(stream);
}
