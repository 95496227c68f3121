import type { LimitIssue } from "../../model/limits.ts";
import { BodyFramer } from "./body-framer.ts";
import type { Exchange } from "./exchange.ts";
import { HeadCarry } from "./head-carry.ts";
import { HeadScanner, MALFORMED, MORE, headerCount } from "./head-scanner.ts";
import type { Limits } from "./limits.ts";
import { excessOf } from "./refusals.ts";
import type { HeadSize } from "./refusals.ts";
import { ResponseHead } from "./response-head.ts";
import { ToolBox } from "./tool-box.ts";
import type { HeadTools } from "./tool-box.ts";

/** What is told of the responses on a connection, in order. */
export interface ResponseSink {
  /** The first request that upstream has got and not answered whole. */
  awaited(): Exchange | undefined;
  /** An interim response (1xx) has come whole. */
  interim(exchange: Exchange, bytes: Buffer): void;
  /** The final head has come; `headBytes` long. */
  responseHead(exchange: Exchange, head: ResponseHead, headBytes: number): void;
  /** Bytes of the final response, head and body, as they came; `done` with its last. */
  responseBytes(exchange: Exchange, bytes: Buffer, done: boolean): void;
  /** What has come is no answer to any request, or beyond a limit of ours; nothing more is read. */
  responseMalformed(problem: string, limit?: LimitIssue): void;
}

/** Cuts the bytes of an upstream into responses. */
export class ResponseReader {
  private readonly limits: Limits;
  private readonly sink: ResponseSink;
  /** Of the head that has come in part. */
  private begun: HeadTools<ResponseHead> | undefined;
  private readonly carry = new HeadCarry();
  private readonly framer = new BodyFramer();
  /** The exchange whose body is being read. */
  private exchange: Exchange | undefined;
  private stopped = false;

  constructor(limits: Limits, sink: ResponseSink) {
    this.limits = limits;
    this.sink = sink;
  }

  push(packet: Buffer): void {
    const bytes = this.carry.length === 0 ? packet : this.carry.append(packet);
    let at = 0;
    while (at < bytes.length && !this.stopped) {
      at = this.exchange === undefined ? this.readHead(bytes, at) : this.readBody(this.exchange, bytes, at, at);
    }
  }

  /** Upstream sends nothing more. A body that ends with the connection has now ended. */
  end(): void {
    const { exchange } = this;
    this.exchange = undefined;
    if (!this.stopped && exchange !== undefined && this.framer.endsWithConnection) this.sink.responseBytes(exchange, nothing, true);
  }

  /** No response has begun and not ended. */
  get isIdle(): boolean {
    return this.exchange === undefined && this.carry.length === 0;
  }

  /** The response that was being read is over: what comes is the next one. */
  restart(): void {
    this.exchange = undefined;
  }

  stop(): void {
    this.stopped = true;
    this.begun = undefined;
    this.carry.clear();
  }

  private readHead(bytes: Buffer, at: number): number {
    const exchange = this.sink.awaited();
    if (exchange === undefined) return this.malformed("bytes that answer no request");
    const tools = this.begun ?? toolBox.take();
    this.begun = undefined;
    const { scanner, head } = tools;
    const headEnd = scanner.scan(bytes, at, bytes.length);
    if (headEnd === MALFORMED) return this.malformedHead(bytes, at, "a response head with a control byte or a bare CR or LF");
    const came = (headEnd === MORE ? bytes.length : headEnd) - at;
    if (came > this.limits.headBytes || headerCount(scanner.lines) > this.limits.headerCount) return this.beyond({ bytes: came, headers: headerCount(scanner.lines), isWhole: headEnd !== MORE });
    if (headEnd === MORE) {
      if (!mayBeVersion(bytes, at)) return this.malformedHead(bytes, at, "");
      this.begun = tools;
      if (this.carry.length === 0) this.carry.append(bytes.subarray(at));
      return bytes.length;
    }
    if (!head.read(bytes, at, scanner.lines, exchange.method)) return this.malformedHead(bytes, at, "a response head that is malformed or contradicts itself about its length");
    if (head.status === 101 && !exchange.mayTunnel) return this.malformed("a switch of protocols (101) that was not asked for");
    this.carry.clear();
    if (head.status < 200 && head.status !== 101) {
      toolBox.giveBack(tools);
      this.sink.interim(exchange, bytes.subarray(at, headEnd));
      return headEnd;
    }
    this.framer.begin(head.framing, head.length);
    this.exchange = exchange;
    this.sink.responseHead(exchange, head, headEnd - at);
    toolBox.giveBack(tools);
    return this.readBody(exchange, bytes, at, headEnd);
  }

  private readBody(exchange: Exchange, bytes: Buffer, from: number, bodyAt: number): number {
    const end = this.framer.consume(bytes, bodyAt, bytes.length);
    if (end < 0) return this.malformed("a chunk of a response body that is malformed");
    const { done } = this.framer;
    if (done) this.exchange = undefined;
    this.sink.responseBytes(exchange, from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end), done);
    return end;
  }

  private beyond(size: HeadSize): number {
    const { code, why } = excessOf("response", size, this.limits);
    return this.malformed(why, code);
  }

  /** The problem is another where it is no head at all. */
  private malformedHead(bytes: Buffer, at: number, problem: string): number {
    return this.malformed(mayBeVersion(bytes, at) ? problem : "what does not begin as an answer of HTTP/1 does");
  }

  private malformed(problem: string, code?: LimitIssue): number {
    this.stop();
    this.sink.responseMalformed(problem, code);
    return Number.POSITIVE_INFINITY;
  }
}

const nothing = Buffer.alloc(0);
const version = Buffer.from("HTTP/1.", "latin1");

/** Whether the bytes from `at` on, as far as they have come, begin as an answer does: who speaks another protocol may send no more, and wait. */
function mayBeVersion(bytes: Buffer, at: number): boolean {
  const length = Math.min(bytes.length - at, version.length);
  return bytes.compare(version, 0, length, at, at + length) === 0;
}

const toolBox = new ToolBox(() => ({ scanner: new HeadScanner(false), head: new ResponseHead() }));
