import type { Socket } from "node:net";
import type { ConnectionRecord } from "../../model/event.ts";
import { authority } from "../dial.ts";
import type { LaneConnection, LaneContext } from "../lane.ts";
import { onFin, reset } from "../reset.ts";
import { Grip } from "../tcp/grip.ts";
import type { Limits } from "./limits.ts";
import { Pipeline } from "./pipeline.ts";
import { RequestReader } from "./request-reader.ts";
import { ResponseReader } from "./response-reader.ts";
import { UpstreamSide } from "./upstream-side.ts";
import type { UpstreamListener } from "./upstream-side.ts";
import type { Loss, Wires } from "./wires.ts";

type ClosedBy = ConnectionRecord["closedBy"];

/**
 * From the last byte written to a reset. A reset overtakes what the client's window has no room for, and a client on libuv that polls both at once
 * reports an end instead of the reset: it is given this long to read.
 */
const flushGraceMs = 20;

/** One client connection and, from the first request that is passed on, its one upstream connection. */
export class Http1Connection implements LaneConnection, Wires, UpstreamListener {
  /** A fault has cut the client's connection off: no byte is written any more. */
  isCut = false;
  wroteMs = Number.NEGATIVE_INFINITY;
  private readonly context: LaneContext;
  private readonly limits: Limits;
  private readonly client: Socket;
  private readonly upstream: UpstreamSide;
  private readonly requests: RequestReader;
  private readonly responses: ResponseReader;
  private readonly pipeline: Pipeline;
  private readonly grip: Grip;
  private readonly openMs: number;
  private readonly peer: string;
  private requestBytes = 0;
  private responseBytes = 0;
  private clientEnded = false;
  private clientBlocked = false;
  private clientPaused = false;
  /** The client's half is closed, and upstream is to learn it behind what is still held of the requests. */
  private upstreamEndWaits = false;
  /** Nothing that comes is read any more. */
  private over = false;
  private closing: Pick<ConnectionRecord, "closedBy" | "how"> | undefined;

  constructor(client: Socket, context: LaneContext, limits: Limits) {
    this.context = context;
    this.limits = limits;
    this.client = client;
    this.openMs = context.env.nowMs();
    this.peer = `${client.remoteAddress ?? "unknown"}:${client.remotePort ?? 0}`;
    this.upstream = new UpstreamSide(context, this);
    this.pipeline = new Pipeline(context, this);
    this.requests = new RequestReader({ env: context.env, limits, sink: this.pipeline, host: context.proxy.host === "upstream" ? authority(context.proxy) : undefined });
    this.responses = new ResponseReader(limits, this.pipeline);
    client.on("data", this.onClientData);
    onFin(client, this.onClientEnd);
    client.on("error", this.onClientError);
    client.on("close", this.onClientClose);
    client.on("drain", this.onClientDrain);
    const { requestLine, responseLine } = this.upstream;
    this.grip = new Grip(context, { request: requestLine, response: responseLine }, () => this.cut());
    this.grip.ask();
  }

  get requestsPaused(): boolean {
    return this.clientPaused;
  }

  faultsChanged({ release, lifted }: { readonly release: boolean; readonly lifted: boolean }): void {
    if (this.over) return;
    if (lifted) {
      this.grip.letGoAll(release);
      this.pipeline.lifted(release);
    }
    if (!this.isOver()) this.grip.ask();
    this.controlFlow();
  }

  stop(): void {
    this.pipeline.endAll("open");
    this.finish("proxy", "fin");
    this.upstream.drop("now");
    this.client.destroy();
  }

  cut(): void {
    this.pipeline.endAll("reset");
    this.reset("fault");
  }

  toClient(bytes: Buffer): number {
    if (this.isCut) return 0;
    const cut = this.grip.cutsAnswer(bytes.length);
    const out = cut === undefined ? bytes : bytes.subarray(0, cut.after);
    if (cut !== undefined) {
      this.isCut = true;
      this.grip.ledger.acted(cut.fault, "reset", this.context.env.nowMs());
    }
    if (out.length === 0) return 0;
    const { client } = this;
    this.responseBytes += out.length;
    // What the kernel took at once does not count: then there is nothing to wait for.
    if (!client.write(out) && client.writableLength > 0) this.clientBlocked = true;
    this.wroteMs = this.context.env.nowMs();
    return out.length;
  }

  toUpstream(bytes: Buffer): void {
    this.upstream.write(bytes);
  }

  close(by: ClosedBy): void {
    this.finish(by, "fin");
    const { client } = this;
    client.end();
    client.resume();
    if (this.clientEnded) return;
    // Closing on bytes not read would reset the connection, and the answer could be lost to it (RFC 9112 §9.6): read on for a while.
    const timer = this.context.env.after(this.limits.lingerMs, () => client.destroy());
    client.once("close", () => timer.cancel());
  }

