import type { Socket } from "node:net";
import type { Timer } from "../../model/env.ts";
import type { Effect } from "../../model/effect.ts";
import type { ExchangeEnd } from "../../model/event.ts";
import { format } from "../../units/format.ts";
import { dial } from "../dial.ts";
import type { LaneContext } from "../lane.ts";
import { onFin } from "../reset.ts";
import type { Exchange, FaultDraft } from "./exchange.ts";
import { exchangeRecord } from "./exchange-record.ts";
import { endpointOf } from "./forward-target.ts";
import { defaultLimits } from "./limits.ts";
import type { ResponseHead } from "./response-head.ts";
import { ResponseReader } from "./response-reader.ts";
import type { ResponseSink } from "./response-reader.ts";

type Duplicate = Extract<Effect, { kind: "duplicate" }>;

/** Copies of one proxy that are waiting or not answered yet, and the memory that they take. */
const mostCopies = 1000;
const mostBytes = 128 * 1024 * 1024;
/** An answer that nobody wants is waited for so long. */
const patienceMs = 30_000;

export interface TeeOptions {
  readonly context: LaneContext;
  readonly exchange: Exchange;
  readonly effect: Duplicate;
  readonly fault: FaultDraft;
  readonly complain: (why: string) => void;
}

/** Keeps the bytes of a request as they leave for upstream, and sends them again when they have left. */
export class RequestTee {
  private readonly options: TeeOptions;
  private pieces: Buffer[] = [];
  private bytes = 0;
  private over = false;

  constructor(options: TeeOptions) {
    this.options = options;
  }

  take(bytes: Buffer, done: boolean): void {
    if (this.over) return;
    const { context: { copies }, effect, exchange } = this.options;
    this.bytes += bytes.length;
    this.pieces.push(bytes);
    if (this.bytes > effect.maxBytes) this.end(`it is larger than ${format("size", effect.maxBytes)}`);
    else if (!done || !exchange.requestDone) return;
    else if (copies.size + effect.copies > mostCopies) this.end(`${mostCopies} copies are not answered yet`);
    else if (bytesOf(copies) + this.bytes > mostBytes) this.end(`${format("size", mostBytes)} of copies are not answered yet`);
    else this.send(Buffer.concat(this.pieces));
  }

  /** A tunnel has begun with it. */
  giveUp(): void {
    if (!this.over) this.end("a tunnel begins with it");
  }

  private send(request: Buffer): void {
    const { context, exchange, effect, fault } = this.options;
    fault.actedMs ??= context.env.nowMs();
    for (let i = 0; i < effect.copies; i++) context.copies.add(new RequestCopy({ context, exchange, fault: fault.fault, request, weightBytes: request.length / effect.copies, afterMs: effect.afterMs }));
    this.end(undefined);
  }

  private end(why: string | undefined): void {
    this.over = true;
    this.pieces = [];
    if (why !== undefined) this.options.complain(why);
  }
}

export interface CopyOptions {
  readonly context: LaneContext;
  readonly exchange: Exchange;
  readonly fault: string;
  readonly request: Buffer;
  /** Its share of the memory that the copies of one call have in common. */
  readonly weightBytes: number;
  readonly afterMs: number;
}

/** A request that is sent again on a connection of its own, and whose answer is read and thrown away. */
export class RequestCopy implements ResponseSink {
  private readonly options: CopyOptions;
  private readonly responses = new ResponseReader(defaultLimits, this);
  private socket: Socket | undefined;
  private timer: Timer | undefined;
  private reached = false;
  private over = false;
  private startMs = 0;
  /** -1: has not happened. */
  private headMs = -1;
  private status = 0;
  private responseBytesCame = 0;

  constructor(options: CopyOptions) {
    this.options = options;
    if (options.afterMs === 0) this.send();
    else this.timer = options.context.env.after(options.afterMs, () => this.send());
  }

  get weightBytes(): number {
    return this.options.weightBytes;
  }

  /** What it waits for does not count any more. */
  hurry(): void {
    if (this.socket === undefined) this.send();
  }

  /** Ends at once, whatever is still to come. */
  stop(): void {
    this.end("open");
  }

  awaited(): Exchange | undefined {
    return this.over ? undefined : this.options.exchange;
  }

  interim(): void {}

  responseHead(_: Exchange, head: ResponseHead): void {
    this.status = head.status;
    this.headMs = this.options.context.env.nowMs();
  }

  responseBytes(_: Exchange, bytes: Buffer, done: boolean): void {
    this.responseBytesCame += bytes.length;
    if (done) this.end("complete");
  }

  responseMalformed(): void {
    this.end("upstream-lost");
  }

  private send(): void {
    const { context: { env, proxy }, exchange: { authority }, request } = this.options;
    this.timer?.cancel();
    this.timer = env.after(patienceMs, () => this.end("open"));
    this.startMs = env.nowMs();
    const socket = dial(authority === undefined ? proxy : { ...proxy, upstream: endpointOf(authority) }, { reached: () => (this.reached = true), bytes: (bytes) => this.responses.push(bytes) });
    this.socket = socket;
    onFin(socket, () => {
      this.responses.end();
      this.end("upstream-lost");
    });
    socket.on("error", () => this.end(this.reached ? "upstream-lost" : "upstream-unreachable"));
    socket.write(request);
  }

  private end(end: ExchangeEnd): void {
    if (this.over) return;
    this.over = true;
    this.timer?.cancel();
    this.responses.stop();
    this.socket?.destroy();
    this.options.context.copies.delete(this);
    if (this.socket !== undefined) this.record(end);
  }

  private record(end: ExchangeEnd): void {
    const { context, exchange, fault, request } = this.options;
    const endMs = context.env.nowMs();
    const { kind, proxy, caller, conn, nth, method, path, authority, trace, key, idempotencyKey } = exchangeRecord(exchange, exchange.edge ?? context, endMs);
    context.record({
      kind, atMs: endMs, proxy, caller, conn, nth, method, path, startMs: this.startMs, endMs, requestBytes: request.length, responseBytes: this.responseBytesCame, end,
      passedOn: this.reached, sentBy: fault,
      ...(this.headMs >= 0 && { headMs: this.headMs, status: this.status }),
      ...(authority !== undefined && { authority }), ...(trace !== undefined && { trace }), ...(key !== undefined && { key }), ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
  }
}

function bytesOf(copies: ReadonlySet<RequestCopy>): number {
  let bytes = 0;
  for (const { weightBytes } of copies) bytes += weightBytes;
  return bytes;
}
