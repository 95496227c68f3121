import type { Interruption, Observations } from "../model/observation.ts";
import type { Outcome } from "../model/report.ts";
import type { Verdict } from "../model/verdict.ts";
import { format } from "../units/format.ts";
import { tellDeath } from "./judge.ts";
import { ownLimitObstacle } from "./own-limits.ts";
import { exerciseObstacle } from "./preconditions.ts";
import type { Obstacle } from "./preconditions.ts";
import type { AssessedGate } from "./steady-state.ts";

export interface Concluded {
  readonly outcome: Outcome;
  readonly exitCode: number;
  /** Why it is not held, in one sentence. */
  readonly because?: string;
}

/** What a run came to: the first that applies, in the order of the exit codes. */
export function conclude(observations: Observations, verdicts: readonly Verdict[], gates: readonly AssessedGate[]): Concluded {
  return (
    interrupted(observations) ??
    failed(observations) ??
    stopped(observations) ??
    baselineMissed(observations, gates) ??
    violated(observations, verdicts, gates) ??
    undecided(observations, verdicts, gates) ?? { outcome: "held", exitCode: 0 }
  );
}

function first({ interruptions }: Observations, ...kinds: readonly Interruption["kind"][]): Interruption | undefined {
  return interruptions.find(({ kind }) => kinds.includes(kind));
}

/** 128 + the number of the signal, as shells say it; 130 for any other. */
const interruptCodes: Readonly<Record<string, number>> = { SIGTERM: 143, SIGHUP: 129 };

function interrupted(observations: Observations): Concluded | undefined {
  const found = first(observations, "interrupted");
  if (found === undefined || !isClean(observations)) return undefined;
  return { outcome: "interrupted", exitCode: interruptCodes[found.signal ?? ""] ?? 130, because: `Interrupted by ${found.signal ?? "a signal"} at ${format("duration", found.atMs)}; everything was undone.` };
}

function isClean({ finished, cleanedUp }: Observations): boolean {
  return finished && cleanedUp;
}

function failed(observations: Observations): Concluded | undefined {
  const found = first(observations, "failed");
  const base = { outcome: "failed", exitCode: 6 } as const;
  if (found !== undefined) return { ...base, because: sentence(found.message) };
  if (!observations.finished) return { ...base, because: "The journal has no end: the run was cut off, and what it started may still be there." };
  if (!observations.cleanedUp) return { ...base, because: `The clean-up could not be confirmed${observations.left.length === 0 ? "" : `: ${observations.left.join(", ")} may be left`}.` };
  return undefined;
}

function stopped(observations: Observations): Concluded | undefined {
  const found = first(observations, "guard-tripped", "max-duration");
  // A guard that trips before anything was injected says that the service was not well to begin with.
  if (found === undefined || (found.kind === "guard-tripped" && found.atMs < firstSetMs(observations))) return undefined;
  return { outcome: "guard-stopped", exitCode: 5, because: sentence(found.message) };
}

function baselineMissed(observations: Observations, gates: readonly AssessedGate[]): Concluded | undefined {
  const base = { outcome: "baseline-not-met", exitCode: 4 } as const;
  const found = first(observations, "baseline", "guard-tripped");
  // The run itself has decided on answers that no disturbance made bad.
  const missed = gates.find(({ row, disturbed }) => row.phase === "before" && row.met === false && (!disturbed || found?.kind === "baseline"));
  if (missed !== undefined) return { ...base, because: `The steady state did not hold before the fault: ${whyNot(missed)}.` };
  if (found !== undefined) return { ...base, because: sentence(found.message) };
  const dead = observations.services.find(({ diedMs }) => diedMs !== undefined && diedMs < firstSetMs(observations));
  return dead === undefined ? undefined : { ...base, because: `${tellDeath(dead)}, before any fault was in force.` };
}

/** Where no fault is planned the load is the stress: from the phase during on. */
function firstSetMs({ faults, header, phases }: Observations): number {
  if (header.plan.experiment.faults.length === 0) return phases.find(({ name }) => name === "during")?.startMs ?? Number.POSITIVE_INFINITY;
  return faults.reduce((earliest, { setMs }) => Math.min(earliest, setMs), Number.POSITIVE_INFINITY);
}

function violated(observations: Observations, verdicts: readonly Verdict[], gates: readonly AssessedGate[]): Concluded | undefined {
  const refuted = verdicts.filter(({ verdict }) => verdict === "violated");
  const isOurs = ownLimitObstacle(observations) !== undefined;
  const missed = gates.filter(({ row, disturbed }) => row.phase !== "before" && row.met === false && !disturbed && !isOurs);
  const dead = observations.services.find(({ diedMs }) => diedMs !== undefined);
  const reasons = [
    ...(dead === undefined ? [] : [`${tellDeath(dead)}, with the fault in force or after it`]),
    ...refuted.map(({ name, reason }) => `${name}: ${reason.replace(/\.$/, "")}`),
    ...missed.map((gate) => `The steady state did not hold ${gate.row.phase === "during" ? "during" : "after"} the fault: ${whyNot(gate)}`),
  ];
  const [reason, ...more] = reasons;
  if (reason === undefined) return undefined;
  return { outcome: "violated", exitCode: 1, because: `${reason}${more.length === 0 ? "" : ` (and ${more.length} more)`}.` };
}

function undecided(observations: Observations, verdicts: readonly Verdict[], gates: readonly AssessedGate[]): Concluded | undefined {
  const base = { outcome: "inconclusive", exitCode: 3 } as const;
  const open = verdicts.find(({ verdict }) => verdict === "inconclusive");
  if (open !== undefined) return { ...base, because: `${open.name}: ${open.reason}` };
  const ours = ownLimitObstacle(observations);
  if (ours !== undefined) return { ...base, because: ours.reason };
  const disturbed = gates.find((gate) => gate.disturbed);
  if (disturbed !== undefined) return { ...base, because: `The machine disturbed more than 5% of the samples of ${disturbed.row.probe} ${disturbed.row.phase} the fault, so its steady state cannot be judged.` };
  const { schedule } = observations.header.plan;
  const missing = schedule.find(({ name, epoch, startMs, endMs, ifViolated }) => ifViolated !== true && name !== "pause" && name !== "warmup" && endMs > startMs && !observations.phases.some((ran) => ran.name === name && ran.epoch === epoch));
  if (missing !== undefined) return { ...base, because: `The phase ${missing.name} never ran${missing.epoch > 1 ? ` in epoch ${missing.epoch}` : ""}.` };
  const idle = exercised(observations);
  return idle === undefined ? undefined : { ...base, because: idle.reason };
}

/** A steady state that holds while no fault is felt says nothing: one must have been, in one epoch at least. */
function exercised(observations: Observations): Obstacle | undefined {
  const { faults, probes } = observations.header.plan.experiment;
  const epochs = [...new Set(observations.faults.map(({ epoch }) => epoch))];
  const hypothesis = { faults: faults.map(({ name }) => name) };
  const obstacles = epochs.flatMap((epoch) => probes.map(({ name }) => exerciseObstacle({ observations, epoch, hypothesis }, name)));
  return obstacles.includes(undefined) ? undefined : obstacles[0];
}

function whyNot({ row }: AssessedGate): string {
  const reason = row.claims.find(({ met }) => !met)?.reason ?? "not met";
  const { commonBlame, bad } = row;
  return `of ${row.probe}, ${reason}${commonBlame === undefined ? "" : `; ${commonBlame.count} of ${bad} bad answers: ${commonBlame.blame.replace(/\.$/, "")}`}`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
