import { actsTogether } from "../faults/carried-out.ts";
import { findFaultType } from "../faults/index.ts";
import type { Fault, Proxy } from "../model/experiment.ts";
import type { Report } from "./finding.ts";

/** Checks that nothing on an edge whose connections are shared out to several threads asks for what only one that sees them all can do. */
export function checkWorkers(proxies: readonly Proxy[], faults: readonly Fault[], report: Report): void {
  for (const { name, workers, forward, listen, limits } of proxies) {
    if (workers === undefined) continue;
    const tell = (message: string, hint = "leave workers out"): void => report({ code: "not-shared", message: `workers: ${workers} shares the connections of ${name} out to threads that know nothing of each other, and ${message}`, hint, path: ["proxies", name, "workers"] });
    if (forward !== undefined) tell("a forward proxy keeps its edges in one");
    if (listen.path !== undefined) tell("a unix socket has one listener");
    if (limits?.connections !== undefined) tell("limits.connections is one limit for all of them");
    for (const fault of faults) {
      const why = fault.proxy === name ? whyTogether(fault) : undefined;
      if (why !== undefined) tell(`the fault ${fault.name} ${why}`, isTogether(fault) ? undefined : "leave workers out, or have the fault hit a rate of calls");
    }
  }
}

/** Why its calls must be seen by one; absent: they need not. */
function whyTogether(fault: Fault): string | undefined {
  const { after, every, first, attempt, afterSilenceMs, burstLength } = fault.selection;
  const counts = Object.entries({ after: after > 0, every: every > 1, first: first !== undefined, attempt: attempt !== undefined, afterSilence: afterSilenceMs !== undefined, burstLength: burstLength !== undefined }).filter(([, isAsked]) => isAsked);
  if (counts.length > 0) return `counts calls (${counts.map(([key]) => key).join(", ")})`;
  return isTogether(fault) ? "acts on all calls together" : undefined;
}

function isTogether({ type, layer, params }: Fault): boolean {
  const known = layer === "process" ? undefined : findFaultType(type, layer);
  return known !== undefined && actsTogether(known, params);
}
