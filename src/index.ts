/** The public API: names only. What the command line can do, a program can do with these. */
export { ChaosError } from "./model/error.ts";
export { format as formatQuantity } from "./units/format.ts";
export type { Event } from "./model/event.ts";
export type { Experiment, Fault, Hypothesis, Probe, Proxy, Service } from "./model/experiment.ts";
export type { FaultType } from "./model/fault-type.ts";
export type { HypothesisType } from "./model/hypothesis-type.ts";
export type { Issue } from "./model/issue.ts";
export type { Json, JsonObject } from "./model/json.ts";
export type { Plan } from "./model/plan.ts";
export type { ProbeType } from "./model/probe-type.ts";
export type { Outcome, Report } from "./model/report.ts";
export type { RenderOptions, Reporter } from "./model/reporter.ts";
export type { Verdict } from "./model/verdict.ts";
