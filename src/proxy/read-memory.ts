import { Socket } from "node:net";
import type { OnReadOpts, SocketConstructorOpts } from "node:net";
import { TLSSocket } from "node:tls";

/**
 * All connections are read into it, one read after the other: a read that is given its memory by Node, through a stream, costs
 * 1.5 µs more.
 */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** For a connection whose reads fill the shared memory: a GB then costs half the processor time of reads of 64 KiB. */
const ownBytes = 512 * 1024;

/** What a socket of Node's has inside, undocumented, and the same from Node 20 to 24: what it reads and writes by, and who accepted it. */
interface Inside {
  _handle?: { readonly useUserBuffer?: unknown } | null;
  _server?: object | null;
}

/**
 * An accepted connection whose bytes are given to `take`, copied out of the shared memory. Node lets only sockets that it dials be read so (`onread`),
 * and makes those that it accepts itself: another is made around what this one works by, which is then empty. Where that cannot be, over TLS or with
 * a version of Node that is otherwise inside, it is read as any stream.
 */
export function readAccepted(socket: Socket, take: (bytes: Buffer) => void): Socket {
  const inside = socket as unknown as Inside;
  const { _handle: handle, _server } = inside;
  const isKnown = typeof handle?.useUserBuffer === "function" && typeof _server === "object" && _server !== null;
  if (!isKnown || socket instanceof TLSSocket) return socket.on("data", take);
  const options: SocketConstructorOpts & { readonly onread: OnReadOpts; readonly handle: unknown } = { handle, allowHalfOpen: socket.allowHalfOpen, onread: copying(take) };
  inside._handle = null;
  // Who accepted it waits for the connections that it counts.
  return Object.assign(new Socket(options), { _server });
}

/** What was read is copied out of the shared memory. */
export function copying(take: (bytes: Buffer) => void): OnReadOpts {
  const callback = (length: number): true => {
    take(Buffer.from(shared.subarray(0, length)));
    return true;
  };
  return { buffer: shared, callback };
}

/**
 * A long stream is read into memory of its own, which is lent: `take` returns true when nothing refers to it any more, and then it is
 * used again. So bytes that the kernel takes as they come are passed on without a copy and without new memory.
 */
export function lending(take: (lent: Buffer) => boolean): OnReadOpts {
  let memory = shared;
  const callback = (length: number): true => {
    if (memory === shared) {
      take(Buffer.from(memory.subarray(0, length)));
      if (length === memory.length) memory = Buffer.allocUnsafeSlow(ownBytes);
    } else if (!take(memory.subarray(0, length))) {
      // A short read that is kept would keep all of it.
      memory = length < ownBytes / 4 ? shared : Buffer.allocUnsafeSlow(ownBytes);
    }
    return true;
  };
  return { buffer: () => memory, callback };
}
