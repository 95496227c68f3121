import type { Experiment, Hypothesis } from "../../model/experiment.ts";
import type { Advice } from "../../model/hypothesis-type.ts";
import { format } from "../../units/format.ts";
import { adviseOnSamples, exposureOf, phaseMs } from "../expected-samples.ts";
import { edgesOf } from "../fault-span.ts";
import { retryDefaults } from "../libraries.ts";
import type { RetryDefaults } from "../libraries/retries.ts";
import type { RetryParams } from "./params.ts";

/** Requests that must have run to their end before a bound on attempts is held. */
export const enough = 20;

/** Requests whose two, or three and more, pauses tell doubling from none (one in 2,000 wrong either way), by how far pauses spread. */
const growthNeeds: Readonly<Record<RetryDefaults["spread"], readonly [two: number, three: number]>> = { full: [181, 46], half: [18, 5], equal: [8, 5], fifth: [5, 5], none: [5, 5] };

/** Faults that end a connection in place of an answer. */
const cutting: readonly string[] = ["drop", "reset", "down", "limit-data", "connection-limit", "goaway"];

/** What this experiment, as planned, cannot tell about retries. */
export function adviseOnRetry(params: RetryParams, hypothesis: Hypothesis, experiment: Experiment): readonly Advice[] {
  const { probe, backoff, attempts } = params;
  const library = retryDefaults(hypothesis.library);
  const isGrowth = backoff?.kind === "exponential" || backoff?.kind === "linear" || backoff?.kind === "constant" || backoff?.factor !== undefined;
  const spread = backoff?.jitter === "forbidden" ? "none" : (library?.spread ?? "half");
  const pauses = Math.min(3, (attempts?.max ?? library?.attempts ?? 3) - 1);
  const growth = isGrowth ? growthNeeds[spread][pauses >= 3 ? 1 : 0] : 0;
  const jitter = backoff?.jitter === "required" || backoff?.jitter === "forbidden" ? 30 : 0;
  const isBackoff = growth + jitter > 0;
  const { lengthMs, share } = exposureOf(hypothesis, experiment);
  const met = (lengthMs / Math.max(1, phaseMs(experiment, "during"))) * share;
  const needed = met === 0 ? enough : Math.ceil(Math.max(enough, growth, jitter) / met);
  const aside = met < 0.99 ? `, of which the fault is there for ${format("share", met)},` : "";
  const doubt = isGrowth && library === undefined && backoff?.jitter !== "forbidden" ? ` (at ±50% jitter; ${growthNeeds.full[pauses >= 3 ? 1 : 0]} with full jitter)` : "";
  const what = isBackoff ? `"backoff"${doubt}` : attempts === undefined ? "a retry's verdict" : `"attempts: ${attempts.text}"`;
  return [
    ...adviseOnSamples(experiment, probe, "before", 20, "a retry's verdict", ["probe"]),
    ...adviseOnSamples(experiment, probe, "during", needed, `${what}${aside}`, [isBackoff ? "backoff" : "attempts"]),
    ...(isGrowth && attempts?.max !== undefined && attempts.max < 3 ? [{ code: "too-few-attempts", message: `growth shows between pauses, and ${attempts.text} attempts leave fewer than two`, hint: "claim backoff.first instead of backoff.kind, or allow three attempts", path: ["backoff", "kind"] }] : []),
    ...onTransport(params, hypothesis, experiment),
  ];
}

/** Who cuts connections cannot tell a retry from what the HTTP client does by itself when a reused connection is gone. */
function onTransport({ proxy, attempts, onlyMethods }: RetryParams, { faults, library }: Hypothesis, experiment: Experiment): readonly Advice[] {
  if ((attempts === undefined && onlyMethods === undefined) || retryDefaults(library)?.resends === false) return [];
  const mine = experiment.faults.filter((fault) => faults.includes(fault.name) && edgesOf(fault).includes(proxy));
  const cut = mine.filter(({ type, layer }) => layer !== "process" && cutting.includes(type));
  const [first] = cut;
  if (first === undefined || cut.length < mine.length) return [];
  return [{
    code: "transport-retries", message: `${first.name} cuts connections, and HTTP clients repeat by themselves what a reused connection lost (Go, HttpURLConnection, urllib3 do): calls that may be such are not counted as retries`,
    hint: "judge retries by a fault that answers, such as { type: error, status: 503 }; or name the library, if its client repeats nothing", path: [attempts === undefined ? "onlyMethods" : "attempts"],
  }];
}
