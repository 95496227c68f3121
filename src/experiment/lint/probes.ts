import type { Experiment, Fault, Probe } from "../../model/experiment.ts";
import { findHypothesisType } from "../../hypotheses/index.ts";
import { format } from "../../units/format.ts";
import type { Finding } from "../finding.ts";
import { lookUp } from "../interpolate.ts";

/** Probes that nobody looks at, and probes that give up before they could see what they are asked for. */
export function lintProbes(experiment: Experiment): readonly Finding[] {
  const judged = new Set([...experiment.steadyState, ...experiment.guards].map(({ probe }) => probe));
  for (const { type, params } of experiment.hypotheses) for (const probe of findHypothesisType(type)?.probes(params) ?? []) judged.add(probe);
  return experiment.probes.flatMap((probe) => [...(judged.has(probe.name) ? [] : [unjudged(probe)]), ...shortTimeout(probe, experiment)]);
}

function unjudged({ name }: Probe): Finding {
  return { code: "unused-probe", message: `nothing is claimed of the probe ${name}: it is load, and no more`, hint: `claim something: steadyState: [{ probe: ${name}, success: ">= 99%" }]`, path: ["probes", name], part: "key" };
}

/** A timeout not above what its hypotheses let a call last: who answers late and who would never answer look the same. */
function shortTimeout(probe: Probe, experiment: Experiment): readonly Finding[] {
  const names = new Set(experiment.hypotheses.filter(({ type, params }) => findHypothesisType(type)?.probes(params).includes(probe.name) === true).flatMap(({ faults }) => faults));
  const slow = experiment.faults.filter((fault) => names.has(fault.name) && lastsMs(fault, experiment) >= probe.timeoutMs);
  return slow.slice(0, 1).map((fault) => ({
    code: "timeout-hides-delay",
    message: `the probe ${probe.name} gives up after ${format("duration", probe.timeoutMs)}, and a call under ${fault.name} may last ${format("duration", lastsMs(fault, experiment))}: answers that wait for it are never seen`,
    hint: `timeout: ${format("duration", lastsMs(fault, experiment) + 2000)}`,
    path: ["probes", probe.name, "timeout"],
  }));
}

/** How long a call may last under a fault, in ms: its delay; of one that hangs, until its caller claims to give up. 0 when that is not known. */
function lastsMs({ name, type, params }: Fault, { hypotheses }: Experiment): number {
  if (type !== "hang") return Math.max(0, ...[["delayMs"], ["wave", "fromMs"], ["wave", "toMs"]].map((path) => lookUp(params, path)).filter((ms) => typeof ms === "number"));
  const bounds = hypotheses.filter((hypothesis) => hypothesis.type === "timeout" && hypothesis.faults.includes(name)).map((hypothesis) => lookUp(hypothesis.params, ["givesUp", "max"]));
  return Math.max(0, ...bounds.filter((bound) => typeof bound === "number"));
}
