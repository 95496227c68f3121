import type { Hypothesis } from "../model/experiment.ts";
import type { Json } from "../model/json.ts";
import { lookUp } from "./interpolate.ts";

/** Where a type claims a time after the end of the fault. */
const recoveryBounds: Readonly<Record<string, readonly string[]>> = { "circuit-breaker": ["closes", "within"], recovery: ["within"], "load-shedding": ["recovers", "within"] };

/** The upper end of the `closes`, `recovery` or `recovers` bound of a hypothesis, in ms; absent when it claims none. */
export function recoveryMs({ type, params }: Hypothesis): number | undefined {
  const path = recoveryBounds[type];
  return path === undefined ? undefined : upperEnd(lookUp(params, path));
}

/** The largest of them; 0 when nothing claims a recovery. */
export function largestRecoveryMs(hypotheses: readonly Hypothesis[]): number {
  return Math.max(0, ...hypotheses.map((hypothesis) => recoveryMs(hypothesis) ?? 0));
}

/** A bound as parsed, or a plain number. */
function upperEnd(value: Json | undefined): number | undefined {
  const max = typeof value === "number" ? value : value === undefined ? undefined : lookUp(value, ["max"]);
  return typeof max === "number" ? max : undefined;
}
