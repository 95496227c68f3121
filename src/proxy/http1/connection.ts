import { Socket } from "node:net";
import type { ConnectionRecord } from "../../model/event.ts";
import type { LaneConnection, LaneContext } from "../lane.ts";
import { reset } from "../reset.ts";
import type { Limits } from "./limits.ts";
import { Pipeline } from "./pipeline.ts";
import { RequestReader } from "./request-reader.ts";
import { ResponseReader } from "./response-reader.ts";
import type { Loss, Wires } from "./wires.ts";

/**
 * From the last byte written to a reset. A reset overtakes what the client's window has no room for, and a client on libuv that polls both at once
 * reports an end instead of the reset: it is given this long to read.
 */
const flushGraceMs = 20;

/** One client connection and, from the first request that is passed on, its one upstream connection. */
export class Http1Connection implements LaneConnection, Wires {
  private readonly context: LaneContext;
  private readonly limits: Limits;
  private readonly client: Socket;
  private upstream: Socket | undefined;
  private readonly requests: RequestReader;
  private readonly responses: ResponseReader;
  private readonly pipeline: Pipeline;
  private readonly openMs: number;
  private readonly peer: string;
  private requestBytes = 0;
  private responseBytes = 0;
  /** When the last byte was written to the client. */
  private wroteMs = Number.NEGATIVE_INFINITY;
  private upstreamReached = false;
  private clientEnded = false;
  private clientBlocked = false;
  private upstreamBlocked = false;
  private clientPaused = false;
  private upstreamPaused = false;
  /** Nothing that comes is read any more. */
  private over = false;
  private closing: Pick<ConnectionRecord, "closedBy" | "how"> | undefined;

  constructor(client: Socket, context: LaneContext, limits: Limits) {
    this.context = context;
    this.limits = limits;
    this.client = client;
    this.openMs = context.env.nowMs();
    this.peer = `${client.remoteAddress ?? "unknown"}:${client.remotePort ?? 0}`;
    this.pipeline = new Pipeline(context, this);
    const { upstream, host } = context.proxy;
    this.requests = new RequestReader({ env: context.env, limits, sink: this.pipeline, host: host === "upstream" ? authority(upstream) : undefined });
    this.responses = new ResponseReader(limits, this.pipeline);
    client.on("data", this.onClientData);
    client.on("end", this.onClientEnd);
    client.on("error", this.onClientError);
    client.on("close", this.onClientClose);
    client.on("drain", this.onClientDrain);
  }

  get requestsPaused(): boolean {
    return this.clientPaused;
  }

  faultsChanged({ release, lifted }: { readonly release: boolean; readonly lifted: boolean }): void {
    if (!lifted || this.over) return;
    this.pipeline.lifted(release);
    this.controlFlow();
  }

  stop(): void {
    this.pipeline.endAll("open");
    this.finish("proxy", "fin");
    this.client.destroy();
  }

  cut(): void {
    this.pipeline.endAll("reset");
    this.finish("fault", "rst");
    reset(this.client);
  }

  toClient(bytes: Buffer): void {
    const { client } = this;
    this.responseBytes += bytes.length;
    this.wroteMs = this.context.env.nowMs();
    client.write(bytes);
    if (client.writableNeedDrain && client.writableLength > 0) this.clientBlocked = true;
  }

  toUpstream(bytes: Buffer): void {
    const upstream = this.upstream ?? this.dial();
    if (!upstream.writable) return;
    upstream.write(bytes);
    if (upstream.writableNeedDrain && upstream.writableLength > 0) this.upstreamBlocked = true;
  }

  close(by: ConnectionRecord["closedBy"]): void {
    this.finish(by, "fin");
    const { client } = this;
    client.end();
    client.resume();
    if (!this.clientEnded) {
      // Closing on bytes not read would reset the connection, and the answer could be lost to it (RFC 9112 §9.6): read on for a while.
      const timer = this.context.env.after(this.limits.lingerMs, () => client.destroy());
      client.once("close", () => timer.cancel());
    }
  }

  reset(by: ConnectionRecord["closedBy"]): void {
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
    this.upstream?.destroy();
  }

