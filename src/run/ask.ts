import { ChaosError } from "../model/error.ts";
import type { Probe } from "../model/experiment.ts";
import type { Json } from "../model/json.ts";
import type { Captured, Grade, ProbeAnswer, ProbeCall } from "../model/probe-type.ts";
import { resolve } from "../experiment/interpolate.ts";
import type { RunScope } from "../experiment/interpolate.ts";
import { findProbeType } from "../probes/index.ts";

const longestBlame = 200;

/** One question of a probe: what to send, and what an answer is worth. */
export interface Ask {
  readonly call: ProbeCall;
  grade(answer: ProbeAnswer): Grade;
  /** One line, at most 200 characters. */
  blame(answer: ProbeAnswer): string;
  capture(answer: ProbeAnswer): Captured;
}

/** The questions of a probe, made one by one where they name their request, once and for all where they do not. Throws ChaosError `unknown-probe`. */
export function questionsOf(probe: Probe, scope: RunScope): (request: { readonly id: string; readonly n: number }) => Ask {
  const isUnique = JSON.stringify(probe.params).includes("${request.");
  if (isUnique) return (request) => askOf(probe, resolve(probe.params, { ...scope, request }));
  const same = askOf(probe, resolve(probe.params, scope));
  return () => same;
}

/** `params` is of the probe's type already: placeholders are filled, and none changes the shape. */
function askOf(probe: Probe, params: Json): Ask {
  const type = findProbeType(probe.type);
  if (type === undefined) throw new ChaosError("unknown-probe", `probe ${probe.name}: expected a known type, got "${probe.type}"`, { hint: "run the plan with the version that made it" });
  return {
    call: type.ask(params),
    grade: (answer) => type.grade(params, answer),
    blame: (answer) => type.blame(params, answer).replaceAll(/\s+/g, " ").slice(0, longestBlame),
    capture: (answer) => type.capture?.(params, answer) ?? {},
  };
}
