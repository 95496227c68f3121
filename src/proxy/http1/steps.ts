import { carriedOutBy } from "../../faults/carried-out.ts";
import type { Decided } from "../../faults/subject.ts";
import type { FaultDraft, Step } from "./exchange.ts";

const nothingDecided: readonly Decided[] = [];
const nothingToDo: Steps = { faults: [], request: [], response: [], unsupported: [] };

/**
 * What the faults mean for the exchanges of a connection. Most of them miss most exchanges, always with the same decision: then the
 * records of the exchange before serve again.
 */
export class StepPlanner {
  private decided = nothingDecided;
  private steps = nothingToDo;

  plan(decided: readonly Decided[]): Steps {
    const isSame = decided.length === this.decided.length && decided.every((decision, i) => decision === this.decided[i] && decision.effects.length === 0);
    if (isSame) return this.steps;
    this.decided = decided;
    this.steps = planSteps(decided, "http1");
    return this.steps;
  }
}

/** What the faults want done with one exchange, in the order written: on the request's way, and on the response's. */
export interface Steps {
  readonly faults: readonly FaultDraft[];
  readonly request: readonly Step[];
  readonly response: readonly Step[];
  /** Kinds of effects that the lane does not carry out on an exchange; validation does not let them through. */
  readonly unsupported: readonly string[];
}

export function planSteps(decided: readonly Decided[], lane: "http1" | "http2"): Steps {
  const faults: FaultDraft[] = [];
  const request: Step[] = [];
  const response: Step[] = [];
  const unsupported: string[] = [];
  for (const { fault: name, decision, n, effects } of decided) {
    const fault: FaultDraft = { fault: name, decision };
    if (n !== undefined) fault.n = n;
    faults.push(fault);
    for (const effect of effects) {
      if (effect.kind !== "remember") fault.effect = effect.kind;
      if (!carriedOutBy[effect.kind].includes(lane)) {
        unsupported.push(effect.kind);
        continue;
      }
      const step = { effect, fault };
      switch (effect.kind) {
        case "delay":
        case "reset":
        case "stream-reset":
        case "respond":
        case "grpc-status":
        case "rewrite":
          (effect.at === "response" ? response : request).push(step);
          break;
        case "hang":
          (effect.headersFirst ? response : request).push(step);
          break;
        case "close":
        case "goaway":
        case "duplicate":
        case "remember":
          request.push(step);
          break;
        case "throttle":
        case "slice":
        case "spread":
        case "corrupt":
          if (effect.direction !== "response") request.push(step);
          if (effect.direction !== "request") response.push(step);
          break;
        case "replay":
          request.push(step);
          if (effect.reachUpstream) response.push(step);
          break;
        case "truncate":
        case "malformed":
          response.push(step);
          break;
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
          unsupported.push(effect.kind);
      }
    }
  }
  return { faults, request, response, unsupported };
}
