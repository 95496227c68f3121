import { constants } from "node:http2";
import type { Effect } from "../../model/effect.ts";
import type { Env } from "../../model/env.ts";
import type { ExchangeEnd } from "../../model/event.ts";
import type { FaultDraft, Step } from "../http1/exchange.ts";
import { answerOf, statusFields, trailersOnly } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { DataShape } from "./data-shape.ts";
import type { Fields } from "./fields.ts";
import type { Cutter, Flow } from "./flow.ts";
import { MessageCounter } from "./grpc.ts";
import { Sequence } from "./sequence.ts";
import type { Outcome } from "./sequence.ts";
import type { Steps } from "../http1/steps.ts";

export type Goaway = Extract<Effect, { kind: "goaway" }>;

/** What carrying out a step may ask for. */
export interface Stage {
  readonly env: Env;
  readonly requests: Flow;
  readonly responses: Flow;
  /** Bytes of data that the head of the request, or of the answer, promises. */
  readonly requestLength: number | undefined;
  readonly responseLength: number | undefined;
  /** All that a fault at the request waits for has come: the request, or where calls may be streams, its first message. */
  readonly requestCame: boolean;
  /** All steps on the request are done. */
  passOn(): void;
  /** All steps on the answer are done; `hangs`: nothing behind its head is to come. */
  writeHead(hangs: boolean): void;
  /** An answer in upstream's place, which is not asked any more, or whose own is thrown away. */
  answer(answer: Answer, fault: FaultDraft): void;
  /** The answer ends here, with these trailers. */
  endAnswer(trailers: Fields, end: ExchangeEnd): void;
  /** The stream is reset, behind what has been written. */
  resetStream(code: number, end: ExchangeEnd): void;
  goAway(effect: Goaway): void;
}

/** RST on a connection is an error of the one who sends it; FIN says nothing but that no more comes. */
const resetCode = constants.NGHTTP2_INTERNAL_ERROR;
const closeCode = constants.NGHTTP2_NO_ERROR;

/**
 * Carries out the steps of one exchange: first those on the request, then, when an answer has come, those on the response.
 * A step that ends the exchange is the last one of its message; those on data make up the shapes of the flows.
 */
export class Effects {
  private readonly stage: Stage;
  private readonly request: Sequence;
  private response: Sequence;
  private readonly responseSteps: readonly Step[];
  /** What ends the exchange when the request has come, or what is let through of the answer is. */
  private ending: Step | undefined;
  /** Waits for upstream to have done its work. */
  private waiting: Step | undefined;
  /** Its faults are not in force any more. */
  private lifted = false;
  /** Or these are not. */
  private readonly withdrawn = new Set<string>();
  private hangs = false;
  /** An answer was given in upstream's place: the first stands. */
  private isSubstituted = false;

  constructor(stage: Stage, steps: Steps) {
    const { env } = stage;
    this.stage = stage;
    this.responseSteps = steps.response;
    this.request = new Sequence({ env, steps: steps.request, withdrawn: this.withdrawn, carryOut: (step) => this.onRequest(step), through: () => stage.passOn() });
    this.response = this.request;
  }

  beginRequest(): void {
    this.request.proceed();
  }

  beginResponse(): void {
    this.response = new Sequence({ env: this.stage.env, steps: this.responseSteps, withdrawn: this.withdrawn, carryOut: (step) => this.onResponse(step), through: () => this.stage.writeHead(this.hangs) });
    this.response.proceed();
  }

  /** More of the request has come. */
  requestCame(): void {
    const { ending, stage } = this;
    if (ending !== undefined && stage.requestCame && isAtRequest(ending.effect)) this.end(ending);
  }

  /** Upstream's answer has its first data, or its end. */
  responseBegun(): void {
    const { waiting } = this;
    if (waiting?.effect.kind !== "grpc-status") return;
    this.waiting = undefined;
    this.replace(trailersOnly(waiting.effect), waiting.fault);
    this.response.proceed();
  }

  /** What is let through of the answer has been written. */
  spent(): void {
    if (this.ending !== undefined) this.end(this.ending);
  }

  /** The faults are gone, or `gone` of them: what hangs is reset, what would hang later goes on; with `release` a hold ends now. */
  lift(release: boolean, gone?: ReadonlySet<string>): void {
    const { stage, ending } = this;
    this.lifted ||= gone === undefined;
    for (const fault of gone ?? []) this.withdrawn.add(fault);
    if (ending?.effect.kind === "hang" && this.isLifted(ending)) {
      this.ending = undefined;
      ending.fault.releasedMs = stage.env.nowMs();
      return stage.resetStream(resetCode, "reset");
    }
    stage.requests.letGo(release, gone);
    stage.responses.letGo(release, gone);
    if (!release) return;
    const keeps = (fault: string): boolean => !this.lifted && !this.withdrawn.has(fault);
    this.request.release(keeps);
    this.response.release(keeps);
  }

