import { Duplex } from "node:stream";
import type { Env } from "../../model/env.ts";

export interface CableOptions {
  /** Bytes of the session are to be sent; false: no more of them until `drained`. */
  readonly send: (bytes: Buffer) => boolean;
  /** The session has sent its last; calls back when that is out. */
  readonly end: (sent: () => void) => void;
  /** The session takes more bytes. */
  readonly flow: () => void;
}

/** What node:http2 is given for a socket: all bytes go past us, and what becomes of the socket is for us to say. */
export class Cable {
  readonly duplex: Duplex;
  private waiting: (() => void) | undefined;
  private writes = 0;

  constructor({ send, end, flow }: CableOptions) {
    const write = (bytes: Buffer, written: () => void): void => {
      this.writes += 1;
      if (send(bytes)) written();
      else this.waiting = written;
    };
    this.duplex = new Duplex({
      read: flow,
      write: (bytes: Buffer, _encoding, written) => write(bytes, written),
      writev: (chunks, written) => write(Buffer.concat(chunks.map(({ chunk }) => chunk)), written),
      final: (done) => end(done),
    });
    this.duplex.on("error", () => undefined);
  }

  /** Bytes for the session; false: it takes no more until `flow`. */
  give(bytes: Uint8Array): boolean {
    return this.duplex.destroyed || this.duplex.push(bytes);
  }

  /** Does this when the session has read all that it was given: it reads nothing while it is about to write, be it for ever. */
  whenRead(env: Env, action: () => void): void {
    const { duplex, writes } = this;
    this.drained();
    env.after(0, () => (!duplex.destroyed && (duplex.readableLength > 0 || this.writes !== writes) ? this.whenRead(env, action) : action()));
  }

  /** Whoever waited to send may go on. */
  drained(): void {
    const written = this.waiting;
    this.waiting = undefined;
    written?.();
  }
}
