import type { Experiment } from "../model/experiment.ts";
import type { Finding } from "./finding.ts";
import { lintCallers } from "./lint/callers.ts";
import { lintClaims } from "./lint/claims.ts";
import { lintEdges } from "./lint/edges.ts";
import { lintFaults } from "./lint/faults.ts";
import { lintProbes } from "./lint/probes.ts";
import { findHypothesisType } from "../hypotheses/index.ts";

/** What is allowed and still cannot be what the author meant, or cannot decide what is claimed. Warnings, at paths of the document. */
export function lint(experiment: Experiment): readonly Finding[] {
  return [...lintEdges(experiment), ...lintCallers(experiment), ...lintFaults(experiment), ...lintProbes(experiment), ...lintClaims(experiment), ...advice(experiment)];
}

/** What each hypothesis says that it could not decide. */
function advice(experiment: Experiment): readonly Finding[] {
  return experiment.hypotheses.flatMap((hypothesis, index) => {
    const type = findHypothesisType(hypothesis.type);
    return (type?.advise(hypothesis.params, hypothesis, experiment) ?? []).map(({ path, ...rest }) => ({ ...rest, path: ["hypotheses", index, ...path] }));
  });
}
