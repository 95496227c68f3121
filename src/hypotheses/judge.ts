import { ChaosError } from "../model/error.ts";
import type { Hypothesis } from "../model/experiment.ts";
import type { HypothesisType, Judgement } from "../model/hypothesis-type.ts";
import type { Observations, ServiceObservation } from "../model/observation.ts";
import type { Timeline } from "../model/report.ts";
import type { ClaimVerdict, Verdict } from "../model/verdict.ts";
import { format } from "../units/format.ts";
import { undecided } from "./decide.ts";
import { combineEpochs, conjoin } from "./epochs.ts";
import type { EpochJudgement } from "./epochs.ts";
import { findHypothesisType } from "./index.ts";
import { ownLimitObstacle } from "./own-limits.ts";
import { phaseObstacle } from "./preconditions.ts";
import type { Obstacle } from "./preconditions.ts";

export interface Judged {
  readonly hypotheses: readonly Verdict[];
  /** Inferred states, such as a breaker's, per hypothesis that infers some. */
  readonly states: Timeline["states"];
  /** Figures over time, of those that have some. */
  readonly series: Timeline["series"];
}

/** Judges every hypothesis of the plan, in every epoch that was planned. Deterministic: the same observations give the same verdicts. */
export function judge(observations: Observations): Judged {
  const all = observations.header.plan.experiment.hypotheses.map((hypothesis) => {
    const { verdict, epochs } = judgeHypothesis(hypothesis, observations);
    return { verdict: unlessUnconfirmed(verdict, hypothesis, observations), epochs };
  });
  return {
    hypotheses: all.map(({ verdict }) => verdict),
    states: all.flatMap(({ verdict, epochs }) => {
      const spans = epochs.flatMap(({ judgement }) => judgement.states ?? []);
      return spans.length === 0 ? [] : [{ hypothesis: verdict.name, spans }];
    }),
    series: all.flatMap(({ verdict, epochs }) => {
      const series = epochs.flatMap(({ judgement }) => judgement.series ?? []);
      return series.length === 0 ? [] : [{ hypothesis: verdict.name, series }];
    }),
  };
}

function judgeHypothesis(hypothesis: Hypothesis, observations: Observations): { readonly verdict: Verdict; readonly epochs: readonly EpochJudgement[] } {
  const type = findHypothesisType(hypothesis.type);
  if (type === undefined) throw new ChaosError("unknown-hypothesis", `expected a known hypothesis type, got "${hypothesis.type}" in the plan of this journal`, { hint: "judge it with the version that wrote it" });
  const epochs = epochsOf(hypothesis, observations).map((epoch) => ({ epoch, judgement: judgeEpoch(type, hypothesis, observations, epoch) }));
  return { verdict: conclude(hypothesis, type.explain(hypothesis.params), epochs, ownLimitObstacle(observations) ?? continuityObstacle(hypothesis, observations)), epochs };
}

/** Those of the plan; the one that repeats them, where it ran, for hypotheses that ask for it. */
function epochsOf({ confirm }: Hypothesis, { header, phases }: Observations): readonly number[] {
  const { epochs } = header.plan.experiment.phases;
  const hasRepeated = confirm && phases.some(({ name, epoch }) => name === "during" && epoch > epochs);
  return Array.from({ length: hasRepeated ? epochs + 1 : epochs }, (_, i) => i + 1);
}

/** Whether a hypothesis that asks to be confirmed is violated in the epochs of the plan: then the epoch is to be repeated. */
export function needsConfirmation(observations: Observations): boolean {
  return observations.header.plan.experiment.hypotheses.some((hypothesis) => hypothesis.confirm && judgeHypothesis(hypothesis, observations).verdict.verdict === "violated");
}

