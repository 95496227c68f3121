import type { ExchangeEnd } from "../../model/event.ts";
import type { LimitIssue } from "../../model/limits.ts";
import type { LaneContext } from "../lane.ts";
import { AnswerWriter } from "./answer-writer.ts";
import { encodeRejection, framingOf } from "./answers.ts";
import type { Answer } from "./answers.ts";
import { Effects, isDue } from "./effects.ts";
import type { Stage } from "./effects.ts";
import { noSteps } from "./exchange.ts";
import type { AnswerHead, Exchange, Step } from "./exchange.ts";
import { Ledger } from "./ledger.ts";
import { MessageEffects, isContinue } from "./message-effects.ts";
import type { Refusal } from "./refusals.ts";
import type { RequestHead } from "./request-head.ts";
import type { RequestSink } from "./request-reader.ts";
import { RequestSender, gaveUp } from "./request-sender.ts";
import type { ResponseHead } from "./response-head.ts";
import type { ResponseSink } from "./response-reader.ts";
import type { Shape } from "./shape.ts";
import { substitute } from "./substitute.ts";
import type { Loss, Wires } from "./wires.ts";

/**
 * The exchanges of one client connection that are not over, in the order of their requests.
 * Requests go on and answers come back in that order, whatever holds them.
 */
export class Pipeline implements RequestSink, ResponseSink, Stage {
  readonly ledger: Ledger;
  readonly requests: RequestSender;
  readonly messages: MessageEffects;
  private readonly context: LaneContext;
  private readonly wires: Wires;
  private readonly effects: Effects;
  private readonly answers: AnswerWriter;
  private readonly exchanges: Exchange[] = [];
  private loss: Loss | undefined;

  constructor(context: LaneContext, wires: Wires) {
    this.context = context;
    this.wires = wires;
    this.ledger = new Ledger(context);
    this.requests = new RequestSender(context.env, wires, this.exchanges);
    this.answers = new AnswerWriter(wires, this.ledger);
    this.messages = new MessageEffects(context, this, { requests: this.requests, answers: this.answers, ledger: this.ledger });
    this.effects = new Effects(context.env, this);
  }

  get heldResponseBytes(): number {
    return this.answers.heldBytes + (this.exchanges[0]?.responseShape?.heldWeight ?? 0) + (this.exchanges.at(-1)?.webSocket?.heldWeight("response") ?? 0);
  }

  get inFlight(): number {
    return this.exchanges.length;
  }

  get requestsPaused(): boolean {
    return this.wires.requestsPaused;
  }

  requestHead(head: RequestHead, startMs: number, atMs: number): Exchange {
    const exchange = this.ledger.open(head, startMs, atMs);
    this.exchanges.push(exchange);
    this.effects.beginRequest(exchange);
    return exchange;
  }

  requestBytes(exchange: Exchange, bytes: Buffer, done: boolean, atMs: number): void {
    this.ledger.received(exchange, bytes, done, atMs);
    this.requests.take(exchange, bytes, done);
    if (exchange.unpassable || exchange.ending !== undefined) this.pump();
    else if (done && exchange.settled) this.ledger.uploaded(exchange);
    else if (done && exchange.respond !== undefined && exchange.responseGate === "none") this.answerInPlace(exchange, exchange.respond);
  }

  requestRejected(refusal: Refusal, head: RequestHead, startMs: number, bytes: number, found: Exchange | undefined): void {
    this.ledger.refused(refusal);
    // Its answer is under way: all that is left to say is that this connection cannot be trusted.
    if (found !== undefined && found.responseGate !== "none") return this.endBy("reset", "rejected", "proxy");
    // A fault ends it anyway.
    if (found?.ending !== undefined) return;
    const exchange = found ?? this.ledger.openRejected(head, startMs, bytes);
    if (found === undefined) this.exchanges.push(exchange);
    exchange.timer?.cancel();
    exchange.responseSteps = noSteps;
    exchange.endAs = "rejected";
    exchange.closeAfter = true;
    this.sink(exchange);
    this.answer(exchange, encodeRejection(refusal, exchange.method));
  }

  tunnelSpeaksHttp(): boolean {
    if (this.exchanges[0]?.seeThrough() !== true) return false;
    this.wires.forwarding?.passThrough();
    this.remove(0, "complete");
    return true;
  }

