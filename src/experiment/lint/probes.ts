import type { Experiment, Fault, Probe } from "../../model/experiment.ts";
import { findHypothesisType } from "../../hypotheses/index.ts";
import { format } from "../../units/format.ts";
import type { Finding } from "../finding.ts";

/** Probes that nobody looks at, and probes that give up before they could see what they are asked for. */
export function lintProbes(experiment: Experiment): readonly Finding[] {
  const judged = new Set([...experiment.steadyState, ...experiment.guards].map(({ probe }) => probe));
  for (const { type, params } of experiment.hypotheses) for (const probe of findHypothesisType(type)?.probes(params) ?? []) judged.add(probe);
  return experiment.probes.flatMap((probe) => [...(judged.has(probe.name) ? [] : [unjudged(probe)]), ...shortTimeout(probe, experiment)]);
}

function unjudged({ name }: Probe): Finding {
  return { code: "unused-probe", message: `nothing is claimed of the probe ${name}: it is load, and no more`, hint: `claim something: steadyState: [{ probe: ${name}, success: ">= 99%" }]`, path: ["probes", name], part: "key" };
}

/** A timeout not above a delay that its hypotheses speak of: who waits for the delay and who would never answer look the same. */
function shortTimeout(probe: Probe, experiment: Experiment): readonly Finding[] {
  const names = new Set(experiment.hypotheses.filter(({ type, params }) => findHypothesisType(type)?.probes(params).includes(probe.name) === true).flatMap(({ faults }) => faults));
  const slow = experiment.faults.filter((fault) => names.has(fault.name) && delayOf(fault) >= probe.timeoutMs);
  return slow.slice(0, 1).map((fault) => ({
    code: "timeout-hides-delay",
    message: `the probe ${probe.name} gives up after ${format("duration", probe.timeoutMs)}, and ${fault.name} delays by ${format("duration", delayOf(fault))}: answers that wait for it are never seen`,
    hint: `timeout: ${format("duration", delayOf(fault) + 2000)}`,
    path: ["probes", probe.name, "timeout"],
  }));
}

/** Mean of a fault's delay, in ms; 0 when it delays nothing. */
function delayOf({ params }: Fault): number {
  return typeof params["delayMs"] === "number" ? params["delayMs"] : 0;
}
