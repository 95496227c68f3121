import { Column } from "../../evidence/column.ts";
import { clopperPearson } from "../../math/proportion.ts";
import type { Bound } from "../../model/bound.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Sample } from "../../model/observation.ts";
import type { ClaimVerdict, Evidence } from "../../model/verdict.ts";
import { explainStatus } from "../../probes/status-test.ts";
import type { StatusTest } from "../../probes/status-test.ts";
import { decideByIntervals, decideQuantile, decideShare, sendMore, surety, undecided } from "../decide.ts";
import type { Claimed, Interval } from "../decide.ts";
import { finished, tally } from "../figures.ts";
import type { Tally } from "../figures.ts";
import type { Obstacle } from "../preconditions.ts";
import { fewestSamples } from "../steady-state.ts";
import { witnessesAmong } from "../witnesses.ts";
import { fateOf } from "./fate.ts";
import type { Accepted, Rejects } from "./params.ts";
import type { Pressure } from "./pressure.ts";

/** What was claimed of those turned away and of the others, and what was seen of them. */
export interface Judged {
  readonly claims: readonly ClaimVerdict[];
  /** Of those that were not turned away. */
  readonly accepted: Tally;
  readonly rejectedMs: Float64Array;
  /** Requests that speak against what is violated. */
  readonly evidence: readonly Evidence[];
}

/** Decides `rejects` and `accepted` by the requests that were due while there was too much. */
export function judgeUnderPressure({ rejects, accepted }: { readonly rejects?: Rejects | undefined; readonly accepted?: Accepted | undefined }, rejection: StatusTest, pressure: Pressure, scope: Scope, obstacle: Obstacle | undefined): Judged {
  const seen = tally(except(pressure.samples(), rejection), pressure.seconds);
  const rejectedMs = latenciesOf(pressure.samples(), rejection);
  const standing = obstacle ?? pressureObstacle(pressure, rejection);
  const claims: ClaimVerdict[] = [];
  const add = (claimed: Claimed, n: number, decide: (claimed: Claimed) => ClaimVerdict): void => {
    claims.push(standing === undefined ? decide(claimed) : undecided(claimed, standing.reason, standing.nextStep, { n }));
  };
  const { rejected } = pressure.counts;
  if (rejects !== undefined) {
    const status = explainStatus(rejection);
    add({ claim: "rejects.status", bound: rejects.share, kind: "share", what: `the share with ${status} among the requests that were turned away or got no answer` }, rejected, (claimed) => decideStatus(claimed, pressure, status, scope.confidence));
    if (rejects.answersWithin !== undefined) add({ claim: "rejects.answersWithin", bound: rejects.answersWithin, kind: "duration", what: "the p95 of the answers that turned requests away" }, rejected, (claimed) => (
      rejected === 0 ? undecided(claimed, `No request was turned away with ${status}, so how fast that is was not seen.`, "Let the service turn away what it cannot take, or name the status with which it does.") : decideQuantile(claimed, 0.95, { sortedMs: rejectedMs, confidence: scope.confidence })));
  }
  const n = finished(seen) + seen.pending;
  if (accepted?.success !== undefined) add({ claim: "accepted.success", bound: accepted.success, kind: "share", what: "the share of good answers to requests that were not turned away" }, n, (claimed) => decideShare(claimed, { k: seen.good, n: finished(seen), pending: seen.pending, confidence: scope.confidence }));
  for (const [metric, q] of [["p95", 0.95], ["p99", 0.99]] as const) {
    const bound = accepted?.[metric];
    if (bound !== undefined) add({ claim: `accepted.${metric}`, bound, kind: "duration", what: `the ${metric} of the answers to requests that were not turned away` }, n, (claimed) => decideQuantile(claimed, q, { sortedMs: seen.sortedMs, pendingMs: seen.pendingMs, confidence: scope.confidence }));
  }
  if (accepted?.throughput !== undefined) add({ claim: "accepted.throughput", bound: accepted.throughput, kind: "rate", what: "the rate of good answers under too much load" }, n, (claimed) => decideRate(claimed, seen, pressure, scope.confidence));
  return { claims, accepted: seen, rejectedMs, evidence: claims.some(({ verdict }) => verdict === "violated") ? witnessesAmong(pressure.samples(), isAgainst(rejects, accepted, rejection)) : [] };
}