  private isLifted({ fault: { fault } }: Step): boolean {
    return this.lifted || this.withdrawn.has(fault);
  }

  /** The exchange is over. */
  drop(): void {
    this.request.drop();
    this.response.drop();
    this.ending = undefined;
    this.waiting = undefined;
  }

  private onRequest(step: Step): Outcome {
    const { stage } = this;
    const { effect, fault } = step;
    switch (effect.kind) {
      case "respond":
        return this.answerInPlace(answerOf(effect), fault);
      case "grpc-status":
        return this.answerInPlace(trailersOnly(effect), fault);
      case "goaway":
        fault.actedMs ??= stage.env.nowMs();
        stage.goAway(effect);
        return effect.graceful ? "done" : "stays";
      case "hang":
        // It would have been the end: what is written behind it does not act now either.
        return this.isLifted(step) ? "last" : this.hang(step);
      case "throttle":
      case "slice":
      case "spread":
      case "corrupt":
        this.shape(step, stage.requests, stage.requestLength);
        return "done";
      default:
        stage.requests.sink();
        if (isAtRequest(effect) && !stage.requestCame) this.ending = step;
        else this.end(step);
        return "stays";
    }
  }

  private onResponse(step: Step): Outcome {
    const { stage } = this;
    const { effect, fault } = step;
    switch (effect.kind) {
      case "respond":
        if (!this.isSubstituted) this.replace(answerOf(effect), fault);
        return "done";
      case "grpc-status":
        if (effect.afterMessages !== undefined) return this.cutOff(step, afterMessages(effect.afterMessages));
        if (this.isSubstituted) return "done";
        if (stage.responses.begun) {
          this.replace(trailersOnly(effect), fault);
          return "done";
        }
        this.waiting = step;
        return "stays";
      case "hang":
        if (this.isLifted(step)) return "last";
        this.hangs = true;
        this.ending = step;
        fault.actedMs ??= stage.env.nowMs();
        return "last";
      case "reset":
      case "stream-reset": {
        const bytes = effect.afterBytes ?? 0;
        if (bytes > 0) return this.cutOff(step, afterBytes(bytes));
        this.end(step);
        return "stays";
      }
      case "truncate":
        this.shape(step, stage.responses, stage.responseLength);
        this.ending = step;
        return "last";
      default:
        this.shape(step, stage.responses, stage.responseLength);
        return "done";
    }
  }

  private answerInPlace(answer: Answer, fault: FaultDraft): Outcome {
    this.isSubstituted = true;
    this.stage.answer(answer, fault);
    return "stays";
  }

  private hang(step: Step): Outcome {
    this.stage.requests.sink();
    this.ending = step;
    step.fault.actedMs ??= this.stage.env.nowMs();
    return "stays";
  }

  private cutOff(step: Step, cutter: Cutter): Outcome {
    this.ending = step;
    this.stage.responses.cutter = cutter;
    return "last";
  }

  /** Another answer takes the place of upstream's: the effects on data begin again with it. */
  private replace(answer: Answer, fault: FaultDraft): void {
    const { stage } = this;
    const wasShaped = stage.responses.shape !== undefined;
    this.isSubstituted = true;
    stage.responses.shape = undefined;
    stage.answer(answer, fault);
    if (wasShaped) for (const step of this.response.begun) this.shape(step, stage.responses, stage.responseLength);
  }

  private shape(step: Step, flow: Flow, length: number | undefined): void {
    const { effect, fault } = step;
    switch (effect.kind) {
      case "throttle":
      case "slice":
      case "spread":
        if (this.isLifted(step)) return;
        break;
      case "corrupt":
      case "truncate":
        break;
      default:
        return;
    }
    flow.shape ??= new DataShape({ env: this.stage.env, length, out: flow.leave, ended: flow.leaveEnd });
    flow.shape.add(effect, fault);
  }

  private end({ effect, fault }: Step): void {
    const { stage } = this;
    this.ending = undefined;
    fault.actedMs ??= stage.env.nowMs();
    if (effect.kind === "grpc-status") stage.endAnswer(statusFields(effect), "complete");
    else if (effect.kind === "truncate" && effect.end === "close") stage.endAnswer([], "dropped");
    else if (effect.kind === "close") stage.resetStream(closeCode, "dropped");
    else stage.resetStream(effect.kind === "stream-reset" ? effect.code : resetCode, "reset");
  }
}

/** Whether it happens when the request has come; at `accept` its head is enough. */
function isAtRequest(effect: Effect): boolean {
  return (effect.kind === "reset" || effect.kind === "stream-reset") && effect.at === "request";
}

function afterBytes(bytes: number): Cutter {
  let left = bytes;
  return ({ length }) => {
    const at = left <= length ? left : -1;
    left -= length;
    return at;
  };
}

function afterMessages(n: number): Cutter {
  const counter = new MessageCounter();
  return (bytes) => counter.endOf(n, bytes);
}