  idle(loss: Loss | undefined): void {
    if (loss?.how === "rst") {
      this.reset("upstream");
    } else if (this.clientEnded || loss !== undefined) {
      this.client.end();
      this.upstream?.end();
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

  private dial(): Socket {
    const upstream = new Socket({ allowHalfOpen: true });
    this.upstream = upstream;
    upstream.on("connect", this.onUpstreamConnect);
    upstream.on("data", this.onUpstreamData);
    upstream.on("end", this.onUpstreamEnd);
    upstream.on("error", this.onUpstreamError);
    upstream.on("drain", this.onUpstreamDrain);
    upstream.setNoDelay(true);
    upstream.connect({ ...this.context.proxy.upstream });
    return upstream;
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
    this.upstream?.end();
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

  private readonly onUpstreamConnect = (): void => {
    this.upstreamReached = true;
  };

  private readonly onUpstreamData = (bytes: Buffer): void => {
    if (this.over) return;
    this.responses.push(bytes);
    this.controlFlow();
  };

  private readonly onUpstreamEnd = (): void => {
    if (this.over) return;
    this.closedBy("upstream", "fin");
    this.responses.end();
    this.pipeline.upstreamLost({ how: "fin", reached: true });
    this.controlFlow();
  };

  private readonly onUpstreamError = (error: NodeJS.ErrnoException): void => {
    if (this.over) return;
    if (error.code === "EMFILE" || error.code === "ENFILE") {
      this.pipeline.ledger.issue(error.code, "the limit of open files is reached: connections to upstream cannot be opened");
    }
    this.responses.stop();
    this.pipeline.upstreamLost({ how: "rst", reached: this.upstreamReached });
    this.controlFlow();
  };

  private readonly onUpstreamDrain = (): void => {
    this.upstreamBlocked = false;
    this.controlFlow();
  };

  /** Who sends faster than the other side takes, or than the effects let go, is made to wait. */
  private controlFlow(): void {
    if (this.over) return;
    const { heldBytes, inFlight } = this.limits;
    const { pipeline } = this;
    const pauseClient = this.upstreamBlocked || pipeline.heldRequestBytes + this.requests.heldBytes > heldBytes || pipeline.inFlight >= inFlight;
    if (pauseClient !== this.clientPaused) {
      this.clientPaused = pauseClient;
      if (pauseClient) this.client.pause();
      else this.client.resume();
    }
    const pauseUpstream = this.clientBlocked || pipeline.heldResponseBytes > heldBytes;
    if (pauseUpstream !== this.upstreamPaused) {
      this.upstreamPaused = pauseUpstream;
      if (pauseUpstream) this.upstream?.pause();
      else this.upstream?.resume();
    }
  }

  /** Reads no more, and ends the upstream connection as the client's was ended. */
  private finish(by: ConnectionRecord["closedBy"], how: "fin" | "rst"): void {
    if (this.over) return;
    this.closedBy(by, how);
    this.over = true;
    this.requests.stop();
    this.responses.stop();
    const { upstream } = this;
    if (upstream === undefined) return;
    if (how === "rst") reset(upstream);
    else upstream.destroy();
  }

  /** Who ended it first; a reset outweighs a FIN, which may have been half a close only. */
  private closedBy(closedBy: ConnectionRecord["closedBy"], how: "fin" | "rst"): void {
    if (this.closing === undefined || (this.closing.how === "fin" && how === "rst")) this.closing = { closedBy, how };
  }

  private writeRecord(): void {
    const { env, proxy, caller, conn } = this.context;
    const closeMs = env.nowMs();
    this.context.record({
      kind: "connection", atMs: closeMs, proxy: proxy.name, caller, conn, openMs: this.openMs, closeMs, peer: this.peer, exchanges: this.pipeline.ledger.exchanges,
      requestBytes: this.requestBytes, responseBytes: this.responseBytes, upstreamReached: this.upstreamReached, ...(this.closing ?? { closedBy: "proxy", how: "fin" }),
    });
  }
}

/** Host header of a URL with this host and port; port 80 is the default of http. */
function authority({ host, port }: { readonly host: string; readonly port: number }): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === 80 ? name : `${name}:${port}`;
}