  awaited(): Exchange | undefined {
    for (let i = 0; i < this.requests.letGo; i++) {
      const exchange = this.exchanges[i]!;
      if (exchange.requestGate === "open" && !exchange.responseDone) return exchange;
    }
    return undefined;
  }

  interim(exchange: Exchange, bytes: Buffer): void {
    if (exchange.continued && isContinue(bytes)) return;
    exchange.interimBytes += bytes.length;
    if (this.exchanges[0] === exchange) {
      this.answers.write(exchange, bytes);
      if (exchange.spent) this.pump();
    } else this.answers.hold(exchange, bytes, true);
  }

  responseHead(exchange: Exchange, head: ResponseHead, headBytes: number): void {
    exchange.retryAfter = head.retryAfter;
    exchange.isLast = !head.keepAlive;
    if (exchange.mayTunnel && (head.status === 101 || (head.status < 300 && exchange.method === "CONNECT"))) {
      exchange.openTunnel();
      this.wires.requests.tunnel();
    }
    this.beginResponse(exchange, head, headBytes);
  }

  responseBytes(exchange: Exchange, bytes: Buffer, done: boolean): void {
    if (exchange.isAside && exchange.passAside(bytes, done)) return this.pump();
    exchange.responseDone = done;
    if (exchange.responseGate === "open" && exchange.heldResponse === undefined && this.exchanges[0] === exchange) {
      this.answers.pass(exchange, bytes, done);
      if (done || exchange.spent) this.pump();
    } else if (exchange.responseGate !== "sink") {
      this.answers.hold(exchange, bytes, false);
      this.pump();
    }
  }

  responseMalformed(problem: string, limit?: LimitIssue): void {
    this.ledger.issue(limit ?? "malformed-response", `upstream sent ${problem}`);
    this.wires.dropUpstream();
    this.upstreamLost({ how: "rst", reached: true });
  }

  upstreamLost(loss: Loss): void {
    if (this.loss?.how === "rst") return;
    this.loss = loss;
    this.requests.isLost = true;
    this.pump();
  }

  /** The client has closed or reset; something came from it last at `lastMs`. */
  clientLeft(how: "fin" | "rst", lastMs: number): void {
    const nowMs = this.ledger.left(this.exchanges, how);
    if (how === "rst") return this.endAll("client-left");
    this.requestsEnded(gaveUp(lastMs, nowMs));
    this.pump();
  }

  /** Nothing more comes from the client; what goes on of what has come, see `RequestSender`. */
  requestsEnded(hasGivenUp = false): void {
    const count = this.requests.remaining(hasGivenUp);
    if (count === this.exchanges.length) return;
    while (this.exchanges.length > count) this.remove(this.exchanges.length - 1, "client-left");
    this.pump();
  }

  /** Faults were lifted, all or those that are `gone`: what hangs is reset, what would hang later does not; with `release` what is delayed goes on. */
  lifted(release: boolean, gone?: ReadonlySet<string>): void {
    for (const exchange of this.exchanges.slice()) this.effects.lift(exchange, release, gone);
    this.requests.lift(release, gone);
    this.pump();
  }

  /** Writes down every exchange that is not over. */
  endAll(end: ExchangeEnd): void {
    while (this.exchanges.length > 0) this.remove(0, end);
    this.requests.drop();
    this.ledger.close();
  }

  /** Gives its exchanges up: whatever held them or was to become of them, nothing does any more. */
  surrender(): Exchange[] {
    for (const exchange of this.exchanges) exchange.abandon();
    return this.exchanges.splice(0);
  }

  requestReady(exchange: Exchange): void {
    exchange.ready = true;
    this.requests.letReadyGo();
  }

  sink(exchange: Exchange): void {
    this.requests.sink(exchange);
  }

  answerInPlace(exchange: Exchange, step: Step): void {
    const answer = substitute(exchange, step, !exchange.keepAlive || !exchange.requestDone);
    if (answer !== undefined) this.answer(exchange, answer);
  }

  replaceAnswer(exchange: Exchange, step: Step): void {
    // Upstream has switched protocols for nobody, or takes no more requests: the connection is of no more use.
    const answer = substitute(exchange, step, !exchange.keepAlive || exchange.isLast || exchange.tunnel);
    if (answer === undefined) return;
    exchange.tunnel = false;
    this.answers.dropFinal(exchange);
    exchange.answerWith({ status: answer.status, ...framingOf(answer) }, answer.headBytes);
    exchange.replace();
    this.answers.hold(exchange, answer.bytes, false);
  }

