import type { Env, Timer } from "../../model/env.ts";
import { BodyFramer } from "./body-framer.ts";
import type { Exchange } from "./exchange.ts";
import { HeadCarry } from "./head-carry.ts";
import type { HeadRewrite } from "./head-rewrite.ts";
import { HeadScanner, MALFORMED, MORE, headerCount } from "./head-scanner.ts";
import type { Limits } from "./limits.ts";
import { contradictoryHead, excessOf, malformedChunk, malformedHead, tooSlow } from "./refusals.ts";
import type { Refusal } from "./refusals.ts";
import { RequestHead } from "./request-head.ts";
import { ToolBox } from "./tool-box.ts";
import type { HeadTools } from "./tool-box.ts";

/** What is told of the requests on a connection, in order. */
export interface RequestSink {
  /** A head has come whole; what it refers to is valid during the call. */
  requestHead(head: RequestHead, startMs: number, atMs: number): Exchange;
  /** Bytes of the request, head and body, as they came; `done` with its last. */
  requestBytes(exchange: Exchange, bytes: Buffer, done: boolean, atMs: number): void;
  /** What has come is no request, or not in time, or is not passed on; nothing more is read. `exchange`: the request whose body it was found in. */
  requestRejected(refusal: Refusal, head: RequestHead, startMs: number, bytes: number, exchange: Exchange | undefined): void;
  /** What comes through the tunnel that was opened is HTTP: whether its requests can be read as exchanges of their own. */
  tunnelSpeaksHttp(): boolean;
  /** The proxy itself makes the client wait. */
  readonly requestsPaused: boolean;
}

/** Cuts the bytes of a client into requests. */
export class RequestReader {
  /** Held while an answer decides whether they are requests or the bytes of a tunnel. */
  heldBytes = 0;
  private readonly env: Env;
  private readonly limits: Limits;
  private sink: RequestSink;
  private readonly rewrite: HeadRewrite | undefined;
  private readonly looksIntoTunnels: boolean;
  /** Of the head that has come in part. */
  private begun: HeadTools<RequestHead> | undefined;
  private readonly carry = new HeadCarry();
  private readonly framer = new BodyFramer();
  private mode: "head" | "body" | "held" | "opened" | "tunnel" | "stopped" = "head";
  private held: Buffer[] | undefined;
  private ended = false;
  private exchange: Exchange | undefined;
  private startMs = -1;
  /** When the packet came that was read last. */
  packetMs = 0;
  private headTimer: Timer | undefined;

  constructor(options: { readonly env: Env; readonly limits: Limits; readonly sink: RequestSink; readonly rewrite?: HeadRewrite | undefined; readonly looksIntoTunnels?: boolean }) {
    this.env = options.env;
    this.limits = options.limits;
    this.sink = options.sink;
    this.rewrite = options.rewrite;
    this.looksIntoTunnels = options.looksIntoTunnels ?? false;
  }

  /** Nothing is read any more: stopped, or all that came before the client's end has been told. */
  isStopped(): boolean {
    return this.mode === "stopped";
  }

  push(packet: Buffer): void {
    switch (this.mode) {
      case "head":
      case "body":
        if (this.carry.length === 0) this.read(packet);
        else this.read(this.carry.append(packet));
        return;
      case "held":
        (this.held ??= []).push(packet);
        this.heldBytes += packet.length;
        return;
      case "opened":
        this.enterTunnel(packet);
        return;
      case "tunnel":
        this.passTunnel(packet);
        return;
      case "stopped":
    }
  }

  /** From now on somebody else is told, who opens no tunnel. */
  redirect(sink: RequestSink): void {
    this.sink = sink;
    this.resume();
  }

  /** The client asked for a tunnel and did not get one: what it has sent since are requests. */
  resume(): void {
    if (this.mode !== "held") return;
    this.mode = "head";
    this.pushHeld();
  }

  /** All that has come since the last request, and all that comes, is passed on as it is. */
  tunnel(): void {
    if (this.mode !== "held") return;
    this.mode = this.looksIntoTunnels && this.exchange?.method === "CONNECT" ? "opened" : "tunnel";
    this.pushHeld();
  }

  /** The client sends nothing more. What is held is read when it is known what it is. */
  end(): void {
    this.ended = true;
    if (this.heldBytes === 0) this.stop();
  }

  /** Nothing more is read. */
  stop(): void {
    this.mode = "stopped";
    this.headTimer?.cancel();
    this.headTimer = undefined;
    this.begun = undefined;
    this.carry.clear();
    this.takeHeld();
  }

  private read(bytes: Buffer): void {
    let at = 0;
    this.packetMs = this.env.nowMs();
    while (at < bytes.length) {
      if (this.mode === "head") at = this.readHead(bytes, at);
      else if (this.mode === "body" && this.exchange !== undefined) at = this.readBody(this.exchange, bytes, at, at);
      else {
        // Held or stopped by what came before in the same packet.
        this.push(bytes.subarray(at));
        return;
      }
    }
  }

