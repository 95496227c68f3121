import type { HypothesisType, Judgement, Scope } from "../model/hypothesis-type.ts";
import type { JsonObject } from "../model/json.ts";
import type { ClaimVerdict, Evidence, Rung } from "../model/verdict.ts";
import { format } from "../units/format.ts";
import { undecided } from "./decide.ts";
import { adviseOnFailover } from "./failover/advice.ts";
import { decideServedShare, decideStaying, decideTaking } from "./failover/decisions.ts";
import type { Decided } from "./failover/decisions.ts";
import { usualShare } from "./failover/lasting.ts";
import { look } from "./failover/look.ts";
import type { Seen } from "./failover/look.ts";
import { explainFailover, failoverClaims, failoverParams } from "./failover/params.ts";
import type { FailoverParams } from "./failover/params.ts";
import { isDecided } from "./failover/served.ts";
import type { Served, ServedRows } from "./failover/served.ts";
import { phaseWindow } from "./fault-span.ts";
import { phaseObstacle } from "./preconditions.ts";
import { shareSeries } from "./share-series.ts";

/** So many requests are told of as evidence, per claim. */
const fewWitnesses = 3;

/** A standby takes over when the active dependency fails, and gives back, or not. */
export const failover: HypothesisType<FailoverParams> = {
  type: "failover",
  summary: "A standby serves requests when the active dependency fails, soon enough and for enough of them, and gives back as claimed",
  about: {
    sees: "By way of which of two edges each request got its good answer, under the fault on the active one and after it. A call that fails on the one and is made again on the other within the same request counts as served by the standby.",
    cannotTellApart: "A client that chooses its endpoint, a gateway in between and a health check that moved the traffic; a hedge to the standby, where the active one is slow.",
    needs: "Both edges behind proxies of their own, calls that carry their request, a standby that is not called before the fault, a fault on the active edge alone, and for failsBack a phase `after` longer than the bound. Use the fault that matters: many balancers react to a reset, and not to a 503.",
  },
  params: failoverParams,
  example: 'from: payments\nto: payments-standby\nprobe: checkout\nwithin: 2s\nshare: ">= 95%"\nfailsBack: { within: 5s }',
  probes: ({ probe }) => [probe],
  proxies: ({ from, to }) => [from, to],
  explain: explainFailover,
  advise: adviseOnFailover,
  judge(params, scope) {
    const seen = look(params, scope);
    const correlation = rungOf(params, scope);
    if ("reason" in seen) return { claims: failoverClaims(params).map(({ claim, text }) => undecided({ claim, bound: { text } }, seen.reason, seen.nextStep)), observed: {}, samples: 0, correlation };
    return { ...decideAll(params, scope, seen), correlation };
  },
};

function decideAll(params: FailoverParams, scope: Scope, seen: Seen): Judgement {
  const { from, to, within, share, failsBack } = params;
  const { during, after, taken, returned, onsetMs, faultEndMs } = seen;
  const claims: ClaimVerdict[] = [];
  const evidence: Evidence[] = [];
  const add = ({ verdict, isAgainst }: Decided, rows: ServedRows, since: string, sinceMs: number): void => {
    claims.push(verdict);
    if (verdict.verdict === "violated") evidence.push(...witnessesAmong(rows, isAgainst, (row) => tell(row, params, scope, since, sinceMs)));
  };
  if (within !== undefined) add(decideTaking("within", within, { by: "to", proxy: to, since: "the onset", sinceMs: onsetMs }, during, taken, seen.lastingShare), during, "the onset", onsetMs);
  const served = decideServedShare(share ?? { text: "" }, params, seen, scope.confidence);
  if (share !== undefined) add(served, during, "the onset", onsetMs);
  if (failsBack !== undefined) {
    const claim = failsBack === false ? { claim: "failsBack", bound: { text: "stays" } } : { claim: "failsBack.within", bound: failsBack.within };
    const obstacle = phaseObstacle(scope, "after") ?? (taken === undefined ? neverTaken(to) : undefined);
    if (obstacle !== undefined) claims.push(undecided(claim, obstacle.reason, obstacle.nextStep, { n: after.length }));
    else if (failsBack === false) add(decideStaying(params, seen), after, "the end of the fault", faultEndMs);
    else add(decideTaking("failsBack.within", failsBack.within, { by: "from", proxy: from, since: "the end of the fault", sinceMs: faultEndMs }, after, returned, usualShare), after, "the end of the fault", faultEndMs);
  }
  const spans = phaseWindow(scope, "before");
  const lastMs = phaseWindow(scope, "after")?.endMs ?? scope.observations.endMs;
  return {
    claims,
    observed: observe(seen, served.share),
    samples: during.length + (failsBack === undefined ? 0 : after.length),
    equivalentTo: taken === undefined ? [] : ["a gateway, a resolver or health checks that moved the calls", ...(seen.during.count(({ afterFailure }) => afterFailure) > 0 ? ["a retry that happens to choose the other endpoint"] : [])],
    evidence,
    ...(taken !== undefined && { states: statesOf(params, seen, spans?.startMs ?? onsetMs, lastMs) }),
    series: shareSeries(`served by ${to}`, asThings([during, after]), { startMs: onsetMs, endMs: lastMs }),
  };
}

