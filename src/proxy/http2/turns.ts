import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { endsAsRead, watchEnd } from "./stream-end.ts";

/** Who wants to open a stream to upstream. */
export interface Waiter {
  /** Its turn has come. Returns the stream that it opened, if any; without a session there is none to be opened any more. */
  takeTurn(session: ClientHttp2Session | undefined): ClientHttp2Stream | undefined;
}

/** Streams that are opened before upstream has said how many it takes: one is taken by all that take any. */
const atFirst = 1;

/** Opens streams to upstream in the order in which they are asked for, and at once no more than it allows: those beyond would be refused. */
export class Turns {
  private readonly session: () => ClientHttp2Session | undefined;
  private readonly waiting = new Set<Waiter>();
  private atMost = atFirst;
  private open = 0;

  constructor(session: () => ClientHttp2Session | undefined) {
    this.session = session;
  }

  ask(waiter: Waiter): void {
    this.waiting.add(waiter);
    this.proceed();
  }

  /** It does not wait any more. */
  leave(waiter: Waiter): void {
    this.waiting.delete(waiter);
  }

  /** Upstream takes so many at once. */
  allow(atMost: number): void {
    this.atMost = atMost;
    this.proceed();
  }

  /** Upstream takes no more: those who wait are told. */
  refuse(): void {
    const left = [...this.waiting];
    this.waiting.clear();
    for (const waiter of left) waiter.takeTurn(undefined);
  }

  /** Nobody is told anything. */
  drop(): void {
    this.waiting.clear();
  }

  private proceed(): void {
    for (const waiter of this.waiting) {
      const session = this.session();
      if (session === undefined) return this.refuse();
      if (this.open >= this.atMost) return;
      this.waiting.delete(waiter);
      const stream = waiter.takeTurn(session);
      if (stream === undefined) continue;
      this.open += 1;
      watchEnd(stream);
      endsAsRead(stream);
      stream.on("close", this.closed);
    }
  }

  private readonly closed = (): void => {
    this.open -= 1;
    this.proceed();
  };
}
