import { z } from "zod";
import type { HypothesisType } from "../model/hypothesis-type.ts";
import { adviseOnLoad, loadOf } from "./overload/advice.ts";
import { judgeUnderPressure } from "./overload/claims.ts";
import { drawRates, figuresOf } from "./overload/figures.ts";
import { loadObstacle } from "./overload/gates.ts";
import { acceptedField, rejectsField } from "./overload/params.ts";
import { measurePressure } from "./overload/pressure.ts";
import type { Pressure } from "./overload/pressure.ts";
import { explainBearing } from "./overload/words.ts";
import { adviseOnLimit } from "./rate-limit/advice.ts";
import { allowance, explainAllowance } from "./rate-limit/allowance.ts";
import { judgeLimit } from "./rate-limit/limit.ts";
import { judgeSteadiness } from "./rate-limit/steady.ts";

const usualStatus = 429;
const schema = z
  .strictObject({
    probe: z.string(),
    limit: allowance.optional(),
    burst: z.int().min(1).optional().describe("Of a token bucket: so many may come at once, and the rate of `limit` since; without it no stretch of its length may hold more than `limit`."),
    rejects: rejectsField(usualStatus).optional(),
    accepted: acceptedField.optional(),
  })
  .refine(({ limit, rejects, accepted }) => [limit, rejects, accepted].some((part) => part !== undefined), { message: "expected at least one of limit, rejects, accepted" })
  .refine(({ limit, burst }) => burst === undefined || limit !== undefined, { message: "expected limit beside burst: the rate at which the bucket refills", path: ["burst"] });
type Params = z.output<typeof schema>;

/** A caller that sends too much is turned away, and gets no more than its rate. */
export const rateLimit: HypothesisType<Params> = {
  type: "rate-limit",
  summary: "Lets in no more than its rate in any stretch of time, and turns the rest away, fast",
  about: {
    sees: "A probe that sends more than the limit: which requests were let in and when, in every stretch of time, and how fast the others were turned away. No fault is needed: the load itself is the stress. Of each stretch 2 % are granted to clocks.",
    cannotTellApart: "A limit per caller and one for all callers together, since the probe is one caller; limits of several instances behind one address, which add up, and one that is too high; a limit on concurrency, where as many are served as ever whenever one is turned away.",
    needs: "A load (`rate: { during: … }` or `steps`) above the limit, in pulses where a fixed window is to be told from a sliding one; a latency fault where a limit on concurrency is to be told from a rate.",
  },
  params: schema,
  example: 'probe: checkout\nlimit: 100/s\nrejects: { status: 429, answersWithin: 50ms }\naccepted: { success: ">= 99%", p95: 100ms }',
  probes: ({ probe }) => [probe],
  proxies: () => [],
  explain(params) {
    const most = params.limit === undefined ? [] : [`lets in ${explainAllowance(params.limit, params.burst)}`];
    return `The service behind ${params.probe} ${[...most, ...explainBearing(params)].join(", ")}`;
  },
  advise(params, _hypothesis, experiment) {
    const load = loadOf(experiment, params.probe);
    const { limit } = params;
    const others = adviseOnLoad(experiment, params.probe, params);
    if (limit === undefined || load === undefined || load.kind === "serial") return others;
    return [...others.filter(({ code }) => code !== "no-overload"), ...adviseOnLimit(experiment, params.probe, load, limit, params.burst)];
  },
  judge(params, scope) {
    const { probe, limit, burst } = params;
    const rejection = params.rejects?.status ?? usualStatus;
    const obstacle = loadObstacle(scope, probe);
    const load = measurePressure(scope, probe, rejection);
    const steady = limit === undefined ? undefined : judgeSteadiness(probe, rejection, scope, obstacle);
    const seen = limit === undefined ? undefined : judgeLimit({ limit, burst }, rejection, probe, load, scope, obstacle, steady?.verdict === "held");
    const pressure: Pressure = load.shownBy === undefined && seen?.claim.verdict === "violated" ? { ...load, shownBy: "limit" } : load;
    const judged = judgeUnderPressure(params, rejection, pressure, scope, obstacle);
    const claims = [...(seen === undefined ? [] : [seen.claim]), ...judged.claims, ...(steady === undefined ? [] : [steady])];
    return {
      claims,
      observed: { ...figuresOf(pressure, judged), ...(seen !== undefined && seen.most > 0 && (burst === undefined ? { letInAtMost: seen.most } : { burstAtMost: seen.most })) },
      samples: pressure.offered,
      equivalentTo: seen?.equivalentTo ?? [],
      evidence: [...(seen?.evidence ?? []), ...judged.evidence],
      series: drawRates(probe, scope, rejection),
    };
  },
};