function isAgainst(rejects: Rejects | undefined, accepted: Accepted | undefined, rejection: StatusTest): (sample: Sample) => boolean {
  const [acceptedMs, rejectedMs] = [Math.min(limitOf(accepted?.p95), limitOf(accepted?.p99)), limitOf(rejects?.answersWithin)];
  return (sample) => (fateOf(sample, rejection) === "rejected" ? sample.latencyMs > rejectedMs : sample.grade === "bad" || sample.latencyMs > acceptedMs);
}

function limitOf(bound: Bound | undefined): number {
  return bound?.max ?? Number.POSITIVE_INFINITY;
}

/** Nothing is known of how a service bears too much before there was too much. */
export function pressureObstacle({ shownBy, counts, offered, fewBefore }: Pressure, rejection: StatusTest): Obstacle | undefined {
  if (shownBy !== undefined) return undefined;
  const nextStep = "Raise the load of the phase during (rate: { during: … }, or steps) to two or three times what the service can take.";
  if (offered === 0) return { reason: "No request was sent in the phase during, so there was no load to bear.", nextStep };
  if (fewBefore !== undefined) return { reason: `Many requests got no good answer while the load was high, but only ${fewBefore} were answered before it rose, too few to tell whether that is usual.`, nextStep: `Let at least ${fewestSamples} requests be answered in the phase before: a longer phase, or a higher rate: { before: … }.` };
  return counts.rejected === 0
    ? { reason: `None of ${offered} requests was turned away with ${explainStatus(rejection)}, and nothing shows that there was more than the service takes.`, nextStep }
    : { reason: `Only ${counts.rejected} of ${offered} requests were turned away with ${explainStatus(rejection)}, too few to show that there was more than the service takes.`, nextStep };
}

const tellings = { failed: "many more requests failed than before the load rose", waiting: "requests waited longer and longer for their answers", limit: "more were let in than the limit", rejected: "" } as const;

function decideStatus(claimed: Claimed, { counts, shownBy }: Pressure, status: string, confidence: number): ClaimVerdict {
  const { rejected, refused, unanswered, pending } = counts;
  if (rejected > 0) return decideShare(claimed, { k: rejected, n: rejected + refused + unanswered, pending, confidence });
  const all = refused + unanswered + counts.failed + counts.served + pending;
  return { claim: claimed.claim, verdict: "violated", expected: claimed.bound.text, observed: "0%", n: all, reason: `None of ${all} requests was turned away with ${status}, although there was more than the service takes: ${tellings[shownBy ?? "failed"]}.` };
}

/** The load is fixed in advance; what is uncertain is the share of it that gets a good answer. */
function decideRate(claimed: Claimed, { good, pending }: Tally, { counts, offered, seconds }: Pressure, confidence: number): ClaimVerdict {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const perSecond = offered / Math.max(seconds, 0.001);
  const interval = (level: number): Interval => ({ lo: clopperPearson(good, total, level).lo * perSecond, hi: clopperPearson(good + pending, total, level).hi * perSecond });
  return decideByIntervals(claimed, { observed: (good / Math.max(1, total)) * perSecond, n: total, confidence, asked: interval(confidence), sure: interval(surety), nextStep: sendMore(0, total) });
}

function* except(samples: Iterable<Sample>, rejection: StatusTest): Iterable<Sample> {
  for (const sample of samples) if (fateOf(sample, rejection) !== "rejected") yield sample;
}

function latenciesOf(samples: Iterable<Sample>, rejection: StatusTest): Float64Array {
  const latencies = new Column("f64");
  for (const sample of samples) if (!sample.disturbed && fateOf(sample, rejection) === "rejected") latencies.push(sample.latencyMs);
  return latencies.sorted();
}
