import type { Issue } from "../model/issue.ts";
import type { Observations } from "../model/observation.ts";
import { format } from "../units/format.ts";
import { isBlind } from "./blind-edges.ts";

/** What a reader should know beside the verdicts: faults that nobody felt, requests not sent, calls not witnessed, a machine that was busy. */
export function tellIssues(observations: Observations): readonly Issue[] {
  return [...idleFaults(observations), ...caps(observations), ...unwitnessed(observations), ...disturbances(observations), ...witnessIssues(observations)];
}

function warn(code: string, message: string, hint?: string): Issue {
  return { code, severity: "warning", message, ...(hint === undefined ? {} : { hint }) };
}

function idleFaults({ faults, unwitnessed, header }: Observations): readonly Issue[] {
  return faults
    .filter(({ felt, fault }) => felt === 0 && fault.layer !== "process" && !isBlind(fault, header.plan.experiment) && !unwitnessed.some(({ proxy }) => proxy === fault.proxy))
    .map(({ fault, eligible, applied, epoch }) => {
      const message = `nobody felt ${fault.name}${epoch > 1 ? ` in epoch ${epoch}` : ""}: it was applied to `;
      if (applied === 0 && eligible > 0) return warn("fault-not-felt", `${message}none of ${eligible} that were eligible`, "raise its rate, or loosen first, after, every, attempt and afterSilence");
      return applied === 0
        ? warn("fault-not-felt", `${message}no call`, "check its match and window, and that the service calls through the proxy")
        : warn("fault-not-felt", `${message}${applied === 1 ? "one call" : `${applied} calls`} that did not notice`, "make it stronger than what callers live with anyhow, such as a longer delay");
    });
}

function caps({ capped }: Observations): readonly Issue[] {
  return groupBy(capped, ({ probe }) => probe).map(([first]) => warn("in-flight-cap", `${first.probe} had ${first.limit} requests unfinished at ${format("duration", first.atMs)}, its cap: further ones were not sent`, "raise load.inFlight, or lower the load"));
}

function unwitnessed({ unwitnessed: gaps }: Observations): readonly Issue[] {
  return groupBy(gaps, ({ proxy }) => proxy).map((spans) => warn("unwitnessed", `${spans[0].proxy} refused connections for ${format("duration", lengthMs(spans))}: calls made then cannot be witnessed`, "to refuse in sight of the witness use reset with at: accept"));
}

function disturbances({ disturbances: found }: Observations): readonly Issue[] {
  return found.length === 0 ? [] : [warn("disturbed", `this machine was busy or stalled ${times(found.length)}, ${format("duration", lengthMs(found))} in all: samples that overlap are left out`, "run on a quieter machine")];
}

function witnessIssues({ witnessIssues: found }: Observations): readonly Issue[] {
  return found.map(({ code, proxy, message, count }) => warn(code, `${proxy}: ${message}${count === 1 ? "" : ` (${times(count)})`}`));
}

function lengthMs(spans: readonly { readonly startMs: number; readonly endMs: number }[]): number {
  return spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

/** Groups in the order in which their keys first come. */
function groupBy<T>(all: readonly T[], key: (one: T) => string): readonly (readonly [T, ...T[]])[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return [...groups.values()];
}
