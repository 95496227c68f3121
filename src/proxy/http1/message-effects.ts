import type { Effect } from "../../model/effect.ts";
import { AnswerTap, Rewriting } from "../message/index.ts";
import type { Framed, RecordedAnswer, Rewritten } from "../message/index.ts";
import type { LaneContext } from "../lane.ts";
import type { AnswerWriter } from "./answer-writer.ts";
import type { Exchange, FaultDraft, Step } from "./exchange.ts";
import type { Ledger } from "./ledger.ts";
import { RequestTee } from "./request-copy.ts";
import type { RequestSender } from "./request-sender.ts";

const goOn = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

/** Whether an interim response is the leave to send a body. */
export function isContinue(interim: Buffer): boolean {
  return interim.toString("latin1", 8, 12) === " 100";
}

type Of<K extends Effect["kind"]> = Extract<Effect, { kind: K }>;

/** What carrying them out may ask for. */
export interface MessageStage {
  interim(exchange: Exchange, bytes: Buffer): void;
  /** A message that was waited for is here. */
  holdRanOut(): void;
}

/** What holds the messages of a connection, and writes down what becomes of them. */
export interface MessageHolders {
  readonly requests: RequestSender;
  readonly answers: AnswerWriter;
  readonly ledger: Ledger;
}

export interface RewriteStep {
  readonly effect: Of<"rewrite">;
  readonly fault: FaultDraft;
  /** The message is held again, changed or as it was. */
  readonly resume: () => void;
}

/** Carries out the effects that are on messages as a whole: rewrite, replay, remember, duplicate. */
export class MessageEffects {
  private readonly context: LaneContext;
  private readonly stage: MessageStage;
  private readonly holders: MessageHolders;

  constructor(context: LaneContext, stage: MessageStage, holders: MessageHolders) {
    this.context = context;
    this.stage = stage;
    this.holders = holders;
  }

  rewrite(exchange: Exchange, { effect, fault, resume }: RewriteStep): "done" | "waits" {
    const isRequest = effect.at === "request";
    if (isRequest ? exchange.wantsTunnel && effect.body !== undefined : exchange.tunnel) {
      this.tell("not-rewritten", fault, isRequest ? "a request" : "an answer", "a tunnel begins with it");
      return "done";
    }
    const rewriting = new Rewriting({
      effect, framed: isRequest ? requestOf(exchange) : answerOf(exchange),
      give: (outcome, isLater) => {
        exchange.rewriting = undefined;
        if (!("why" in outcome)) this.rewritten(exchange, outcome, fault, isRequest);
        else if (outcome.why !== undefined) this.tell("not-rewritten", fault, isRequest ? "a request" : "an answer", outcome.why);
        for (const piece of outcome.pieces) this.hold(exchange, piece, isRequest);
        resume();
        if (isLater) this.stage.holdRanOut();
      },
    });
    exchange.rewriting = rewriting;
    // The body is waited for here, and its sender may be waiting for a word of upstream's.
    if (isRequest && rewriting.needsBody && exchange.expectContinue && !exchange.requestDone) this.bidContinue(exchange);
    const { requests, answers } = this.holders;
    const held = isRequest ? requests.takeHeld(exchange) : answers.takeFinal(exchange);
    if (held.length > 0) rewriting.take(Buffer.concat(held), isRequest ? exchange.requestDone : exchange.responseDone);
    return "waits";
  }

  /** Whether there is an answer to be given again; it is then the exchange's `recalled`, and none of its own. Without one the exchange is spared. */
  recalls(exchange: Exchange, { effect, fault }: Step): boolean {
    if (effect.kind !== "replay") return false;
    const { recallable } = exchange;
    const find = (): RecordedAnswer | undefined => this.context.answers(fault.fault).find(effect.key, this.context.env.nowMs(), effect.ageMs);
    if (exchange.responseGate === "none") {
      this.remember(exchange, effect, fault, effect.reachUpstream ? () => (exchange.recallable ??= new Map()).set(fault, find()) : undefined);
      if (effect.reachUpstream) return false;
    }
    exchange.recalled = recallable?.has(fault) === true ? recallable.get(fault) : find();
    if (exchange.recalled !== undefined) return true;
    fault.decision = "rate";
    delete fault.effect;
    return false;
  }

  /** `begins`: before its answer comes. */
  remember(exchange: Exchange, { key, ageMs }: Of<"remember"> | Of<"replay">, fault: FaultDraft, begins?: () => void): "done" {
    if (exchange.wantsTunnel) return "done";
    const answers = this.context.answers(fault.fault);
    exchange.isAside = true;
    (exchange.taps ??= []).push(new AnswerTap(exchange.method, (answer) => answers.add(key, answer, this.context.env.nowMs(), ageMs), begins));
    return "done";
  }

  duplicate(exchange: Exchange, effect: Of<"duplicate">, fault: FaultDraft): "done" {
    const complain = (why: string): void => this.tell("not-duplicated", fault, "a request", why);
    if (exchange.wantsTunnel) complain("a tunnel may begin with it");
    else {
      (exchange.tees ??= []).push(new RequestTee({ context: this.context, exchange, effect, fault, complain }));
      this.holders.requests.shape(exchange);
    }
    return "done";
  }

  private rewritten(exchange: Exchange, rewritten: Rewritten, fault: FaultDraft, isRequest: boolean): void {
    const { framing, length, status = exchange.status, headBytes, retryAfter } = rewritten;
    if (isRequest) {
      exchange.requestFraming = framing;
      exchange.requestLength = length;
      fault.actedMs ??= this.context.env.nowMs();
      return;
    }
    exchange.answerWith({ status, framing, length }, headBytes);
    exchange.retryAfter = retryAfter;
    (exchange.answeredBy ??= []).push(fault);
    if (rewritten.isWhole) exchange.replace();
  }

  private hold(exchange: Exchange, bytes: Buffer, isRequest: boolean): void {
    if (isRequest) this.holders.requests.hold(exchange, bytes);
    else this.holders.answers.hold(exchange, bytes, false);
  }

  private bidContinue(exchange: Exchange): void {
    if (exchange.continued) return;
    this.stage.interim(exchange, goOn);
    exchange.continued = true;
  }

  private tell(code: string, { fault }: FaultDraft, what: string, why: string): void {
    this.holders.ledger.issue(code, `${fault} left ${what} as it was: ${why}`);
  }
}

function requestOf({ requestFraming, requestLength }: Exchange): Framed {
  return { framing: requestFraming, length: requestLength, bodiless: false };
}

function answerOf({ responseFraming, responseLength, status, method }: Exchange): Framed {
  return { framing: responseFraming, length: responseLength, status, bodiless: method === "HEAD" };
}
