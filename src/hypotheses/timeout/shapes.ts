import type { Experiment, Fault, Hypothesis, LaneName } from "../../model/experiment.ts";
import { edgesOf } from "../fault-span.ts";

/** Ways of being kept waiting, by the fault that does it: before the answer's head, behind it, between its bytes, or for an answer that is on its way. */
export const shapes = ["hang", "headers-hang", "drip", "slow"] as const;
export type Shape = (typeof shapes)[number];

/** A fault must keep callers waiting this many times as long as the bound, to tell the late from those who never leave. */
export const patience = 2;

/** The faults that the hypothesis speaks of and that keep callers on the edge waiting. */
export function holdingFaults(hypothesis: Pick<Hypothesis, "faults">, { faults, proxies }: Pick<Experiment, "faults" | "proxies">, proxy: string): readonly { readonly fault: Fault; readonly shape: Shape }[] {
  const lane = proxies.find(({ name }) => name === proxy)?.lane;
  return faults.filter((fault) => edgesOf(fault).includes(proxy) && hypothesis.faults.includes(fault.name)).flatMap((fault) => {
    const shape = shapeOf(fault, lane);
    return shape === undefined ? [] : [{ fault, shape }];
  });
}

/** How a fault keeps callers waiting; undefined: it does not, or who leaves cannot be seen. */
function shapeOf({ type, layer, params }: Fault, lane: LaneName | undefined): Shape | undefined {
  if (layer === "process") return type === "pause" ? "hang" : undefined;
  if (layer === "connection") return lane !== "tcp" && (type === "blackhole" || type === "half-open") ? "hang" : undefined;
  if (layer !== "exchange") return undefined;
  if (type === "hang") return params["headers"] === true ? "headers-hang" : "hang";
  return type === "latency" ? "slow" : type === "slow-body" ? "drip" : undefined;
}

/** For how long at least a fault holds a call, ms, where its parameters say so; undefined: until it is lifted, or not known. */
export function delayOf({ type, layer, params }: Fault): number | undefined {
  const { delayMs, wave } = params;
  if (type !== "latency" || layer !== "exchange" || typeof delayMs !== "number" || wave !== undefined) return undefined;
  return delayMs;
}

/** Between two pieces of a body that drips, ms; undefined where it is spread over a time, and pieces depend on its length. */
export function spacingOf({ type, params }: Fault): number | undefined {
  const { spacing } = params;
  return type === "slow-body" && typeof spacing === "number" ? spacing : undefined;
}
