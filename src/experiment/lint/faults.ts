import type { Correlate, Experiment, Fault } from "../../model/experiment.ts";
import { findFaultType } from "../../faults/index.ts";
import { windowsOf } from "../../faults/window.ts";
import type { Finding } from "../finding.ts";

/** Selections that cannot tell apart what they are asked to, or let nothing through. */
export function lintFaults(experiment: Experiment): readonly Finding[] {
  return [...indistinct(experiment), ...idle(experiment), ...spared(experiment), ...unmatched(experiment)];
}

/** Ordinals beyond all that their fault will ever count. */
function spared({ faults, phases: { duringMs } }: Experiment): readonly Finding[] {
  return faults.flatMap((fault, index): readonly Finding[] => {
    const { after, every } = fault.selection;
    const least = after + every;
    const most = mostCounted(fault, duringMs, least);
    if (most >= least) return [];
    const counted = fault.selection.per === "connection" ? "each connection is the first one of its own" : `its window opens ${most === 1 ? "once" : `${most} times`}, and what counts are its openings`;
    return [{ code: "never-hits", message: `${fault.name} hits nothing: ${counted}`, hint: `leave out ${after > 0 ? "after" : "every"}`, path: ["faults", index, after > 0 ? "after" : "every"], part: "key" }];
  });
}

/** How many each counter of the fault can get to, where that is known; counted to `enough`. */
function mostCounted(fault: Fault, duringMs: number, enough: number): number {
  const { type, layer, selection: { per } } = fault;
  const on = findFaultType(type, layer)?.on;
  if (on === "listener" || on === "process") {
    let openings = 0;
    for (const _ of windowsOf(fault, duringMs)) if (++openings >= enough) break;
    return openings;
  }
  return per === "connection" && (on === "connection" || on === "handshake" || on === "websocket") ? 1 : Number.POSITIVE_INFINITY;
}

/** A path is matched without its query. */
function unmatched({ faults }: Experiment): readonly Finding[] {
  return faults.flatMap(({ name, selection: { match } }, index): readonly Finding[] => {
    const path = match?.path;
    const text = path === undefined ? "" : "glob" in path ? path.glob : "equals" in path ? path.equals : "";
    if (!text.includes("?")) return [];
    return [{ code: "never-hits", message: `${name} hits nothing: its path has a ?, and paths are matched without their query`, hint: "write what follows the ? under match.query: { name: value }", path: ["faults", index, "match", "path"] }];
  });
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
