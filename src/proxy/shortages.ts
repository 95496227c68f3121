import type { WitnessRecord } from "../model/event.ts";
import { limitIssues } from "../model/limits.ts";
import type { LimitIssue } from "../model/limits.ts";

/** Of connections beyond the limit of a proxy. */
export const tooManyConnections: LimitIssue = "too-many-connections";

/** Of connections closed before anything could be asked on them: no call has failed by it. */
export const handshakeTooSlow = "handshake-too-slow";

/** Hands records on, but of each limit that is met only the first, and of what is malformed each kind once: every further connection or request would say the same again. */
export function tellShortagesOnce(record: (record: WitnessRecord) => void): (record: WitnessRecord) => void {
  const told = new Set<string>();
  return (one) => {
    if (one.kind === "witness-issue") {
      const kind = limitIssues.has(one.code) || one.code === handshakeTooSlow ? one.code : one.code === "malformed-request" ? one.message : undefined;
      if (kind !== undefined && told.has(kind)) return;
      if (kind !== undefined) told.add(kind);
    }
    record(one);
  };
}

/** What a system error says, where it says that files have run out; `what` cannot be done for it. */
export function openFilesProblem({ code }: { readonly code?: string | undefined }, what: string): { readonly code: string; readonly message: string } | undefined {
  if (code === "EMFILE") return { code, message: `the limit of open files is reached: ${what}; raise it (ulimit -n), each connection needs two` };
  if (code === "ENFILE") return { code, message: `the system's limit of open files is reached: ${what}; raise it (sysctl fs.file-max)` };
  return undefined;
}
