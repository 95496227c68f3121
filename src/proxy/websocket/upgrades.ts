import type { ExchangeFacts } from "../../faults/subject.ts";
import type { LimitIssue } from "../../model/limits.ts";
import type { Exchange } from "../http1/exchange.ts";
import type { Pipeline } from "../http1/pipeline.ts";
import type { Refusal } from "../http1/refusals.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { RequestSink } from "../http1/request-reader.ts";
import type { ResponseHead } from "../http1/response-head.ts";
import type { ResponseSink } from "../http1/response-reader.ts";
import type { FaultsChange, LaneContext } from "../lane.ts";
import { readHandshake } from "./handshake.ts";
import { WebSocket } from "./web-socket.ts";

/**
 * Stands between the readers of a connection and its pipeline: an exchange that becomes a WebSocket sends its bytes through it, both ways,
 * and all others go by untouched.
 */
export class Upgrades implements RequestSink, ResponseSink {
  private readonly context: LaneContext;
  private readonly pipeline: Pipeline;
  /** The request that asks for a tunnel and has no answer yet, or got it; there is one at a time. */
  private asking: { readonly exchange: Exchange; readonly facts: ExchangeFacts } | undefined;
  private webSocket: WebSocket | undefined;

  constructor(context: LaneContext, pipeline: Pipeline) {
    this.context = context;
    this.pipeline = pipeline;
  }

  get requestsPaused(): boolean {
    return this.pipeline.requestsPaused;
  }

  requestHead(head: RequestHead, startMs: number, atMs: number): Exchange {
    const exchange = this.pipeline.requestHead(head, startMs, atMs);
    if (head.mayTunnel) this.asking = { exchange, facts: this.factsOf(exchange, head) };
    return exchange;
  }

  requestBytes(exchange: Exchange, bytes: Buffer, done: boolean, atMs: number): void {
    if (exchange.webSocket === undefined || !exchange.tunnel) this.pipeline.requestBytes(exchange, bytes, done, atMs);
    else exchange.webSocket.take("request", bytes);
  }

  requestRejected(refusal: Refusal, head: RequestHead, startMs: number, bytes: number, found: Exchange | undefined): void {
    this.pipeline.requestRejected(refusal, head, startMs, bytes, found);
  }

  tunnelSpeaksHttp(): boolean {
    return this.pipeline.tunnelSpeaksHttp();
  }

  awaited(): Exchange | undefined {
    return this.pipeline.awaited();
  }

  interim(exchange: Exchange, bytes: Buffer): void {
    this.pipeline.interim(exchange, bytes);
  }

  responseHead(exchange: Exchange, head: ResponseHead, headBytes: number): void {
    if (head.status === 101 && this.asking?.exchange === exchange) this.open(exchange, this.asking.facts, head, headBytes);
    this.pipeline.responseHead(exchange, head, headBytes);
  }

  responseBytes(exchange: Exchange, bytes: Buffer, done: boolean): void {
    const { webSocket, tunnel } = exchange;
    // A fault may have put another answer in the place of the upgrade.
    if (webSocket === undefined || !tunnel) return this.pipeline.responseBytes(exchange, bytes, done);
    if (bytes.length > 0) webSocket.take("response", bytes);
    if (done) webSocket.end("response");
  }

  responseMalformed(problem: string, limit?: LimitIssue): void {
    this.pipeline.responseMalformed(problem, limit);
  }

  /** What is not in force any more lets go: of the WebSocket, and then of what the pipeline has; with `release` at once. */
  lift({ lifted, release, replaced }: FaultsChange): void {
    if (lifted) this.webSocket?.lift(release);
    else if (replaced === undefined) return;
    else this.webSocket?.replace(replaced);
    this.pipeline.lifted(release, lifted ? undefined : replaced?.gone);
  }

  /** A window of a fault opened or closed, or another set is in force. */
  ask(): void {
    this.webSocket?.ask();
  }

  private open(exchange: Exchange, facts: ExchangeFacts, head: ResponseHead, headBytes: number): void {
    const agreed = readHandshake(head.header);
    if (agreed === undefined) return;
    const { pipeline } = this;
    const context = exchange.edge ?? this.context;
    this.webSocket = new WebSocket({
      context, facts, agreed, headBytes,
      out: (way, bytes, end) => {
        if (way === "response") pipeline.responseBytes(exchange, bytes, end);
        else pipeline.requestBytes(exchange, bytes, false, context.env.nowMs());
      },
      moved: () => pipeline.holdRanOut(),
    });
    exchange.webSocket = this.webSocket;
  }

  private factsOf({ method, target: path, authority, trace, edge }: Exchange, head: RequestHead): ExchangeFacts {
    const { nth: connection, caller, tracePrefix } = edge ?? this.context;
    const facts = { method, path, authority, header: head.keepHeaders(), connection, caller };
    return trace !== undefined && trace.startsWith(tracePrefix) ? { ...facts, request: trace.slice(16) } : facts;
  }
}
