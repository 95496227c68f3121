import type { ServerHttp2Session } from "node:http2";
import type { Env } from "../../model/env.ts";
import type { CallerSide } from "./caller-side.ts";

/** So long it waits at most for what has come before it, since not all clients take anything behind a GOAWAY; who asks on meanwhile is told at once. */
const patienceMs = 500;

/** The word to a caller that it is to take another connection (GOAWAY, RFC 9113 §6.8). */
export class Farewell {
  private readonly env: Env;
  private readonly session: ServerHttp2Session;
  private readonly callerSide: CallerSide;
  private unsaid: (() => void) | undefined;

  constructor(env: Env, session: ServerHttp2Session, callerSide: CallerSide) {
    this.env = env;
    this.session = session;
    this.callerSide = callerSide;
  }

  /** Is to be said soon. */
  put(code: number, data: Uint8Array | undefined): void {
    this.now();
    this.unsaid = () => {
      if (this.session.destroyed) return;
      this.callerSide.goesAway(code);
      this.session.goaway(code, 0, data);
    };
    this.env.after(patienceMs, () => this.now());
  }

  /** Says what is not said yet. */
  now(): void {
    const { unsaid } = this;
    this.unsaid = undefined;
    unsaid?.();
  }

  /** Ends the session behind what it is about to say, such as resets: destroyed, it would lose that. */
  end(): void {
    this.now();
    this.session.close();
    // A head of which a part has come would keep it.
    this.env.after(patienceMs, () => this.session.destroy());
  }
}
