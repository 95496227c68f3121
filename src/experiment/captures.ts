import type { Hypothesis, Probe } from "../model/experiment.ts";
import { findHypothesisType } from "../hypotheses/index.ts";
import type { Report } from "./finding.ts";

/** Probes keep of their answers what hypotheses compare. Reports a place that cannot be kept: a probe keeps one, and only those of type http do. */
export function withCaptures(probes: readonly Probe[], hypotheses: readonly Hypothesis[], report: Report): readonly Probe[] {
  const wanted = new Map<string, string>();
  for (const [index, { type, name, params }] of hypotheses.entries()) {
    for (const { probe, path } of findHypothesisType(type)?.captures?.(params) ?? []) {
      const asked = probes.find((one) => one.name === probe);
      if (asked === undefined) continue;
      const kept = wanted.get(probe) ?? captureOf(asked);
      if (asked.type !== "http") report({ code: "captures-nothing", message: `${name} compares what stands at ${path} in the answers of ${probe}, a probe of type ${asked.type}`, hint: "ask with a probe of type http", path: ["hypotheses", index] });
      else if (kept !== undefined && kept !== path) report({ code: "capture-taken", message: `${name} compares what stands at ${path} in the answers of ${probe}, of which ${kept} is kept already`, hint: "name the same place, or ask with a probe of its own", path: ["hypotheses", index] });
      else wanted.set(probe, path);
    }
  }
  return probes.map((probe) => {
    const path = wanted.get(probe.name);
    return path === undefined || captureOf(probe) !== undefined ? probe : { ...probe, params: { ...probe.params, capture: { path } } };
  });
}

function captureOf({ params }: Probe): string | undefined {
  const { capture } = params;
  if (typeof capture !== "object" || capture === null || !("path" in capture)) return undefined;
  return typeof capture.path === "string" ? capture.path : undefined;
}
