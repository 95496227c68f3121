import type { Call } from "../model/observation.ts";
import { httpStatusOf } from "../units/grpc-code.ts";

/** Whether a call gave its caller no answer, or one that says the dependency failed. One still open has not. */
export function hasFailed(call: Call): boolean {
  if (call.end === "open" || call.end === "tunnel") return false;
  if (call.end !== "complete") return true;
  const status = statusOf(call);
  return status !== undefined && (status >= 500 || (status >= 400 && call.faults.some(({ decision, effect }) => decision === "applied" && (effect === "respond" || effect === "grpc-status"))));
}

/** The status of HTTP that the caller got; of a gRPC call the one that says the same. */
export function statusOf({ status, grpcStatus }: Call): number | undefined {
  return grpcStatus === undefined ? status : httpStatusOf(grpcStatus);
}

/** Whether a call brought the dependency's own answer. */
export function hasSucceeded(call: Call): boolean {
  return call.end === "complete" && !hasFailed(call) && !wasAltered(call);
}

/** Whether a fault put another answer in the place of the dependency's own, or changed it. */
export function wasAltered({ faults }: Call): boolean {
  return faults.some(({ decision, effect, actedMs }) => decision === "applied" && (effect === "respond" || effect === "grpc-status" || (effect === "corrupt" && actedMs !== undefined)));
}

/** Whether one of these faults did something to a call. */
export function metFault(call: Call, faults: ReadonlySet<string>): boolean {
  return call.faulted && call.faults.some(({ fault, decision }) => decision === "applied" && faults.has(fault));
}

/** Whether its caller noticed. */
export function feltFault(call: Call, faults: ReadonlySet<string>): boolean {
  return call.felt && metFault(call, faults);
}
