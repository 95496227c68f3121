import type { Experiment, Hypothesis } from "../../model/experiment.ts";
import type { Advice } from "../../model/hypothesis-type.ts";
import { enoughForShare } from "../decide.ts";
import { samplesForQuantile } from "../../math/quantile.ts";
import { format } from "../../units/format.ts";
import type { BreakerParams } from "./params.ts";
import { loadFor, tooFewFor, usualOpeningMs } from "./volumes.ts";
import { adviseOnSamples, expectedSamples, exposureOf, phaseMs } from "../expected-samples.ts";
import { edgesOf } from "../fault-span.ts";
import { breakerDefaults } from "../libraries.ts";
import { delayOf } from "../timeout/shapes.ts";

/** Requests in a row that tell an open breaker from chance, without misses before the fault. */
const usualRow = 4;

/** What this experiment, as planned, cannot tell about a breaker. */
export function adviseOnBreaker(params: BreakerParams, hypothesis: Hypothesis, experiment: Experiment): readonly Advice[] {
  const { probe, opens, whileOpen, trials, closes } = params;
  const { library } = hypothesis;
  const duringMs = phaseMs(experiment, "during");
  const faultMs = exposureOf(hypothesis, experiment).lengthMs;
  const afterMs = phaseMs(experiment, "after");
  const requests = expectedSamples(experiment, probe, "during") ?? 0;
  const perSecond = duringMs === 0 ? 0 : (requests * 1000) / duringMs;
  const advice: Advice[] = [...adviseOnSamples(experiment, probe, "before", 20, "a breaker's verdict", ["probe"]), ...adviseOnSamples(experiment, probe, "during", 20, "a breaker's verdict", ["probe"])];
  const calls = Math.floor((requests * faultMs) / Math.max(1, duringMs));
  const few = tooFewFor(library, { calls, perSecond });
  if (few !== undefined && calls > 0) advice.push({ code: "load-below-volume", message: `${few}: it would never open`, hint: `raise the load of ${probe} to ${loadFor(library, faultMs) ?? 0}/s, make the fault last longer, or lower the breaker's volume`, path: ["library"] });
  const healthyMs = phaseMs(experiment, "warmup") + phaseMs(experiment, "before");
  const openMs = opens === false ? 0 : (opens?.within?.max ?? usualOpeningMs(library, healthyMs, perSecond) ?? 0);
  const restMs = trials === undefined ? 0 : (trials.every?.max ?? breakerDefaults(library)?.restMs ?? 0);
  // Calls under way when it opens end first, and each of the two trials has to fail.
  const callMs = longestCallMs(params, hypothesis, experiment);
  const neededMs = openMs + 2.5 * restMs + 3 * callMs;
  if (restMs > 0 && faultMs < neededMs) {
    const parts = [`the opening (${format("duration", openMs)})`, ...(callMs === 0 ? [] : [`calls under way (${format("duration", callMs)})`])];
    const place = faultMs < duringMs ? `the fault (${format("duration", faultMs)})` : `during (${format("duration", duringMs)})`;
    advice.push({ code: "during-too-short", message: `${parts.join(", ")} and two and a half rests (${format("duration", restMs)} each${trials?.every === undefined ? `, ${library ?? ""}'s default` : ""}) do not fit into ${place}`, hint: `make ${faultMs < duringMs ? "the fault" : "during"} ${Math.ceil(neededMs / 1000)}s long`, path: trials?.every === undefined ? ["trials"] : ["trials", "every"] });
  }
  const shortestRestMs = trials?.every?.min ?? 0;
  if (shortestRestMs > 0 && perSecond > 0 && (shortestRestMs / 1000) * perSecond < usualRow + 1) {
    advice.push({ code: "load-too-low", message: `${Math.round(perSecond * 10) / 10} requests a second put fewer than ${usualRow + 1} into a rest of ${format("duration", shortestRestMs)}, too few to see it`, hint: `raise the load of ${probe} to ${Math.ceil(((usualRow + 1) * 1000) / shortestRestMs)}/s`, path: ["trials", "every"] });
  }
  if (opens !== undefined && opens !== false && opens.within?.max !== undefined && faultMs <= opens.within.max) {
    advice.push({ code: "during-too-short", message: `${faultMs < duringMs ? "the fault" : "during"} (${format("duration", faultMs)}) ends before the breaker has to have opened (${opens.within.text})`, hint: `make ${faultMs < duringMs ? "the fault" : "during"} longer than ${format("duration", opens.within.max)}`, path: ["opens", "within"] });
  }
  const afterRequests = expectedSamples(experiment, probe, "after") ?? 0;
  const lastingMs = afterRequests === 0 ? 0 : (10 * afterMs) / afterRequests;
  if (closes?.within.max !== undefined && afterMs < closes.within.max + lastingMs) {
    advice.push({ code: "after-too-short", message: `after (${format("duration", afterMs)}) ends before a closing at ${format("duration", closes.within.max)} could be seen to last`, hint: `make after ${Math.ceil((closes.within.max + lastingMs) / 1000) + 1}s long`, path: ["closes", "within"] });
  }
  const { trialCalls = 1 } = breakerDefaults(library) ?? {};
  const trialsMs = afterRequests === 0 ? 0 : (trialCalls * afterMs) / afterRequests;
  if (closes?.within.max !== undefined && trialCalls > 1 && trialsMs > closes.within.max) {
    advice.push({ code: "load-too-low", message: `${library ?? ""} closes by default after ${trialCalls} trial calls, and so many requests of ${probe} take ${format("duration", trialsMs)}, longer than ${closes.within.text}`, hint: `raise the load of ${probe} to ${Math.ceil((trialCalls * 1000) / closes.within.max)}/s`, path: ["closes", "within"] });
  }
  if (whileOpen?.upstream !== undefined) advice.push(...adviseOnSamples(experiment, probe, "during", enoughForShare(whileOpen.upstream, experiment.confidence), `"upstream: ${whileOpen.upstream.text}"`, ["whileOpen", "upstream"]));
  if (whileOpen?.answersWithin !== undefined) advice.push(...adviseOnSamples(experiment, probe, "during", samplesForQuantile(0.95, experiment.confidence), `"answersWithin: ${whileOpen.answersWithin.text}"`, ["whileOpen", "answersWithin"]));
  return advice;
}

/** How long a call takes at most under faults that hold it: the time after which callers claim to give up, or the delay where that is shorter. 0 where none is held, or that is not known. */
function longestCallMs({ proxy }: BreakerParams, { faults }: Hypothesis, experiment: Experiment): number {
  const mine = experiment.faults.filter((fault) => faults.includes(fault.name) && edgesOf(fault).includes(proxy));
  const holds = mine.flatMap((fault) => (fault.type === "hang" ? [Number.POSITIVE_INFINITY] : (delayOf(fault) ?? [])));
  const bounds = experiment.hypotheses.flatMap(({ type, params: { proxy: of, givesUp } }) => {
    const max = type === "timeout" && of === proxy && typeof givesUp === "object" && givesUp !== null && "max" in givesUp ? givesUp.max : undefined;
    return typeof max === "number" ? [max] : [];
  });
  // A delay opens no breaker unless callers give up sooner: without their bound it says nothing of how long calls take.
  return bounds.length === 0 ? 0 : Math.min(Math.max(0, ...holds), ...bounds);
}