  private readHead(bytes: Buffer, at: number): number {
    const end = bytes.length;
    const tools = this.begun ?? toolBox.take();
    this.begun = undefined;
    const { scanner, head } = tools;
    const headEnd = scanner.scan(bytes, at, end);
    if (this.startMs < 0) this.startMs = this.packetMs;
    if (headEnd === MALFORMED) return this.reject(malformedHead, tools, bytes, at);
    const came = (headEnd === MORE ? end : headEnd) - at;
    if (came > this.limits.headBytes || headerCount(scanner.lines) > this.limits.headerCount) return this.rejectExcess(came, headEnd !== MORE, tools, bytes, at);
    if (headEnd === MORE) {
      this.begun = tools;
      if (this.carry.length === 0) this.carry.append(bytes.subarray(at));
      if (scanner.begun) this.headTimer ??= this.env.after(this.limits.headMs, this.headIsLate);
      return end;
    }
    if (!head.read(bytes, at, scanner.lines)) return this.reject(contradictoryHead, tools, bytes, at);
    if (this.headTimer !== undefined) {
      this.headTimer.cancel();
      this.headTimer = undefined;
    }
    const rewritten = this.rewrite?.(head, { bytes, at, headEnd, lines: scanner.lines });
    if (rewritten !== undefined && "why" in rewritten) return this.refuse(rewritten, tools, bytes, at);
    const exchange = this.sink.requestHead(head, this.startMs, this.packetMs);
    this.exchange = exchange;
    this.startMs = -1;
    this.carry.clear();
    this.framer.begin(head.framing, head.length);
    toolBox.giveBack(tools);
    // Endings of this very request may have stopped the reading; its bytes are then not wanted.
    if (this.isStopped()) return end;
    this.mode = "body";
    if (rewritten === undefined) return this.readBody(exchange, bytes, at, headEnd);
    exchange.requestBytes += headEnd - at;
    this.pass(exchange, rewritten);
    return this.framer.done || this.isStopped() ? headEnd : this.readBody(exchange, bytes, headEnd, headEnd);
  }

  /** Passes on `bytes[from..]` as far as the request goes; its body goes on at `bodyAt`. */
  private readBody(exchange: Exchange, bytes: Buffer, from: number, bodyAt: number): number {
    const end = this.framer.consume(bytes, bodyAt, bytes.length);
    if (end < 0) {
      this.stop();
      this.sink.requestRejected(malformedChunk, new RequestHead(), exchange.startMs, 0, exchange);
      return bytes.length;
    }
    if (end === from) return end;
    exchange.requestBytes += end - from;
    this.pass(exchange, from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end));
    return end;
  }

  private pass(exchange: Exchange, bytes: Buffer): void {
    const { done } = this.framer;
    if (done) {
      this.mode = exchange.mayTunnel ? "held" : "head";
      this.exchange = exchange.mayTunnel ? exchange : undefined;
    }
    this.sink.requestBytes(exchange, bytes, done, this.packetMs);
  }

  private passTunnel(packet: Buffer): void {
    if (this.exchange === undefined) return;
    this.exchange.requestBytes += packet.length;
    this.sink.requestBytes(this.exchange, packet, false, this.packetMs);
  }

  /** The first packet that comes through a tunnel tells whether there is HTTP in it. */
  private enterTunnel(packet: Buffer): void {
    const isRequest = requestLine.test(packet.toString("latin1", 0, Math.min(packet.length, longestLine)));
    if (isRequest && this.sink.tunnelSpeaksHttp()) {
      this.mode = "head";
      this.exchange = undefined;
    } else this.mode = "tunnel";
    this.push(packet);
  }

  private rejectExcess(came: number, isWhole: boolean, tools: HeadTools<RequestHead>, bytes: Buffer, at: number): number {
    const excess = excessOf("request", { bytes: came, headers: headerCount(tools.scanner.lines), isWhole }, this.limits);
    return this.reject({ status: 431, ...excess }, tools, bytes, at);
  }

  private reject(refusal: Refusal, tools: HeadTools<RequestHead>, bytes: Buffer, at: number): number {
    tools.head.readStart(bytes, at, tools.scanner.lines);
    return this.refuse(refusal, tools, bytes, at);
  }

  private refuse(refusal: Refusal, tools: HeadTools<RequestHead>, bytes: Buffer, at: number): number {
    const { startMs } = this;
    this.stop();
    this.sink.requestRejected(refusal, tools.head, startMs, bytes.length - at, undefined);
    toolBox.giveBack(tools);
    return bytes.length;
  }

  private readonly headIsLate = (): void => {
    this.headTimer = undefined;
    if (this.sink.requestsPaused) this.headTimer = this.env.after(this.limits.headMs, this.headIsLate);
    else if (this.begun !== undefined) this.reject(tooSlow(this.carry.length, this.limits), this.begun, this.carry.append(nothing), 0);
  };

  private pushHeld(): void {
    for (const packet of this.takeHeld()) this.push(packet);
    if (this.ended) this.end();
  }

  private takeHeld(): readonly Buffer[] {
    const { held = [] } = this;
    this.held = undefined;
    this.heldBytes = 0;
    return held;
  }
}

const nothing = Buffer.alloc(0);

const toolBox = new ToolBox(() => ({ scanner: new HeadScanner(true), head: new RequestHead() }));

/** What a client that speaks HTTP/1 begins with; other protocols whose clients speak first do not look like it. */
const requestLine = /^[A-Z]+ [\x21-\xff]+ HTTP\/1\.[01]\r\n/;
const longestLine = 8192;
