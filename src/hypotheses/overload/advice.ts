import type { Advice } from "../../model/hypothesis-type.ts";
import type { Experiment, Load } from "../../model/experiment.ts";
import { samplesForQuantile } from "../../math/quantile.ts";
import { format } from "../../units/format.ts";
import { enoughForShare } from "../decide.ts";
import { adviseOnSamples } from "../expected-samples.ts";
import type { Accepted, Rejects } from "./params.ts";

/** What the planned load cannot show of `rejects` and `accepted`. */
export function adviseOnLoad(experiment: Experiment, probe: string, { rejects, accepted }: { readonly rejects?: Rejects | undefined; readonly accepted?: Accepted | undefined }): readonly Advice[] {
  const load = loadOf(experiment, probe);
  const { confidence } = experiment;
  const enough = (needed: number, key: string, text: string): readonly Advice[] => adviseOnSamples(experiment, probe, "during", needed, `"${key}: ${text}"`, key.split("."));
  return [
    ...(load?.kind === "serial" ? [{ code: "serial-load", message: `${probe} sends one request at a time, which never is too much`, hint: "give it a load: { rate: { before: …, during: … } }", path: ["probe"] }] : []),
    ...(load?.kind === "open" && load.burst === 1 && highestRate(load) <= load.rates.before ? [{ code: "no-overload", message: `${probe} sends ${format("rate", highestRate(load))} in during and ${format("rate", load.rates.before)} before: nothing says that this is more than the service takes`, hint: "raise it: load: { rate: { before: …, during: … } }, or steps", path: ["probe"] }] : []),
    ...(rejects?.answersWithin === undefined ? [] : enough(samplesForQuantile(0.95, confidence), "rejects.answersWithin", rejects.answersWithin.text)),
    ...(accepted?.success === undefined ? [] : enough(enoughForShare(accepted.success, confidence), "accepted.success", accepted.success.text)),
    ...(accepted?.p95 === undefined ? [] : enough(samplesForQuantile(0.95, confidence), "accepted.p95", accepted.p95.text)),
    ...(accepted?.p99 === undefined ? [] : enough(samplesForQuantile(0.99, confidence), "accepted.p99", accepted.p99.text)),
  ];
}

export function loadOf(experiment: Experiment, probe: string): Load | undefined {
  return experiment.probes.find(({ name }) => name === probe)?.load;
}

/** Requests per second at the most, of the phase during. */
export function highestRate({ steps, rates, burst }: Load): number {
  return Math.max(...(steps ?? [rates.during])) * burst;
}
