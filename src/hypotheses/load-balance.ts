import { barredGate, completenessGate, unwitnessedGate } from "../evidence/gates.ts";
import type { Obstacle } from "../evidence/gates.ts";
import type { HypothesisType, Judgement, Scope } from "../model/hypothesis-type.ts";
import type { JsonObject } from "../model/json.ts";
import type { PhaseWindow } from "../model/observation.ts";
import type { ClaimVerdict, Evidence } from "../model/verdict.ts";
import { format } from "../units/format.ts";
import { undecided } from "./decide.ts";
import { phaseWindow } from "./fault-span.ts";
import { adviseOnBalance } from "./load-balance/advice.ts";
import { decideEjection } from "./load-balance/ejection.ts";
import { hurtEdges, judgedProbe, lookAtEjection, rungOn } from "./load-balance/look.ts";
import type { EjectionSeen } from "./load-balance/look.ts";
import { explainLoadBalance, loadBalanceParams } from "./load-balance/params.ts";
import type { LoadBalanceParams } from "./load-balance/params.ts";
import { decideSkew, skewOf } from "./load-balance/skew.ts";
import { measureSpread, ownedBy } from "./load-balance/spread.ts";
import type { Spread } from "./load-balance/spread.ts";
import { phaseObstacle } from "./preconditions.ts";
import { shareSeries } from "./share-series.ts";

/** Calls are spread over edges, and leave one that fails. */
export const loadBalance: HypothesisType<LoadBalanceParams> = {
  type: "load-balance",
  summary: "Calls are spread evenly over edges, and an edge that fails is left in time",
  about: {
    sees: "On which of several edges calls are made, before the fault, under it and after it. Single calls that look whether an edge is well again are no failure to leave it.",
    cannotTellApart: "Weights, sticky sessions and a bad algorithm, where shares are uneven; a balancer that ejects, a breaker per edge and a health check, where one is left.",
    needs: "Every edge behind a proxy of its own, one of them hurt, and as many connections to the balancer as it needs to choose (`connections: fresh`). With two edges `maxSkew: 1.2x` takes some 150 calls. Use the fault that matters: many balancers react to a reset, and not to a 503; and few leave the only edge, or most of them.",
  },
  params: loadBalanceParams,
  example: "proxies: [payments-a, payments-b]\nprobe: checkout\nmaxSkew: 1.2x\nejectsWithin: 3s",
  probes: ({ probe }) => (probe === undefined ? [] : [probe]),
  proxies: ({ proxies }) => proxies,
  explain: explainLoadBalance,
  advise: adviseOnBalance,
  judge(params, scope) {
    const { proxies, maxSkew, ejectsWithin } = params;
    const { observations } = scope;
    const hurt = hurtEdges(params, scope);
    const seen = ejectsWithin === undefined && hurt.length === 0 ? undefined : lookAtEjection(params, scope);
    const ejection = seen === undefined || "reason" in seen ? undefined : seen;
    const claims: ClaimVerdict[] = [];
    const spreads = maxSkew === undefined ? {} : judgeSkew(params, maxSkew, scope, ejection, claims);
    if (ejectsWithin !== undefined && seen !== undefined) {
      claims.push("reason" in seen ? undecided({ claim: "ejectsWithin", bound: ejectsWithin }, seen.reason, seen.nextStep) : decideEjection(ejectsWithin, seen.during, seen.ejection, { ...seen, edge: `the edge${hurt.length > 1 ? "s" : ""} ${hurt.join(" and ")}`, confidence: scope.confidence, aside: panic(proxies, hurt) }));
    }
    const probe = judgedProbe(params, scope) ?? params.probe;
    const joined = probe === undefined ? observations.header.plan.experiment.probes.map(({ name }) => rungOn(name, proxies, scope)).find((rung) => rung !== "statistical") : rungOn(probe, proxies, scope);
    return {
      claims,
      observed: { ...tellSpreads(params, spreads), ...(ejection !== undefined && tellEjection(ejection, probe, scope)) },
      samples: (spreads.before?.n ?? 0) + (ejection?.during.length ?? 0),
      correlation: joined ?? "statistical",
      equivalentTo: equivalents(spreads, ejection, proxies),
      evidence: ejection === undefined ? [] : [...tellMoments(ejection), ...(claims.some(({ claim, verdict }) => claim === "ejectsWithin" && verdict === "violated") ? lateCalls(ejection, ejectsWithin?.max ?? 0, params, scope) : [])],
      ...(ejection !== undefined && drawn(ejection, scope)),
    };
  },
};

