import { z } from "zod";
import { completenessGate } from "../evidence/gates.ts";
import { samplesForQuantile } from "../math/quantile.ts";
import type { HypothesisType } from "../model/hypothesis-type.ts";
import type { Sample } from "../model/observation.ts";
import type { ClaimVerdict } from "../model/verdict.ts";
import { within } from "../units/bound.ts";
import { atMost, bound } from "../units/fields.ts";
import { format } from "../units/format.ts";
import { decideQuantile, decideShare, enoughForShare, undecided } from "./decide.ts";
import type { Claimed } from "./decide.ts";
import { adviseOnSamples } from "./expected-samples.ts";
import { finished, tally } from "./figures.ts";
import type { Tally } from "./figures.ts";
import { compareP95, half } from "./isolation/compare.ts";
import { entanglementObstacle, sufferingObstacle, whileInForce } from "./isolation/suffering.ts";
import { apparatusObstacle, exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import type { Obstacle } from "./preconditions.ts";
import { fewestSamples, measure } from "./steady-state.ts";
import { witnessesAmong } from "./witnesses.ts";

const schema = z.strictObject({
  probe: z.string().describe("Asks what must stay as it was: another shard, tenant, pool or route."),
  suffers: z.string().optional().describe("A probe of what the fault hits: it must be seen to suffer."),
  unaffected: z
    .strictObject({
      success: bound("share").optional().describe("Share of good answers while the other suffers."),
      p95: atMost("duration").optional().describe("p95 latency while the other suffers."),
      noWorseThan: atMost("factor").optional().describe('p95 latency over that before the fault, such as "1.5x".'),
    })
    .refine(({ success, p95, noWorseThan }) => success !== undefined || p95 !== undefined || noWorseThan !== undefined, { message: "expected at least one of success, p95, noWorseThan" }),
});
type Params = z.output<typeof schema>;

/** What one dependency, shard, tenant or pool suffers, the others do not. */
export const isolation: HypothesisType<Params> = {
  type: "isolation",
  summary: "While one shard, tenant, pool or dependency suffers, the others stay as they were",
  about: {
    sees: "The answers of a probe that does not need what the fault hits, while calls are seen to feel the fault, and before it.",
    cannotTellApart: "Why the neighbour suffers too: a pool, queue or lock that both share, a breaker for all of them, a machine or database under both.",
    needs: "A probe whose requests make no call on the edge that suffers, load on both at the same time, and a fault that holds calls rather than refuses them: those fill what is shared.",
  },
  params: schema,
  example: 'probe: checkout\nunaffected: { success: ">= 99%", p95: "<= 250ms" }',
  probes: ({ probe, suffers }) => (suffers === undefined ? [probe] : [probe, suffers]),
  proxies: () => [],
  explain({ probe, suffers, unaffected: { success, p95, noWorseThan } }) {
    const parts = [success && `success is ${success.text}`, p95 && `the p95 latency is ${p95.text}`, noWorseThan && `the p95 latency is ${noWorseThan.text} of that before`].filter((part) => part !== undefined);
    return `While ${suffers ?? "another edge"} suffers from the fault, ${parts.join(" and ")} for ${probe}`;
  },
  advise({ probe, suffers, unaffected: { success, p95, noWorseThan } }, _hypothesis, experiment) {
    const quantileNeeds = samplesForQuantile(0.95, experiment.confidence);
    return [
      ...(success === undefined ? [] : adviseOnSamples(experiment, probe, "during", enoughForShare(success, experiment.confidence), `"unaffected.success: ${success.text}"`, ["unaffected"])),
      ...(p95 === undefined ? [] : adviseOnSamples(experiment, probe, "during", quantileNeeds, `"unaffected.p95: ${p95.text}"`, ["unaffected"])),
      ...(noWorseThan === undefined ? [] : (["before", "during"] as const).flatMap((phase) => adviseOnSamples(experiment, probe, phase, samplesForQuantile(0.95, half(experiment.confidence)), `"unaffected.noWorseThan"`, ["unaffected"]))),
      ...adviseOnSamples(experiment, probe, "before", fewestSamples, "a comparison with before", ["probe"]),
      ...(suffers === probe ? [{ code: "same-probe", message: `${probe} cannot both suffer and be unaffected`, hint: "name a probe of what the fault hits in suffers, and another one in probe", path: ["suffers"] }] : []),
    ];
  },
  judge(params, scope) {
    const { confidence } = scope;
    const { success, p95, noWorseThan } = params.unaffected;
    const before = tally(scope.observations.samples({ probe: params.probe, phase: "before" }), 1);
    const inForce = (): Iterable<Sample> => whileInForce(params.probe, scope);
    const seen = tally(inForce(), 1);
    const n = finished(seen);
    const obstacle = phaseObstacle(scope, "during") ?? phaseObstacle(scope, "before") ?? completenessGate(scope) ?? exerciseObstacle(scope, params.suffers)
      ?? apparatusObstacle(seen) ?? apparatusObstacle(before) ?? tooFew(params.probe, n + seen.pending) ?? entanglementObstacle(params.probe, inForce, scope) ?? sufferingObstacle(params.suffers, scope);
    const claims: ClaimVerdict[] = [];
    const add = (claimed: Claimed, wasInside: Obstacle | undefined, decide: (claimed: Claimed) => ClaimVerdict): void => {
      const blocked = obstacle ?? wasInside;
      claims.push(blocked === undefined ? decide(claimed) : undecided(claimed, blocked.reason, blocked.nextStep, { n }));
    };
    if (success !== undefined) {
      add({ claim: "unaffected.success", bound: success, kind: "share", what: `the share of good answers to ${params.probe}` }, baseline("success", success, before, params.probe), (claimed) => decideShare(claimed, { k: seen.good, n, pending: seen.pending, confidence }));
    }
    if (p95 !== undefined) {
      add({ claim: "unaffected.p95", bound: p95, kind: "duration", what: `the p95 latency of ${params.probe}` }, baseline("p95", p95, before, params.probe), (claimed) => decideQuantile(claimed, 0.95, { ...seen, confidence }));
    }
    if (noWorseThan !== undefined) {
      add({ claim: "unaffected.noWorseThan", bound: noWorseThan, kind: "factor", what: `the p95 latency of ${params.probe} now over that before` }, tooFew(params.probe, finished(before), "before"), (claimed) => compareP95(claimed, seen, before, confidence));
    }
    const isViolated = claims.some(({ verdict }) => verdict === "violated");
    const limitMs = p95?.max ?? (noWorseThan?.max === undefined ? Number.POSITIVE_INFINITY : noWorseThan.max * (before.quantileMs(0.95) ?? Number.POSITIVE_INFINITY));
    return {
      claims,
      observed: { ...shown(seen, ""), ...shown(before, "Before") },
      samples: n + seen.pending,
      equivalentTo: isViolated ? ["a pool, queue or lock that both share", "one breaker or limit for both", "a machine or database under both"] : [],
      evidence: isViolated ? witnessesAmong(inForce(), ({ grade, latencyMs }) => grade === "bad" || grade === "degraded" || latencyMs > limitMs) : [],
    };
  },
};

function tooFew(probe: string, n: number, when = "while the fault was in force"): Obstacle | undefined {
  return n >= fewestSamples ? undefined : { reason: `${n} requests of ${probe} ${when} are too few to tell whether it was affected.`, nextStep: `Send at least ${fewestSamples} requests of ${probe} in that time: more load, or a longer phase.` };
}

/** What was no better before was not affected. */
function baseline(metric: "success" | "p95", claimed: Claimed["bound"], before: Tally, probe: string): Obstacle | undefined {
  const value = measure(metric, before);
  const few = tooFew(probe, finished(before), "before the fault");
  if (few !== undefined || value === undefined || within(claimed, value)) return few;
  return { reason: `${metric} of ${probe} was ${format(metric === "p95" ? "duration" : "share", value)} already before the fault, outside ${claimed.text} (baseline).`, nextStep: `Loosen the bound to what ${probe} does when all is well, or mend it first.` };
}

function shown(seen: Tally, when: "" | "Before"): Record<string, number> {
  const [share, p95Ms] = [measure("success", seen), measure("p95", seen)];
  return { ...(share === undefined ? {} : { [`success${when}Share`]: share }), ...(p95Ms === undefined ? {} : { [`p95${when}Ms`]: p95Ms }) };
}
