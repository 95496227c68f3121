import type { ExchangeEnd } from "../../model/event.ts";
import type { LaneContext } from "../lane.ts";
import { BodyProbe, bodyOfMessage, keyOfHead } from "./correlation.ts";
import { Exchange } from "./exchange.ts";
import { exchangeRecord } from "./exchange-record.ts";
import type { Refusal } from "./refusals.ts";
import type { RequestHead } from "./request-head.ts";
import { StepPlanner } from "./steps.ts";

/** Opens the records of a connection's exchanges, asks the faults about each, and hands the records over when they are done. */
export class Ledger {
  exchanges = 0;
  private readonly context: LaneContext;
  private readonly planner = new StepPlanner();
  /** Its answer is over, its request is still coming. */
  private uploading: Exchange | undefined;
  private probe: BodyProbe | undefined;
  private leftBy: "fin" | "rst" | undefined;

  constructor(context: LaneContext) {
    this.context = context;
  }

  /** `atMs`: when its head has come whole. */
  open(head: RequestHead, startMs: number, atMs: number): Exchange {
    const exchange = this.begin(head, startMs);
    const context = exchange.edge ?? this.context;
    const { correlate } = context.proxy;
    if (correlate.by === "header" || correlate.by === "path") exchange.key = keyOfHead(correlate, head);
    else if (correlate.by === "json" && head.framing !== "none") this.probe = new BodyProbe(correlate.path, bodyOfMessage);
    if (context.selector().faults.length > 0) this.askFaults(exchange, head, context, atMs);
    return exchange;
  }

  /** For what is no request, or did not come whole. */
  openRejected(head: RequestHead, startMs: number, bytes: number): Exchange {
    const exchange = this.begin(head, startMs);
    exchange.requestBytes = bytes;
    return exchange;
  }

  /** The client has closed or reset; returned is when. Of requests that are read later, it has left too. */
  left(exchanges: readonly Exchange[], how: "fin" | "rst"): number {
    const nowMs = this.context.env.nowMs();
    this.leftBy = how;
    for (const exchange of exchanges) exchange.left(nowMs, how);
    return nowMs;
  }

  private begin(head: RequestHead, startMs: number): Exchange {
    const exchange = new Exchange(head, ++this.exchanges, startMs);
    if (this.leftBy !== undefined) exchange.left(startMs, this.leftBy);
    if (head.authority !== undefined) exchange.edge = this.context.edgeAt?.(head.authority);
    return exchange;
  }

  /** Bytes of a request have come, `done` with its last; a body that goes by is looked into for the correlation value. */
  received(exchange: Exchange, bytes: Buffer, done: boolean, atMs: number): void {
    if (done) {
      exchange.requestDone = true;
      exchange.requestEndMs = atMs;
    }
    if (this.probe === undefined) return;
    this.probe.add(bytes);
    if (!done) return;
    exchange.key = this.probe.key();
    this.probe = undefined;
  }

  headWritten(exchange: Exchange, atMs: number): void {
    exchange.headMs = atMs;
    if (exchange.answeredBy !== undefined) for (const fault of exchange.answeredBy) fault.actedMs ??= exchange.headMs;
  }

  /** The exchange is over for the caller. Its record waits for the end of its request, if that is still coming. */
  settle(exchange: Exchange, end: ExchangeEnd): void {
    exchange.timer?.cancel();
    exchange.timer = undefined;
    exchange.settled = true;
    exchange.end = exchange.hasOpened ? "tunnel" : exchange.leftMs < 0 ? end : "client-left";
    if (exchange.leftBy === "fin") exchange.afterFin = exchange.hasOpened ? "tunnel" : end;
    exchange.endMs = this.context.env.nowMs();
    const inside = exchange.webSocket?.conclude() ?? [];
    if (inside.length > 0) exchange.faults = [...(exchange.faults ?? []), ...inside];
    if (exchange.requestDone || end !== "complete") this.write(exchange, exchange.endMs);
    else this.uploading = exchange;
  }

  /** The last byte of a request has come. */
  uploaded(exchange: Exchange): void {
    if (this.uploading === exchange) this.close();
  }

  /** What is still coming of a request does not come any more. */
  close(): void {
    if (this.uploading !== undefined) this.write(this.uploading, this.context.env.nowMs());
    this.uploading = undefined;
  }

  /** A request is answered in upstream's place, and why. */
  refused({ status, code, why }: Refusal): void {
    this.issue(code, code === "not-forwarded" ? why : `answered ${status} in upstream's place: ${why}`);
  }

  issue(code: string, message: string): void {
    this.context.record({ kind: "witness-issue", atMs: this.context.env.nowMs(), proxy: this.context.proxy.name, code, message });
  }

  private write(exchange: Exchange, atMs: number): void {
    this.context.record(exchangeRecord(exchange, exchange.edge ?? this.context, atMs));
  }

  private askFaults(exchange: Exchange, head: RequestHead, context: LaneContext, atMs: number): void {
    const { caller, nth: connection, tracePrefix } = context;
    const { trace } = head;
    const { method, target: path, authority, header } = head;
    const isOurs = trace !== undefined && trace.startsWith(tracePrefix);
    const facts = isOurs ? { method, path, authority, header, connection, caller, request: trace.slice(16) } : { method, path, authority, header, connection, caller };
    const decided = context.selector().exchange(facts, atMs);
    if (decided.length === 0) return;
    const { faults, request, response, unsupported } = this.planner.plan(decided);
    exchange.faults = faults;
    exchange.requestSteps = request;
    exchange.responseSteps = response;
    for (const kind of unsupported) this.issue("unsupported-effect", `the effect "${kind}" cannot be carried out on an HTTP exchange`);
  }
}
