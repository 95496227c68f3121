import { clopperPearson } from "../../math/proportion.ts";
import type { Bound } from "../../model/bound.ts";
import type { Fault } from "../../model/experiment.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Sample } from "../../model/observation.ts";
import type { ClaimVerdict } from "../../model/verdict.ts";
import type { StatusTest } from "../../probes/status-test.ts";
import { format } from "../../units/format.ts";
import { decideByIntervals, sendMore, surety, undecided } from "../decide.ts";
import type { Claimed, Interval } from "../decide.ts";
import { faultSpan, phaseWindow } from "../fault-span.ts";
import { finished, tally } from "../figures.ts";
import { fateOf } from "../overload/fate.ts";
import { measurePressure } from "../overload/pressure.ts";
import { apparatusObstacle } from "../preconditions.ts";
import type { Obstacle } from "../preconditions.ts";
import { fewestSamples } from "../steady-state.ts";

/** Faults that make calls take longer, and change nothing else about them. */
const slowing: readonly string[] = ["latency", "bandwidth", "slow-body", "packet-loss"];
/** So much slower, a limit on concurrency lets clearly fewer in. */
const slower = 3;
/** A rate is the same within this, for what bursts and the edges of phases do to it; a limit on concurrency would be far from it. */
const same: Bound = { text: "0.67x..1.5x", min: 0.67, max: 1.5 };

/** A rate stays what it is when the dependency is slow; a limit on concurrency lets fewer in (Little's law). Undefined: no fault of the hypothesis slows anything. */
export function judgeSteadiness(probe: string, rejection: StatusTest, scope: Scope, obstacle: Obstacle | undefined): ClaimVerdict | undefined {
  const faults: readonly Fault[] = faultSpan(scope).faults;
  if (!faults.some(({ type }) => slowing.includes(type))) return undefined;
  const { observations, confidence } = scope;
  const claimed: Claimed = { claim: "limit.steady", bound: same, kind: "factor", what: "the rate of requests let in while the dependency was slow, over that before," };
  const before = phaseWindow(scope, "before");
  const pressure = measurePressure(scope, probe, rejection);
  const usual = countIn(observations.samples({ probe, phase: "before" }), rejection, before === undefined ? 0 : before.endMs - before.startMs);
  const now = countIn(pressure.samples(), rejection, pressure.seconds * 1000);
  const n = usual.letIn + now.letIn;
  const apparatus = obstacle ?? apparatusObstacle(tally(observations.samples({ probe, phase: "before" }), 1));
  if (apparatus !== undefined) return undecided(claimed, apparatus.reason, apparatus.nextStep, { n });
  if (usual.rejected < fewestSamples || now.rejected < fewestSamples) {
    return undecided(claimed, `${usual.rejected} requests were turned away before the fault and ${now.rejected} under it: whether the limit is the same at both latencies of the dependency was not seen.`, "Give the probe a load above the limit in the phase before, too.", { n });
  }
  const ratio = now.medianMs / Math.max(0.1, usual.medianMs);
  if (ratio < slower) return undecided(claimed, `Requests that were let in took ${format("duration", now.medianMs)} under the fault and ${format("duration", usual.medianMs)} before: too much the same to tell a rate from a limit on concurrency.`, "Make the delay several times what the service usually takes.", { n });
  const times = (usual.lengthMs || 1) / (now.lengthMs || 1);
  const odds = (share: number): number => (share >= 1 ? Number.POSITIVE_INFINITY : (share / (1 - share)) * times);
  const interval = (level: number): Interval => {
    const { lo, hi } = clopperPearson(now.letIn, n, level);
    return { lo: odds(lo), ...(hi < 1 && { hi: odds(hi) }) };
  };
  return decideByIntervals(claimed, { observed: odds(now.letIn / n), n, confidence, asked: interval(confidence), sure: interval(surety), nextStep: sendMore(0, n) });
}

function countIn(samples: Iterable<Sample>, rejection: StatusTest, lengthMs: number): { readonly letIn: number; readonly rejected: number; readonly medianMs: number; readonly lengthMs: number } {
  let rejected = 0;
  const letIn = tally((function* () {
    for (const sample of samples) {
      if (!sample.disturbed && sample.grade !== "unsent" && fateOf(sample, rejection) === "rejected") rejected += 1;
      else yield sample;
    }
  })(), 1);
  return { letIn: finished(letIn) + letIn.pending, rejected, medianMs: letIn.quantileMs(0.5) ?? 0, lengthMs };
}
