import type { Experiment, Fault, Hypothesis } from "../model/experiment.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { findHypothesisType } from "../hypotheses/index.ts";
import type { Report } from "./finding.ts";
import { readFault } from "./read-fault.ts";
import type { FaultContext } from "./read-fault.ts";
import { splitHypothesis } from "./read-hypothesis.ts";
import { hypothesisCommons } from "./schema/hypothesis.ts";
import type { Path } from "./yaml-source.ts";

/** What the file says beside the hypotheses, and the names of these. */
export interface ProgramContext extends Pick<Experiment, "faults" | "proxies" | "probes" | "phases" | "confidence">, Pick<FaultContext, "known"> {
  readonly names: readonly string[];
}

/**
 * The faults that hypotheses bring along for the shapes that they are to be judged by, in the order of the hypotheses; each sees those of the ones before.
 * What is wrong with a hypothesis itself is reported where it is read.
 */
export function readPrograms(entries: readonly Json[], { names, known, ...experiment }: ProgramContext, report: Report): readonly Fault[] {
  const made: Fault[] = [];
  for (const [index, given] of entries.entries()) {
    const path = ["hypotheses", index];
    const faults = [...experiment.faults, ...made];
    const program = programOf(given, names[index] ?? "", { ...experiment, faults }, path, report);
    for (const entry of program) {
      const fault = readFault(entry, [...path, "shapes"], { known, proxies: experiment.proxies, duringMs: experiment.phases.duringMs, defaultName: "" }, report);
      if (fault !== undefined) made.push(fault);
    }
  }
  return made;
}

function programOf(given: Json, name: string, experiment: Omit<ProgramContext, "names" | "known">, path: Path, report: Report): readonly JsonObject[] {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return [];
  const { commons, own } = splitHypothesis(given as JsonObject);
  const common = hypothesisCommons.safeParse(commons);
  const type = common.success ? findHypothesisType(common.data.type) : undefined;
  if (!common.success || type?.program === undefined || common.data.shapes.length === 0) return [];
  const params = type.params.safeParse(own);
  if (!params.success || !type.proxies(params.data).every((proxy) => experiment.proxies.some((one) => one.name === proxy))) return [];
  const named = common.data.fault === undefined ? experiment.faults.map((fault) => fault.name) : [common.data.fault].flat();
  const hypothesis: Pick<Hypothesis, "name" | "faults" | "shapes"> = { name, faults: named, shapes: common.data.shapes };
  const { faults, findings } = type.program(params.data, hypothesis, experiment);
  for (const finding of findings) report({ ...finding, path: [...path, ...finding.path] });
  return faults;
}
