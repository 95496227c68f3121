import type { Socket } from "node:net";
import { dial } from "../dial.ts";
import type { LaneContext } from "../lane.ts";
import { onFin, reset } from "../reset.ts";
import { Line } from "../tcp/line.ts";

/** What is told of the connection to upstream. */
export interface UpstreamListener {
  upstreamBytes(bytes: Buffer): void;
  /** Closed behind all its bytes, and no error. */
  upstreamEnded(): void;
  /** Refused, reset, or lost otherwise. */
  upstreamFailed(error: NodeJS.ErrnoException): void;
  /** It takes, or holds, more or less than before. */
  upstreamFlows(): void;
}

/** The one connection to upstream, dialled with the first bytes for it. */
export class UpstreamSide {
  /** What faults of the connection do to its bytes: those that go to it, and those that have come from it. */
  readonly requestLine = new Line((chunk) => {
    if ("bytes" in chunk) this.send(chunk.bytes);
    else this.socket?.end();
    this.listener.upstreamFlows();
  });
  readonly responseLine = new Line((chunk) => {
    if ("bytes" in chunk) this.listener.upstreamBytes(Buffer.from(chunk.bytes.buffer, chunk.bytes.byteOffset, chunk.bytes.byteLength));
    else this.listener.upstreamEnded();
  });
  /** The kernel takes no more for now. */
  blocked = false;
  reached = false;
  private readonly context: LaneContext;
  private readonly listener: UpstreamListener;
  private socket: Socket | undefined;
  private paused = false;

  constructor(context: LaneContext, listener: UpstreamListener) {
    this.context = context;
    this.listener = listener;
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

  /** Nothing of it is wanted any more. `fin`: what was written to it still goes out; `now`: not even that. */
  drop(how: "fin" | "rst" | "now"): void {
    this.requestLine.drop();
    this.responseLine.drop();
    const { socket } = this;
    if (socket === undefined) return;
    if (how === "rst") reset(socket);
    else if (how === "fin" && socket.writableLength > 0) socket.destroySoon();
    else socket.destroy();
  }

  private send(bytes: Uint8Array): void {
    const socket = this.socket ?? this.connect();
    if (!socket.writable) return;
    if (!socket.write(bytes) && socket.writableLength > 0) this.blocked = true;
  }

  private connect(): Socket {
    const { listener } = this;
    const socket = dial(this.context.proxy, { reached: () => (this.reached = true), bytes: this.onRead });
    this.socket = socket;
    onFin(socket, () => {
      if (this.responseLine.open) listener.upstreamEnded();
      else this.responseLine.take({ end: "fin", atMs: this.context.env.nowMs() });
    });
    socket.on("error", (error: NodeJS.ErrnoException) => listener.upstreamFailed(error));
    socket.on("drain", () => {
      this.blocked = false;
      listener.upstreamFlows();
    });
    return socket;
  }

  private readonly onRead = (bytes: Buffer): void => {
    if (this.responseLine.open) this.listener.upstreamBytes(bytes);
    else {
      this.responseLine.take({ bytes, atMs: this.context.env.nowMs() });
      this.listener.upstreamFlows();
    }
  };
}