interface Spreads {
  readonly before?: Spread;
  readonly after?: Spread;
}

/** Evenness before the fault; and after it, from when on an edge that was left is in use again. */
function judgeSkew(params: LoadBalanceParams, bound: NonNullable<LoadBalanceParams["maxSkew"]>, scope: Scope, ejection: EjectionSeen | undefined, claims: ClaimVerdict[]): Spreads {
  const { proxies, probe } = params;
  const { observations, confidence } = scope;
  const loads = observations.header.plan.experiment.probes.filter(({ name }) => probe === undefined || name === probe).map(({ load }) => load.connections);
  const how = { proxies, confidence, isFresh: !loads.includes("reuse") };
  const judgeIn = (claim: string, window: PhaseWindow | undefined, when: string, fromMs: number): Spread | undefined => {
    const obstacle = (window === undefined ? phaseObstacle(scope, "before") : undefined) ?? completenessGate({ observations }) ?? (window === undefined ? undefined : blindness(proxies, scope, fromMs, window.endMs));
    if (obstacle !== undefined || window === undefined) {
      claims.push(undecided({ claim, bound }, obstacle?.reason ?? "", obstacle?.nextStep));
      return undefined;
    }
    const spread = measureSpread(observations, proxies, probe, { fromMs, toMs: window.endMs });
    claims.push(decideSkew(claim, bound, spread, { when, ...how }));
    return spread;
  };
  const window = phaseWindow(scope, "before");
  const before = judgeIn("maxSkew", window, "before the fault", window?.startMs ?? 0);
  const after = phaseWindow(scope, "after");
  const backMs = hurtEdges(params, scope).length === 0 ? after?.startMs : ejection?.returnedMs;
  const later = after === undefined || backMs === undefined || backMs >= after.endMs ? undefined : judgeIn("maxSkew (after)", after, "after the fault", Math.max(backMs, after.startMs));
  return { ...(before !== undefined && { before }), ...(later !== undefined && { after: later }) };
}

function blindness(proxies: readonly string[], { observations }: Scope, fromMs: number, toMs: number): Obstacle | undefined {
  return proxies.map((proxy) => unwitnessedGate({ observations, proxy }, fromMs, toMs) ?? barredGate({ observations, proxy }, fromMs, toMs)).find((obstacle) => obstacle !== undefined);
}

/** Why a balancer may not leave what is hurt. */
function panic(proxies: readonly string[], hurt: readonly string[]): string {
  if (proxies.length === 1) return "; a balancer that has one upstream alone does not take it out";
  return hurt.length === proxies.length ? "; no edge was well, and balancers then use all of them (panic mode)" : "";
}

function tellSpreads({ proxies }: LoadBalanceParams, { before, after }: Spreads): JsonObject {
  return {
    ...(before !== undefined && before.n > 0 && { skewBefore: skewOf(before), shareBefore: Object.fromEntries(proxies.map((proxy, i) => [proxy, (before.counts[i] ?? 0) / before.n])), connectionsBefore: before.connections }),
    ...(after !== undefined && after.n > 0 && { skewAfter: skewOf(after) }),
  };
}

function tellEjection({ ejection, onsetMs, faultEndMs, returnedMs }: EjectionSeen, probe: string | undefined, scope: Scope): JsonObject {
  const errors = probe === undefined ? {} : countErrors(probe, scope, onsetMs, ejection?.hiMs ?? faultEndMs, faultEndMs);
  const seconds = ejection === undefined ? 0 : (faultEndMs - ejection.hiMs) / 1000;
  return {
    ...(ejection !== undefined && { ejectedAfterMs: ejection.hiMs - onsetMs, leakShare: ejection.leaks / ejection.n, ...(seconds > 0 && { leakPerSecond: ejection.leaks / seconds }) }),
    ...(ejection !== undefined && returnedMs !== undefined && { returnedAfterMs: returnedMs - faultEndMs }),
    ...errors,
  };
}

