import { completenessGate, continuityGate, correlationGate, partitionGate, reachabilityGate, strayGate, unwitnessedGate, barredGate, healthyBaselineGate } from "../evidence/gates.ts";
import type { Obstacle } from "../evidence/gates.ts";
import { measureBaseline } from "../evidence/edge-baseline.ts";
import { quantile, samplesForQuantile } from "../math/quantile.ts";
import type { JsonObject } from "../model/json.ts";
import type { Advice, HypothesisType, Scope } from "../model/hypothesis-type.ts";
import { judgeLimit, judgeRejects } from "./bulkhead/claims.ts";
import { judgeNeighbour } from "./bulkhead/neighbour.ts";
import { limitOf, schema } from "./bulkhead/params.ts";
import type { Params } from "./bulkhead/params.ts";
import { measureSaturation } from "./bulkhead/saturation.ts";
import type { Saturation } from "./bulkhead/saturation.ts";
import { enoughForShare } from "./decide.ts";
import { adviseOnSamples } from "./expected-samples.ts";
import { edgesOf, phaseWindow } from "./fault-span.ts";
import { tally } from "./figures.ts";
import { highestRate, loadOf } from "./overload/advice.ts";
import { cappedObstacle } from "./overload/gates.ts";
import { apparatusObstacle, exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import { delayOf } from "./timeout/shapes.ts";

/** A slow dependency gets so many calls at once and no more, and what does not need it goes on as before. */
export const bulkhead: HypothesisType<Params> = {
  type: "bulkhead",
  summary: "A slow dependency is called so many times at once and no more, and takes nobody else down with it",
  about: {
    sees: "How many calls of each caller are live on the edge at once, from their first byte to the answer's end or their caller's leaving; which requests made no call while the limit was reached, and how fast they were answered; and what another probe gets meanwhile.",
    cannotTellApart: "A bulkhead whose queue is never full and a pool of connections: both make requests wait. A limit on calls and one on the requests that make them.",
    needs: "A fault that makes calls slow (latency, hang), and a load that would have at least twice the limit live at once: the rate times what a call takes.",
  },
  params: schema,
  example: 'proxy: payments\nprobe: checkout\nmaxConcurrent: 10\nrejects: { answersWithin: 100ms }\nprotects: { probe: ready, success: ">= 95%", p95: 250ms }',
  probes: ({ probe, protects }) => [probe, ...(protects === undefined ? [] : [protects.probe])],
  proxies: ({ proxy }) => [proxy],
  explain({ proxy, probe, maxConcurrent, rejects, protects }) {
    const parts = [
      ...(maxConcurrent === undefined ? [] : [`at most ${limitOf(maxConcurrent)} calls to ${proxy} are live at once`]),
      ...(rejects === undefined ? [] : [`requests of ${probe} that find no room are answered in ${rejects.answersWithin.text} (p95)`]),
      ...(protects === undefined ? [] : [`${protects.probe} stays ${[protects.success && `good (${protects.success.text})`, protects.p95 && `fast (p95 ${protects.p95.text})`].filter(Boolean).join(" and ")}`]),
    ];
    return `While ${proxy} is slow and ${probe} asks for more, ${parts.join(", ")}`;
  },
  advise(params, hypothesis, experiment) {
    const { proxy, probe, maxConcurrent, rejects, protects } = params;
    const holding = experiment.faults.filter((fault) => hypothesis.faults.includes(fault.name) && edgesOf(fault).includes(proxy) && slows.includes(fault.type));
    const load = loadOf(experiment, probe);
    const delays = holding.flatMap((fault) => delayOf(fault) ?? []);
    const asked = load === undefined || load.kind === "serial" || holding.length === 0 || delays.length < holding.length ? undefined : (highestRate(load) * Math.max(...delays)) / 1000;
    const limit = maxConcurrent === undefined ? undefined : limitOf(maxConcurrent);
    const during = (of: string, needed: number, claim: string, path: Advice["path"]): readonly Advice[] => adviseOnSamples(experiment, of, "during", needed, `"${claim}"`, path);
    return [
      ...(holding.length === 0 ? [{ code: "no-holding-fault", message: `no fault on ${proxy} makes calls slow, so they cannot pile up`, hint: "add a fault of type latency or hang", path: ["proxy"] }] : []),
      ...(load?.kind === "serial" ? [{ code: "serial-load", message: `${probe} sends one request at a time: there is never more than one call`, hint: "give it a rate, such as load: 50/s", path: ["probe"] }] : []),
      ...(asked !== undefined && limit !== undefined && asked < 2 * limit ? [{ code: "too-little-demand", message: `${probe} would have some ${Math.floor(asked)} calls live at once under the fault, less than twice the limit of ${limit}: it would be inconclusive`, hint: `raise the load, or the delay: their product must be at least ${2 * limit}`, path: ["maxConcurrent"] }] : []),
      ...(rejects === undefined ? [] : during(probe, samplesForQuantile(0.95, experiment.confidence), `rejects.answersWithin: ${rejects.answersWithin.text}`, ["rejects"])),
      ...(protects?.success === undefined ? [] : during(protects.probe, enoughForShare(protects.success, experiment.confidence), `protects.success: ${protects.success.text}`, ["protects", "success"])),
      ...(protects?.p95 === undefined ? [] : during(protects.probe, samplesForQuantile(0.95, experiment.confidence), `protects.p95: ${protects.p95.text}`, ["protects", "p95"])),
    ];
  },
  judge(params, scope) {
    const { proxy, probe, maxConcurrent } = params;
    const saturation = measureSaturation(params, scope);
    const obstacle = findObstacle(params, saturation, scope);
    const rulings = [judgeLimit(params, saturation, scope, obstacle), judgeRejects(params, saturation, scope, obstacle), judgeNeighbour(params, saturation, scope, obstacle)];
    const { callers, demand, peak } = saturation;
    const several = callers.length > 1;
    return {
      claims: rulings.flatMap(({ claims }) => claims),
      observed: figuresOf(params, saturation, scope),
      samples: demand.requests,
      correlation: scope.observations.rung(probe, proxy),
      equivalentTo: demand.turnedAway === 0 && demand.queued > 0 && (maxConcurrent === undefined || peak <= limitOf(maxConcurrent)) ? ["a connection pool with a queue"] : [],
      evidence: rulings.flatMap(({ evidence }) => evidence),
      series: callers.slice(0, 4).map((one) => one.draw(`calls in flight on ${proxy}${several ? ` of ${one.caller}` : ""}`, maxConcurrent === undefined ? undefined : limitOf(maxConcurrent))),
    };
  },
};

/** Faults under which calls pile up. */
const slows: readonly string[] = ["latency", "hang", "slow-body", "bandwidth", "blackhole", "half-open", "packet-loss", "pause"];

function findObstacle({ proxy, probe }: Params, { endMs }: Saturation, scope: Scope): Obstacle | undefined {
  const { observations, epoch } = scope;
  const [before, during] = [phaseWindow(scope, "before"), phaseWindow(scope, "during")];
  const edge = { observations, probe, proxy };
  const fromMs = during?.startMs ?? 0;
  const baseline = measureBaseline(observations, probe, proxy);
  return phaseObstacle(scope, "during") ?? completenessGate(edge) ?? bytesObstacle(scope, proxy) ?? exerciseObstacle(scope, probe) ?? correlationGate(edge) ?? partitionGate(edge)
    ?? unwitnessedGate(edge, fromMs, endMs) ?? barredGate(edge, fromMs, endMs) ?? continuityGate(edge, epoch, endMs - 10) ?? reachabilityGate(edge, baseline) ?? healthyBaselineGate(edge, baseline)
    ?? (before === undefined || during === undefined ? undefined : strayGate(edge, before, { startMs: fromMs, endMs }))
    ?? unseenLeaving(scope, proxy, probe, fromMs, endMs) ?? cappedObstacle(scope, probe) ?? apparatusObstacle(tally(observations.samples({ probe, phase: "during", epoch }), 1));
}

/** More than this of the calls must not be such whose leaving cannot be seen. */
const tolerableUnseen = 0.05;

function unseenLeaving({ observations }: Scope, proxy: string, probe: string, fromMs: number, toMs: number): Obstacle | undefined {
  let [halfClosed, all] = [0, 0];
  for (const call of observations.calls({ proxy, fromMs, toMs })) {
    if (call.request?.probe !== probe) continue;
    all += 1;
    if (call.halfClosed === true) halfClosed += 1;
  }
  return halfClosed <= tolerableUnseen * all ? undefined : { reason: `${halfClosed} of ${all} calls on ${proxy} came from callers that close their sending half with each request and read on: when they let go of a call cannot be seen, nor how many they hold.`, nextStep: "Let the caller keep its half of the connection open until it has the answer, so that its closing shows." };
}

/** On an edge of bytes connections are seen, and not the calls that they carry. */
function bytesObstacle({ observations }: Scope, proxy: string): Obstacle | undefined {
  const lane = observations.header.plan.experiment.proxies.find(({ name }) => name === proxy)?.lane;
  return lane === "tcp" ? { reason: `${proxy} passes bytes on: connections are seen, and not the calls that they carry.`, nextStep: "Claim a bulkhead of an edge that speaks HTTP (upstream: http://…)." } : undefined;
}

function figuresOf({ probe }: Params, { callers, peak, usual, demand }: Saturation, scope: Scope): JsonObject {
  if (callers.length === 0) return {};
  const { turnedAwayMs } = demand;
  const steps = loadOf(scope.observations.header.plan.experiment, probe)?.steps?.length ?? 1;
  const during = phaseWindow(scope, "during");
  const stepMs = during === undefined ? 0 : (during.endMs - during.startMs) / steps;
  return {
    inFlightMax: peak,
    inFlightMaxBefore: usual,
    ...(steps > 1 && during !== undefined && { inFlightMaxPerStep: Array.from({ length: steps }, (_, i) => Math.max(...callers.map((one) => one.atMost(during.startMs + i * stepMs, during.startMs + (i + 1) * stepMs)))) }),
    offeredAtOnceMax: demand.atOnce,
    turnedAway: demand.turnedAway,
    queued: demand.queued,
    waitingMax: demand.waitingAtOnce,
    ...(turnedAwayMs.length > 0 && { turnedAwayP95Ms: quantile(turnedAwayMs, 0.95) }),
  };
}
