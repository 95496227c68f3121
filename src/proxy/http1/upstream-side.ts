import type { Socket } from "node:net";
import { dial } from "../dial.ts";
import type { LaneContext } from "../lane.ts";
import { onFin, reset } from "../reset.ts";
import { openFilesProblem } from "../shortages.ts";
import type { Cut } from "../tcp/pending-ends.ts";
import { Line } from "../tcp/line.ts";
import { stayAwakeFor } from "../stay-awake.ts";
import { upstreamProblem } from "../tls/problems.ts";

/** What is told of the connection to upstream. */
export interface UpstreamListener {
  /** Connected. */
  upstreamReached?(): void;
  upstreamBytes(bytes: Buffer): void;
  /** Closed behind all its bytes, and no error. */
  upstreamEnded(): void;
  /** Refused, reset, or lost otherwise. */
  upstreamFailed(): void;
  /** It takes, or holds, more or less than before. */
  controlFlow(): void;
  /** So many bytes are about to be written to it: a fault may cut them off. */
  upstreamTakes(length: number): Cut | undefined;
  /** What is before the cut has been written, as far as it could be. */
  upstreamCut(cut: Cut): void;
  /** Nothing is left of it. */
  upstreamClosed(): void;
}

/** What is offered to an upstream over TLS. */
const protocols = ["http/1.1"];

/** The one connection to upstream, dialled with the first bytes for it. */
export class UpstreamSide {
  /** What faults of the connection do to its bytes: those that go to it, and those that have come from it. */
  readonly requestLine = new Line((chunk) => {
    if ("bytes" in chunk) this.send(chunk.bytes);
    else if (this.isDropped && this.socket !== undefined) this.part(this.socket);
    else this.socket?.end();
    this.listener.controlFlow();
  }, () => this.listener.controlFlow());
  readonly responseLine = new Line((chunk) => {
    if ("bytes" in chunk) this.listener.upstreamBytes(Buffer.from(chunk.bytes.buffer, chunk.bytes.byteOffset, chunk.bytes.byteLength));
    else this.listener.upstreamEnded();
  }, () => this.listener.controlFlow());
  /** The kernel takes no more for now. */
  blocked = false;
  reached = false;
  private readonly context: LaneContext;
  private readonly listener: UpstreamListener;
  private readonly lingerMs: number;
  private socket: Socket | undefined;
  private paused = false;
  /** Nothing of it is wanted any more, but for the end of the client's connection, which keeps its place behind what faults hold. */
  private isDropped = false;
  private lingers = false;
  private isCut = false;
  private closed = false;

  /** `lingerMs`: see `Limits`. */
  constructor(context: LaneContext, listener: UpstreamListener, lingerMs: number) {
    this.context = context;
    this.listener = listener;
    this.lingerMs = lingerMs;
  }

  write(bytes: Buffer): void {
    if (this.requestLine.open) this.send(bytes);
    else this.requestLine.take({ bytes, atMs: this.context.env.nowMs() });
  }

  /** Closes our half, behind what has been written. */
  end(): void {
    if (this.requestLine.open) this.socket?.end();
    else this.requestLine.take({ end: "fin", atMs: this.context.env.nowMs() });
  }

  /** Reads no more until told so, or reads on. */
  pause(paused: boolean): void {
    if (paused === this.paused) return;
    this.paused = paused;
    if (paused) this.socket?.pause();
    else this.socket?.resume();
  }

  /** There is no connection, or no more. */
  get isGone(): boolean {
    return this.socket === undefined || this.closed;
  }

  /** It is not listened to any more: what comes is lost (`read`), or not even taken. Nothing goes to it. */
  silence(read: boolean): void {
    this.isDropped = true;
    this.requestLine.drop();
    this.responseLine.drop();
    this.pause(!read);
  }

  /**
   * Nothing of it is wanted any more. `fin`: what was written to it still goes out, and its end when faults let it; `linger`: so that
   * it sees a FIN and no reset, whatever it is sending; `now`: nothing goes out.
   */
  drop(how: "fin" | "linger" | "rst" | "now"): void {
    this.isDropped = true;
    const { socket } = this;
    if (how === "rst" || how === "now") {
      this.requestLine.drop();
      this.responseLine.drop();
      if (socket !== undefined && how === "rst") reset(socket);
      else socket?.destroy();
      return;
    }
    this.lingers = how === "linger";
    this.responseLine.empty();
    if (socket === undefined) this.requestLine.drop();
    else if (this.requestLine.open) this.part(socket);
    else this.requestLine.take({ end: "fin", atMs: this.context.env.nowMs() });
  }

  /** Closes it by FIN behind what was written to it. Destroying it on bytes not read would be a reset. */
  private part(socket: Socket): void {
    if (!this.lingers) {
      if (socket.writableLength > 0) socket.destroySoon();
      else socket.destroy();
      return;
    }
    if (socket.destroyed) return;
    socket.end();
    socket.resume();
    const timer = this.context.env.after(this.lingerMs, () => socket.destroy());
    socket.once("close", () => timer.cancel());
  }

  private send(bytes: Uint8Array): void {
    const { listener } = this;
    const socket = this.socket ?? this.connect();
    if (!socket.writable || this.isCut) return;
    const cut = listener.upstreamTakes(bytes.byteLength);
    this.isCut = cut !== undefined;
    if (cut !== undefined) socket.write(bytes.subarray(0, cut.after), () => listener.upstreamCut(cut));
    else if (!socket.write(bytes) && socket.writableLength > 0) this.blocked = true;
  }

  private connect(): Socket {
    const { listener } = this;
    const socket = dial(this.context.proxy, { reached: () => (this.reached = true), bytes: this.onRead, protocols });
    this.socket = socket;
    if (this.paused) socket.pause();
    socket.on("connect", () => listener.upstreamReached?.());
    onFin(socket, () => {
      if (this.isDropped || !this.reached) return;
      if (this.responseLine.open) listener.upstreamEnded();
      else this.responseLine.take({ end: "fin", atMs: this.context.env.nowMs() });
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (!this.isDropped) this.tell(error);
      listener.upstreamFailed();
    });
    socket.on("drain", () => {
      this.blocked = false;
      listener.controlFlow();
    });
    socket.on("close", () => {
      this.closed = true;
      this.requestLine.drop();
      listener.upstreamClosed();
    });
    return socket;
  }

  /** What the witness has to say of an error, beside that the exchange has no answer. */
  private tell(error: NodeJS.ErrnoException): void {
    const { context } = this;
    const { env, proxy } = context;
    const problem = openFilesProblem(error, "connections to upstream are not opened") ?? upstreamProblem(error);
    if (problem !== undefined) context.record({ kind: "witness-issue", atMs: env.nowMs(), proxy: proxy.name, ...problem });
  }

  private readonly onRead = (bytes: Buffer): void => {
    if (this.isDropped) return;
    if (this.responseLine.open) this.listener.upstreamBytes(bytes);
    else {
      this.responseLine.take({ bytes, atMs: this.context.env.nowMs() });
      this.listener.controlFlow();
    }
    stayAwakeFor("client");
  };
}

/** What a client's connection has upstream, whether it is one connection or several. */
export type Upstream = Readonly<Pick<UpstreamSide, "requestLine" | "responseLine" | "blocked" | "reached" | "isGone" | "write" | "end" | "pause" | "silence" | "drop">>;