/** A violation that was to be confirmed, and was not, is none yet. */
function unlessUnconfirmed(verdict: Verdict, { confirm }: Hypothesis, { header, phases }: Observations): Verdict {
  const { plan } = header;
  const isOpen = confirm && plan.schedule.some(({ ifViolated }) => ifViolated === true) && !phases.some(({ epoch }) => epoch > plan.experiment.phases.epochs);
  if (!isOpen || verdict.verdict !== "violated") return verdict;
  const open = { reason: `${verdict.reason} This was to be confirmed by one epoch more, which never ran.`, nextStep: "Let the run reach its end." };
  return { ...verdict, verdict: "inconclusive", ...open, claims: verdict.claims.map((claim) => (claim.verdict === "violated" ? { ...claim, verdict: "inconclusive", nextStep: open.nextStep } : claim)) };
}

function judgeEpoch(type: HypothesisType, hypothesis: Hypothesis, observations: Observations, epoch: number): Judgement {
  const obstacle = type.type === "claim" ? undefined : phaseObstacle({ observations, epoch }, "during");
  if (obstacle !== undefined) return { claims: [undecided({ claim: type.type, bound: { text: "a fault in force" } }, obstacle.reason, obstacle.nextStep)], observed: {}, samples: 0 };
  return type.judge(hypothesis.params, { hypothesis, observations, epoch, confidence: observations.header.plan.experiment.confidence });
}

/** A process that ended by itself looks like an open breaker, a timeout, a recovery: no pattern can be told any more. What callers saw still can. */
function continuityObstacle(hypothesis: Hypothesis, observations: Observations): Obstacle | undefined {
  const dead = observations.services.find(({ diedMs }) => diedMs !== undefined);
  if (dead === undefined || hypothesis.type === "claim") return undefined;
  return { reason: `${tellDeath(dead)}: what was seen may be its absence, not the pattern (continuity).`, nextStep: "Keep the service from ending under the fault; its last lines of output say why it did." };
}

/** How a service ended, in words. */
export function tellDeath({ service, replica, diedMs, code, signal }: ServiceObservation): string {
  const how = signal === undefined ? (code === undefined ? "" : ` with exit code ${code}`) : ` by ${signal}`;
  return `${service}${replica > 1 ? `#${replica}` : ""} ended by itself${how} at ${format("duration", diedMs ?? 0)}`;
}

function conclude(hypothesis: Hypothesis, expected: string, epochs: readonly EpochJudgement[], obstacle: Obstacle | undefined): Verdict {
  const combined = combineEpochs(epochs);
  const claims = obstacle === undefined ? combined : combined.map((claim): ClaimVerdict => ({ ...claim, verdict: "inconclusive", reason: obstacle.reason, nextStep: obstacle.nextStep }));
  const verdict = conjoin(claims.map((claim) => claim.verdict));
  const deciding = claims.find((claim) => claim.verdict === verdict);
  const shown = epochs.find(({ judgement }) => deciding !== undefined && judgement.claims.some((claim) => claim.claim === deciding.claim && claim.verdict === verdict)) ?? epochs[0];
  const correlation = shown?.judgement.correlation;
  const typical = shown?.judgement.typical;
  const nextStep = verdict === "inconclusive" ? deciding?.nextStep : undefined;
  return {
    name: hypothesis.name,
    type: hypothesis.type,
    faults: hypothesis.faults,
    verdict,
    expected,
    observed: { ...shown?.judgement.observed, ...(epochs.length > 1 ? { epochs: epochs.map(({ judgement }) => judgement.observed) } : {}) },
    samples: epochs.reduce((sum, { judgement }) => sum + judgement.samples, 0),
    reason: deciding === undefined ? "Nothing was claimed." : verdict === "held" && claims.length > 1 ? `All ${claims.length} claims held.` : deciding.reason,
    ...(nextStep === undefined ? {} : { nextStep }),
    ...(correlation === undefined ? {} : { correlation }),
    equivalentTo: [...new Set(epochs.flatMap(({ judgement }) => judgement.equivalentTo ?? []))],
    claims,
    evidence: epochs.flatMap(({ judgement }) => judgement.evidence ?? []),
    ...(typical === undefined ? {} : { typical }),
  };
}
