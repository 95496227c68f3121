import type { Env } from "../../model/env.ts";
import type { Exchange, Step } from "./exchange.ts";
import type { MessageEffects } from "./message-effects.ts";
import type { Shape } from "./shape.ts";

/** What carrying out a step may ask for. */
export interface Stage {
  /** All steps on the request are done: it may be passed on. */
  requestReady(exchange: Exchange): void;
  /** The request is not to go on to upstream; what is held of it is thrown away. */
  sink(exchange: Exchange): void;
  /** The request has come, or is not waited for. */
  answerInPlace(exchange: Exchange, step: Step): void;
  /** Upstream has answered, and the step does in its place. */
  replaceAnswer(exchange: Exchange, step: Step): void;
  readonly messages: MessageEffects;
  /** What the bytes of the request, or of the answer, go through from now on. */
  shapeRequest(exchange: Exchange): Shape;
  shapeResponse(exchange: Exchange): Shape;
  /** Something may have become possible. */
  pump(): void;
  /** A delay has run out. */
  holdRanOut(): void;
}

/**
 * Carries out the steps of exchanges, one after the other: first those on the request, then, when an answer has come, those on the response.
 * A step that ends the exchange (close, reset, hang, and those that cut the answer off) is the last one; it is set as `ending` and happens
 * when it is the exchange's turn. Those on bytes make up its shapes, which the bytes go through when nothing holds them any more.
 */
export class Effects {
  private readonly env: Env;
  private readonly stage: Stage;

  constructor(env: Env, stage: Stage) {
    this.env = env;
    this.stage = stage;
  }

  beginRequest(exchange: Exchange): void {
    exchange.steps = exchange.requestSteps;
    this.begin(exchange);
  }

  /** `headEndBytes` of the exchange must be known. */
  beginResponse(exchange: Exchange): void {
    exchange.steps = exchange.responseSteps;
    exchange.responseGate = "held";
    this.begin(exchange);
  }

  /** The exchange's faults are gone, or `gone` of them: what hangs is reset, what would hang later goes on; with `release` a hold ends now. */
  lift(exchange: Exchange, release: boolean, gone?: ReadonlySet<string>): void {
    if (gone === undefined) {
      exchange.lifted = true;
      exchange.rewriting?.giveUp();
    } else for (const fault of gone) (exchange.withdrawn ??= new Set()).add(fault);
    const { ending } = exchange;
    if (ending?.effect.kind === "hang" && exchange.isLifted(ending.fault)) {
      const hangs = isDue(exchange, ending);
      exchange.ending = hangs ? { effect: { kind: "reset", at: "accept" }, fault: ending.fault } : undefined;
      if (hangs) ending.fault.releasedMs = this.env.nowMs();
      else exchange.limitBytes = -1;
    }
    exchange.requestShape?.letGo(release, gone);
    exchange.responseShape?.letGo(release, gone);
    if (!release) return;
    while (exchange.holding !== undefined && exchange.isLifted(exchange.holding)) {
      // Delays behind it count from now.
      exchange.dueMs = Math.min(exchange.dueMs, this.env.nowMs());
      this.holdEnded(exchange);
    }
  }

  private begin(exchange: Exchange): void {
    exchange.step = 0;
    if (exchange.steps.length > 0) exchange.dueMs = this.env.nowMs();
    this.proceed(exchange);
  }

  private proceed(exchange: Exchange): void {
    while (exchange.step < exchange.steps.length) {
      const step = exchange.steps[exchange.step++]!;
      switch (this.carryOut(exchange, step)) {
        case "done": continue;
        case "waits": return;
        case "limited": exchange.step = exchange.steps.length;
      }
    }
    if (exchange.responseGate === "held") exchange.responseGate = "open";
    else this.stage.requestReady(exchange);
  }

