import type { ExchangeEnd } from "../../model/event.ts";
import type { LaneContext } from "../lane.ts";
import { BodyProbe, keyOfHead } from "./correlation.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeDraft } from "./exchange.ts";
import type { RequestHead } from "./request-head.ts";
import { planSteps } from "./steps.ts";

const maxPathLength = 1024;

/** Opens the records of a connection's exchanges, asks the faults about each, and hands the records over when they are done. */
export class Ledger {
  exchanges = 0;
  private readonly context: LaneContext;
  /** Its answer is over, its request is still coming. */
  private uploading: Exchange | undefined;
  private probe: BodyProbe | undefined;

  constructor(context: LaneContext) {
    this.context = context;
  }

  open(head: RequestHead, startMs: number): Exchange {
    const { context } = this;
    const record = this.draft(head, startMs);
    if (head.trace !== undefined) record.trace = head.trace;
    if (head.idempotencyKey !== undefined) record.idempotencyKey = head.idempotencyKey;
    const { correlate } = context.proxy;
    if (correlate.by === "header" || correlate.by === "path") {
      const key = keyOfHead(correlate, head);
      if (key !== undefined) record.key = key;
    } else if (correlate.by === "json" && head.framing !== "none") this.probe = new BodyProbe(correlate.path);
    const exchange = new Exchange(record, head);
    if (context.selector().faults.length > 0) this.askFaults(exchange, head);
    return exchange;
  }

  /** For what is no request, or did not come whole. */
  openRejected(head: RequestHead, startMs: number, bytes: number): Exchange {
    const record = this.draft(head, startMs);
    record.requestBytes = bytes;
    return new Exchange(record, { keepAlive: false, expectContinue: false, mayTunnel: false });
  }

  /** Looks for the correlation value in a body that goes by. */
  watchBody({ record }: Exchange, bytes: Buffer, done: boolean): void {
    if (this.probe === undefined) return;
    this.probe.add(bytes);
    if (!done) return;
    const key = this.probe.key();
    if (key !== undefined) record.key = key;
    this.probe = undefined;
  }

  headWritten({ record, status, retryAfter, answeredBy }: Exchange): void {
    const nowMs = this.context.env.nowMs();
    record.headMs = nowMs;
    record.status = status;
    if (retryAfter !== undefined) record.retryAfter = retryAfter;
    if (answeredBy !== undefined) answeredBy.actedMs ??= nowMs;
  }

  /** The exchange is over for the caller. Its record waits for the end of its request, if that is still coming. */
  settle(exchange: Exchange, end: ExchangeEnd): void {
    const { record } = exchange;
    exchange.timer?.cancel();
    exchange.timer = undefined;
    exchange.settled = true;
    record.end = exchange.tunnel ? "tunnel" : record.leftMs === undefined ? end : "client-left";
    record.endMs = this.context.env.nowMs();
    if (exchange.requestDone || end !== "complete") this.write(exchange);
    else this.uploading = exchange;
  }

  /** The last byte of a request has come. */
  uploaded(exchange: Exchange): void {
    if (this.uploading === exchange) this.close();
  }

  /** What is still coming of a request does not come any more. */
  close(): void {
    if (this.uploading !== undefined) this.write(this.uploading);
    this.uploading = undefined;
  }

  issue(code: string, message: string): void {
    this.context.record({ kind: "witness-issue", atMs: this.context.env.nowMs(), proxy: this.context.proxy.name, code, message });
  }

  private write({ record }: Exchange): void {
    record.atMs = this.context.env.nowMs();
    this.context.record(record);
  }

  private draft(head: RequestHead, startMs: number): ExchangeDraft {
    const { proxy, caller, conn } = this.context;
    return {
      kind: "exchange", atMs: 0, proxy: proxy.name, caller, conn, nth: ++this.exchanges,
      method: head.method, path: head.target.length > maxPathLength ? head.target.slice(0, maxPathLength) : head.target,
      startMs, endMs: 0, requestBytes: 0, responseBytes: 0, end: "open", passedOn: false,
    };
  }

  private askFaults(exchange: Exchange, head: RequestHead): void {
    const { env, caller, conn, tracePrefix } = this.context;
    const { trace } = head;
    const facts = { method: head.method, path: head.target, header: head.header, conn, caller };
    const isOurs = trace !== undefined && trace.startsWith(tracePrefix);
    const decided = this.context.selector().exchange(isOurs ? { ...facts, request: trace.slice(16) } : facts, env.nowMs());
    if (decided.length === 0) return;
    const { faults, request, response, unsupported } = planSteps(decided);
    exchange.record.faults = faults;
    exchange.requestSteps = request;
    exchange.responseSteps = response;
    for (const kind of unsupported) this.issue("unsupported-effect", `the effect "${kind}" cannot be carried out on an HTTP exchange`);
  }
}