function observe({ during, taken, returned, onsetMs, faultEndMs, standbyShareBefore, leakPerSecond }: Seen, failoverShare: number): JsonObject {
  const byStandby = during.count(({ by }) => by === "to");
  return {
    ...(taken !== undefined && { failedOverAfterMs: taken.hiMs - onsetMs }),
    failoverShare,
    ...(byStandby > 0 && { inRequestShare: during.count(({ by, afterFailure }) => by === "to" && afterFailure) / byStandby }),
    ...(leakPerSecond !== undefined && { leakPerSecond }),
    ...(taken !== undefined && returned !== undefined && { failedBackAfterMs: returned.hiMs - faultEndMs }),
    standbyShareBefore,
  };
}

function statesOf({ from, to }: FailoverParams, { onsetMs, taken, returned }: Seen, startMs: number, endMs: number): NonNullable<Judgement["states"]> {
  const takenMs = taken?.hiMs ?? endMs;
  const backMs = returned?.hiMs ?? endMs;
  return [
    { state: from, startMs, endMs: onsetMs },
    { state: "failing over", startMs: onsetMs, endMs: takenMs },
    { state: to, startMs: takenMs, endMs: backMs },
    ...(returned === undefined ? [] : [{ state: from, startMs: backMs, endMs }]),
  ];
}

function neverTaken(to: string): { readonly reason: string; readonly nextStep: string } {
  return { reason: `Requests were never served by ${to} for good, so they could not return.`, nextStep: "Mend the failover first: see the claims within and share, and claim them." };
}

function witnessesAmong(rows: ServedRows, isAgainst: (row: Served) => boolean, tellOf: (row: Served) => Evidence): readonly Evidence[] {
  const found: Evidence[] = [];
  for (const row of rows) {
    if (found.length >= fewWitnesses) break;
    if (isAgainst(row)) found.push(tellOf(row));
  }
  return found;
}

function tell({ n, dueMs, endMs, by }: Served, { probe, from, to }: FailoverParams, { observations }: Scope, since: string, sinceMs: number): Evidence {
  const callsOn = (proxy: string): string => {
    const calls = observations.callsOf({ probe, n }, proxy);
    return calls.length === 0 ? `no call on ${proxy}` : `${calls.slice(0, 4).map(({ status, end }) => status ?? end).join(", ")} from ${proxy}`;
  };
  const how = { to: `was served by ${to}`, from: `was served by ${from}`, alone: "was answered without a call", nobody: "got no good answer", untouched: `was served by ${from}`, open: "was not answered", released: `was served by ${to} when the fault was lifted` }[by];
  return { atMs: Number.isNaN(endMs) ? dueMs : endMs, what: `request ${n} of ${probe}, due ${format("duration", dueMs - sinceMs)} after ${since}, ${how}: ${callsOn(from)}, ${callsOn(to)}` };
}

/** The weaker of both edges; a standby that was never called has none. */
function rungOf({ probe, from, to }: FailoverParams, { observations }: Scope): Rung {
  const rungs = [observations.rung(probe, from), observations.rung(probe, to)];
  const [active = "statistical", standby = "statistical"] = rungs;
  const order: readonly Rung[] = ["trace", "content", "serial", "statistical"];
  return standby === "statistical" || order.indexOf(active) > order.indexOf(standby) ? active : standby;
}

function* asThings(parts: readonly ServedRows[]): Iterable<{ readonly atMs: number; readonly isIn: boolean }> {
  for (const rows of parts) for (const row of rows) if (isDecided(row)) yield { atMs: row.dueMs, isIn: row.by === "to" };
}
