import { z } from "zod";
import type { HypothesisType, Scope } from "../model/hypothesis-type.ts";
import { atMost } from "../units/fields.ts";
import { format } from "../units/format.ts";
import type { Claimed } from "./decide.ts";
import { phaseMs } from "./expected-samples.ts";
import { faultSpan, phaseWindow } from "./fault-span.ts";
import { adviseOnLoad, highestRate, loadOf } from "./overload/advice.ts";
import { judgeUnderPressure, pressureObstacle } from "./overload/claims.ts";
import { drawRates, figuresOf } from "./overload/figures.ts";
import { loadObstacle } from "./overload/gates.ts";
import { acceptedField, rejectsField } from "./overload/params.ts";
import { measurePressure } from "./overload/pressure.ts";
import { explainBearing } from "./overload/words.ts";
import type { Obstacle } from "./preconditions.ts";
import { judgeRecovery } from "./recovery/lasting.ts";
import type { Recovered } from "./recovery/lasting.ts";

const usualStatus: (number | string)[] = [503, 429];
const schema = z
  .strictObject({
    probe: z.string(),
    rejects: rejectsField(usualStatus).optional(),
    accepted: acceptedField.optional(),
    recovers: z.strictObject({ within: atMost("duration") }).optional().describe("From the end of the phase during, when the load falls, to lasting steady state."),
  })
  .refine(({ rejects, accepted, recovers }) => [rejects, accepted, recovers].some((part) => part !== undefined), { message: "expected at least one of rejects, accepted, recovers" });
type Params = z.output<typeof schema>;

/** Under more load than it can take a service turns some away at once, serves the others well, and is itself again when the load falls. */
export const loadShedding: HypothesisType<Params> = {
  type: "load-shedding",
  summary: "Under too much load turns some requests away, fast, serves the others well, and recovers after it",
  about: {
    sees: "A probe that sends more than the service can take: how many it turns away, how fast, and what the others get meanwhile; then, when the load falls, when all is as before. No fault is needed: the load itself is the stress.",
    cannotTellApart: "Where the limit is set: in the service, in what stands in front of it, or by the backlog of its sockets; and why some are chosen.",
    needs: "A load (`rate: { during: … }` or `steps`) of two or three times what the service can take, and a probe whose cap (`inFlight`) and timeout leave room for all that wait.",
  },
  params: schema,
  example: 'probe: checkout\nrejects: { status: 503, answersWithin: 100ms }\naccepted: { success: ">= 99%", p95: 300ms }\nrecovers: { within: 3s }',
  probes: ({ probe }) => [probe],
  proxies: () => [],
  explain(params) {
    const recovery = params.recovers === undefined ? [] : [`is back in its steady state in ${params.recovers.within.text} from the end of the load`];
    return `Under too much load the service behind ${params.probe} ${[...explainBearing(params), ...recovery].join(", ")}`;
  },
  advise(params, _hypothesis, experiment) {
    const { probe, recovers } = params;
    const load = loadOf(experiment, probe);
    const limitMs = recovers?.within.max ?? 0;
    const afterMs = phaseMs(experiment, "after");
    return [
      ...adviseOnLoad(experiment, probe, params),
      ...(recovers !== undefined && load?.kind === "open" && load.rates.after >= highestRate(load) / load.burst ? [{ code: "no-end-of-load", message: `${probe} sends as much after as during: there is nothing to recover from`, hint: "load: { rate: { before: …, during: …, after: … } }, with as much after as before", path: ["recovers"] }] : []),
      ...(recovers !== undefined && afterMs <= limitMs ? [{ code: "after-too-short", message: `the phase after (${format("duration", afterMs)}) is not longer than the recovery that is claimed (${recovers.within.text})`, hint: `make after at least ${Math.ceil((limitMs + 5000) / 1000)}s long`, path: ["recovers", "within"] }] : []),
    ];
  },
  judge(params, scope) {
    const { probe } = params;
    const rejection = params.rejects?.status ?? usualStatus;
    const obstacle = loadObstacle(scope, probe);
    const pressure = measurePressure(scope, probe, rejection);
    const judged = judgeUnderPressure(params, rejection, pressure, scope, obstacle);
    const recovered = params.recovers === undefined ? undefined : judgeCalm({ claim: "recovers.within", bound: params.recovers.within, kind: "duration", what: "the end of the load" }, probe, scope, obstacle ?? pressureObstacle(pressure, rejection));
    return {
      claims: [...judged.claims, ...(recovered === undefined ? [] : [recovered.claim])],
      observed: { ...figuresOf(pressure, judged), ...(recovered?.recoveredAfterMs !== undefined && { recoveredAfterMs: recovered.recoveredAfterMs }) },
      samples: pressure.offered + (recovered?.samples ?? 0),
      equivalentTo: ["a limit in front of the service"],
      evidence: [...judged.evidence, ...(recovered?.evidence ?? [])],
      series: drawRates(probe, scope, rejection),
    };
  },
};

/** From when on all was well, when the load, and the faults with it, were gone. */
function judgeCalm(claimed: Claimed, probe: string, scope: Scope, obstacle: Obstacle | undefined): Recovered {
  const load = loadOf(scope.observations.header.plan.experiment, probe);
  const endMs = Math.max(phaseWindow(scope, "during")?.endMs ?? 0, scope.hypothesis.faults.length === 0 ? 0 : (faultSpan(scope).endMs ?? Number.POSITIVE_INFINITY));
  const lasting: Obstacle | undefined = load !== undefined && load.rates.after >= highestRate(load) / load.burst
    ? { reason: `${probe} sends as much after as during, so there was nothing to recover from.`, nextStep: "Give it a lower load after: rate: { before: …, during: …, after: … }." }
    : undefined;
  return judgeRecovery(claimed, probe, endMs, scope, obstacle ?? lasting);
}
