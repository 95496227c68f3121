import type { Decided } from "../../faults/subject.ts";
import type { FaultDraft, Step } from "../http1/exchange.ts";

/** What the faults want done with one exchange, in the order written: on the request's way, and on the response's. */
export interface Steps {
  readonly faults: readonly FaultDraft[];
  readonly request: readonly Step[];
  readonly response: readonly Step[];
  /** Kinds of effects that this lane does not carry out on an exchange; validation does not let them through. */
  readonly unsupported: readonly string[];
}

export function planSteps(decided: readonly Decided[]): Steps {
  const faults: FaultDraft[] = [];
  const request: Step[] = [];
  const response: Step[] = [];
  const unsupported: string[] = [];
  for (const { fault: name, decision, n, effects } of decided) {
    const fault: FaultDraft = { fault: name, decision };
    if (n !== undefined) fault.n = n;
    faults.push(fault);
    for (const effect of effects) {
      fault.effect = effect.kind;
      const step = { effect, fault };
      switch (effect.kind) {
        case "delay":
        case "reset":
        case "stream-reset":
        case "respond":
        case "grpc-status":
          (effect.at === "response" ? response : request).push(step);
          break;
        case "hang":
          (effect.headersFirst ? response : request).push(step);
          break;
        case "close":
        case "goaway":
          request.push(step);
          break;
        case "throttle":
        case "slice":
        case "spread":
        case "corrupt":
          if (effect.direction !== "response") request.push(step);
          if (effect.direction !== "request") response.push(step);
          break;
        case "truncate":
          response.push(step);
          break;
        default:
          unsupported.push(effect.kind);
      }
    }
  }
  return { faults, request, response, unsupported };
}
