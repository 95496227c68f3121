import type { Socket } from "node:net";
import type { Env, Timer } from "../../model/env.ts";
import { readAccepted } from "../read-memory.ts";
import { bringToLight, confirmFin, lookMs, readingGraceMs, reset, whenOut } from "../reset.ts";
import { stayAwakeFor } from "../stay-awake.ts";
import type { Limits } from "./limits.ts";

/** What is told of the client's connection. */
export interface ClientListener {
  clientBytes(bytes: Buffer): void;
  /** It has closed its half; it may go on reading. */
  clientEnded(): void;
  /** It has reset, or was lost otherwise. */
  clientFailed(): void;
  /** It takes more than before. */
  controlFlow(): void;
  /** Nothing has come for as long as it may rest. */
  clientRested(): void;
  /** Nothing is left of it. */
  clientClosed(): void;
}

export { readingGraceMs } from "../reset.ts";

/** The connection of the client. */
export class ClientSide {
  readonly peer: string;
  /** The kernel takes no more for now. */
  blocked = false;
  paused = false;
  ended = false;
  closed = false;
  receivedBytes = 0;
  sentBytes = 0;
  /** When the last byte was written to it. */
  wroteMs = Number.NEGATIVE_INFINITY;
  private readonly socket: Socket;
  private readonly env: Env;
  private readonly limits: Limits;
  private readonly listener: ClientListener;
  /** Since something came from it last. */
  private hasWritten = false;
  private rest: Timer | undefined;
  private looking: Timer | undefined;

  constructor(accepted: Socket, env: Env, limits: Limits, listener: ClientListener) {
    const socket = readAccepted(accepted, this.onData);
    this.socket = socket;
    this.env = env;
    this.limits = limits;
    this.listener = listener;
    this.peer = `${socket.remoteAddress ?? "unknown"}:${socket.remotePort ?? 0}`;
    socket.on("end", this.onEnd);
    socket.on("error", this.onError);
    socket.on("close", this.onClose);
    socket.on("drain", this.onDrain);
  }

  get localAddress(): string | undefined {
    return this.socket.localAddress;
  }

  get localPort(): number | undefined {
    return this.socket.localPort;
  }

  write(bytes: Buffer): void {
    const { socket } = this;
    this.sentBytes += bytes.length;
    this.hasWritten = true;
    // What the kernel took at once does not count: then there is nothing to wait for.
    if (!socket.write(bytes) && socket.writableLength > 0) this.blocked = true;
    this.wroteMs = this.env.nowMs();
  }

  /** Reads no more until told so, or reads on. */
  pause(paused: boolean): void {
    if (paused === this.paused) return;
    this.paused = paused;
    if (!paused) return void this.socket.resume();
    this.socket.pause();
    this.looking ??= this.env.after(lookMs, this.look);
  }

  /** Closes our half, behind what has been written. */
  end(): void {
    this.socket.end();
  }

  /** Ends it behind what has been written. Closing on bytes not read would reset it, and the answer could be lost to that (RFC 9112 §9.6): it is read on for a while. */
  close(): void {
    const { socket } = this;
    // With nothing to come and nothing to wait for, closing is a FIN, and half the work.
    if (this.ended && socket.writableLength === 0) return void socket.destroy();
    socket.end();
    socket.resume();
    if (this.ended || this.closed) return;
    const timer = this.env.after(this.limits.lingerMs, () => socket.destroy());
    socket.once("close", () => timer.cancel());
  }

  /** Resets it when what was written is out, or when its client takes no more of that. */
  reset(): void {
    const { socket, env } = this;
    const waitMs = this.wroteMs + readingGraceMs - env.nowMs();
    if (socket.writableLength > 0) whenOut(socket, env, () => reset(socket));
    else if (waitMs > 0) env.after(waitMs, () => reset(socket));
    else reset(socket);
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Nothing is outstanding: it may rest as long as the limits say, from now or from when it came to rest before. */
  rests(): void {
    const { idleMs } = this.limits;
    if (idleMs !== undefined) this.rest ??= this.env.after(idleMs, () => this.listener.clientRested());
  }

  private readonly look = (): void => {
    this.looking = undefined;
    if (!this.paused || this.closed) return;
    bringToLight(this.socket);
    this.looking = this.env.after(lookMs, this.look);
  };

  private readonly onData = (bytes: Buffer): void => {
    this.rest?.cancel();
    this.rest = undefined;
    this.receivedBytes += bytes.length;
    this.hasWritten = false;
    this.listener.clientBytes(bytes);
    stayAwakeFor("upstream");
  };

  private readonly onEnd = (): void => {
    // What came and was answered came by itself: this is no reset that came along with it.
    if (this.hasWritten) this.finCame();
    else confirmFin(this.socket, () => this.finCame());
  };

  private finCame(): void {
    this.ended = true;
    this.listener.clientEnded();
  }

  private readonly onError = (): void => this.listener.clientFailed();

  private readonly onClose = (): void => {
    this.rest?.cancel();
    this.looking?.cancel();
    this.closed = true;
    this.listener.clientClosed();
  };

  private readonly onDrain = (): void => {
    this.blocked = false;
    this.listener.controlFlow();
  };
}
