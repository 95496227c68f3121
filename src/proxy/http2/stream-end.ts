import type { Http2Stream } from "node:http2";

/** How what comes of a stream has ended: by its peer, or cut off by a reset. */
const ends = new WeakMap<Http2Stream, "whole" | "cut">();

/**
 * Watches how what comes of a stream ends, from before anything of it is read. One that is reset with NO_ERROR ends in node:http2 like any other,
 * and says nothing else of it; but it is closed already then, and one that its peer ends is not yet.
 */
export function watchEnd(stream: Http2Stream): void {
  if (Object.hasOwn(stream, "push") || stream.state.remoteClose === 1) return;
  if (stream.closed) ends.set(stream, "cut");
  const push = stream.push.bind(stream);
  stream.push = (bytes, encoding) => {
    if (bytes === null) {
      stream.push = push;
      ends.set(stream, stream.closed ? "cut" : "whole");
    }
    return push(bytes, encoding);
  };
}

/** How a stream that is watched has ended, as soon as that has come, though it may not be read yet. */
export function endOf(stream: Http2Stream): "whole" | "cut" | undefined {
  return ends.get(stream);
}

/** Has a stream that its peer has closed end when all that came of it is read, whatever of it is unwritten: node:http2 goes on to wait for a window that nobody gives. */
export function endsAsRead(stream: Http2Stream): void {
  stream.on("end", endIfClosed);
}

function endIfClosed(this: Http2Stream): void {
  if (this.closed && this.writableLength > 0) this.destroy();
}