  /** `limited`: the response goes on, up to its limit. */
  private carryOut(exchange: Exchange, step: Step): "done" | "waits" | "limited" {
    const { effect, fault } = step;
    switch (effect.kind) {
      case "delay":
        if (exchange.withdrawn?.has(fault.fault) === true) return "done";
        this.hold(exchange, step, effect.ms);
        return "waits";
      case "respond":
        return this.respond(exchange, step, effect.at === "response");
      case "replay":
        return this.stage.messages.recalls(exchange, step) ? this.respond(exchange, step, exchange.responseGate !== "none") : "done";
      case "remember":
        return this.stage.messages.remember(exchange, effect, fault);
      case "duplicate":
        return this.stage.messages.duplicate(exchange, effect, fault);
      case "rewrite":
        return this.stage.messages.rewrite(exchange, { effect, fault, resume: () => this.resume(exchange) });
      case "reset":
        if (effect.at === "response") return limit(exchange, step, exchange.interimBytes + (effect.afterBytes ?? 0));
        return this.end(exchange, step);
      case "hang":
        // It would have been the end: what is written behind it does not act now either.
        if (exchange.isLifted(fault)) return "limited";
        if (effect.headersFirst) return limit(exchange, step, exchange.headEndBytes);
        fault.actedMs ??= this.env.nowMs();
        return this.end(exchange, step);
      case "close":
        return this.end(exchange, step);
      case "throttle":
      case "slice":
      case "spread":
        if (!exchange.isLifted(fault)) this.shapeOf(exchange).add(effect, fault);
        return "done";
      case "corrupt":
        this.shapeOf(exchange).add(effect, fault);
        return "done";
      case "truncate":
      case "malformed":
        this.shapeOf(exchange).add(effect, fault);
        exchange.ending = step;
        return "limited";
      case "delay-message":
      case "drop-message":
      case "close-frame":
      case "delay-bytes":
      case "lose":
      case "hold-end":
      case "limit":
      case "silence":
      case "handshake":
      case "admit":
      case "refuse":
      case "grpc-status":
      case "stream-reset":
      case "goaway":
        // Of messages, connections, listeners and other lanes: planSteps leaves them out.
        return "done";
      default:
        return effect satisfies never;
    }
  }

  private respond(exchange: Exchange, step: Step, whenUpstreamDid: boolean): "done" | "waits" {
    if (whenUpstreamDid) {
      if (exchange.isSubstituted) return "done";
      this.stage.replaceAnswer(exchange, step);
      this.shapeAnew(exchange);
      return "done";
    }
    this.stage.sink(exchange);
    exchange.respond = step;
    // With `Expect: 100-continue` the client may be waiting for our word before it sends the body: then this is the word.
    if (exchange.requestDone || exchange.expectContinue) this.stage.answerInPlace(exchange, step);
    return "waits";
  }

  /** The message has been changed, or left as it is; delays count from now on. */
  private resume(exchange: Exchange): void {
    exchange.dueMs = Math.max(exchange.dueMs, this.env.nowMs());
    this.shapeAnew(exchange);
    this.proceed(exchange);
  }

  /** Another message is framed otherwise: the effects on its bytes begin again with it. */
  private shapeAnew(exchange: Exchange): void {
    const isRequest = exchange.responseGate === "none";
    const added = (isRequest ? exchange.requestShape : exchange.responseShape)?.added;
    if (added === undefined) return;
    if (isRequest) exchange.requestShape = undefined;
    else exchange.responseShape = undefined;
    const shape = this.shapeOf(exchange);
    for (const { effect, fault } of added) shape.add(effect, fault);
  }

  private shapeOf(exchange: Exchange): Shape {
    return exchange.responseGate === "none" ? this.stage.shapeRequest(exchange) : this.stage.shapeResponse(exchange);
  }

  private hold(exchange: Exchange, { fault }: Step, ms: number): void {
    const nowMs = this.env.nowMs();
    // It begins when it was due to, though this thread may come to it a moment later; one before it may have been cut short.
    fault.actedMs ??= Math.min(nowMs, exchange.dueMs);
    exchange.dueMs += ms;
    exchange.holding = fault;
    exchange.timer = this.env.after(Math.max(0, exchange.dueMs - nowMs), () => {
      this.holdEnded(exchange);
      this.stage.holdRanOut();
    });
  }

  private holdEnded(exchange: Exchange): void {
    exchange.timer?.cancel();
    exchange.timer = undefined;
    if (exchange.holding !== undefined) exchange.holding.releasedMs = this.env.nowMs();
    exchange.holding = undefined;
    this.proceed(exchange);
  }

  private end(exchange: Exchange, step: Step): "waits" {
    this.stage.sink(exchange);
    exchange.ending = step;
    this.stage.pump();
    return "waits";
  }
}

function limit(exchange: Exchange, step: Step, bytes: number): "limited" {
  exchange.ending = step;
  exchange.limitBytes = bytes;
  return "limited";
}

/** Whether an exchange ends now, given that it is its turn. */
export function isDue(exchange: Exchange, { effect }: Step): boolean {
  if (effect.kind === "truncate" || effect.kind === "malformed") return exchange.spent;
  if (effect.kind === "hang") return !effect.headersFirst || exchange.spent;
  if (effect.kind !== "reset") return true;
  if (effect.at === "response") return exchange.spent;
  return effect.at === "accept" || exchange.requestDone || exchange.expectContinue;
}
