import type { Experiment, Hypothesis } from "../../model/experiment.ts";
import type { Advice } from "../../model/hypothesis-type.ts";
import { enoughForShare } from "../decide.ts";
import { samplesForQuantile } from "../../math/quantile.ts";
import { format } from "../../units/format.ts";
import type { BreakerParams } from "./params.ts";
import { tooFewFor } from "./volumes.ts";
import { adviseOnSamples, expectedSamples, phaseMs } from "../expected-samples.ts";

/** Requests in a row that tell an open breaker from chance, without misses before the fault. */
const usualRow = 4;

/** What this experiment, as planned, cannot tell about a breaker. */
export function adviseOnBreaker({ probe, opens, whileOpen, trials, closes }: BreakerParams, { library }: Hypothesis, experiment: Experiment): readonly Advice[] {
  const duringMs = phaseMs(experiment, "during");
  const afterMs = phaseMs(experiment, "after");
  const requests = expectedSamples(experiment, probe, "during") ?? 0;
  const perSecond = duringMs === 0 ? 0 : (requests * 1000) / duringMs;
  const advice: Advice[] = [...adviseOnSamples(experiment, probe, "before", 20, "a breaker's verdict", ["probe"]), ...adviseOnSamples(experiment, probe, "during", 20, "a breaker's verdict", ["probe"])];
  const few = tooFewFor(library, { calls: requests, perSecond });
  if (few !== undefined && requests > 0) advice.push({ code: "load-below-volume", message: `${few}: it would never open`, hint: "raise the probe's load, make during longer, or lower the breaker's volume", path: ["library"] });
  const openMs = opens === false ? 0 : (opens?.within?.max ?? 0);
  const restMs = trials?.every?.max ?? 0;
  const neededMs = openMs + 2.5 * restMs;
  if (trials !== undefined && restMs > 0 && duringMs < neededMs) {
    advice.push({ code: "during-too-short", message: `the opening (${format("duration", openMs)}) and two and a half rests (${format("duration", restMs)} each) do not fit into during (${format("duration", duringMs)})`, hint: `make during ${Math.ceil(neededMs / 1000)}s long`, path: ["trials", "every"] });
  }
  const shortestRestMs = trials?.every?.min ?? 0;
  if (shortestRestMs > 0 && perSecond > 0 && (shortestRestMs / 1000) * perSecond < usualRow + 1) {
    advice.push({ code: "load-too-low", message: `${Math.round(perSecond * 10) / 10} requests a second put fewer than ${usualRow + 1} into a rest of ${format("duration", shortestRestMs)}, too few to see it`, hint: `raise the load of ${probe} to ${Math.ceil(((usualRow + 1) * 1000) / shortestRestMs)}/s`, path: ["trials", "every"] });
  }
  if (opens !== undefined && opens !== false && opens.within?.max !== undefined && duringMs <= opens.within.max) {
    advice.push({ code: "during-too-short", message: `during (${format("duration", duringMs)}) ends before the breaker has to have opened (${opens.within.text})`, hint: `make during longer than ${format("duration", opens.within.max)}`, path: ["opens", "within"] });
  }
  const afterRequests = expectedSamples(experiment, probe, "after") ?? 0;
  const lastingMs = afterRequests === 0 ? 0 : (10 * afterMs) / afterRequests;
  if (closes?.within.max !== undefined && afterMs < closes.within.max + lastingMs) {
    advice.push({ code: "after-too-short", message: `after (${format("duration", afterMs)}) ends before a closing at ${format("duration", closes.within.max)} could be seen to last`, hint: `make after ${Math.ceil((closes.within.max + lastingMs) / 1000) + 1}s long`, path: ["closes", "within"] });
  }
  if (whileOpen?.upstream !== undefined) advice.push(...adviseOnSamples(experiment, probe, "during", enoughForShare(whileOpen.upstream, experiment.confidence), `"upstream: ${whileOpen.upstream.text}"`, ["whileOpen", "upstream"]));
  if (whileOpen?.answersWithin !== undefined) advice.push(...adviseOnSamples(experiment, probe, "during", samplesForQuantile(0.95, experiment.confidence), `"answersWithin: ${whileOpen.answersWithin.text}"`, ["whileOpen", "answersWithin"]));
  return advice;
}
