import type { OnReadOpts } from "node:net";

/**
 * All connections are read into it, one read after the other: a read that is given its memory by Node, through a stream, costs
 * 1.5 µs more.
 */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** For a connection whose reads fill the shared memory: a GB then costs half the processor time of reads of 64 KiB. */
const ownBytes = 512 * 1024;

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