  reset(by: ClosedBy): void {
    this.finish(by, "rst");
    const { client } = this;
    const { env } = this.context;
    const waitMs = this.wroteMs + flushGraceMs - env.nowMs();
    if (client.writableLength > 0) client.write("", () => env.after(flushGraceMs, () => reset(client)));
    else if (waitMs > 0) env.after(waitMs, () => reset(client));
    else reset(client);
  }

  dropUpstream(): void {
    this.responses.stop();
    this.upstream.drop("fin");
  }

  requestsSent(): void {
    if (this.upstreamEndWaits) this.upstream.end();
    this.upstreamEndWaits = false;
  }

  idle(loss: Loss | undefined): void {
    if (loss?.how === "rst") this.reset("upstream");
    else if (this.clientEnded || loss !== undefined) {
      this.client.end();
      this.upstream.end();
    }
  }

  endClient(): void {
    this.client.end();
  }

  tunnel(): void {
    this.requests.tunnel();
  }

  resumeRequests(): void {
    this.requests.resume();
  }

  /** Who sends faster than the other side takes, or than the effects let go, is made to wait. */
  controlFlow(): void {
    if (this.over) return;
    const { heldBytes, inFlight } = this.limits;
    const { pipeline, upstream } = this;
    const pauseClient = upstream.blocked || pipeline.requests.heldBytes + this.requests.heldBytes + upstream.requestLine.heldWeight > heldBytes || pipeline.inFlight >= inFlight;
    if (pauseClient !== this.clientPaused) {
      this.clientPaused = pauseClient;
      if (pauseClient) this.client.pause();
      else this.client.resume();
    }
    upstream.pause(this.clientBlocked || pipeline.heldResponseBytes + upstream.responseLine.heldWeight > heldBytes);
  }

  upstreamBytes(bytes: Buffer): void {
    if (this.over) return;
    this.responses.push(bytes);
    this.controlFlow();
  }

  upstreamEnded(): void {
    if (this.over) return;
    this.closedBy("upstream", "fin");
    this.responses.end();
    this.pipeline.upstreamLost({ how: "fin", reached: true });
    this.controlFlow();
  }

  upstreamFailed(error: NodeJS.ErrnoException): void {
    if (this.over) return;
    if (error.code === "EMFILE" || error.code === "ENFILE") {
      this.pipeline.ledger.issue(error.code, "the limit of open files is reached: connections to upstream cannot be opened");
    }
    this.responses.stop();
    this.pipeline.upstreamLost({ how: "rst", reached: this.upstream.reached });
    this.controlFlow();
  }

  upstreamFlows(): void {
    this.controlFlow();
  }

  private readonly onClientData = (bytes: Buffer): void => {
    if (this.over) return;
    this.requestBytes += bytes.length;
    this.requests.push(bytes);
    this.controlFlow();
  };

  private readonly onClientEnd = (): void => {
    this.clientEnded = true;
    if (this.over) return;
    this.closedBy("client", "fin");
    this.requests.stop();
    this.pipeline.clientLeft("fin");
    this.upstreamEndWaits = this.pipeline.requests.isSlow;
    if (!this.upstreamEndWaits) this.upstream.end();
    this.controlFlow();
  };

  private readonly onClientError = (): void => {
    if (this.over) return;
    this.pipeline.clientLeft("rst");
    this.finish("client", "rst");
  };

  private readonly onClientDrain = (): void => {
    this.clientBlocked = false;
    this.controlFlow();
  };

  private readonly onClientClose = (): void => {
    if (!this.over) {
      this.pipeline.endAll("client-left");
      this.finish("client", "fin");
    }
    this.writeRecord();
    this.context.closed();
  };

  /** Reads no more, and ends the upstream connection as the client's was ended. */
  private finish(by: ClosedBy, how: "fin" | "rst"): void {
    if (this.over) return;
    this.closedBy(by, how);
    this.over = true;
    this.requests.stop();
    this.responses.stop();
    this.upstream.drop(how);
  }

  /** For where what was called in between may have ended it. */
  private isOver(): boolean {
    return this.over;
  }

  /** Who ended it first; a reset outweighs a FIN, which may have been half a close only. */
  private closedBy(closedBy: ClosedBy, how: "fin" | "rst"): void {
    if (this.closing === undefined || (this.closing.how === "fin" && how === "rst")) this.closing = { closedBy, how };
  }

  private writeRecord(): void {
    const { env, proxy, caller, conn } = this.context;
    const closeMs = env.nowMs();
    this.context.record({
      kind: "connection", atMs: closeMs, proxy: proxy.name, caller, conn, openMs: this.openMs, closeMs, peer: this.peer, exchanges: this.pipeline.ledger.exchanges,
      requestBytes: this.requestBytes, responseBytes: this.responseBytes, upstreamReached: this.upstream.reached,
      ...(this.closing ?? { closedBy: "proxy", how: "fin" }), ...this.grip.ledger.records(),
    });
  }
}

