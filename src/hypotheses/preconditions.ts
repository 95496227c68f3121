import type { Obstacle } from "../evidence/gates.ts";
import type { Scope } from "../model/hypothesis-type.ts";
import type { Fault, PhaseName } from "../model/experiment.ts";
import type { Sample } from "../model/observation.ts";
import { format } from "../units/format.ts";
import { blindObstacle, isBlind } from "./blind-edges.ts";
import { edgesOf, faultSpan, phaseWindow } from "./fault-span.ts";
import type { Faulted, FaultSpan } from "./fault-span.ts";
import { droppedShare, finished, tally } from "./figures.ts";
import type { Tally } from "./figures.ts";

/**
 * What must be so before a claim may be decided at all. Nothing passes vacuously:
 * a fault that nobody felt or a phase that never ran leaves a claim undecided, and says what to change.
 */
export type { Obstacle };

/** So many felt exchanges prove that a fault was exercised; as two witnesses do. */
const fewestFelt = 2;

export function phaseObstacle(scope: Pick<Scope, "observations" | "epoch">, phase: PhaseName): Obstacle | undefined {
  if (phaseWindow(scope, phase) !== undefined) return undefined;
  return { reason: `The phase ${phase} never ran${scope.epoch > 1 ? ` in epoch ${scope.epoch}` : ""}.`, nextStep: `Let the run reach ${phase}: see why it ended early, or give phases.${phase} a length.` };
}

/** That the faults were felt: witnessed on the edge, or, where calls cannot be witnessed, by requests of the probe that were not good. */
export function exerciseObstacle(scope: Faulted, probe?: string): Obstacle | undefined {
  const { hypothesis, observations } = scope;
  if (hypothesis.faults.length === 0) return undefined;
  const span = faultSpan(scope);
  const [first] = span.faults;
  const isOfProcesses = span.faults.every(({ layer }) => layer === "process");
  // That a process was away is not a matter of chance.
  if (span.felt >= (isOfProcesses ? 1 : fewestFelt)) return undefined;
  if (span.faults.length > 0 && span.faults.every((fault) => isBlind(fault, observations.header.plan.experiment))) return blindObstacle(scope, probe);
  const names = hypothesis.faults.join(", ");
  const proxies = new Set(span.faults.flatMap(edgesOf));
  const isUnwitnessed = observations.unwitnessed.some(({ proxy }) => proxies.has(proxy));
  if (isUnwitnessed && probe !== undefined && hurt(observations.samples({ probe, phase: "during", epoch: scope.epoch })) >= fewestFelt) return undefined;
  if (first !== undefined && isOfProcesses) return processObstacle(first, span);
  if (isUnwitnessed) return { reason: `Nobody is known to have felt ${names}: calls made while the listener refuses cannot be witnessed.`, nextStep: "Use reset at accept, which refuses in sight of the witness." };
  if (span.eligible === 0) {
    const edge = proxies.size === 0 ? "" : ` through ${[...proxies].join(", ")}`;
    return { reason: `No call${edge} was eligible for ${names}, so nothing was proved.`, nextStep: `Check that the service calls${edge === "" ? " its dependency" : edge} and that the fault's match and window fit its calls.` };
  }
  if (span.applied === 0) return { reason: `${names} was applied to none of ${span.eligible} eligible calls, so nothing was proved.`, nextStep: "Raise the fault's rate, or loosen first, after and every." };
  const busy = probe === undefined ? undefined : apparatusObstacle(tally(observations.samples({ probe, phase: "before" }), 1));
  // Felt is what lasts longer than calls usually take, and on a starved machine those take long.
  if (busy !== undefined) return { reason: `${names} was applied to ${span.applied} calls, but only ${span.felt} of them felt it, beside those before the fault; and of these too many were disturbed: ${busy.reason}`, nextStep: busy.nextStep };
  return { reason: `${names} was applied to ${span.applied} calls, but only ${span.felt} of them felt it, too few to prove anything.`, nextStep: "Make the fault stronger than what callers already live with (a longer delay), or the load higher." };
}

function processObstacle({ name, service = "" }: Fault, { eligible, applied }: FaultSpan): Obstacle {
  if (eligible === 0) return { reason: `No process of ${service} ran when ${name} was due, so nothing was proved.`, nextStep: "Let its openings be further apart than the service takes to be ready again." };
  if (applied === 0) return { reason: `${name} was applied to none of ${eligible} openings of its window, so nothing was proved.`, nextStep: "Loosen first, after and every." };
  return { reason: `${name} was applied ${applied === 1 ? "once" : `${applied} times`}, and no process of ${service} ended of it.`, nextStep: "Use SIGKILL, which cannot be refused." };
}

/** That the machine did not disturb what is judged: at most 5 % of the samples were left out. */
export function apparatusObstacle(tallied: Tally): Obstacle | undefined {
  const share = droppedShare(tallied);
  if (share <= 0.05) return undefined;
  const why = tallied.unsent > tallied.disturbed ? "were never sent (the cap on requests in flight was reached)" : "were disturbed by this machine (a stall of its own, or sent too late)";
  const count = tallied.disturbed + tallied.unsent;
  return {
    reason: `${count} of ${count + finished(tallied) + tallied.pending} samples (${format("share", share)}) ${why}, more than the 5% that a verdict may leave out.`,
    nextStep: tallied.unsent > tallied.disturbed ? "Raise load.inFlight, or lower the load." : "Run on a quieter machine, or lower the load.",
  };
}

/** When the faults began and ended, or why that is not known. */
export function onsetObstacle(span: FaultSpan): Obstacle | undefined {
  return span.onsetMs === undefined ? { reason: "No call is known to have met the fault, so there is no onset to count from.", nextStep: "Check that calls reach the proxy while the fault is in force, and that a witness sees them." } : undefined;
}

function hurt(samples: Iterable<Sample>): number {
  let count = 0;
  for (const { grade } of samples) if (grade === "bad" || grade === "degraded") count += 1;
  return count;
}
