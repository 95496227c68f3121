import type { Experiment, Hypothesis } from "../../model/experiment.ts";
import type { Advice } from "../../model/hypothesis-type.ts";
import { format } from "../../units/format.ts";
import { enoughForShare } from "../decide.ts";
import { adviseOnSamples, expectedSamples, phaseMs } from "../expected-samples.ts";
import { edgesOf } from "../fault-span.ts";
import { fewestLasting } from "./lasting.ts";
import type { FailoverParams } from "./params.ts";

/** What the experiment cannot decide about a failover as planned. */
export function adviseOnFailover({ from, to, probe, within, share, failsBack }: FailoverParams, hypothesis: Hypothesis, experiment: Experiment): readonly Advice[] {
  const faults = experiment.faults.filter(({ name }) => hypothesis.faults.includes(name));
  const onActive = faults.filter((fault) => edgesOf(fault).includes(from));
  const onStandby = faults.filter((fault) => edgesOf(fault).includes(to));
  return [
    ...(onActive.length > 0 ? [] : [{ code: "no-fault-on-active", message: `no fault is on ${from}, so there is nothing to fail over from`, hint: `put a fault on ${from}, such as reset or kill`, path: ["from"] }]),
    ...onStandby.map(({ name }) => ({ code: "fault-on-standby", message: `${name} hurts ${to} as well: a standby that is hurt cannot be failed over to`, hint: `name the faults on ${from} in fault:`, path: ["to"] })),
    ...adviseOnSamples(experiment, probe, "before", fewestLasting, "a failover's verdict", ["probe"]),
    ...(share === undefined ? [] : adviseOnSamples(experiment, probe, "during", Math.max(fewestLasting, enoughForShare(share, experiment.confidence)), `"share: ${share.text}"`, ["share"])),
    ...(within === undefined ? [] : tooShort(experiment, probe, "during", within.max ?? 0, "within")),
    ...(failsBack === undefined ? [] : failsBack === false ? adviseOnSamples(experiment, probe, "after", fewestLasting, '"failsBack: false"', ["failsBack"]) : tooShort(experiment, probe, "after", failsBack.within.max ?? 0, "failsBack")),
  ];
}

/** When a phase leaves too few requests behind a bound to show that what is reached then lasts. */
function tooShort(experiment: Experiment, probe: string, phase: "during" | "after", limitMs: number, key: string): readonly Advice[] {
  const ms = phaseMs(experiment, phase);
  const samples = expectedSamples(experiment, probe, phase);
  if (samples === undefined) return [];
  const neededMs = samples === 0 ? limitMs + 1000 : limitMs + (fewestLasting * ms) / samples;
  return ms >= neededMs ? [] : [{ code: "phase-too-short", message: `${phase} lasts ${format("duration", ms)}, too short to show that what may take ${format("duration", limitMs)} lasts for ${fewestLasting} requests of ${probe}`, hint: `make ${phase} at least ${Math.ceil(neededMs / 1000)}s long`, path: [key] }];
}
