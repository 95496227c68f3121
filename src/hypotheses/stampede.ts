import { completenessGate, unwitnessedGate } from "../evidence/gates.ts";
import type { HypothesisType, Judgement, Scope, Series } from "../model/hypothesis-type.ts";
import type { Call } from "../model/observation.ts";
import type { ClaimVerdict, Evidence } from "../model/verdict.ts";
import { format } from "../units/format.ts";
import { undecided } from "./decide.ts";
import { expectedSamples, phaseMs } from "./expected-samples.ts";
import { faultSpan, phaseWindow } from "./fault-span.ts";
import { exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import type { Obstacle } from "./preconditions.ts";
import { arrivalsIn, disturbedShare, probesOn, usualOf } from "./stampede/arrivals.ts";
import { decideConnections, decidePeak } from "./stampede/claims.ts";
import { explainStampede, stampedeClaims, stampedeParams } from "./stampede/params.ts";
import type { StampedeParams } from "./stampede/params.ts";
import type { Arrivals, Peak } from "./stampede/peaks.ts";
import { waveDispersion } from "./stampede/waves.ts";

/** Fewer calls before the fault say nothing of what is usual. */
const fewestBefore = 5;
/** Callers have come back when they make this share of the calls that they used to. */
const backShare = 0.2;
const mostPoints = 500;

/** Callers that come back all at once, and knock over what has just got up. */
export const stampede: HypothesisType<StampedeParams> = {
  type: "stampede",
  summary: "When the fault is over, callers come back spread out and not all at once",
  about: {
    sees: "When calls began and connections were opened after the fault: the most that fell into any 20 ms, 100 ms and second, against the most before the fault.",
    cannotTellApart: "Callers that waited for a breaker and are let go together, retries without jitter, a queue that drains, caches that miss at once: all are calls that come together.",
    needs: "The same load before and after, a phase `after` long enough for the callers to come back, and a load at which chance makes no peaks of its own: 40/s show 15 calls in 20 ms to be more than 2x.",
  },
  params: stampedeParams,
  example: 'proxy: payments\npeak: "<= 2x"\nconnections: "<= 20/s"',
  probes: () => [],
  proxies: ({ proxy }) => [proxy],
  explain: explainStampede,
  advise(_params, _hypothesis, experiment) {
    const all = (phase: "before" | "after"): number => experiment.probes.reduce((sum, { name }) => sum + (expectedSamples(experiment, name, phase) ?? 20), 0);
    const rate = (phase: "before" | "after"): number => experiment.probes.reduce((sum, { load }) => sum + (load.kind === "serial" ? 0 : load.rates[phase] * load.burst), 0);
    return [
      ...(all("before") >= 20 && phaseMs(experiment, "before") > 0 ? [] : [{ code: "too-few-samples", message: `about ${all("before")} requests are sent before the fault: what is usual would not be known`, hint: "make before longer, or the load higher: at least 20 requests", path: ["proxy"] }]),
      ...(phaseMs(experiment, "after") > 0 ? [] : [{ code: "no-recovery-phase", message: "after lasts 0s: nobody would be seen to come back", hint: "give phases.after a length", path: ["proxy"] }]),
      ...(Math.abs(rate("after") - rate("before")) <= 0.01 * rate("before") ? [] : [{ code: "uneven-load", message: "the load after the fault is another than before it: what comes back could not be told from it", hint: "give before and after the same rate", path: ["proxy"] }]),
    ];
  },
  judge(params, scope) {
    const { proxy } = params;
    const { observations } = scope;
    const [before, after] = [phaseWindow(scope, "before"), phaseWindow(scope, "after")];
    const endMs = faultSpan(scope).endMs ?? Number.POSITIVE_INFINITY;
    const untilMs = after?.endMs ?? observations.endMs;
    const early = arrivalsIn(scope, proxy, before?.startMs ?? 0, before?.endMs ?? 0);
    const late = arrivalsIn(scope, proxy, endMs, untilMs);
    const obstacle = phaseObstacle(scope, "before") ?? phaseObstacle(scope, "after") ?? completenessGate({ observations }) ?? unwitnessedGate({ observations, proxy }, endMs + 50, untilMs) ?? exerciseObstacle(scope, probesOn(scope, proxy)[0]?.name)
      ?? loadObstacle(params, scope) ?? quietObstacle(scope, [before?.startMs ?? 0, before?.endMs ?? 0], [endMs, untilMs]) ?? returnObstacle(params, early, late);
    if (obstacle !== undefined) return { claims: stampedeClaims(params).map(({ claim, text }) => undecided({ claim, bound: { text } }, obstacle.reason, obstacle.nextStep, { n: late.atMs.length })), observed: {}, samples: late.atMs.length };
    return decideAll(params, scope, { early, late, endMs, untilMs });
  },
};

interface Stretches {
  readonly early: Arrivals;
  readonly late: Arrivals;
  readonly endMs: number;
  readonly untilMs: number;
}

function decideAll(params: StampedeParams, scope: Scope, { early, late, endMs, untilMs }: Stretches): Judgement {
  const { proxy, peak, connections } = params;
  const probes = probesOn(scope, proxy);
  const before = phaseWindow(scope, "before");
  const claims: ClaimVerdict[] = [];
  const evidence: Evidence[] = [];
  let observed: Record<string, number> = {};
  if (peak !== undefined) {
    const decided = decidePeak(peak, usualOf(early, probes), late, endMs);
    claims.push(decided.verdict);
    observed = { ...observed, ...decided.observed };
    if (decided.verdict.verdict === "violated") evidence.push(tell(scope, proxy, decided.peak, endMs));
  }
  const isFirst = ({ nth }: Call): boolean => nth === 1;
  if (connections !== undefined) {
    const opened = { before: arrivalsIn(scope, proxy, before?.startMs ?? 0, before?.endMs ?? 0, isFirst), after: arrivalsIn(scope, proxy, endMs, untilMs, isFirst) };
    const decided = decideConnections(connections, usualOf(opened.before, []), opened.after, endMs);
    claims.push(decided.verdict);
    observed = { ...observed, ...decided.observed };
  }
  const dispersion = waveDispersion(scope, probes, proxy);
  const [probe] = probes;
  return {
    claims,
    observed: { ...observed, ...(dispersion !== undefined && { waveDispersion: dispersion }) },
    samples: late.atMs.length,
    evidence,
    series: [callsOverTime(early, late)],
    ...(probe !== undefined && { correlation: scope.observations.rung(probe.name, proxy) }),
  };
}

/** Calls that came together, in words. */
function tell({ observations }: Scope, proxy: string, { count, startMs, endMs }: Peak, faultEndMs: number): Evidence {
  const requests: string[] = [];
  for (const { request } of observations.calls({ proxy, fromMs: startMs, toMs: endMs + 0.001 })) {
    if (request === undefined || requests.length >= 5) continue;
    requests.push(`${request.n} of ${request.probe}`);
  }
  return { atMs: startMs, what: `${count} calls on ${proxy} in ${format("duration", endMs - startMs)}, ${format("duration", startMs - faultEndMs)} after the end of the fault${requests.length === 0 ? "" : `, for requests ${requests.join(", ")}${count > requests.length ? ", …" : ""}`}` };
}

function callsOverTime(early: Arrivals, late: Arrivals): Series {
  const [fromMs, toMs] = [early.atMs[0] ?? 0, late.atMs.at(-1) ?? 0];
  const binMs = Math.max(100, (toMs - fromMs) / (mostPoints - 10));
  const counts = new Map<number, number>();
  for (const { atMs } of [early, late]) for (const at of atMs) counts.set(Math.floor((at - fromMs) / binMs), (counts.get(Math.floor((at - fromMs) / binMs)) ?? 0) + 1);
  const bins = Math.ceil((toMs - fromMs) / binMs) + 1;
  return { name: `calls in ${format("duration", binMs)}`, unit: "count", points: Array.from({ length: bins }, (_, bin) => [fromMs + bin * binMs, counts.get(bin) ?? 0] as const) };
}

/** More load makes more calls, and none of them comes of the recovery. */
function loadObstacle({ proxy }: StampedeParams, scope: Scope): Obstacle | undefined {
  const uneven = probesOn(scope, proxy).find(({ load }) => load.kind === "open" && Math.abs(load.rates.after - load.rates.before) > 0.01 * load.rates.before);
  return uneven === undefined ? undefined : { reason: `${uneven.name} sends ${format("rate", uneven.load.rates.after)} after the fault and ${format("rate", uneven.load.rates.before)} before it: what comes back cannot be told from the load.`, nextStep: "Give the probe the same rate before and after." };
}

function quietObstacle({ observations: { disturbances } }: Scope, ...stretches: readonly (readonly [number, number])[]): Obstacle | undefined {
  const worst = Math.max(...stretches.map(([fromMs, toMs]) => disturbedShare(disturbances, fromMs, toMs)));
  return worst <= 0.05 ? undefined : { reason: `${format("share", worst)} of the time before or after the fault was disturbed by this machine (a stall of its own, or a starved process), more than the 5% that a verdict may leave out.`, nextStep: "Run on a quieter machine, or lower the load." };
}

function returnObstacle({ proxy }: StampedeParams, early: Arrivals, late: Arrivals): Obstacle | undefined {
  if (early.atMs.length < fewestBefore) return { reason: `Only ${early.atMs.length} calls came on ${proxy} before the fault, too few to know what is usual.`, nextStep: "Make before longer, or the load higher." };
  const expected = (early.atMs.length / early.seconds) * late.seconds;
  if (late.atMs.length >= Math.max(2, backShare * expected)) return undefined;
  return { reason: `Only ${late.atMs.length} calls came on ${proxy} in the ${format("duration", late.seconds * 1000)} after the fault, where ${Math.round(expected)} would be usual: the callers have not come back.`, nextStep: "Make after longer, until the callers are back." };
}
