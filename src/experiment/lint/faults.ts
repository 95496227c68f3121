import type { Correlate, Experiment } from "../../model/experiment.ts";
import type { Finding } from "../finding.ts";

/** Selections that cannot tell apart what they are asked to, or let nothing through. */
export function lintFaults(experiment: Experiment): readonly Finding[] {
  return [...indistinct(experiment), ...idle(experiment)];
}

function idle({ faults }: Experiment): readonly Finding[] {
  return faults.flatMap(({ name, selection: { rateShare, ramp } }, index): readonly Finding[] => {
    const isRamp = ramp !== undefined;
    if (isRamp ? ramp.fromShare > 0 || ramp.toShare > 0 : rateShare > 0) return [];
    return [{ code: "never-hits", message: `${name} hits nothing: ${isRamp ? "its ramp begins and ends at 0%" : "its rate is 0%"}`, hint: "write a share above 0%, or leave the fault out", path: ["faults", index, isRamp ? "ramp" : "rate"] }];
  });
}

function indistinct({ faults, proxies }: Experiment): readonly Finding[] {
  return faults.flatMap(({ name, proxy, selection }, index): readonly Finding[] => {
    const correlate = proxies.find((one) => one.name === proxy)?.correlate;
    if (selection.attempt === undefined || correlate === undefined || correlate.by === "trace") return [];
    const hint = correlate.by === "header" ? `count by the header instead: per: header ${correlate.header}, with first: ${selection.attempt.max}` : "pass the traceparent of a request on to its calls, or count by a header of them: per: header x, with first";
    return [{ code: "attempt-without-trace", message: `attempt counts the calls of a request by its traceparent, and on ${proxy ?? ""} requests are known by ${wordOf(correlate)}: each call without a traceparent is a first one for ${name}`, hint, path: ["faults", index, "attempt"], part: "key" }];
  });
}

function wordOf(correlate: Exclude<Correlate, { by: "trace" }>): string {
  switch (correlate.by) {
    case "header": return `the header ${correlate.header}`;
    case "json": return `their JSON at ${correlate.path}`;
    case "path": return `the path ${correlate.template}`;
    case "serial": return "coming one at a time";
    case "none": return "nothing";
  }
}