  shapeRequest(exchange: Exchange): Shape {
    return this.requests.shape(exchange);
  }

  shapeResponse(exchange: Exchange): Shape {
    return this.answers.shape(exchange, this.context.env, () => this.holdRanOut());
  }

  /** Does what has become possible for the exchange whose turn it is, and for those behind it. */
  pump(): void {
    for (let exchange = this.exchanges[0]; exchange !== undefined; exchange = this.exchanges[0]) {
      if (this.requests.waitsToTurn) this.requests.letReadyGo();
      const loss = exchange.responseDone ? undefined : this.loss;
      if (loss !== undefined && exchange.responseGate === "held") exchange.rewriting?.giveUp();
      this.answers.flush(exchange);
      if (loss !== undefined && exchange.responseGate === "open") exchange.responseShape?.conclude();
      const { ending, responseShape } = exchange;
      if (exchange.responseGate === "open" && exchange.responseDone && !exchange.spent && (responseShape === undefined || responseShape.finished)) {
        if (exchange.tunnel) return this.wires.endClient();
        const { closeAfter } = exchange;
        this.remove(0, "complete");
        if (closeAfter) return this.endBy("close", "dropped", "proxy");
      } else if (ending !== undefined && isDue(exchange, ending)) {
        return this.carryOutEnding(exchange, ending);
      } else {
        if (this.wires.isCut) return;
        const isHeld = exchange.responseGate === "held" || (responseShape?.heldWeight ?? 0) + (exchange.webSocket?.heldWeight("response") ?? 0) > 0;
        if (loss !== undefined && !isHeld && (exchange.unpassable || exchange.requestGate === "open")) this.lose(exchange, loss);
        return;
      }
    }
    this.wires.idle(this.loss);
  }

  holdRanOut(): void {
    this.pump();
    this.wires.controlFlow();
  }

  private carryOutEnding(exchange: Exchange, { effect, fault }: Step): void {
    const nowMs = this.context.env.nowMs();
    fault.actedMs ??= nowMs;
    if (effect.kind === "close" || effect.kind === "malformed" || (effect.kind === "truncate" && effect.end === "close")) this.endBy("close", "dropped", "fault");
    else if (effect.kind === "reset" || effect.kind === "truncate") this.endBy("reset", "reset", "fault");
    else if (exchange.leftMs >= 0) this.endBy("close", "client-left", "client");
    else if (exchange.responseGate === "open") {
      // The head was let through; nothing behind it is.
      exchange.responseGate = "sink";
      this.answers.drop(exchange);
    }
  }

  /** Upstream will not answer this one any more. */
  private lose(exchange: Exchange, { how, reached }: Loss): void {
    if (!reached) for (const waiting of this.exchanges) waiting.passedOn = false;
    const end = reached ? "upstream-lost" : "upstream-unreachable";
    if (exchange.leftBy === "fin" || (exchange.headMs >= 0 && how === "fin")) return this.endBy("close", end, "upstream");
    this.endBy("reset", end, "upstream");
  }

  private endBy(how: "close" | "reset", end: ExchangeEnd, by: "fault" | "proxy" | "upstream" | "client"): void {
    this.endAll(end);
    this.wires[how](by);
  }

  private answer(exchange: Exchange, answer: Answer): void {
    // It is none of upstream's.
    exchange.isAside = false;
    this.beginResponse(exchange, { status: answer.status, ...framingOf(answer) }, answer.headBytes);
    this.requestReady(exchange);
    this.responseBytes(exchange, answer.bytes, true);
  }

  private beginResponse(exchange: Exchange, head: AnswerHead, headBytes: number): void {
    exchange.answerWith(head, headBytes);
    this.effects.beginResponse(exchange);
  }

  /** Takes an exchange out of the queue, over. */
  private remove(index: number, end: ExchangeEnd): void {
    const [exchange] = index === 0 ? [this.exchanges.shift()] : this.exchanges.splice(index, 1);
    if (exchange === undefined) return;
    this.requests.removed(exchange, index);
    exchange.responseShape?.drop();
    exchange.rewriting?.drop();
    if (exchange.heldResponse !== undefined || exchange.heldInterims !== undefined) this.answers.drop(exchange);
    this.ledger.settle(exchange, end === "complete" ? exchange.endAs : end);
    if (end === "complete" && exchange.mayTunnel) this.wires.requests.resume();
  }
}