/** Bad answers that users got under the fault, and how many of them before the edge was left. */
function countErrors(probe: string, { observations, epoch }: Scope, onsetMs: number, leftMs: number, endMs: number): JsonObject {
  let [n, bad, early] = [0, 0, 0];
  for (const { dueMs, endMs: answeredMs = 0, grade, disturbed } of observations.samples({ probe, phase: "during", epoch })) {
    if (disturbed || answeredMs < onsetMs || dueMs >= endMs || grade === "pending" || grade === "unsent") continue;
    n += 1;
    if (grade !== "bad") continue;
    bad += 1;
    if (dueMs < leftMs) early += 1;
  }
  return n === 0 ? {} : { errorShare: bad / n, errorsBeforeEjection: early, errorsAfterEjection: bad - early };
}

function tellMoments({ hurt, ejection, onsetMs, faultEndMs, returnedMs, unit }: EjectionSeen): readonly Evidence[] {
  const name = hurt.join(" and ");
  return [
    ...(ejection === undefined ? [] : [{ atMs: ejection.hiMs, what: `calls left ${name} ${format("duration", ejection.hiMs - onsetMs)} after the onset: ${ejection.leaks} of ${ejection.n} ${unit} went there from then to the end of the fault` }]),
    ...(ejection === undefined ? [] : [returnedMs === undefined ? { atMs: faultEndMs, what: `${name} had no more calls by the end of the run than single ones` } : { atMs: returnedMs, what: `${name} was in use again ${format("duration", returnedMs - faultEndMs)} after the end of the fault` }]),
  ];
}

/** So many calls are told of that speak against an ejection. */
const fewWitnesses = 3;

function lateCalls({ hurt, onsetMs, faultEndMs }: EjectionSeen, limitMs: number, { proxies, probe }: LoadBalanceParams, { observations }: Scope): readonly Evidence[] {
  const isOwned = ownedBy(observations, proxies, probe);
  const found: Evidence[] = [];
  for (const proxy of hurt) {
    for (const call of observations.calls({ proxy, fromMs: onsetMs + limitMs, toMs: faultEndMs })) {
      if (found.length >= fewWitnesses) return found;
      if (!isOwned(call)) continue;
      const whose = call.request === undefined ? "" : ` of request ${call.request.n} of ${call.request.probe}`;
      found.push({ atMs: call.startMs, what: `${call.method} ${call.path}${whose} went to ${proxy} ${format("duration", call.startMs - onsetMs)} after the onset: ${call.status ?? call.end}` });
    }
  }
  return found;
}

function equivalents({ before }: Spreads, ejection: EjectionSeen | undefined, proxies: readonly string[]): readonly string[] {
  return [
    ...(before !== undefined && skewOf(before) > 1.5 ? ["weights, sticky sessions or slow start on purpose"] : []),
    ...(ejection?.ejection === undefined ? [] : ["a breaker per edge, or health checks that took it out"]),
    ...(ejection !== undefined && ejection.ejection === undefined && ejection.hurt.length === proxies.length ? ["panic mode: a balancer that would leave one of several"] : []),
  ];
}

function drawn({ hurt, during, after, ejection, onsetMs, faultEndMs, returnedMs }: EjectionSeen, scope: Scope): Pick<Judgement, "states" | "series"> {
  const startMs = phaseWindow(scope, "before")?.startMs ?? onsetMs;
  const endMs = phaseWindow(scope, "after")?.endMs ?? scope.observations.endMs;
  const things = function* things(): Iterable<{ readonly atMs: number; readonly isIn: boolean }> {
    for (const turns of [during, after]) for (const { atMs, isHurt } of turns) yield { atMs, isIn: isHurt };
  };
  const backMs = returnedMs ?? endMs;
  return {
    series: shareSeries(`share of ${hurt.join(" and ")}`, things(), { startMs: onsetMs, endMs }),
    ...(ejection !== undefined && { states: [{ state: "in use", startMs, endMs: ejection.hiMs }, { state: "ejected", startMs: ejection.hiMs, endMs: Math.max(backMs, faultEndMs) }, ...(returnedMs === undefined ? [] : [{ state: "in use", startMs: backMs, endMs }])] }),
  };
}
