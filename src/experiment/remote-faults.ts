import type { Fault } from "../model/experiment.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Report } from "./finding.ts";
import { toxicPrefix, toxicsFor } from "./remote.ts";
import type { RemoteProxy } from "./remote.ts";
import type { Path } from "./yaml-source.ts";

/** What the engine behind a control API can do. */
const able = "latency (a delay and uniform jitter), bandwidth (of each connection), slow-close, blackhole, reset (at accept), slicer, limit-data (by FIN)";
const selects: readonly string[] = ["match", "afterSilence", "first", "after", "every", "attempt", "burstLength", "ramp", "per"];

/** Whether a remote proxy can carry a fault out; reports what it cannot. */
export function isCarriedOutThere(fault: Fault, entry: JsonObject, proxy: RemoteProxy, path: Path, report: Report): boolean {
  const beyond = Object.keys(entry).filter((key) => selects.includes(key) && !isIdle(key, entry[key]));
  for (const key of beyond) {
    report({
      code: "beyond-remote", message: `${key} tells apart what a fault hits, and the remote proxy ${proxy.remote.name} (${proxy.remote.api}) cannot: its toxics hit all connections, or a share of them`,
      hint: `of a selection it can do rate, from, for and flap; without remote, ${proxy.name} is a proxy of ours that can all`, path: [...path, key], part: "key",
    });
  }
  if (beyond.length > 0) return false;
  if (toxicsFor(fault, toxicPrefix({ title: "" })) !== undefined) return true;
  const both = fault.direction === "both" && fault.selection.rateShare < 1;
  report({
    code: "beyond-remote",
    message: both
      ? `${fault.type} in both directions is two toxics on the remote proxy ${proxy.remote.name}, and each would draw its own share of connections`
      : `${fault.type} as it stands here has no toxic that does the same on the remote proxy ${proxy.remote.name} (${proxy.remote.api})`,
    hint: both ? "write direction: request or response, or rate: 100%" : `a remote proxy can: ${able}, in whole ms and KB/s; without remote, ${proxy.name} is a proxy of ours that can all`,
    path: [...path, both ? "direction" : "type"],
  });
  return false;
}

/** Tells a fault of calls, on an edge whose faults another server carries out. */
export function reportBeyondRemote(type: string, proxy: RemoteProxy, path: Path, report: Report): void {
  report({
    code: "beyond-remote", message: `${type} acts on HTTP exchanges, and the remote proxy ${proxy.remote.name} (${proxy.remote.api}) acts on connections`,
    hint: `a remote proxy can: ${able}; without remote, ${proxy.name} is a proxy of ours that can all`, path,
  });
}

/** What says nothing more than the default. */
function isIdle(key: string, value: Json | undefined): boolean {
  return (key === "after" && value === 0) || (key === "every" && value === 1) || (key === "per" && value === "fault");
}
